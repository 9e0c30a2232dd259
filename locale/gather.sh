#!/bin/sh
# Every translatable word of the public pages into locale/en. The desk is Vietnamese only.
set -eu
python -W ignore manage.py makemessages --locale en --no-location --no-obsolete --no-wrap \
    --ignore 'templates/admin/*' --ignore 'build/*' --ignore 'var/*' --ignore 'tests/*' --ignore 'bench/*' \
    --ignore '.venv/*' --verbosity 0
for catalogue in locale/*/LC_MESSAGES/*.po; do
    msgfmt --check -o "${catalogue%.po}.mo" "$catalogue"
done
