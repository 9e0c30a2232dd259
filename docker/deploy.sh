#!/bin/sh
# Start the portal, or change it over to the version that PORTAL_VERSION in .env names, while it serves. The way back is
# the older version in .env, and this again. Cut off, it is given once more.
set -eu
cd "$(dirname "$0")/.."
docker compose run --rm migrate # the older version goes on meanwhile, on tables that are only ever added to
old=$(docker compose ps --quiet web)
if [ -n "$old" ]; then
    # The new web beside the old one: the front server asks whichever answers.
    number=$(echo "$old" | wc -l)
    docker compose up --detach --no-deps --no-recreate --scale web=$((number + 1)) --wait web || {
        docker compose ps --quiet --all web | grep -v "$old" | xargs -r docker rm --force >/dev/null
        echo "The new web does not become healthy. The older version serves as before; put its number back into .env." >&2
        exit 1
    }
    docker stop $old >/dev/null
    docker rm $old >/dev/null
fi
docker compose up --detach --wait --remove-orphans
