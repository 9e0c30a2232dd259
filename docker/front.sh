#!/bin/sh
# Start the front server: fill in where it listens, whom it asks and where it may write.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
filled="$SCRATCH/front.conf"
sed -e "s|{LISTEN}|$LISTEN|g" -e "s|{UPSTREAM}|$UPSTREAM|g" -e "s|{SCRATCH}|$SCRATCH|g" \
    "$here/front.conf" >"$filled"
exec nginx -e stderr -p "${ROOT:-$here}" -c "$filled" -g "daemon off; pid $SCRATCH/front.pid;"
