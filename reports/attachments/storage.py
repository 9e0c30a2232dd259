"""Evidence files: from uploaded bytes to an encrypted file and its row.

A draft is encrypted on our disk while it arrives, so nothing is anywhere in clear. A file lies in its store, durably,
before its row is committed: a crash may leave a file without a row, never the reverse. Sanitized copies are in a folder
of their own, encrypted likewise.

EVIDENCE_STORE says whether new files go to FILES_DIR or to the bucket of EVIDENCE_URL; the other place, if there is one,
is still read and erased from (`manage.py move_evidence`). What a store refuses is an OSError.
"""

import contextlib
import errno
import hashlib
import os
import time
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import IO, Any, cast
from uuid import UUID, uuid4

import structlog
from django import db
from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import FileSystemStorage, storages
from django.db import transaction
from django.db.models import QuerySet

from core import encryption
from core.errors import CodedError
from core.keys import key_by_id, newest_key
from core.outbox import queue
from core.private_files import sync_folder
from reports.attachments import filetypes
from reports.attachments.filetypes import FileType
from reports.attachments.stream_encryption import DecryptionError as StreamDecryptionError
from reports.attachments.stream_encryption import StreamEncryptor, decrypt_stream, key_id_of
from reports.models import EvidenceFile, Report

log = structlog.get_logger(__name__)

MAX_COUNT = 5  # files of one report
MAX_ROWS = 20  # with those taken back
MAX_BYTES = 10 * 1024 * 1024
# Files leave this much of their disk, which the database may share, for reports themselves.
RESERVED_BYTES = 512 * 1024 * 1024
DRAFT_FOLDER, COPY_FOLDER = "drafts", "copies"
SCAN_TASK = "reports.scan_files"
PARTS = 256  # of each store: names by their first two digits
MAX_DRAFT_SECONDS = 3600  # no upload takes longer; an older draft was left by a killed process
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Refusal(StrEnum):
    EMPTY = "empty"
    TOO_LARGE = "too_large"
    UNKNOWN_TYPE = "unknown_type"
    TOO_MANY = "too_many"
    ERASED = "erased"
    BUSY = "busy"
    NO_ROOM = "no_room"
    NOT_WRITTEN = "not_written"


class RefusedError(CodedError):
    """The file was not stored, and nothing of it is left."""

    code: Refusal


class DecryptionError(Exception):
    """The file is missing or damaged, or its key was removed, or its store does not answer."""


# --- drafts


class PendingUpload:
    """A file until it is stored or deleted. After RefusedError it can only be deleted."""

    def __init__(self, name: str, identity: UUID | None = None) -> None:
        self.id, self.name, self.size = identity or uuid4(), name, 0
        self._digest, self._head = hashlib.sha256(), b""
        self._file: IO[bytes] | None = None

    @property
    def type(self) -> FileType | None:
        return filetypes.sniff(self._head)

    @property
    def sha256(self) -> bytes:
        return self._digest.digest()

    @property
    def path(self) -> Path:
        return settings.FILES_DIR / DRAFT_FOLDER / str(self.id)

    def open(self) -> None:
        with _refuse_on_disk_error():
            _make_folder(DRAFT_FOLDER)
            _check_free_space()
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC  # a killed `reencrypt` leaves a draft
            self._file = os.fdopen(os.open(self.path, flags, 0o600), "wb")
            self._sealer = StreamEncryptor(self._file, self.id)

    def write(self, data: bytes) -> None:
        self.size += len(data)
        if self.size > MAX_BYTES:
            raise RefusedError(Refusal.TOO_LARGE)
        self._head += data[: filetypes.HEAD_BYTES - len(self._head)]
        if len(self._head) == filetypes.HEAD_BYTES and self.type is None:
            raise RefusedError(Refusal.UNKNOWN_TYPE)
        self._digest.update(data)
        with _refuse_on_disk_error():
            self._sealer.write(data)

    def finish(self) -> None:
        """Write the complete draft to disk durably."""
        if not self.size:
            raise RefusedError(Refusal.EMPTY)
        if self.type is None:
            raise RefusedError(Refusal.UNKNOWN_TYPE)
        with _refuse_on_disk_error():
            assert self._file  # noqa: S101  # only a draft that could be opened gets here  # nosec B101
            self._sealer.finish()
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()

    def put(self, folder: str = "") -> None:
        """Store the finished draft durably under its name."""
        with _refuse_on_disk_error(), self.path.open("rb") as file:
            list_stores()[0].save(name_of(self.id, folder), File(file))

    def delete(self) -> None:
        """Delete the draft, where it is not a stored file by now."""
        if self._file:
            with contextlib.suppress(OSError):  # from buffered data
                self._file.close()
            with contextlib.suppress(OSError):
                self.path.unlink()


