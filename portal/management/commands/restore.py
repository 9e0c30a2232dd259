"""Put an archive in the place of what is here. Nothing is touched before it is proved whole."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from ops.backup import backup, restore_guard
from ops.backup.archive import Manifest


class Command(BaseCommand):
    help = "Replaces database and files by an archive, then migrates. See docs/operations.md."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("archive", type=Path, help="what manage.py backup has written")
        parser.add_argument("--check", action="store_true", help="only prove that it is whole")
        parser.add_argument("--yes", action="store_true", help="replace what is here")
        parser.add_argument("--discard-newer", action="store_true", help="also what came in since")
        parser.add_argument(
            "--while-in-use", action="store_true", help="also while others are connected"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with backup.in_one_line(about=options["archive"].name):
            if options["check"]:
                self.stdout.write(f"Whole: {_told(backup.check(options['archive']))}")
                return
            with backup.unpacked(options["archive"]) as archived:
                self.stdout.write(f"Whole: {_told(archived.manifest)}")
                here = restore_guard.rows()
                self.stdout.write(
                    f"Here: {_place()}, reports: {here.get(restore_guard.REPORTS, 0)}"
                )
                self._refuse(archived, here, options)
                backup.restore(archived, here)
        self.stdout.write("Restored. Start web, relay, worker and beat again.")
        self.stdout.write("The record of acts now ends earlier: manage.py verify_events --restored")

    def _refuse(
        self, archived: backup.Unpacked, here: dict[str, int], options: dict[str, Any]
    ) -> None:
        """Everything that speaks against it, at once; raises CommandError when there is any."""
        lost = restore_guard.newer(here, archived.rows, archived.taken_at)
        others = restore_guard.others()
        against = []
        if lost and not options["discard_newer"]:
            told = ", ".join(f"{count} {what}" for what, count in lost.items())
            against.append(f"{told} here are not in it: back up first, or --discard-newer")
        if others and not options["while_in_use"]:
            names = ", ".join(sorted(set(others)))
            against.append(f"{len(others)} others are connected ({names}): stop web, relay, worker")
            against[-1] += " and beat, or --while-in-use and restart them afterwards"
        if not options["yes"]:
            against.append("to replace database and files: --yes")
        if against:
            raise CommandError("Nothing was changed.\n  " + "\n  ".join(against))


def _told(manifest: Manifest) -> str:
    about = manifest.about
    files = sum(member.name.startswith("files/") for member in manifest.members)
    return f"taken {about['taken_at']}, reports: {about['rows'][restore_guard.REPORTS]}, files: {files}"


def _place() -> str:
    here = connection.get_connection_params()
    return f"database {here['dbname']} on {here.get('host', 'this machine')}"
