"""Scan and redraw files in the worker, so that officers view no file as a stranger sent it. A
process of its own redraws (image_sanitizer.py): it has no key and the file may kill it.
"""

import subprocess  # nosec B404
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models.functions import Now

from core.models import OutboxItem
from core.outbox import queue
from core.outbox.queue import Lease
from reports.attachments import antivirus, filetypes, storage
from reports.attachments.antivirus import ScanError
from reports.attachments.image_sanitizer import ExitCode
from reports.attachments.storage import COPY_FOLDER, SCAN_TASK, PendingUpload
from reports.models import EvidenceFile, FileCheck

log = structlog.get_logger(__name__)

# Redrawing and scanning end within a lease, and with this timeout before the task's own limit.
TIMEOUT_SECONDS = 4.0  # of a message; its last file may take redrawing's and clamd's time
REDRAW_TIMEOUT_SECONDS = 8.0
_SANITIZER = Path(__file__).with_name("image_sanitizer.py")
_COPY_MEDIA_TYPES = {"image/jpeg", "image/png"}
Copy = FileCheck.Copy
Scan = FileCheck.Scan


@dataclass(frozen=True)
class RedrawResult:
    """How redrawing ended; the picture with type and size where there is one."""

    copy: str
    data: bytes = b""
    media_type: str = ""
    width: int = 0
    height: int = 0


def scan_and_redraw(lease: Lease) -> None:
    """Redraw and scan, then store the results and mark the item done in one short transaction.

    Raises ScanError, except at the last attempt: then the copy is stored unscanned. Raises
    storage.DecryptionError and RefusedError.
    """
    file = EvidenceFile.objects.get(pk=lease.key)
    if file.erased_at:
        queue.mark_done(lease)
        return
    content = b"".join(storage.open_original(file))
    redrawn = _redraw(file, content)
    scan = _scan(content, is_last=lease.attempt >= queue.MAX_ATTEMPTS)
    _store_results(lease, file, scan, redrawn)


process_items = queue.for_each_lease(scan_and_redraw)


def enqueue_scan(chosen: Iterable[EvidenceFile]) -> int:
    """Enqueue these files, without those that are enqueued; return how many."""
    enqueued = 0
    for file in chosen:
        items = OutboxItem.objects.filter(task=SCAN_TASK, key=str(file.pk))
        if not items.filter(done_at=None, failed_at=None).exists():
            queue.enqueue(SCAN_TASK, file.pk, priority=queue.Priority.IDLE)
            enqueued += 1
    queue.notify()
    return enqueued


def files_needing_scan() -> Iterator[EvidenceFile]:
    """Yield unchecked files, those unscanned though clamd is there, those with a lost copy."""
    present = EvidenceFile.objects.filter(erased_at=None).select_related("check_result")
    for file in present.order_by("pk").iterator(1000):
        check = getattr(file, "check_result", None)
        is_unscanned = check and check.scan == Scan.NOT_SCANNED and antivirus.is_configured()
        if check is None or is_copy_lost(check) or is_unscanned:
            yield file


def is_copy_lost(check: FileCheck) -> bool:
    """Return whether a copy was made but its file is missing, as after a restore elsewhere."""
    return bool(check.copy_id and storage.is_lost(check.copy_id, COPY_FOLDER))


def _scan(content: bytes, *, is_last: bool) -> Scan:
    if not antivirus.is_configured():
        return Scan.NOT_SCANNED
    try:
        return Scan.INFECTED if antivirus.is_infected(content) else Scan.CLEAN
    except ScanError as error:
        if not is_last:
            raise
        log.error("file.scan_failed", error=str(error))  # noqa: TRY400
        return Scan.NOT_SCANNED


def _redraw(file: EvidenceFile, content: bytes) -> RedrawResult:
    if not file.media_type.startswith("image/"):
        return RedrawResult(Copy.NOT_MADE)
    try:
        process = subprocess.run(  # noqa: S603  # nosec B603
            [sys.executable, "-I", str(_SANITIZER)],
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=REDRAW_TIMEOUT_SECONDS,
            env={},
            check=False,
        )
    except subprocess.TimeoutExpired:
        return RedrawResult(Copy.UNREADABLE)
    if process.returncode == ExitCode.DRAWN:
        return _parse_output(process.stdout)
    is_too_large = process.returncode == ExitCode.TOO_LARGE
    return RedrawResult(Copy.TOO_LARGE if is_too_large else Copy.UNREADABLE)


def _parse_output(output: bytes) -> RedrawResult:
    """Return the result, accepted only as a picture of the kinds we make."""
    head, _, data = output.partition(b"\n")
    match head.decode(errors="replace").split():
        case [media_type, width, height] if width.isdecimal() and height.isdecimal():
            kind = filetypes.sniff(data[: filetypes.HEAD_BYTES])
            is_allowed = kind and kind.media_type == media_type in _COPY_MEDIA_TYPES
            if is_allowed and len(data) <= storage.MAX_BYTES:
                return RedrawResult(Copy.MADE, data, media_type, int(width[:5]), int(height[:5]))
    return RedrawResult(Copy.UNREADABLE)


def _store_copy(data: bytes) -> UUID:
    """Store a copy and return its name. Raises RefusedError, with nothing left."""
    draft = PendingUpload("")
    try:
        draft.open()
        draft.write(data)
        draft.finish()
        draft.put(COPY_FOLDER)
    finally:
        draft.delete()
    return draft.id


def _store_results(lease: Lease, file: EvidenceFile, scan: Scan, redrawn: RedrawResult) -> None:
    """Store the results; then remove the former copy, or the new one that comes too late."""
    copy = unused = _store_copy(redrawn.data) if redrawn.data else None
    with transaction.atomic():
        if queue.mark_done(lease) and not _is_erased(file):
            checks = FileCheck.objects.filter(file=file)
            unused = checks.values_list("copy_id", flat=True).first()
            _write_check(file, scan, redrawn, copy)
    if unused:
        storage.remove(unused, COPY_FOLDER)


def _is_erased(file: EvidenceFile) -> bool:
    """Return whether the file was erased meanwhile; nobody erases it until COMMIT."""
    locked = EvidenceFile.objects.select_for_update(no_key=True).only("erased_at")
    return locked.get(pk=file.pk).erased_at is not None


def _write_check(file: EvidenceFile, scan: Scan, redrawn: RedrawResult, copy: UUID | None) -> None:
    defaults = {
        "checked_at": Now(), "scan": scan,
        "copy": redrawn.copy, "copy_id": copy,
        "media_type": redrawn.media_type, "size": len(redrawn.data),
        "width": redrawn.width, "height": redrawn.height,
    }  # fmt: skip
    FileCheck.objects.update_or_create(file=file, defaults=defaults)
