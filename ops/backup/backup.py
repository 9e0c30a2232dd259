"""What a backup holds, and how it comes back.

Out: the dump of one snapshot first, then the folders. A file is written before its row, so that
every file whose row is in the dump lies there when its folder is read; one that an erasure took
meanwhile is noted.

Back: the archive is proved to its last byte and laid out beside what it would replace. Then the
database is replaced in one transaction, then what lies in each folder, by renames. A crash before
COMMIT leaves all as it was. One after it leaves the restored database, with the folders as they
were or between the two: the same command again finishes the work. What lay in the folders before
is thrown away only when migrate has succeeded.
"""

import contextlib
import fcntl
import io
import itertools
import os
import shutil
import tempfile
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO

import psycopg2
from django.conf import settings
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from redis import RedisError

from ops.backup import archive, pg_dump
from ops.backup.archive import ArchiveError, Content, Manifest
from ops.backup.manifest import read, refuse_malformed
from ops.backup.pg_dump import DumpError
from ops.child_process import StartError
from reports.attachments import storage
from reports.models import EvidenceFile

DUMP = "database"  # database/000001 and so on: one after the other they are pg_dump's file
PIECE = 8 * 1024 * 1024
DRAFT = ".backup.draft"
BUSY = "another backup is being written to {}"
NEW, OLD = ".restored", ".replaced"  # inside their folder, which may be a disk of its own
PASSING = {NEW, OLD, storage.DRAFTS, storage.COPIES, "lost+found"}  # copies can be drawn again
_MIGRATIONS = "SELECT app || '.' || name FROM django_migrations ORDER BY 1"
_FILES = "SELECT id::text FROM reports_evidencefile WHERE erased_at IS NULL ORDER BY 1"


class UnfinishedError(Exception):
    """Restored but for the last steps; the message is one line that names them."""


def folders() -> dict[str, Path]:
    """The folders that belong to a backup, by their name in it."""
    return {"files": settings.FILES_DIR, "snapshots": settings.DATA_DIR / "snapshots"}


@contextlib.contextmanager
def in_one_line(about: str = "") -> Iterator[None]:
    """For a command: what can go wrong here is one line for an administrator, and exit code 1."""
    try:
        yield
    except ArchiveError as error:
        raise CommandError(f"{about}: {error}" if about else str(error)) from error
    except (DumpError, StartError, UnfinishedError) as error:
        raise CommandError(str(error)) from error
    except OSError as error:
        raise CommandError(f"{error.filename or about}: {error.strerror}") from error
    except (psycopg2.Error, DatabaseError) as error:
        raise CommandError(f"PostgreSQL: {pg_dump.without_values(str(error))}") from error


# --- out


def back_up(target: Path) -> list[str]:
    """Write an archive; the ids of files that the database names and nobody finds. A failure
    leaves no archive, a lost file does.

    Raises ArchiveError, DumpError, StartError, OSError and psycopg2.Error.
    """
    with _drafted(target) as draft, pg_dump.snapshot() as moment:
        about = {
            "taken_at": moment.taken_at.astimezone(UTC).isoformat(),
            "migrations": moment.column(_MIGRATIONS),
            "rows": moment.rows(),
        }
        refuse_malformed(about)
        with contextlib.closing(_contents(moment)) as contents:
            manifest = archive.write(draft, settings.BACKUP_KEY, contents, about)
        found = {PurePosixPath(member.name).name for member in manifest.members}
        return _lost([name for name in moment.column(_FILES) if name not in found])


def _lost(missing: list[str]) -> list[str]:
    """Those among files that are not there which were not erased since the dump's moment."""
    erased = EvidenceFile.objects.filter(pk__in=missing, erased_at__isnull=False)
    gone = {str(pk) for pk in erased.values_list("pk", flat=True)}
    return [name for name in missing if name not in gone]


@contextlib.contextmanager
def _drafted(target: Path) -> Iterator[IO[bytes]]:
    """A file that gets its name when the block ends well; otherwise nothing is left of it."""
    if not target.parent.is_dir():
        raise ArchiveError(f"{target.parent} is no folder")
    if target.exists():
        raise ArchiveError(f"{target} is there already, and an archive is never overwritten")
    draft = target.parent / DRAFT  # always the same, so that kill -9 leaves at most one
    with contextlib.ExitStack() as stack, _private(draft) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ArchiveError(BUSY.format(target.parent)) from None
        if not _is(file, draft):  # finished and renamed between our opening and locking it
            raise ArchiveError(BUSY.format(target.parent))
        stack.callback(draft.unlink)
        file.truncate(0)
        yield file
        file.flush()
        os.fsync(file.fileno())
        draft.rename(target)
        stack.pop_all()  # nothing is a draft any more
    _sync_folder(target.parent)


def _private(path: Path, flags: int = 0) -> IO[bytes]:
    """A file for its owner alone, opened to write; what it may hold already stays."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | flags, 0o600), "wb")


def _is(file: IO[bytes], path: Path) -> bool:
    """Whether an open file still has this name."""
    return path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _contents(moment: pg_dump.Snapshot) -> Generator[Content, None, None]:
    with pg_dump.dumping(moment) as dump:
        for number in itertools.count(1):
            piece = dump.read(PIECE)
            if not piece:
                break
            yield Content(f"{DUMP}/{number:06}", len(piece), io.BytesIO(piece))
    for part, folder in folders().items():
        yield from _files(part, folder)


def _files(part: str, folder: Path) -> Iterator[Content]:
    """Every file that is there to stay; one that goes while we look is left out."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.is_symlink() or not path.is_file() or name.parts[0] in PASSING:
            continue
        with contextlib.suppress(FileNotFoundError), path.open("rb") as data:
            size = os.fstat(data.fileno()).st_size
            yield Content(f"{part}/{name}", size, data)


