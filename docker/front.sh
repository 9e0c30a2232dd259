#!/bin/sh
# Start the front server: fill in where it listens, whom it asks and where it may write. Beside it
# runs a small loop that lays the links to the kept pages (docker/keep.sh).
set -eu
here=$(cd "$(dirname "$0")" && pwd)
export SCRATCH SNAPSHOTS="${SNAPSHOTS:-$here/snapshots}"
filled="$SCRATCH/front.conf"
sed -e "s|{LISTEN}|$LISTEN|g" -e "s|{UPSTREAM}|$UPSTREAM|g" -e "s|{SCRATCH}|$SCRATCH|g" \
    -e "s|{SNAPSHOTS}|$SNAPSHOTS|g" -e "s|{HERE}|$here|g" "$here/front.conf" >"$filled"
"$here/keep.sh" once
"$here/keep.sh" beside $$ &
exec nginx -e stderr -p "${ROOT:-$here}" -c "$filled" -g "daemon off; pid $SCRATCH/front.pid;"
