"""manage.py run_outbox_relay: the process that sends due items to Celery, until it is stopped."""

import signal
import threading
import time
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection

from core.outbox.relay import OutboxRelay
from portal.celery import app
from reports.monitoring import alarms, queue_stats
from reports.submission import flood_detection
from reports.submission.intake import TRIAGE_TASK
from reports.triage import report_triage

ALARM_INTERVAL_SECONDS = 60.0


class Command(BaseCommand):
    help = "Hand owed work from the database to Celery until SIGTERM or SIGINT."
    requires_system_checks = []  # those of pages, in most of a second

    def handle(self, *args: Any, **options: Any) -> None:
        hooks = flood_detection.process_pending, flood_detection.IS_COUNTED_SQL
        relay = OutboxRelay(app, *hooks, {TRIAGE_TASK: report_triage.MAX_TOGETHER})
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: relay.stop())
        # The queue's second watcher needs neither Valkey nor a worker nor beat.
        threading.Thread(target=check_alarms_forever, name="alarms", daemon=True).start()
        relay.run()


def check_alarms_forever() -> None:
    """Check the alarms once a minute, in a thread that delays no relay."""
    while True:
        check_alarms()
        time.sleep(ALARM_INTERVAL_SECONDS)


def check_alarms() -> None:
    """Check the alarms once, on a connection of their own, and count the queue if no count is recent."""
    try:
        queue_stats.store_queue_balance_if_due()
        alarms.check_alarms()
    finally:
        connection.close()
