"""The queue's second watcher, beside the relay: it needs neither Valkey nor a worker nor beat."""

import threading
import time

from django.db import connection

from reports.monitoring import alarms, queue_stats

EVERY = 60.0  # seconds


def start() -> None:
    """Look once a minute, in a thread that no look delays the relay by and that ends with it."""
    threading.Thread(target=_watch, name="watchman", daemon=True).start()


def _watch() -> None:
    while True:
        look_once()
        time.sleep(EVERY)


def look_once() -> None:
    """One look on a connection of its own, which does not stay. It counts as well where nobody
    has: a portal that has just started shows its figures at once.
    """
    try:
        queue_stats.store_queue_balance_if_due()
        alarms.check_alarms()
    finally:
        connection.close()
