"""manage.py relay: the process that hands owed work to Celery, until it is told to stop."""

import signal
from typing import Any

from django.core.management.base import BaseCommand

from core.outbox.relay import OutboxRelay
from ops import alarm_thread
from portal.celery import app
from reports.submission import flood_detection


class Command(BaseCommand):
    help = "Hand owed work from the database to Celery, until SIGTERM or SIGINT."

    def handle(self, *args: Any, **options: Any) -> None:
        relay = OutboxRelay(app, flood_detection.process_pending)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: relay.stop())
        alarm_thread.start()
        relay.run()
