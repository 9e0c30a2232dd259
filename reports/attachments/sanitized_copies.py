"""Scan and redraw files in the worker, so that officers view no file as a stranger sent it. A
process of its own redraws (image_sanitizer.py): it has no key and the file may kill it.
"""

import subprocess  # nosec B404
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from core.models import OutboxItem
from core.outbox import queue
from core.outbox.queue import Lease
from reports.attachments import antivirus, filetypes, storage
from reports.attachments.antivirus import ScanError
from reports.attachments.image_sanitizer import ExitCode
from reports.attachments.storage import COPY_FOLDER, SCAN_TASK, PendingUpload, RefusedError
from reports.models import EvidenceFile, FileCheck

log = structlog.get_logger(__name__)

# Redrawing and scanning end within a lease, and with this timeout before the task's own limit.
TIMEOUT_SECONDS = 4.0  # of a message; its last file may take redrawing's and clamd's time
REDRAW_TIMEOUT_SECONDS = 8.0
ORPHAN_SECONDS = 3600  # a copy without a row was left by a killed process, or is being written
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
    return bool(check.copy_id and not storage.path_of(check.copy_id, COPY_FOLDER).exists())


def delete_orphaned_copies() -> int:
    """Remove copies that no row names, and those of erased files; return how many."""
    needed = FileCheck.objects.filter(copy_id__isnull=False, file__erased_at=None)
    named = {str(copy) for copy in needed.values_list("copy_id", flat=True)}
    until = time.time() - ORPHAN_SECONDS
    copies = (settings.FILES_DIR / COPY_FOLDER).glob("*/*")
    orphans = [each for each in copies if each.name not in named and each.stat().st_mtime < until]
    for orphan in orphans:
        storage.remove(orphan)
    return len(orphans)


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


def _store_draft(data: bytes) -> PendingUpload:
    """Return the copy on disk, still a draft. Raises RefusedError, with nothing left."""
    draft = PendingUpload("")
    try:
        draft.open()
        draft.write(data)
        draft.finish()
    except RefusedError:
        draft.delete()
        raise
    return draft


def _store_results(lease: Lease, file: EvidenceFile, scan: Scan, redrawn: RedrawResult) -> None:
    """Store the results, then remove the former copy."""
    draft = _store_draft(redrawn.data) if redrawn.data else None
    former = None
    try:
        with transaction.atomic():
            if queue.mark_done(lease) and not _is_erased(file):
                checks = FileCheck.objects.filter(file=file)
                former = checks.values_list("copy_id", flat=True).first()
                if draft:
                    draft.rename_into_place(COPY_FOLDER)
                _write_check(file, scan, redrawn, draft)
    finally:
        if draft:
            draft.delete()
    if former:
        storage.remove(storage.path_of(former, COPY_FOLDER))


def _is_erased(file: EvidenceFile) -> bool:
    """Return whether the file was erased meanwhile; nobody erases it until COMMIT."""
    locked = EvidenceFile.objects.select_for_update(no_key=True).only("erased_at")
    return locked.get(pk=file.pk).erased_at is not None


def _write_check(
    file: EvidenceFile, scan: Scan, redrawn: RedrawResult, draft: PendingUpload | None
) -> None:
    defaults = {
        "checked_at": Now(), "scan": scan,
        "copy": redrawn.copy, "copy_id": draft.id if draft else None,
        "media_type": redrawn.media_type, "size": len(redrawn.data),
        "width": redrawn.width, "height": redrawn.height,
    }  # fmt: skip
    FileCheck.objects.update_or_create(file=file, defaults=defaults)
