"""What a backup holds, and how it is restored.

Backup: the dump of one snapshot, then the files that it names, from whichever store has them, then
kept pages; a file is written before its row, so none is missing. Restore: the archive is verified
and extracted, the database replaced in one transaction, then the folders by renames, at last files
move to their bucket. A crash before COMMIT changes nothing; after it, the same command finishes.
Old files are deleted only after migrate.
"""

import contextlib
import fcntl
import io
import os
import shutil
import tempfile
import time
from collections.abc import Generator, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any, NamedTuple

import psycopg2
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.models import Manager
from redis import Redis, RedisError

from core import valkey
from core.database import fetch_all
from core.models import AuditEvent
from core.private_files import sync_folder
from ops.backup import pg_dump
from ops.backup.archive import (
    REPORTS,
    BackupError,
    Manifest,
    read_archive,
    validate_manifest,
    write_archive,
)
from ops.child_process import StartError
from reports.attachments import storage
from reports.models import EvidenceFile, Report

DUMP = "database"  # database/000001 and so on: one after the other they are pg_dump's file
PIECE_BYTES = 8 * 1024 * 1024
DRAFT = ".backup.draft"
BUSY = "another backup is being written to {}"
NEW, OLD = ".restored", ".replaced"  # inside their folder, which may be a disk of its own
# Copies can be drawn again.
PASSING = {NEW, OLD, storage.DRAFT_FOLDER, storage.COPY_FOLDER, "lost+found"}
_MIGRATIONS = "SELECT app || '.' || name FROM django_migrations ORDER BY 1"
SESSION_END_SECONDS = 3.0
_OTHER_SESSIONS = (
    "SELECT coalesce(nullif(application_name, ''), 'portal') FROM pg_stat_activity"
    " WHERE datname = current_database() AND usename = current_user"
    " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
)
_FILES = "SELECT id::text FROM reports_evidencefile WHERE erased_at IS NULL ORDER BY 1"
# What cannot be had a second time, by its table: its name, its rows, their time. None is deleted.
_PERMANENT: dict[str, tuple[str, Manager[Any], str]] = {
    REPORTS: ("reports", Report.objects, "received_at"),
    "reports_evidencefile": ("files", EvidenceFile.objects, "received_at"),
    "core_auditevent": ("acts on record", AuditEvent.objects, "created_at"),
}
Entry = tuple[str, IO[bytes]]


def backup_folders() -> dict[str, Path]:
    return {"files": settings.FILES_DIR, "static-pages": settings.DATA_DIR / "static-pages"}


@contextlib.contextmanager
def as_command_error(about: str = "") -> Iterator[None]:
    """Turn what can go wrong here into a CommandError of one line for an administrator."""
    try:
        yield
    except (BackupError, StartError) as error:
        raise CommandError(f"{about}: {error}" if about else str(error)) from error
    except OSError as error:
        raise CommandError(f"{error.filename or about}: {error.strerror}") from error
    except (psycopg2.Error, DatabaseError) as error:
        raise CommandError(f"PostgreSQL: {pg_dump.redact_error_detail(str(error))}") from error


# --- out


def create_backup(target: Path) -> list[str]:
    """Write an archive, also when files are lost; return the ids of missing ones.

    Raises BackupError, StartError, OSError and psycopg2.Error; then there is no archive.
    """
    with _draft_of(target) as draft, pg_dump.export_snapshot() as snapshot:
        manifest = Manifest(
            taken_at=snapshot.taken_at.astimezone(UTC).isoformat(),
            migrations=snapshot.column(_MIGRATIONS),
            rows=snapshot.count_rows(),
            members={},
        )
        validate_manifest(manifest)
        with contextlib.closing(_entries(snapshot)) as entries:
            write_archive(draft, settings.BACKUP_KEY, entries, manifest)
        archived = {PurePosixPath(name).name for name in manifest.members}
        missing = [name for name in snapshot.column(_FILES) if name not in archived]
    erased = EvidenceFile.objects.filter(pk__in=missing, erased_at__isnull=False)
    return sorted({*missing} - {str(pk) for pk in erased.values_list("pk", flat=True)})


