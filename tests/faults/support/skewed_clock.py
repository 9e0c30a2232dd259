"""Relay and worker whose Python clock is wrong by CLOCK_HOURS: `celery -A tests.faults.support.skewed_clock
worker`, and `python -m tests.faults.support.skewed_clock run_outbox_relay` in place of `manage.py run_outbox_relay`.
"""

import os
import sys
from datetime import timedelta

import time_machine

time_machine.travel(timedelta(hours=float(os.environ["CLOCK_HOURS"])), tick=True).start()

from django.core.management import execute_from_command_line  # noqa: E402  # the clock first

from portal.celery import app  # noqa: E402

__all__ = ["app"]

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
