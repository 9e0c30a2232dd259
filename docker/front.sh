#!/bin/sh
# Start the front server: fill in where it listens, whom it asks, where it may write, and the province's names in its own
# pages. Beside it runs a small loop that says which kept pages are right (docker/static_pages_loop.sh).
#
#   front.sh health   fails where nginx does not answer within three seconds, or the loop has not come round for ten: then
#                     no page is taken for right, and the loop is started anew. Docker starts nothing again for being
#                     unhealthy: what fails three times in a row is ended here, and the restart policy brings it back
set -eu
: "${PUBLISHED_ORIGIN:=}"
here=$(cd "$(dirname "$0")" && pwd)
export SCRATCH STATIC_PAGES="${STATIC_PAGES:-$here/static-pages}"
export BODY_SECONDS="${BODY_SECONDS:-600}" PUBLISHED_ORIGIN="${PUBLISHED_ORIGIN%/}"
# Where PUBLISHED_ORIGIN names a bucket, the loop lays here what it reads of it.
if [ -n "$PUBLISHED_ORIGIN" ]; then STATIC_PAGES="$SCRATCH/published"; fi
bucket=$(echo "$PUBLISHED_ORIGIN" | sed -n 's|^https*://\([^/]*\).*$|\1|p')
watch_pages() { # beside nginx, whose pid it is given; the loop comes back when it is killed
    trap "" HUP
    while kill -0 "$1" 2>/dev/null; do
        "$here/static_pages_loop.sh" beside "$1" || true
        rm -f "$SCRATCH/first"
        sleep 0.2
    done
}
if [ "${1:-}" = health ]; then
    nginx=$(cat "$SCRATCH/front.pid")
    watched=$(cat "$SCRATCH/watched" 2>/dev/null || echo 0)
    if [ $(($(date +%s) - watched)) -gt 10 ]; then
        rm -f "$SCRATCH/first"
        watch_pages "$nginx" >/dev/null 2>&1 &
        echo "front: nobody watches the pages" >&2
    elif wget -q -t 1 -T 3 --spider "http://127.0.0.1:${LISTEN##*:}/front-alive"; then
        rm -f "$SCRATCH/bad-looks"
        exit 0
    fi
    echo >>"$SCRATCH/bad-looks"
    if [ "$(wc -l <"$SCRATCH/bad-looks")" -ge 3 ]; then
        rm -f "$SCRATCH/bad-looks"
        kill -9 "$nginx" $(cat "/proc/$nginx/task/$nginx/children")
    fi
    exit 1
fi
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
# nginx starts with no name that it does not know, and a report matters more than where pages come from.
if [ -n "$PUBLISHED_ORIGIN" ] && ! getent hosts "${bucket%%:*}" >/dev/null; then
    echo "front: nobody knows ${bucket:-where PUBLISHED_ORIGIN is}; the portal is asked for all pages until the next start" >&2
    PUBLISHED_ORIGIN=
fi
place=folder
tls=
if [ -n "$PUBLISHED_ORIGIN" ]; then
    place=bucket
    mkdir -p "$STATIC_PAGES/pages"
    port=80
    if [ "${PUBLISHED_ORIGIN%%:*}" = https ]; then port=443 tls='s|^{tls}||'; fi
fi
for file in nginx.conf folder-first.conf bucket-first.conf bucket.conf; do
    sed -e "s|^{$place}||" -e '/^{folder}/d' -e '/^{bucket}/d' -e "$tls" -e '/^{tls}/d' -e "s|{PLACE}|$place|" \
        -e "s|{BUCKET}|${PUBLISHED_ORIGIN%%:*}://published${PUBLISHED_ORIGIN#*://"$bucket"}|" \
        -e "s|{BUCKET_HOST}|$(echo "$bucket" | sed "s|^[^:]*\$|&:${port:-}|")|" -e "s|{BUCKET_NAME}|$bucket|" -e "s|{BUCKET_TLS}|${bucket%%:*}|" \
        -e "s|{TRUSTED_PROXIES}|${TRUSTED_PROXIES:-1}|" -e "s|{FAILURES}|$failures|" -e "s|{BODY_SECONDS}|$BODY_SECONDS|g" \
        -e "s|{HOSTS}|$hosts|" -e "s|{DEFAULT}|$default|" -e "s|{LISTEN}|$LISTEN|g" -e "s|{UPSTREAM}|$UPSTREAM|g" \
        -e "s|{RESOLVER}|${RESOLVER:+resolver $RESOLVER valid=1s;}|" -e "s|{RESOLVE}|${RESOLVER:+resolve}|" \
        -e "s|{SCRATCH}|$SCRATCH|g" -e "s|{STATIC_PAGES}|$STATIC_PAGES|g" -e "s|{HERE}|$here|g" "$here/$file" >"$SCRATCH/$file"
done
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
watch_pages $$ &
exec nginx -e stderr -p "${ROOT:-$here}" -c "$filled" -g "daemon off; pid $SCRATCH/front.pid;"
