#!/bin/sh
# Start the front server: fill in where it listens, whom it asks, where it may write, and the province's names in its own
# pages. Beside it runs a small loop that says which kept pages are right (docker/static_pages_loop.sh).
#
#   front.sh health   fails where nginx does not answer or the loop has not come round for ten seconds; then no page is
#                     taken for right, and the loop is started anew
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
    watched=$(cat "$SCRATCH/watched" 2>/dev/null || echo 0)
    if [ $(($(date +%s) - watched)) -gt 10 ]; then
        rm -f "$SCRATCH/first"
        watch_pages "$(cat "$SCRATCH/front.pid")" >/dev/null 2>&1 &
        echo "front: nobody watches the pages" >&2
        exit 1
    fi
    exec wget -q --spider "http://127.0.0.1:${LISTEN##*:}/front-alive"
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
if [ -n "$PUBLISHED_ORIGIN" ] && ! expr "$PUBLISHED_ORIGIN" : 'https\{0,1\}://[a-zA-Z0-9.-]\{1,\}\(:[0-9]\{1,5\}\)\{0,1\}\(/[a-zA-Z0-9._-]\{1,\}\)*$' >/dev/null; then
    echo "front: PUBLISHED_ORIGIN is no address such as https://host/bucket, without a key; the portal is asked for all pages" >&2
    PUBLISHED_ORIGIN=
fi
# nginx starts with no name that it does not know, and a report matters more than where pages come from.
if [ -n "$PUBLISHED_ORIGIN" ] && ! getent hosts "${bucket%%:*}" >/dev/null; then
    echo "front: nobody knows ${bucket:-where PUBLISHED_ORIGIN is}; the portal is asked for all pages until the next start" >&2
    PUBLISHED_ORIGIN=
fi
place=folder
tls=
# All that may come in place of a page.
refusals=$(echo $(seq 300 303) $(seq 305 308) $(seq 400 407) 409 410 411 $(seq 421 451) $(seq 500 530))
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
        -e "s|{TRUSTED_PROXIES}|${TRUSTED_PROXIES:-1}|" -e "s|{FAILURES}|$failures|" -e "s|{BODY_SECONDS}|$BODY_SECONDS|g" -e "s|{REFUSALS}|$refusals|" \
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
