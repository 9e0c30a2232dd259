#!/bin/sh
# One universal lock per use, with hashes and without any index's address, for plain pip.
set -eu
BIN=${BIN:-.venv/bin}

lock() {
    output=$1
    shift
    "$BIN/uv" pip compile pyproject.toml "$@" --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-annotate --no-header --quiet --output-file "requirements/$output"
}

lock runtime.txt
lock local.txt --extra embedded
lock dev.txt --extra embedded --extra dev
lock mutation.txt --extra embedded --extra dev --extra mutation
