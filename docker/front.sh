#!/bin/sh
# Start the front server: fill in where it listens, whom it asks, where it may write, and the province's names in its own
# pages. Beside it runs a small loop that lays the links to the kept pages (docker/static_pages_loop.sh).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
export SCRATCH STATIC_PAGES="${STATIC_PAGES:-$here/static-pages}"
export BODY_SECONDS="${BODY_SECONDS:-600}"
filled="$SCRATCH/nginx.conf"
# A connection takes one file, or two; as many as the host allows.
ulimit -n "$(ulimit -Hn)"
# Under journald stderr is a socket, which cannot be opened again.
failures=/dev/stderr
if ! sh -c ': >>/proc/self/fd/9' 9>&2 2>/dev/null; then
    echo "front: what fails is not logged, for stderr is a socket" >&2
    failures=/dev/null
fi
# Without ALLOWED_HOSTS any name is taken for ours.
if [ -n "${ALLOWED_HOSTS:-}" ]; then default=" default_server"; else default=; fi
hosts=$(echo "${ALLOWED_HOSTS:-}" | tr ',' ' ')
sed -e "s|{TRUSTED_PROXIES}|${TRUSTED_PROXIES:-1}|" -e "s|{FAILURES}|$failures|" -e "s|{BODY_SECONDS}|$BODY_SECONDS|g" \
    -e "s|{HOSTS}|$hosts|" -e "s|{DEFAULT}|$default|" -e "s|{LISTEN}|$LISTEN|g" -e "s|{UPSTREAM}|$UPSTREAM|g" \
    -e "s|{RESOLVER}|${RESOLVER:+resolver $RESOLVER valid=1s;}|" -e "s|{RESOLVE}|${RESOLVER:+resolve}|" -e "s|{SCRATCH}|$SCRATCH|g" \
    -e "s|{STATIC_PAGES}|$STATIC_PAGES|g" -e "s|{HERE}|$here|g" "$here/nginx.conf" >"$filled"
name() { # the text that province.toml gives a key
    sed -n "s/^$1 = \"\([^\"]*\)\".*/\1/p" "${PROVINCE_DIR:-$here/../province}/province.toml"
}
hotline=$(name hotline)
mkdir -p "$SCRATCH/own"
for page in error.html files.html too-large.html; do
    sed -e "s|{POLICE}|$(name police)|g" -e "s|{OFFICE}|$(name office)|g" -e "s|{OFFICE_NAME}|$(name office_name)|g" \
        -e "s|{HOTLINE}|$hotline|g" -e "s|{DIAL}|$(echo "$hotline" | tr -d ' .')|g" "$here/$page" >"$SCRATCH/own/$page"
done
trap "" HUP # the loop may be first; nginx takes it up again
"$here/static_pages_loop.sh" once
# Neither goes on without the other: what starts this again, starts both.
{ "$here/static_pages_loop.sh" beside $$ || true; kill -QUIT $$ 2>/dev/null; } &
exec nginx -e stderr -p "${ROOT:-$here}" -c "$filled" -g "daemon off; pid $SCRATCH/front.pid;"
