"""manage.py reapply_erasures: after a restore, what was erased since the archive was made goes again."""

from typing import Any

from django.core.management.base import BaseCommand

from reports.retention import reerase_after_restore


class Command(BaseCommand):
    help = (
        "Erase again what DATA_DIR/erased.jsonl names and the database still holds; restore runs "
        "it."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        ended = reerase_after_restore.reapply_erasures()
        self.stdout.write(f"Erased again: {ended['done']}.")
        left = {why: count for why, count in ended.items() if why != "done"}
        if left:
            told = ", ".join(f"{count} {why}" for why, count in sorted(left.items()))
            self.stderr.write(f"Left as they are: {told}. Lift the hold, then run this again.")
