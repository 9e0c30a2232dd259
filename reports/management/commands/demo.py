"""manage.py demo: 300 invented reports on the desk of a first look."""

import time
from argparse import ArgumentParser
from math import inf
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from reports.campaigns import burst_monitor as burst_watch
from reports.cases import daily_counts as days
from reports.management import demo_data as demo
from reports.monitoring.queue_stats import roll_up, standing
from reports.public import statistics as figures
from reports.retention import purge as purging


class Command(BaseCommand):
    help = "Fill the desk with invented reports; refused unless this is a first look."

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
        officer = _officer()
        filled = demo.fill(officer)
        demo.confirm_all(officer)
        _wait_until_read(options["wait"])
        figures.count_and_keep(figures.this_sunday())
        burst_watch.look_and_keep()
        days.count()
        roll_up()
        purging.go_on(purging.begin(), inf)  # some of them are older than a night
        self.stdout.write(
            f"{filled.reports} invented reports, {filled.decisions} decisions. See /{settings.ADMIN_PATH}/."
            if filled.reports or filled.decisions
            else "The invented reports are there already."
        )


def _wait_until_read(seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and standing().waiting:
        time.sleep(0.5)


def _officer() -> User:
    """Somebody who may decide everything that the demo decides."""
    may = "reports.close_case"
    backend = "django.contrib.auth.backends.ModelBackend"
    able = User.objects.with_perm(may, backend=backend, include_superusers=False)
    officer = able.filter(is_active=True).order_by("pk").first()
    if officer is None:
        raise CommandError("No officer may decide here yet: start `make run` first.")
    return officer
