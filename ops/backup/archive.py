"""An archive: one age file, in it one tar, whose last member is a manifest of the others.

Without BACKUP_KEY nobody can read an archive or make one that opens (age-encryption.org/v1); any
altered or missing byte is noticed. `age -d -i KEYFILE ARCHIVE | tar x` opens it by hand.
"""

import contextlib
import io
import json
import operator
import os
import re
import shutil
import tarfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import PurePosixPath
from typing import IO, NamedTuple

import pyrage

from core.keys import parse_backup_key

FORMAT = 1
MANIFEST = "manifest.json"
NO_MANIFEST = "this is no archive of the portal: it holds no manifest"
REPORTS = "reports_report"
CHUNK_BYTES = 1024 * 1024
MAX_MANIFEST_BYTES = 64 * 1024 * 1024  # it is held in memory, and lists half a million files
_TABLE = re.compile(r"\w{1,63}")


class BackupError(Exception):
    """A backup or restore that cannot be; the message is one line for an administrator."""


class Manifest(NamedTuple):
    """An archive's moment (ISO 8601), migrations, rows by table and bytes by member."""

    taken_at: str
    migrations: list[str]
    rows: dict[str, int]
    members: dict[str, int]
    format: int = FORMAT


def validate_manifest(manifest: Manifest) -> None:
    """Raise ValueError, TypeError, AttributeError or BackupError unless the fields have their types."""
    # Names and counts end in a script for psql.
    for table in manifest.rows:
        if not _TABLE.fullmatch(table):
            raise BackupError(f"a table's name is not letters, digits and _: {table[:63]!a}")
    zone = datetime.fromisoformat(manifest.taken_at).tzinfo
    names = isinstance(manifest.migrations, list) and "".join(manifest.migrations).isprintable()
    counts = [type(count) is int and 0 <= count < 2**63 for count in manifest.rows.values()]
    if not (
        type(manifest.format) is int and zone and names and all(counts) and REPORTS in manifest.rows
    ):
        raise ValueError


def parse_manifest(text: bytes) -> Manifest:
    """Return the manifest that `text` spells; raises BackupError when it is none of a backup."""
    try:
        fields = json.loads(text)
        version = operator.index(fields["format"])
        if version == FORMAT:
            manifest = Manifest(**fields)
            validate_manifest(manifest)
            return manifest
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise BackupError(NO_MANIFEST) from None
    raise BackupError(f"its format is {version}, this version of the portal reads {FORMAT}")


def write_archive(
    target: IO[bytes], key: str, entries: Iterable[tuple[str, IO[bytes]]], manifest: Manifest
) -> None:
    """Encrypt the entries (paths and files) and the manifest that lists them into `target`.

    Raises BackupError when the target cannot be written, and whatever the entries raise.
    """
    recipient = _identity(key).to_public()
    seal = _piped("wb", lambda plain: pyrage.encrypt_io(plain, target, [recipient]))
    with seal as plain, tarfile.open(fileobj=plain, mode="w|", bufsize=CHUNK_BYTES) as tar:
        for name, data in entries:
            manifest.members[name] = _add_member(tar, name, data)
        text = json.dumps(manifest._asdict(), ensure_ascii=False).encode()
        _refuse_large_manifest(len(text))
        _add_member(tar, MANIFEST, io.BytesIO(text))


def _add_member(tar: tarfile.TarFile, name: str, data: IO[bytes]) -> int:
    member = tarfile.TarInfo(name)
    member.mode, member.size = 0o600, data.seek(0, os.SEEK_END)
    data.seek(0)
    try:
        tar.addfile(member, data)
    except OSError as error:
        if error.errno:
            raise
        raise BackupError(f"{name} became shorter while it was read") from None
    return member.size


def read_archive(source: IO[bytes], key: str, place: Callable[[str], IO[bytes]]) -> Manifest:
    """Write every member to the file that `place` opens for its name; return the manifest.

    Only on return is the archive proved whole. Raises BackupError and whatever `place` raises.
    """
    identity = _identity(key)
    with _piped("rb", lambda plain: pyrage.decrypt_io(source, plain, [identity])) as plain:
        members, manifest = _read_members(plain, place)
        while plain.read(CHUNK_BYTES):  # until age has proved the end
            pass
    if manifest.members != members:
        raise BackupError("what it holds is not what its manifest lists")
    return manifest


def _read_members(
    plain: IO[bytes], place: Callable[[str], IO[bytes]]
) -> tuple[dict[str, int], Manifest]:
    """Place what the tar holds; return each member's bytes and the manifest, or raise BackupError."""
    members: dict[str, int] = {}
    wrong = (tarfile.TarError, ValueError, RecursionError)  # what tarfile raises for bad headers
    with contextlib.suppress(*wrong), tarfile.open(fileobj=plain, mode="r|") as tar:
        for member in tar:
            data = tar.extractfile(member) if member.isreg() and not member.issparse() else None
            if data and member.name == MANIFEST:
                _refuse_large_manifest(member.size)
                return members, parse_manifest(data.read())
            if not data or member.name in members or not _is_path_below_a_folder(member.name):
                break
            with place(member.name) as target:
                shutil.copyfileobj(data, target, CHUNK_BYTES)
            members[member.name] = member.size
    raise BackupError(NO_MANIFEST)


def _refuse_large_manifest(size: int) -> None:
    if size > MAX_MANIFEST_BYTES:
        raise BackupError(f"its manifest has {size} bytes, more than {MAX_MANIFEST_BYTES}")


def _is_path_below_a_folder(name: str) -> bool:
    path = PurePosixPath(name)
    canonical = str(path) == name and not path.is_absolute() and ".." not in path.parts
    return canonical and len(path.parts) > 1 and "\0" not in name


@contextlib.contextmanager
def _piped(mode: str, work: Callable[[IO[bytes]], None]) -> Iterator[IO[bytes]]:
    """Yield one end of a pipe while `work` has the other in a thread; its BackupError comes first."""
    ends = dict(zip(("rb", "wb"), os.pipe(), strict=True))
    near = os.fdopen(ends.pop(mode), mode)

    def run() -> None:
        [(far_mode, far)] = ends.items()
        with os.fdopen(far, far_mode, 0) as plain:
            try:
                work(plain)
            except BrokenPipeError:  # our end was closed: the block knows why
                pass
            except (pyrage.EncryptError, pyrage.DecryptError, OSError) as error:
                raise BackupError(_explain(error)) from None

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(run)
        try:
            with near:
                yield near
        finally:
            done.result()


def _identity(key: str) -> pyrage.x25519.Identity:
    if identity := parse_backup_key(key):
        return identity
    raise BackupError("BACKUP_KEY is missing or is not an age key")


def _explain(error: Exception) -> str:
    reason = str(error).partition("\n")[0]
    if isinstance(error, pyrage.EncryptError):  # of `OSError: [Errno 28] No space left …`
        return f"the archive cannot be written: {reason.rpartition('] ')[2]}"
    if "No matching keys" in reason:
        return "BACKUP_KEY does not open it: another key made it, or its beginning is damaged"
    if isinstance(error, OSError) and error.errno:
        return f"it cannot be read: {error.strerror}"
    return f"it is damaged, cut short or no archive at all ({reason})"
