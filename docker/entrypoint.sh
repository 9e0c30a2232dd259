#!/bin/sh
# The image's one door: become web, relay, worker, beat or backup, or migrate and end.
# gunicorn and Celery do not act on system checks, so they are made here, before anything starts.
set -eu
cd "$(dirname "$0")/.."

role=${1:-}
case "$role" in
web | relay | worker | beat | backup | migrate) ;;
*)
    echo "usage: entrypoint.sh web|relay|worker|beat|backup|migrate" >&2
    exit 64
    ;;
esac

python manage.py check --deploy --fail-level ERROR

if [ "$role" = migrate ]; then
    python manage.py migrate --no-input
    python manage.py setup_desk
    python manage.py create_first_alert # a draft: here too it takes two people to issue it
    # Where this fails the kept pages of the older release stay, and beat tries again.
    python manage.py rebuild_static_pages || true
    (umask 077 && touch "${DATA_DIR:-var}/erased.jsonl") # there to be copied elsewhere before anything is in it
    exit 0
fi
if [ "$role" = backup ]; then
    # One archive a night, after 02:15 in Vietnam; what fails, or a night without the machine, is made up for within the hour.
    while :; do
        night=$(TZ=ICT-7 date --date '-135 minutes' +%F)
        if [ -z "$(TZ=ICT-7 find /backups -name '*.tar.age' -newermt "$night 02:15")" ]; then
            python manage.py backup /backups --check || true
        fi
        sleep 3600
    done
fi
exec python -m ops.process_commands "$role"