def sweep() -> None:
    """Remove the drafts of killed processes."""
    with contextlib.suppress(OSError):
        for draft in _make_folder(DRAFT_FOLDER).iterdir():
            if draft.stat().st_mtime < time.time() - MAX_DRAFT_SECONDS:
                draft.unlink(missing_ok=True)


def _check_free_space() -> None:
    disk = os.statvfs(settings.FILES_DIR)
    if disk.f_bavail * disk.f_frsize < RESERVED_BYTES + MAX_BYTES:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _make_folder(name: str) -> Path:
    folder: Path = settings.FILES_DIR / name
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        sync_folder(folder.parent)
    return folder


@contextlib.contextmanager
def _refuse_on_disk_error() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        log.error("file.write_failed", error=_error_code(error))  # noqa: TRY400
        code = Refusal.NO_ROOM if error.errno in _FULL else Refusal.NOT_WRITTEN
        raise RefusedError(code) from error


def _error_code(error: OSError) -> str:
    return f"{errno.errorcode.get(error.errno or 0, 'unknown')} {error.strerror}"


# --- evidence of a report: store, open, change its key


def store(draft: PendingUpload, report: Report) -> bool:
    """Store a finished draft as evidence of a report; return False when the report has this file.

    Raises RefusedError with neither file nor row left. When COMMIT itself failed, the row may be
    written, so the file stays; sent again it is the same or a new one. No row is locked while a
    store takes its time.
    """
    committing = False
    try:
        draft.put()
        with transaction.atomic():
            if not _is_new(draft, report):
                remove(draft.id)
                return False
            _build_row(draft, report).save(force_insert=True)
            # IDLE: a hostile picture takes seconds, and no report may wait for it.
            queue.enqueue(SCAN_TASK, draft.id, priority=queue.Priority.IDLE)
            committing = True
    except RefusedError:
        remove(draft.id)
        raise
    except db.Error as error:
        if not committing:
            remove(draft.id)
        log.error("file.row_write_failed", error=type(error).__name__)  # noqa: TRY400
        raise RefusedError(Refusal.NOT_WRITTEN) from error
    queue.notify()
    return True


def remove(pk: UUID, folder: str = "") -> None:
    """Erase a file; where a store refuses, it stays without a row until `sweep_part`."""
    try:
        erase(name_of(pk, folder))
    except OSError as error:
        log.error("file.remove_failed", error=_error_code(error))  # noqa: TRY400


def _is_new(draft: PendingUpload, report: Report) -> bool:
    """Return whether it may be added; nobody else adds to or erases this report until COMMIT."""
    locked = Report.objects.select_for_update(no_key=True).only("erased_at").get(pk=report.pk)
    if locked.erased_at:
        raise RefusedError(Refusal.ERASED)
    kept = files_of_report(report).filter(erased_at=None)
    digests = {bytes(digest) for digest in kept.values_list("sha256", flat=True)}
    if draft.sha256 in digests:
        return False
    if len(digests) >= MAX_COUNT or files_of_report(report).count() >= MAX_ROWS:
        raise RefusedError(Refusal.TOO_MANY)
    return True


def _build_row(draft: PendingUpload, report: Report) -> EvidenceFile:
    assert draft.type  # noqa: S101  # `finish` let no other pass  # nosec B101
    return EvidenceFile(
        id=draft.id,
        report=report,
        media_type=draft.type.media_type,
        size=draft.size,
        sha256=draft.sha256,
        name_sealed=encryption.encrypt(draft.name, "name", report.pk),
    )


def files_of_report(report: Report) -> QuerySet[EvidenceFile]:
    """Return the files of a report in the order in which they came."""
    return report.files.order_by("received_at", "id")


def open_original(file: EvidenceFile) -> Iterator[bytes]:
    """Return the chunks of a file, all verified before. Raises DecryptionError."""
    try:
        _check_digest(_decrypt_file(file.pk), bytes(file.sha256))
    except (OSError, StreamDecryptionError) as error:
        log.error("file.open_failed", error=type(error).__name__)  # noqa: TRY400
        raise DecryptionError from error
    return _decrypt_file(file.pk)


def open_clean_copy(pk: UUID) -> bytes:
    """Return a sanitized picture. Raises DecryptionError."""
    try:
        return b"".join(_decrypt_file(pk, COPY_FOLDER))
    except (OSError, StreamDecryptionError) as error:
        log.error("file.copy_open_failed", error=type(error).__name__)  # noqa: TRY400
        raise DecryptionError from error


