"""manage.py restore: replace database and files by a verified archive."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from ops.backup.archive import REPORTS, Manifest
from ops.backup.backup import (
    as_command_error,
    count_rows,
    count_unarchived_rows,
    extract_verified,
    other_database_sessions,
    restore_archive,
    verify_archive,
)


class Command(BaseCommand):
    help = (
        "Replace database and files by an archive, then migrate; see docs/operations/reference.md. Without "
        "an option it only says what it would replace."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("archive", type=Path, help="what manage.py backup has written")
        parser.add_argument("--check", action="store_true", help="only prove that it is whole")
        parser.add_argument("--yes", action="store_true", help="replace what is here")
        parser.add_argument("--discard-newer", action="store_true", help="also what came in since")
        parser.add_argument(
            "--while-in-use", action="store_true", help="also while others are connected"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with as_command_error(about=options["archive"].name):
            if options["check"]:
                self.stdout.write(f"Whole: {_describe(verify_archive(options['archive']))}")
                return
            with extract_verified(options["archive"]) as archive:
                self.stdout.write(f"Whole: {_describe(archive.manifest)}")
                present = count_rows()
                self.stdout.write(
                    f"Here: {_describe_database()}, reports: {present.get(REPORTS, 0)}"
                )
                if objections := list(_objections(archive.manifest, present, options)):
                    raise CommandError("Nothing was changed.\n  " + "\n  ".join(objections))
                restore_archive(archive, present)
        self.stdout.write("Restored. Start web, relay, worker and beat again.")
        self.stdout.write(
            "The record of acts now ends earlier: manage.py verify_audit_log --restored"
        )


def _objections(
    manifest: Manifest, present: dict[str, int], options: dict[str, Any]
) -> Iterator[str]:
    """Yield every objection to a restore, so that all are printed at once."""
    taken_at = datetime.fromisoformat(manifest.taken_at)
    lost = count_unarchived_rows(present, manifest.rows, taken_at)
    if lost and not options["discard_newer"]:
        counts = ", ".join(f"{count} {what}" for what, count in lost.items())
        yield f"{counts} here are not in it: back up first, or --discard-newer"
    others = other_database_sessions()
    if others and not options["while_in_use"]:
        names = ", ".join(sorted(set(others)))
        yield (
            f"{len(others)} others are connected ({names}): stop web, relay, worker and beat,"
            " or --while-in-use and restart them afterwards"
        )
    if not options["yes"]:
        yield "to replace database and files: --yes"


def _describe(manifest: Manifest) -> str:
    files = sum(name.startswith("files/") for name in manifest.members)
    return f"taken {manifest.taken_at}, reports: {manifest.rows[REPORTS]}, files: {files}"


def _describe_database() -> str:
    parameters = connection.get_connection_params()
    return f"database {parameters['dbname']} on {parameters.get('host', 'this machine')}"
