#!/bin/sh
# The image's one door: become web, relay, worker or beat, or migrate and end.
# gunicorn and Celery do not act on system checks, so they are made here, before anything starts.
set -eu
cd "$(dirname "$0")/.."

role=${1:-}
case "$role" in
web | relay | worker | beat | migrate) ;;
*)
    echo "usage: entrypoint.sh web|relay|worker|beat|migrate" >&2
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
    exit 0
fi
exec python -m ops.process_commands "$role"
