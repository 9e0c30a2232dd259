"""manage.py scan_files: enqueue the check of uploads that need it, remove orphaned files."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from reports.attachments import sanitized_copies, storage
from reports.models import EvidenceFile
from reports.retention import purge


class Command(BaseCommand):
    help = (
        "Enqueue the upload check for files that were never checked, that clamd has not scanned "
        "though CLAMD_URL is set now, or whose copy is lost; remove files and copies of a day "
        "ago that no row names."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--every", action="store_true", help="every file that is not erased")

    def handle(self, *args: Any, **options: Any) -> None:
        present = EvidenceFile.objects.filter(erased_at=None).order_by("pk").iterator()
        files = present if options["every"] else sanitized_copies.files_needing_scan()
        enqueued = sanitized_copies.enqueue_scan(files)
        removed = sum(map(purge.sweep_files, range(storage.PARTS)))
        if options["verbosity"]:
            self.stdout.write(f"Files to be looked into: {enqueued}. Removed: {removed}.")
