"""What the worker does with a file that was sent along: has clamd look at it, and draws the
picture anew, so that officers see what is in it without opening what a stranger sent.

Drawing is done by a process of its own (redraw.py), which knows no key and may die of it. Facts
about a file, like those about a report, can be made again; the former copy goes then.
"""

import subprocess  # nosec B404
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import inf
from pathlib import Path
from uuid import UUID

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
from reports.attachments.storage import COPIES, LOOK, PendingUpload, RefusedError
from reports.models import EvidenceFile, FileCheck

log = structlog.get_logger(__name__)

# Drawing and clamd together end within a lease, and behind PATIENCE before the task's own limit.
TIMEOUT_SECONDS = (
    4.0  # seconds for one message: the last file may take the drawer's time and clamd's
)
DRAW_SECONDS = 8.0
ORPHAN_SECONDS = 3600  # a copy without a row was left by a killed process, or is being written
_DRAWER = Path(__file__).with_name("image_sanitizer.py")
_OURS = {"image/jpeg", "image/png"}
Copy = FileCheck.Copy
Scan = FileCheck.Scan


@dataclass(frozen=True)
class RedrawResult:
    """How drawing ended; the picture with its type and size where there is one."""

    copy: str
    data: bytes = b""
    media_type: str = ""
    width: int = 0
    height: int = 0


def process_items(items: Iterable[int], patience: float = inf) -> None:
    """Look into the files of these outbox items, each by itself; after `patience` seconds no
    further one is begun.
    """
    for claim in queue.iter_leases(items, patience):
        with claim:
            scan_and_redraw(claim)


def scan_and_redraw(claim: Lease) -> None:
    """Draw and scan outside, write and settle inside one short transaction.

    Raises ScanError, but for the last attempt: then the picture is there and nobody has scanned
    it. Raises files.UnopenableError and RefusedError.
    """
    file = EvidenceFile.objects.get(pk=claim.key)
    if file.erased_at:
        queue.mark_done(claim)
        return
    content = b"".join(storage.open_original(file))
    drawn = _redraw(file, content)
    scan = _scan(content, is_last=claim.attempt >= queue.MAX_ATTEMPTS)
    _replace(claim, file, scan, drawn)


def enqueue_scan(chosen: Iterable[EvidenceFile]) -> int:
    """Have these files looked into once more, those left out that wait for it; how many."""
    owed = 0
    for file in chosen:
        items = OutboxItem.objects.filter(task=LOOK, key=str(file.pk))
        if not items.filter(done_at=None, failed_at=None).exists():
            queue.enqueue(LOOK, file.pk, priority=queue.Priority.IDLE)
            owed += 1
    queue.notify()
    return owed


def files_needing_scan() -> Iterator[EvidenceFile]:
    """Files that nobody looked into, or not clamd though it is there now, or whose copy is lost."""
    present = EvidenceFile.objects.filter(erased_at=None).select_related("check_result")
    for file in present.order_by("pk").iterator(1000):
        check = getattr(file, "check_result", None)
        if check is None or is_copy_lost(check) or _is_unscanned(check):
            yield file


def is_copy_lost(check: FileCheck) -> bool:
    """Whether a copy was made and lies nowhere, as after an archive came back elsewhere."""
    return bool(check.copy_id and not storage.path_of(check.copy_id, COPIES).exists())


def _is_unscanned(check: FileCheck) -> bool:
    return check.scan == Scan.NOT_SCANNED and antivirus.is_configured()


def delete_orphaned_copies() -> int:
    """Remove copies that no row names, and those of files that were erased; how many."""
    needed = FileCheck.objects.filter(copy_id__isnull=False, file__erased_at=None)
    named = {str(copy) for copy in needed.values_list("copy_id", flat=True)}
    until = time.time() - ORPHAN_SECONDS
    copies = (settings.FILES_DIR / COPIES).glob("*/*")
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
        log.error("file.not_scanned", error=str(error))  # noqa: TRY400
        return Scan.NOT_SCANNED


def _redraw(file: EvidenceFile, content: bytes) -> RedrawResult:
    if not file.media_type.startswith("image/"):
        return RedrawResult(Copy.NOT_MADE)
    try:
        ended = subprocess.run(  # noqa: S603  # nosec B603
            [sys.executable, "-I", str(_DRAWER)],
            input=content,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=DRAW_SECONDS,
            env={},
            check=False,
        )
    except subprocess.TimeoutExpired:
        return RedrawResult(Copy.UNREADABLE)
    if ended.returncode == ExitCode.TOO_LARGE:
        return RedrawResult(Copy.TOO_LARGE)
    return (
        _parse_output(ended.stdout)
        if ended.returncode == ExitCode.DRAWN
        else RedrawResult(Copy.UNREADABLE)
    )


def _parse_output(output: bytes) -> RedrawResult:
    """What the drawer gave, which may be in a picture's hands by then: believed only as far as
    it is a picture of the kinds that we make.
    """
    head, _, data = output.partition(b"\n")
    match head.decode(errors="replace").split():
        case [media_type, width, height] if width.isdecimal() and height.isdecimal():
            kind = filetypes.sniff(data[: filetypes.HEAD])
            if kind and kind.media_type == media_type in _OURS and len(data) <= storage.LARGEST:
                return RedrawResult(Copy.MADE, data, media_type, int(width[:5]), int(height[:5]))
    return RedrawResult(Copy.UNREADABLE)


def _store_draft(data: bytes) -> PendingUpload:
    """A copy on disk, still as a draft. Raises RefusedError; then nothing is left of it."""
    draft = PendingUpload("")
    try:
        draft.open()
        draft.write(data)
        draft.finish()
    except RefusedError:
        draft.delete()
        raise
    return draft


def _replace(claim: Lease, file: EvidenceFile, scan: Scan, drawn: RedrawResult) -> None:
    """Write what was found; the former copy goes when the new one stands. One that is left over
    where COMMIT failed is swept.
    """
    draft = _store_draft(drawn.data) if drawn.data else None
    former = None
    try:
        with transaction.atomic():
            if queue.mark_done(claim) and not _is_erased(file):
                former = _former_copy(file)
                if draft:
                    draft.rename_into_place(COPIES)
                _write_check(file, scan, drawn, draft)
    finally:
        if draft:
            draft.delete()
    if former:
        storage.remove(storage.path_of(former, COPIES))


def _is_erased(file: EvidenceFile) -> bool:
    """Whether it was erased meanwhile; nobody erases it until COMMIT."""
    locked = EvidenceFile.objects.select_for_update(no_key=True).only("erased_at")
    return locked.get(pk=file.pk).erased_at is not None


def _former_copy(file: EvidenceFile) -> UUID | None:
    return FileCheck.objects.filter(file=file).values_list("copy_id", flat=True).first()


def _write_check(
    file: EvidenceFile, scan: Scan, drawn: RedrawResult, draft: PendingUpload | None
) -> None:
    FileCheck.objects.update_or_create(
        file=file,
        defaults={
            "checked_at": Now(),
            "copy": drawn.copy,
            "scan": scan,
            "copy_id": draft.id if draft else None,
            "media_type": drawn.media_type,
            "size": len(drawn.data),
            "width": drawn.width,
            "height": drawn.height,
        },
    )
