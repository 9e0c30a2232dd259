"""manage.py queue_status: count the accepted reports that are done, waiting or failed.

Exit codes: 3 where it could not be counted; with --check also 1 where something is late, failed or
unbalanced, or the last count is old, and 3 where the database is not writable or its keys are others.
"""

import json
import sys
from typing import Any

from django import db
from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import database, encryption
from reports.monitoring import queue_stats
from reports.monitoring.queue_stats import QueueBalance

NAMES = ("accepted", "done", "waiting", "failed", "balanced")


class Command(BaseCommand):
    help = "Count the accepted reports and how far each has come."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one line of JSON")
        parser.add_argument("--check", action="store_true", help="exit code 1 if anything is wrong")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            before = queue_stats.queue_state()
            balance = queue_stats.store_queue_balance()
        except db.Error as error:
            why = database.append_hint(f"not counted: {type(error).__name__}")
            raise CommandError(why, returncode=3) from error
        self.stdout.write(_format_json(balance) if options["json"] else _format_lines(balance))
        if options["check"] and (why := _find_problem()):
            raise CommandError(why, returncode=3)
        if before.tally_is_late:
            self.stderr.write("nobody had counted for long: see docs/operations/runbook.md")
        wrong = before.late or before.tally_is_late or balance.failed or not balance.balanced
        if options["check"] and wrong:
            sys.exit(1)


def _find_problem() -> str:
    """Return why no report can be taken now, "" where one can."""
    try:
        if not database.is_writable():
            return "the database takes no rows: it is read-only"
        return "" if encryption.has_right_keys() else encryption.WRONG_KEYS
    except db.Error as error:
        return f"the database takes no rows: {type(error.__cause__ or error).__name__}"


def _format_json(balance: QueueBalance) -> str:
    counts = {name: getattr(balance, name) for name in NAMES}
    return json.dumps(counts | {"oldest_waiting_s": round(balance.oldest_waiting_s, 3)})


def _format_lines(balance: QueueBalance) -> str:
    lines = [
        f"accepted {balance.accepted}",
        f"  done    {balance.done}",
        f"  waiting {balance.waiting}"
        + (f" (the oldest for {balance.oldest_waiting_s:.0f} s)" if balance.waiting else ""),
        f"  failed  {balance.failed}",
        "balanced" if balance.balanced else "NOT BALANCED: see docs/operations/runbook.md",
    ]
    return "\n".join(lines)
