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

watch_pages() { # beside nginx, whose pid it is given; the loop comes back when it is killed
    trap "" HUP
    while kill -0 "$1" 2>/dev/null; do
        "$here/static_pages_loop.sh" beside "$1" || true
        rm -f "$SCRATCH/first"
        sleep 0.2
    done
}

fill() { # name, text: adds to what sed does with a file that what stands in braces becomes that text
    blanks="$blanks
s|{$1}|$2|g"
}

province_text() { # the text that province.toml gives a key
    sed -n "s/^$1 = \"\([^\"]*\)\".*/\1/p" "${PROVINCE_DIR:-$here/../province}/province.toml"
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

# A connection takes one file, or two; as many as the host allows.
ulimit -n "$(ulimit -Hn)"
# Under journald stderr is a socket, which cannot be opened again.
failures=/dev/stderr
if ! sh -c ': >>/proc/self/fd/9' 9>&2 2>/dev/null; then
    echo "front: what fails is not logged, for stderr is a socket" >&2
    failures=/dev/null
fi
if [ -n "$PUBLISHED_ORIGIN" ] && ! expr "$PUBLISHED_ORIGIN" : 'https\{0,1\}://[a-zA-Z0-9.-]\{1,\}\(:[0-9]\{1,5\}\)\{0,1\}\(/[a-zA-Z0-9._-]\{1,\}\)*$' >/dev/null; then
    echo "front: PUBLISHED_ORIGIN is no address such as https://host/bucket, without a key; the portal is asked for all pages" >&2
    PUBLISHED_ORIGIN=
fi

# scheme://bucket/path, the bucket perhaps with a port
scheme=${PUBLISHED_ORIGIN%%:*}
bucket=${PUBLISHED_ORIGIN#*://}
bucket=${bucket%%/*}
path=${PUBLISHED_ORIGIN#*://"$bucket"}
# nginx starts with no name that it does not know, and a report matters more than where pages come from.
if [ -n "$PUBLISHED_ORIGIN" ] && ! getent hosts "${bucket%%:*}" >/dev/null; then
    echo "front: nobody knows ${bucket:-where PUBLISHED_ORIGIN is}; the portal is asked for all pages until the next start" >&2
    PUBLISHED_ORIGIN=
fi

# Lines that begin with {folder}, {bucket} or {tls} are for such a place alone.
blanks=
place=folder
files="nginx.conf folder-first.conf"
if [ -n "$PUBLISHED_ORIGIN" ]; then
    place=bucket
    files="nginx.conf bucket-first.conf bucket.conf"
    mkdir -p "$STATIC_PAGES/pages"
    port=80
    if [ "$scheme" = https ]; then
        port=443
        blanks='s|^{tls}||'
    fi
    fill BUCKET "$scheme://published$path"
    fill BUCKET_NAME "$bucket"
    fill BUCKET_TLS "${bucket%%:*}"
    case "$bucket" in *:*) fill BUCKET_HOST "$bucket" ;; *) fill BUCKET_HOST "$bucket:$port" ;; esac
fi
blanks="$blanks
s|^{$place}||
/^{folder}/d
/^{bucket}/d
/^{tls}/d"
fill PLACE "$place"
fill REFUSALS "$(echo $(seq 300 303) $(seq 305 308) $(seq 400 407) 409 410 411 $(seq 421 451) $(seq 500 530))" # all that may come in place of a page
fill LISTEN "$LISTEN"
fill UPSTREAM "$UPSTREAM"
fill HOSTS "$(echo "${ALLOWED_HOSTS:-}" | tr ',' ' ')"
fill DEFAULT "${ALLOWED_HOSTS:+ default_server}" # without ALLOWED_HOSTS any name is taken for ours
fill RESOLVER "${RESOLVER:+resolver $RESOLVER valid=1s;}"
fill RESOLVE "${RESOLVER:+resolve}"
fill TRUSTED_PROXIES "${TRUSTED_PROXIES:-1}"
fill BODY_SECONDS "$BODY_SECONDS"
fill FAILURES "$failures"
fill SCRATCH "$SCRATCH"
fill STATIC_PAGES "$STATIC_PAGES"
fill HERE "$here"
for file in $files; do
    sed "$blanks" "$here/$file" >"$SCRATCH/$file"
done

blanks=
hotline=$(province_text hotline)
fill POLICE "$(province_text police)"
fill OFFICE "$(province_text office)"
fill OFFICE_NAME "$(province_text office_name)"
fill HOTLINE "$hotline"
fill DIAL "$(echo "$hotline" | tr -d ' .')"
mkdir -p "$SCRATCH/own"
for page in error.html files.html too-large.html; do
    sed "$blanks" "$here/$page" >"$SCRATCH/own/$page"
done

trap "" HUP # the loop may be first; nginx takes it up again
"$here/static_pages_loop.sh" once
watch_pages $$ &
exec nginx -e stderr -p "${ROOT:-$here}" -c "$SCRATCH/nginx.conf" -g "daemon off; pid $SCRATCH/front.pid;"
