#!/bin/sh
# Make what is missing of the secrets that docker-compose.yml names: docker/make_secrets.sh portal.example
# What is there is left as it is. The folder is its owner's alone; the files can be read by all, for each service has a
# user of its own. Wants the image: docker compose build. Copy the folder to where the archives are not.
set -eu
cd "$(dirname "$0")/.."
host=${1:?the public host name}
folder=${SECRETS_DIR:-secrets}
image=$(docker compose config --images | grep '^call-report-portal:' | head -n 1)
mkdir -p "$folder"
chmod 700 "$folder"
umask 022

keep() { # name, value
    [ -e "$folder/$1" ] || printf %s "$2" >"$folder/$1"
}

made=$(docker run --rm --network none --entrypoint python "$image" -c '
import secrets, sys
from ops.local_services import generate_secrets

passwords = {name: secrets.token_hex(24) for name in ("POSTGRES_PASSWORD", "VALKEY_PASSWORD")}
for name, value in (passwords | generate_secrets(sys.argv[1])).items():
    print(name.lower(), value)
' "$host")
echo "$made" | while read -r name value; do keep "$name" "$value"; done
keep database_url "postgres://portal:$(cat "$folder/postgres_password")@db/portal"
keep redis_url "redis://:$(cat "$folder/valkey_password")@valkey:6379/0"
# Without a mail server nobody is mailed; without a token there is no /metrics; without buckets there are folders.
for name in email_url metrics_token oidc_client_secret evidence_url published_url zalo_url; do keep "$name" ""; done
ls -l "$folder"
