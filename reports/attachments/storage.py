"""Evidence files: from the bytes that a resident sends to a sealed file and its row.

A draft is sealed while it comes: nothing lies in clear on any disk. What is kept has its name,
durably, before its row is committed, so a row always has its file. The other way round a crash
may leave a sealed file without a row: it takes room and tells nothing.

The row owes the worker a look (clean_copies.py): what it draws lies in a folder of its own, sealed
in the same way, and can be made again.
"""

import contextlib
import errno
import hashlib
import os
import time
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import IO
from uuid import UUID, uuid4

import structlog
from django.conf import settings
from django.db import Error as DatabaseTrouble
from django.db import transaction
from django.db.models import QuerySet

from core import encryption
from core.keys import newest_key
from core.outbox import queue
from reports.attachments import filetypes
from reports.attachments.filetypes import FileType
from reports.attachments.stream_encryption import DecryptionError as SealBrokenError
from reports.attachments.stream_encryption import StreamEncryptor, decrypt_stream, key_id_of
from reports.models import EvidenceFile, Report

log = structlog.get_logger(__name__)

MAX_COUNT = 5  # files of one report
LARGEST = 10 * 1024 * 1024  # bytes
# Room that files leave on their disk: the database may live on the same one, and it needs room
# for the words of those who report.
RESERVED = 512 * 1024 * 1024
DRAFTS = "drafts"
COPIES = "copies"
LOOK = "reports.look_into_file"
DRAFT_SECONDS = 3600  # no upload takes longer; an older draft was left by a killed process
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Refusal(StrEnum):
    """Why a file was not kept."""

    EMPTY = "empty"
    TOO_LARGE = "too_large"
    UNKNOWN_TYPE = "unknown_type"
    TOO_MANY = "too_many"
    ERASED = "erased"
    BUSY = "busy"
    NO_ROOM = "no_room"
    NOT_WRITTEN = "not_written"


class RefusedError(Exception):
    """A file is not kept, and nothing of it is left; `why` tells the reason."""

    def __init__(self, why: Refusal) -> None:
        super().__init__(why)
        self.why = why


class DecryptionError(Exception):
    """The original is not there, not whole, or its key has been taken away."""


class PendingUpload:
    """A file while it comes, and until it is kept or thrown away. Every step but `discard` raises
    RefusedError; then the draft is good for nothing but that.
    """

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
        return settings.FILES_DIR / DRAFTS / str(self.id)

    def open(self) -> None:
        with _on_disk():
            _folder(DRAFTS)
            _leave_room()
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC  # one that was sealed anew was killed
            self._file = os.fdopen(os.open(self.path, flags, 0o600), "wb")
            self._sealer = StreamEncryptor(self._file, self.id)

    def write(self, data: bytes) -> None:
        self.size += len(data)
        if self.size > LARGEST:
            raise RefusedError(Refusal.TOO_LARGE)
        self._head += data[: filetypes.HEAD - len(self._head)]
        if len(self._head) == filetypes.HEAD and self.type is None:
            raise RefusedError(Refusal.UNKNOWN_TYPE)
        self._digest.update(data)
        with _on_disk():
            self._sealer.write(data)

    def finish(self) -> None:
        """All has come: on disk to the last byte, still as a draft."""
        if not self.size:
            raise RefusedError(Refusal.EMPTY)
        if self.type is None:
            raise RefusedError(Refusal.UNKNOWN_TYPE)
        with _on_disk():
            assert self._file  # noqa: S101  # only a draft that could be opened gets here  # nosec B101
            self._sealer.finish()
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()

    def rename_into_place(self, folder: str = "") -> Path:
        """Give it the name that its row will stand for, durably."""
        with _on_disk():
            target = path_of(self.id, folder)
            _folder(str(target.parent.relative_to(settings.FILES_DIR)))
            self.path.rename(target)
            _sync(target.parent)
            return target

    def delete(self) -> None:
        """Leave nothing of what was not kept; what was has another name by now."""
        if self._file:
            with contextlib.suppress(OSError):  # what it could not write before
                self._file.close()
            with contextlib.suppress(OSError):
                self.path.unlink()