@contextlib.contextmanager
def _draft_of(target: Path) -> Iterator[IO[bytes]]:
    """Yield a file that is renamed to `target` when the block ends well, and deleted otherwise."""
    if not target.parent.is_dir():
        raise BackupError(f"{target.parent} is no folder")
    if target.exists():
        raise BackupError(f"{target} is there already, and an archive is never overwritten")
    draft = target.parent / DRAFT  # always the same, so that kill -9 leaves at most one
    with contextlib.ExitStack() as stack, _open_private(draft) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BackupError(BUSY.format(target.parent)) from None
        if not draft.exists() or not os.path.samestat(os.fstat(file.fileno()), draft.stat()):
            raise BackupError(BUSY.format(target.parent))  # finished before we had the lock
        stack.callback(draft.unlink)
        file.truncate(0)
        yield file
        file.flush()
        os.fsync(file.fileno())
        draft.rename(target)
        stack.pop_all()  # nothing is a draft any more
    sync_folder(target.parent)


def _open_private(path: Path, flags: int = 0) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | flags, 0o600), "wb")


def _entries(snapshot: pg_dump.ExportedSnapshot) -> Generator[Entry, None, None]:
    with pg_dump.stream_pg_dump(snapshot) as dump:
        pieces = iter(lambda: dump.read(PIECE_BYTES), b"")
        for number, piece in enumerate(pieces, 1):
            yield f"{DUMP}/{number:06}", io.BytesIO(piece)
    for pk in snapshot.column(_FILES):
        missing = contextlib.suppress(FileNotFoundError)
        with missing, storage.open_sealed(pk) as sealed, _seekable(sealed) as data:
            yield f"files/{storage.name_of(pk)}", data
    for part, folder in backup_folders().items():
        if part != "files":
            yield from _files(part, folder)


@contextlib.contextmanager
def _seekable(sealed: IO[bytes]) -> Iterator[IO[bytes]]:
    """Yield a file of which the size is known: of an answer of a store, a copy on disk without a name."""
    if sealed.seekable():
        yield sealed
        return
    with tempfile.TemporaryFile(dir=settings.DATA_DIR) as copy:
        shutil.copyfileobj(sealed, copy)
        yield copy


