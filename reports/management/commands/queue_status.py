"""manage.py queue_status: is every accepted report done, waiting or failed?"""

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from reports.stats import QueueBalance, queue_balance


class Command(BaseCommand):
    help = "Count the reports that were accepted, and how far each has come."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one line of JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        balance = queue_balance()
        self.stdout.write(_as_json(balance) if options["json"] else _for_people(balance))


def _as_json(balance: QueueBalance) -> str:
    counts = asdict(balance)
    oldest = round(counts.pop("oldest_waiting_s"), 3)
    return json.dumps(counts | {"balanced": balance.balanced, "oldest_waiting_s": oldest})


def _for_people(balance: QueueBalance) -> str:
    lines = [
        f"accepted {balance.accepted}",
        f"  done    {balance.done}",
        f"  waiting {balance.waiting}"
        + (f" (the oldest for {balance.oldest_waiting_s:.0f} s)" if balance.waiting else ""),
        f"  failed  {balance.failed}",
        "balanced" if balance.balanced else "NOT BALANCED: see docs/operations.md",
    ]
    return "\n".join(lines)
