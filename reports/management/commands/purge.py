"""manage.py purge: erase what is past its retention now instead of tonight."""

from argparse import ArgumentParser
from math import inf
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection
from django.utils import timezone
from psycopg2 import sql

from reports.models import PurgeRun
from reports.retention import policy, purge
from reports.retention.policy import KINDS, RetentionPolicy

# Tables with readable texts: bytes of deleted rows stay in a table until it is rewritten.
_TABLES = (
    "reports_report", "reports_case", "reports_followup", "reports_message", "reports_extractedfacts", "reports_indicator",
    "reports_reportfingerprint", "core_auditevent", "reports_dispute", "reports_correction",
    "reports_transferslip", "reports_bankletter", "reports_legalhold", "reports_destructionrequest", "reports_campaignlink",
    "reports_campaignmembershipchange", "reports_mergeproposal", "reports_campaignaction",
    "desk_savedsearch",
)  # fmt: skip

# Of a database its owner may rewrite every table, the statistics too.
_MAY_REWRITE_ALL = """
SELECT pg_has_role(datdba, 'USAGE') AND pg_has_role('pg_checkpoint', 'USAGE')
  FROM pg_database WHERE datname = current_database()
"""
_NOT_ALL = (
    "Only our own tables could be written anew: this user of PostgreSQL does not own the database, or is"
    " no member of pg_checkpoint. Let a superuser run"
    " VACUUM (FULL) pg_statistic; CHECKPOINT; in this database, or words stay in its statistics."
)
_IN_USE = (
    "A table is in use for too long, and was not written anew. What is over its time is erased; give"
    " this command again at a quiet hour."
)


class Command(BaseCommand):
    help = "Erase what is past its retention, as beat does each night; see docs/operations/reference.md."

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
            self._print_expired()
            return
        run = purge.start_run()
        finished = purge.run_until(run, inf)
        run = PurgeRun.objects.get(pk=run.pk)
        for kind in KINDS:
            self.stdout.write(f"{kind.name}: {run.counts.get(kind.name, 0)}")
        self.stdout.write(
            f"retained: {run.retained_counts}" if finished else "Another process is purging."
        )
        if options["rewrite"]:
            self._rewrite()

    def _print_expired(self) -> None:
        for kind in KINDS:
            count = purge.expired_keys(kind).count()
            self.stdout.write(f"{kind.name}: {count} ({_format_reason(kind)})")
        for why, count in policy.retained_with_reason(timezone.now()).items():
            self.stdout.write(f"kept: {count} {why}")
        self.stdout.write("Nothing was erased.")

    def _rewrite(self) -> None:
        """Rewrite the tables. Raises CommandError where one is in use, after those before it."""
        try:
            with connection.cursor() as cursor:
                is_complete = _rewrite_tables(cursor)
        except OperationalError as error:
            raise CommandError(_IN_USE) from error
        if not is_complete:
            raise CommandError(_NOT_ALL)
        self.stdout.write("The tables are written anew.")


def _format_reason(kind: RetentionPolicy) -> str:
    if not kind.period:
        return f"{kind.setting} is 0: kept"
    unit = "months" if kind.is_in_months else "days"
    return f"ended more than {kind.period} {unit} ago, {kind.setting}"


def _rewrite_tables(cursor: Any) -> bool:
    """Return whether all tables were rewritten: PostgreSQL skips other owners' with a notice."""
    cursor.execute("SET statement_timeout = 0")
    for table in _TABLES:
        name = sql.Identifier(table)
        cursor.execute(sql.SQL("VACUUM (FULL, ANALYZE) {}").format(name))
    cursor.execute(_MAY_REWRITE_ALL)
    if not cursor.fetchone()[0]:
        return False
    cursor.execute("VACUUM (FULL) pg_statistic")  # samples of the columns
    cursor.execute("CHECKPOINT")
    return True