def _files(part: str, folder: Path) -> Iterator[Entry]:
    """Yield every file that is there to stay; one that disappears meanwhile is left out."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_symlink() or not path.is_file() or name.parts[0] in PASSING:
            continue
        with contextlib.suppress(FileNotFoundError), path.open("rb") as data:
            yield f"{part}/{name}", data


def delete_expired(folder: Path, newest: Path) -> list[Path]:
    """Delete archives older than BACKUP_KEEP_DAYS, never the newest, and return them."""
    if settings.BACKUP_KEEP_DAYS <= 0:
        return []
    until = time.time() - settings.BACKUP_KEEP_DAYS * 86_400
    archives = [path for path in folder.glob("portal-*.tar.age") if path != newest]
    expired = [path for path in archives if path.stat().st_mtime < until]
    for path in expired:
        path.unlink()
    return expired


# --- back


class ExtractedArchive(NamedTuple):
    """A verified archive, extracted beside what it would replace."""

    manifest: Manifest
    dump: IO[bytes]


def verify_archive(source: Path) -> Manifest:
    """Read an archive to its last byte and change nothing. Raises BackupError and OSError."""

    def nowhere(name: str) -> IO[bytes]:
        _staged_path(name)
        return Path(os.devnull).open("wb")

    with source.open("rb") as file:
        return read_archive(file, settings.BACKUP_KEY, nowhere)


@contextlib.contextmanager
def extract_verified(source: Path) -> Iterator[ExtractedArchive]:
    """Verify and extract an archive; delete what the block has not moved. Raises BackupError and OSError."""
    if os.geteuid() != settings.DATA_DIR.stat().st_uid:
        raise BackupError("files would not be the portal's: run this as the owner of DATA_DIR")
    _clear_staging()
    try:
        # Without a name: the dump is gone with us, however we end.
        with tempfile.TemporaryFile(dir=settings.DATA_DIR) as dump, source.open("rb") as file:
            manifest = read_archive(file, settings.BACKUP_KEY, lambda name: _stage(name, dump))
            _refuse_newer_version(manifest.migrations)
            os.sync()
            yield ExtractedArchive(manifest, dump)
    finally:
        _clear_staging()


def _clear_staging() -> None:
    for new in (folder / NEW for folder in backup_folders().values()):
        if new.is_dir() and not new.is_symlink():
            shutil.rmtree(new, ignore_errors=True)
        else:
            new.unlink(missing_ok=True)


def _stage(name: str, dump: IO[bytes]) -> IO[bytes]:
    path = _staged_path(name)
    if not path:
        return os.fdopen(os.dup(dump.fileno()), "wb")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return _open_private(path, os.O_EXCL)


def _staged_path(name: str) -> Path | None:
    """Return where a member is extracted to; None for a piece of the dump."""
    part, second, *rest = PurePosixPath(name).parts
    if part == DUMP:
        return None
    if part not in backup_folders() or second in PASSING:
        raise BackupError(f"it holds {name!a}, which this version of the portal does not know")
    new = backup_folders()[part].resolve() / NEW
    path = new.joinpath(second, *rest)
    if not path.resolve().is_relative_to(new):
        raise BackupError(f"it holds {name!a}, which would lie elsewhere")
    return path


def _refuse_newer_version(applied: list[str]) -> None:
    migrations = MigrationLoader(None, ignore_no_migrations=True).disk_migrations or {}
    if newer := sorted({*applied} - {f"{app}.{name}" for app, name in migrations}):
        raise BackupError(f"a newer version of the portal made it, with {newer[0]}: install that")


def restore_archive(archive: ExtractedArchive, present: dict[str, int]) -> None:
    """Replace what is here by the archive, and bring it up to this version.

    `present` is what `count_rows` returned at the decision: rows that came in since stop it. Raises
    BackupError: when nothing has changed, or with the last steps that remain to be done.
    """
    connection.close()
    pg_dump.restore_dump(archive.dump, archive.manifest.rows, present)
    folders = backup_folders().values()
    places = ", ".join(str(folder) for folder in folders)
    with _finishing("the files: give this command again"):
        for folder in folders:
            _swap_in(folder)
    with _finishing(f"manage.py migrate, manage.py setup_desk, then remove {OLD} in {places}"):
        call_command("migrate", interactive=False, verbosity=0)
        call_command("setup_desk", verbosity=0)
        for folder in folders:
            shutil.rmtree(folder / OLD)
    for command in ("reapply_erasures", "scan_files"):
        with _finishing(f"manage.py {command}"):
            call_command(command, verbosity=0)
    with _finishing("empty Valkey (FLUSHALL): it names work of the replaced database"):
        # The broker's messages lie in the same database.
        Redis(connection_pool=valkey.make_pool(settings.REDIS_URL)).flushdb()
    if settings.EVIDENCE_STORE == "bucket":  # until then files are read from the folder
        with _finishing("manage.py move_evidence --to bucket"):
            call_command("move_evidence", to="bucket", verbosity=0)


def _swap_in(folder: Path) -> None:
    """Move aside what lies in the folder, and move in what was extracted, by renames on one disk."""
    new = folder / NEW
    for place in (folder, new, folder / OLD):
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
    old = Path(tempfile.mkdtemp(dir=folder / OLD))
    for entry in folder.iterdir():
        if entry.name not in PASSING:
            entry.rename(old / entry.name)
    for entry in new.iterdir():
        entry.rename(folder / entry.name)
    new.rmdir()
    sync_folder(folder)


@contextlib.contextmanager
def _finishing(by_hand: str) -> Iterator[None]:
    try:
        yield
    except (CommandError, DatabaseError, OSError, RedisError) as error:
        raise BackupError(f"The database is restored. Still to be done: {by_hand}") from error


# --- what a restore would take away


def count_rows() -> dict[str, int]:
    """Return how many rows of what is never deleted there are, by existing table."""
    tables = connection.introspection.table_names()
    rows = {table: manager for table, (_, manager, _) in _PERMANENT.items() if table in tables}
    return {table: manager.count() for table, manager in rows.items()}


def count_unarchived_rows(
    present: Mapping[str, int], archived: Mapping[str, int], taken_at: datetime
) -> dict[str, int]:
    """Return how many rows the archive lacks, by what they are: by number or by time, whichever is more."""
    counts = {}
    for table, count in present.items():
        what, manager, time = _PERMANENT[table]
        late = manager.filter(**{f"{time}__gt": taken_at}).count()
        counts[what] = max(late, count - archived.get(table, 0))
    return {what: count for what, count in counts.items() if count}


def other_database_sessions() -> list[str]:
    """Return the application names of our user's other connections to the database. One whose process
    was just stopped or killed has some seconds to go.
    """
    end = time.monotonic() + SESSION_END_SECONDS
    while (rows := fetch_all(_OTHER_SESSIONS)) and time.monotonic() < end:
        time.sleep(0.1)
    return [name for (name,) in rows]
