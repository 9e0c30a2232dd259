"""manage.py relay: the process that hands owed work to Celery, until it is told to stop."""

import signal
from typing import Any

from django.core.management.base import BaseCommand

from core.outbox.relay import Relay
from ops import alarm_thread as watchman
from portal.celery import app
from reports.submission import flood_detection as crowds


class Command(BaseCommand):
    help = "Hand owed work from the database to Celery, until SIGTERM or SIGINT."

    def handle(self, *args: Any, **options: Any) -> None:
        relay = Relay(app, crowds.count_waiting)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: relay.stop())
        watchman.start()
        relay.run()