def store(draft: PendingUpload, report: Report) -> bool:
    """Keep a finished draft as evidence of a report; False when the very file was there before.

    Raises RefusedError; then neither file nor row is left. But when COMMIT itself failed nobody
    knows whether the row was written, so the file stays; sent again it is the same or a new one.
    """
    committing = False
    try:
        with transaction.atomic():
            if not _is_new(draft, report):
                return False
            draft.rename_into_place()
            _row(draft, report).save(force_insert=True)
            # When nothing else is to be done: a hostile picture takes seconds, and no report waits.
            queue.enqueue(LOOK, draft.id, priority=queue.Priority.IDLE)
            committing = True
    except RefusedError:
        remove(path_of(draft.id))
        raise
    except DatabaseTrouble as error:
        if not committing:
            remove(path_of(draft.id))
        log.error("file.row_not_written", error=type(error).__name__)  # noqa: TRY400
        raise RefusedError(Refusal.NOT_WRITTEN) from error
    queue.notify()
    return True


def remove(path: Path) -> None:
    """Leave no file without a row; where the disk does not let it go, it stays and tells nothing."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        log.error("file.not_removed", error=_code(error))  # noqa: TRY400


def _is_new(draft: PendingUpload, report: Report) -> bool:
    """Whether it may be added; nobody else adds to this report, or erases it, until COMMIT."""
    locked = Report.objects.select_for_update(no_key=True).only("erased_at").get(pk=report.pk)
    if locked.erased_at:
        raise RefusedError(Refusal.ERASED)
    sent = {bytes(digest) for digest in files_of_report(report).values_list("sha256", flat=True)}
    if draft.sha256 in sent:
        return False
    if len(sent) >= MAX_COUNT:
        raise RefusedError(Refusal.TOO_MANY)
    return True


def _row(draft: PendingUpload, report: Report) -> EvidenceFile:
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
    """The files of a report in the order in which they came."""
    return report.files.order_by("received_at", "id")


def open_original(file: EvidenceFile) -> Iterator[bytes]:
    """What was sent, in chunks, proved to the last byte before the first one is given.

    Raises UnopenableError.
    """
    digest = hashlib.sha256()
    try:
        for chunk in _opened(file.pk):
            digest.update(chunk)
    except (OSError, SealBrokenError) as error:
        log.error("file.not_opened", error=type(error).__name__)  # noqa: TRY400
        raise DecryptionError from error
    if digest.digest() != bytes(file.sha256):
        log.error("file.not_opened", error="digest")
        raise DecryptionError
    return _opened(file.pk)


def open_clean_copy(pk: UUID) -> bytes:
    """A picture that was drawn anew, whole. Raises UnopenableError."""
    try:
        return b"".join(_opened(pk, COPIES))
    except (OSError, SealBrokenError) as error:
        log.error("file.copy_not_opened", error=type(error).__name__)  # noqa: TRY400
        raise DecryptionError from error


def has_newest_key(pk: UUID, folder: str = "") -> bool:
    """Whether the newest key sealed it. Raises OSError where it is not there."""
    with path_of(pk, folder).open("rb") as source:
        return key_id_of(source) == newest_key().id


def reencrypt(pk: UUID, folder: str = "") -> None:
    """Put in its place the same bytes under the newest key, at once for all who read. Nobody may
    erase it meanwhile.

    Raises OSError, SealBrokenError or RefusedError; then it is as it was.
    """
    draft = PendingUpload("", pk)
    try:
        draft.open()
        for chunk in _opened(pk, folder):
            draft.write(chunk)
        draft.finish()
        draft.rename_into_place(folder)
    finally:
        draft.delete()


def _opened(pk: UUID, folder: str = "") -> Iterator[bytes]:
    with path_of(pk, folder).open("rb") as source:
        yield from decrypt_stream(source, pk)


def path_of(pk: UUID, folder: str = "") -> Path:
    """Where the sealed original of a row lies, or what is sealed in a folder of its own."""
    name = str(pk)
    return settings.FILES_DIR / folder / name[:2] / name


def sweep() -> None:
    """Remove the drafts of processes that were killed."""
    with contextlib.suppress(OSError):
        for draft in _folder(DRAFTS).iterdir():
            if draft.stat().st_mtime < time.time() - DRAFT_SECONDS:
                draft.unlink(missing_ok=True)


def _leave_room() -> None:
    disk = os.statvfs(settings.FILES_DIR)
    if disk.f_bavail * disk.f_frsize < RESERVED + LARGEST:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _folder(name: str) -> Path:
    folder: Path = settings.FILES_DIR / name
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sync(folder.parent)
    return folder


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _on_disk() -> Iterator[None]:
    """What a disk can do to us is a refusal with its reason."""
    try:
        yield
    except OSError as error:
        log.error("file.not_written", error=_code(error))  # noqa: TRY400
        full = error.errno in _FULL
        raise RefusedError(Refusal.NO_ROOM if full else Refusal.NOT_WRITTEN) from error


def _code(error: OSError) -> str:
    return errno.errorcode.get(error.errno or 0, "unknown")
