"""manage.py move_evidence: bring evidence from the folder to the bucket, or back.

Exit code 0: all of it lies where new files go; 1: something does not, and is read where it is.
"""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from core import database
from ops import key_rotation
from ops.backup.backup import as_command_error
from ops.key_rotation import MisplacedFiles
from reports.attachments import storage


class Command(BaseCommand):
    help = (
        "Move every file from the other place of EVIDENCE_STORE to where new files go, one by one: "
        "stored, read again and compared, then erased where it was. Safe beside a running portal; "
        "killed, it goes on where it was. See docs/operations/reference.md."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        places = ["bucket", "folder"]
        parser.add_argument("--to", required=True, choices=places, help="as EVIDENCE_STORE says")
        parser.add_argument("--dry-run", action="store_true", help="only count")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["to"] != settings.EVIDENCE_STORE or not settings.EVIDENCE_URL:
            raise CommandError(
                f"New files go to the {settings.EVIDENCE_STORE}. Set EVIDENCE_URL and EVIDENCE_STORE="
                f"{options['to']}, restart web and worker, then give this command again."
            )
        if not database.try_lock("move evidence"):
            raise CommandError("Another move_evidence is at work.")
        kind = MisplacedFiles()
        with as_command_error():  # of a store that does not answer; what was moved stays moved
            if not options["dry_run"]:
                key_rotation.run_with_progress(kind, self.stdout.write)
            left = key_rotation.count_pending(kind)
            lost = sum(storage.is_lost(file.pk) for file in kind.rows().iterator(1000))
        self.stdout.write(f"To be moved: {left}. Nowhere to be found: {lost}.")
        if left and not options["dry_run"]:
            raise CommandError(
                f"{left} stay where they are: the log names them (key.rotation_failed)."
            )