def prune(folder: Path, newest: Path) -> list[Path]:
    """Remove the archives of a folder that are older than BACKUP_KEEP_DAYS, never the newest; which.
    What was erased goes with the last archive that holds it.
    """
    if settings.BACKUP_KEEP_DAYS <= 0:
        return []
    until = time.time() - settings.BACKUP_KEEP_DAYS * 86_400
    archives = [path for path in folder.glob("portal-*.tar.age") if path != newest]
    old = [path for path in archives if path.stat().st_mtime < until]
    for path in old:
        path.unlink()
    return old


# --- back


@dataclass(frozen=True)
class Unpacked:
    """An archive that is whole, laid out beside what it would replace."""

    manifest: Manifest
    dump: IO[bytes]

    @property
    def taken_at(self) -> datetime:
        return datetime.fromisoformat(self.manifest.about["taken_at"])

    @property
    def rows(self) -> dict[str, int]:
        return dict(self.manifest.about["rows"])


def check(source: Path) -> Manifest:
    """Read an archive to its last byte and change nothing. Raises ArchiveError and OSError."""
    with source.open("rb") as file:
        return read(file, settings.BACKUP_KEY, _nowhere)


def _nowhere(name: str) -> IO[bytes]:
    _laid_out(name)
    return Path(os.devnull).open("wb")


@contextlib.contextmanager
def unpacked(source: Path) -> Iterator[Unpacked]:
    """Prove an archive and lay it out; what the block has not put in place goes again.

    Raises ArchiveError and OSError.
    """
    if os.geteuid() != settings.DATA_DIR.stat().st_uid:
        raise ArchiveError("files would not be the portal's: run this as the owner of DATA_DIR")
    _clear()
    try:
        # Without a name: the dump is gone with us, however we end.
        with tempfile.TemporaryFile(dir=settings.DATA_DIR) as dump, source.open("rb") as file:
            manifest = read(file, settings.BACKUP_KEY, lambda name: _place(name, dump))
            _refuse_unknown(manifest.about["migrations"])
            os.sync()
            yield Unpacked(manifest, dump)
    finally:
        _clear()


def _clear() -> None:
    for new in (folder / NEW for folder in folders().values()):
        if new.is_dir() and not new.is_symlink():
            shutil.rmtree(new, ignore_errors=True)
        else:
            new.unlink(missing_ok=True)


def _place(name: str, dump: IO[bytes]) -> IO[bytes]:
    path = _laid_out(name)
    if not path:
        return os.fdopen(os.dup(dump.fileno()), "wb")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return _private(path, os.O_EXCL)


def _laid_out(name: str) -> Path | None:
    """Where a member waits to be put in place; None for a piece of the dump."""
    part, second, *rest = PurePosixPath(name).parts
    if part == DUMP:
        return None
    if part not in folders() or second in PASSING:
        raise ArchiveError(f"it holds {name!a}, which this version of the portal does not know")
    new = folders()[part].resolve() / NEW
    path = new.joinpath(second, *rest)
    if not path.resolve().is_relative_to(new):
        raise ArchiveError(f"it holds {name!a}, which would lie elsewhere")
    return path


def _refuse_unknown(applied: list[str]) -> None:
    known = MigrationLoader(None, ignore_no_migrations=True).disk_migrations or {}
    unknown = sorted(set(applied) - {f"{app}.{name}" for app, name in known})
    if unknown:
        raise ArchiveError(
            f"a newer version of the portal made it, with {unknown[0]}: install that"
        )


def restore(archived: Unpacked, here: dict[str, int]) -> None:
    """Put the archive in the place of what is here, and bring it up to this version.

    `here` is what `present.rows` told when it was decided: a row that came in since stops it all.
    Raises DumpError when nothing has changed, UnfinishedError when only the last steps failed.
    """
    connection.close()
    pg_dump.put_back(archived.dump, archived.rows, here)
    with _finishing("the files: give this command again"):
        for folder in folders().values():
            _swap(folder)
    with _finishing(f"manage.py migrate, manage.py setup_desk, then remove {OLD} in {_places()}"):
        call_command("migrate", interactive=False, verbosity=0)
        call_command("setup_desk", verbosity=0)
        for folder in folders().values():
            shutil.rmtree(folder / OLD)
    with _finishing("manage.py erase_again"):
        call_command("erase_again", verbosity=0)
    with _finishing("manage.py look_into_files"):
        call_command("look_into_files", verbosity=0)
    with _finishing("empty Valkey (FLUSHALL): it names work of the replaced database"):
        cache.clear()  # the broker's messages lie in the same database


def _swap(folder: Path) -> None:
    """What lies in the folder goes aside, what was laid out comes: renames on one disk, no more.
    What an earlier try has put aside stays there.
    """
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
    _sync_folder(folder)


def _places() -> str:
    return ", ".join(str(folder) for folder in folders().values())


@contextlib.contextmanager
def _finishing(by_hand: str) -> Iterator[None]:
    try:
        yield
    except (CommandError, DatabaseError, OSError, RedisError) as error:
        raise UnfinishedError(f"The database is restored. Still to be done: {by_hand}") from error
