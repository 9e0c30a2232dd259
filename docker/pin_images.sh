#!/bin/sh
# Write the newest digest of each base image behind its tag, in Dockerfile and docker-compose.yml. Wants the registry and
# buildx. Then `make image-test`, build and deploy: no security fix of theirs comes in by another way.
set -eu
cd "$(dirname "$0")/.."
files="Dockerfile docker-compose.yml docker/tls.yml"
# name:tag behind ARG …_IMAGE= and ${…_IMAGE:-
sed -n -e 's/^ARG [A-Z]*_IMAGE=\([^@]*\).*/\1/p' -e 's/.*{[A-Z]*_IMAGE:-\([^@}]*\).*/\1/p' $files | sort -u | while read -r image; do
    digest=$(docker buildx imagetools inspect --format '{{.Manifest.Digest}}' "$image")
    case "$digest" in sha256:????????????????????????????????????????????????????????????????) ;; *)
        echo "$image: the registry gives no digest" >&2
        exit 1
        ;;
    esac
    echo "$image@$digest"
    sed -i "s|\(_IMAGE:\{0,1\}[=-]$image\)\(@sha256:[0-9a-f]*\)\{0,1\}|\1@$digest|" $files
done
