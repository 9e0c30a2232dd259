"""manage.py backup: one encrypted archive of database and files."""

import contextlib
import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from core.keys import generate_backup_key
from core.private_files import read_json
from ops.backup.backup import as_command_error, create_backup, delete_expired, verify_archive
from reports.monitoring import alarms

# Exit code: there is an archive, and a file is lost; 2 is argparse's, for wrong arguments.
FILES_LOST = 3


class Command(BaseCommand):
    help = "Write one encrypted archive of database and files; see docs/operations/reference.md."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "target",
            nargs="?",
            type=Path,
            help="a new file, or a folder (default DATA_DIR/backups)",
        )
        parser.add_argument("--check", action="store_true", help="read it again to its last byte")
        parser.add_argument(
            "--new-key", action="store_true", help="only print a fresh key for BACKUP_KEY"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["new_key"]:
            self.stdout.write(generate_backup_key())
            return
        try:
            self._back_up(options)
        except CommandError:
            _store_state(read_json(_state_path()) | {"failed_at": time.time()})
            raise

    def _back_up(self, options: dict[str, Any]) -> None:
        with as_command_error():
            target = _archive_path(options["target"] or _default_folder())
            missing = create_backup(target)
            if options["check"]:
                verify_archive(target)
        _store_state({"written_at": target.stat().st_mtime})
        self.stdout.write(f"Written: {target} ({target.stat().st_size} bytes)")
        if not missing:
            self._delete_expired(target)
        for name in missing:
            self.stderr.write(f"not in it, though the database names it: file {name}")
        if missing:
            raise CommandError(
                f"the archive lacks {len(missing)} lost files", returncode=FILES_LOST
            )

    def _delete_expired(self, target: Path) -> None:
        with as_command_error():
            for old in delete_expired(target.parent, target):
                self.stdout.write(f"Removed, older than {settings.BACKUP_KEEP_DAYS} days: {old}")


def _store_state(state: dict[str, Any]) -> None:
    """Store when an archive was written or failed, for alarms and /metrics, if the disk is not full."""
    with contextlib.suppress(OSError):
        _state_path().write_text(json.dumps(state))


def _state_path() -> Path:
    return Path(settings.DATA_DIR / alarms.BACKUP_FILE)


def _default_folder() -> Path:
    folder: Path = settings.DATA_DIR / "backups"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _archive_path(target: Path) -> Path:
    if not target.is_dir():
        return target
    return target / f"portal-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.tar.age"
