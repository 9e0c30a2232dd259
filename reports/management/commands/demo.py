"""manage.py demo: fill the desk of a local demo with 300 invented reports."""

import time
from argparse import ArgumentParser
from math import inf
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from reports.campaigns import bursts
from reports.management import demo_data
from reports.monitoring import queue_stats
from reports.monitoring.queue_stats import queue_state, store_queue_balance
from reports.public import statistics
from reports.retention import purge


class Command(BaseCommand):
    help = "Fill the desk with invented reports; refused anywhere but in a first look."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--wait",
            type=float,
            default=0,
            metavar="SECONDS",
            help="How long to wait until the worker has read them, before the figures are counted.",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.FIRST_LOOK:
            raise CommandError("Invented reports are for a first look at http://127.0.0.1 only.")
        officer = _find_officer()
        result = demo_data.create_demo_data(officer)
        demo_data.confirm_all(officer)
        _wait_for_triage(options["wait"])
        statistics.update_statistics(statistics.this_sunday())
        bursts.detect_and_store()
        queue_stats.update_daily_counts()
        store_queue_balance()
        purge.run_until(purge.start_run(), inf)  # some of them are older than a night
        self.stdout.write(
            f"{result.reports} invented reports, {result.decisions} decisions. See /{settings.ADMIN_PATH}/."
            if result.reports or result.decisions
            else "The invented reports are there already."
        )


def _wait_for_triage(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and queue_state().waiting:
        time.sleep(0.5)


def _find_officer() -> User:
    """Return an officer who may decide all that the demo decides. Raises CommandError."""
    backend = "django.contrib.auth.backends.ModelBackend"
    deciders = User.objects.with_perm(
        "reports.close_case", backend=backend, include_superusers=False
    )
    officer = deciders.filter(is_active=True).order_by("pk").first()
    if officer is None:
        raise CommandError("No officer may decide here yet: start `make run` first.")
    return officer
