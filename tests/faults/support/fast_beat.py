"""Beat that asks every second what it asks every minute: `celery -A tests.faults.support.fast_beat beat`."""

from portal.celery import app

__all__ = ["app"]

for entry in app.conf.beat_schedule.values():
    entry["schedule"] = 1.0
