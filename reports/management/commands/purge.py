"""manage.py purge: what is over its time, and to erase it now instead of tonight."""

from argparse import ArgumentParser
from math import inf
from typing import Any

from django.core.management.base import BaseCommand
from django.db import connection
from django.utils import timezone

from reports import purging, retention
from reports.models import PurgeRun
from reports.retention import KINDS, Kind

# Where words stood in clear: rows that are gone leave their bytes in a table until it is rewritten.
_REWRITTEN = ("report", "addition", "facts", "indicator", "campaignlink", "event", "footprint")


class Command(BaseCommand):
    help = "Erases what is over its time. Beat does so each night; see docs/operations.md."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="only say what would go, and why"
        )
        parser.add_argument(
            "--rewrite",
            action="store_true",
            help="then write the tables anew, so that no byte stays; nobody can report meanwhile",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["dry_run"]:
            self._say()
            return
        run = purging.begin()
        finished = purging.go_on(run, inf)
        run = PurgeRun.objects.get(pk=run.pk)
        for kind in KINDS:
            self.stdout.write(f"{kind.name}: {run.counts.get(kind.name, 0)}")
        self.stdout.write(f"stayed: {run.stayed}" if finished else "Another process is purging.")
        if options["rewrite"]:
            _rewrite()

    def _say(self) -> None:
        for kind in KINDS:
            self.stdout.write(f"{kind.name}: {purging.due(kind).count()} ({_why(kind)})")
        for why, count in retention.kept_back(timezone.now()).items():
            self.stdout.write(f"kept: {count} {why}")
        self.stdout.write("Nothing was erased.")


def _why(kind: Kind) -> str:
    if not kind.length:
        return f"{kind.setting} is 0: kept"
    unit = "months" if kind.is_in_months else "days"
    return f"ended more than {kind.length} {unit} ago, {kind.setting}"


def _rewrite() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        for table in _REWRITTEN:
            cursor.execute(f"VACUUM (FULL, ANALYZE) reports_{table}")
        cursor.execute("VACUUM (FULL) pg_statistic")  # samples of what stood in the columns
        cursor.execute("CHECKPOINT")
