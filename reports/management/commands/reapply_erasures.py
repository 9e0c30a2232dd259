"""manage.py reapply_erasures: repeat after a restore the erasures since the archive was made."""

from typing import Any

from django.core.management.base import BaseCommand

from reports.retention import purge


class Command(BaseCommand):
    help = (
        "Erase again what DATA_DIR/erased.jsonl names and the database still holds; restore runs "
        "it."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        results = purge.reapply_erasures()
        self.stdout.write(f"Erased again: {results.pop('done', 0)}.")
        if results:
            left = ", ".join(f"{count} {why}" for why, count in sorted(results.items()))
            self.stderr.write(
                f"Left as they are: {left}. Lift the hold, mend what failed, then run this again."
            )