def _check_digest(chunks: Iterator[bytes], sha256: bytes) -> None:
    """Read to the end. Raises OSError or stream_encryption.DecryptionError."""
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    if digest.digest() != sha256:
        raise StreamDecryptionError


def _decrypt_file(pk: UUID, folder: str = "") -> Iterator[bytes]:
    with open_sealed(pk, folder) as source:
        yield from decrypt_stream(source, pk)


def has_newest_key(pk: UUID, folder: str = "") -> bool:
    """Return whether the newest key encrypted it. Raises OSError where it is missing."""
    with open_sealed(pk, folder) as source:
        return key_id_of(source) == newest_key().id


def is_ours(name: str) -> bool:
    """Return whether one of our keys encrypted it: another portal may share the store. Raises OSError."""
    with contextlib.suppress(FileNotFoundError), _open_by_name(name) as source:
        return key_by_id(key_id_of(source)) is not None
    return False


def reencrypt(pk: UUID, folder: str = "", sha256: bytes | None = None) -> None:
    """Replace the file by the same bytes under the newest key, in the store of new files alone; nobody
    may erase it meanwhile. Raises OSError, stream_encryption.DecryptionError or RefusedError, with it unchanged.
    """
    draft = PendingUpload("", pk)
    try:
        draft.open()
        for chunk in _decrypt_file(pk, folder):
            draft.write(chunk)
        draft.finish()
        if sha256 not in {None, draft.sha256}:
            raise StreamDecryptionError
        draft.put(folder)
        first, *others = list_stores()
        # What is erased below is there a second time.
        with first.open(name_of(pk, folder)) as source:
            _check_digest(decrypt_stream(source, pk), draft.sha256)
        for other in others:
            other.delete(name_of(pk, folder))
    finally:
        draft.delete()


# --- stores


class FolderStorage(FileSystemStorage):
    """FILES_DIR, its owner's alone; what `save` was given is on disk by name when it returns."""

    @property
    def location(self) -> str:
        return str(settings.FILES_DIR)

    def list_files(self, prefix: str) -> Iterator[tuple[str, float]]:
        """Yield the name and time of each file of a folder, which ends in a slash."""
        for path in Path(self.path(prefix)).glob("*"):
            with contextlib.suppress(FileNotFoundError):
                yield prefix + path.name, path.stat().st_mtime

    def _save(self, name: str, content: "File[bytes]") -> str:
        """Rename a draft, which lies on the same disk, into place."""
        target = Path(self.path(name))
        _make_folder(str(Path(name).parent))
        Path(str(content.name)).rename(target)
        sync_folder(target.parent)
        return name


def list_stores() -> list[Any]:
    """Return the stores that may hold a file, first the one that new files go to."""
    names = ["evidence-folder", "evidence-bucket"]
    if settings.EVIDENCE_STORE == "bucket":
        names.reverse()
    return [storages[name] for name in names if name in settings.STORAGES]


def name_of(pk: UUID | str, folder: str = "") -> str:
    """Return its name in each store."""
    return f"{folder}/{str(pk)[:2]}/{pk}".lstrip("/")


def open_sealed(pk: UUID | str, folder: str = "") -> IO[bytes]:
    """Return the encrypted file, to be closed. Raises OSError, FileNotFoundError where it is missing."""
    return _open_by_name(name_of(pk, folder))


def _open_by_name(name: str) -> IO[bytes]:
    first, *others = list_stores()
    # The first once more: it may be on its way there.
    for store in (first, *others, first) if others else (first,):
        with contextlib.suppress(FileNotFoundError):
            return cast("IO[bytes]", store.open(name))
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), name)


def is_lost(pk: UUID, folder: str = "") -> bool:
    """Return whether no store has it; of one that does not answer nobody can say so."""
    try:
        return not any(store.exists(name_of(pk, folder)) for store in list_stores())
    except OSError:
        return False


def lies_elsewhere(pk: UUID, folder: str = "") -> bool:
    """Return whether another store than that of new files has it. Raises OSError if one of them does
    not answer.
    """
    _, *others = [store.exists(name_of(pk, folder)) for store in list_stores()]
    return any(others)


def erase(name: str) -> None:
    """Erase it in every store, every version of it. Raises OSError, after which it is tried again."""
    for store in list_stores():
        store.delete(name)


def list_part(part: int) -> Iterator[tuple[str, float]]:
    """Yield the name and time of each file of one of PARTS, in every store, copies too."""
    for store in list_stores():
        for folder in ("", f"{COPY_FOLDER}/"):
            yield from store.list_files(f"{folder}{part:02x}/")
