#!/bin/sh
# One universal lock per use, with hashes and without any index's address.
set -eu
BIN=${BIN:-.venv/bin}

lock() {
    output=$1
    shift
    "$BIN/uv" pip compile "$@" --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-annotate --no-header --quiet --output-file "requirements/$output"
}

lock runtime.txt pyproject.toml
lock local.txt pyproject.toml --extra embedded
lock dev.txt pyproject.toml --extra embedded --extra dev
lock mutation.txt pyproject.toml --extra embedded --extra dev --extra mutation
echo uv | lock uv.txt - --constraint requirements/dev.txt # what installs the others
