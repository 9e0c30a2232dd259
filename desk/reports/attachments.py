"""Files that a resident sent: rows of the list, clean copies, originals."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User
from django.http import HttpResponse, StreamingHttpResponse
from django.utils import timezone

from core.audit import events
from desk.pages.http import SAFE_HEADERS
from reports.attachments import filetypes, sanitized_copies, storage
from reports.attachments.filetypes import FileType
from reports.calendar.deadline_rules import start_of_day
from reports.models import EvidenceFile, FileCheck, Report

_LOST = "bản đã xóa dữ liệu ẩn bị mất, bấm Cho máy đọc lại"
_HARMFUL = FileType("application/octet-stream", "bin", "tệp")
_SENT_AS_IT_IS = {
    "Content-Encoding": "identity",  # keeps GZipMiddleware from changing the length
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True)
class FileRow:
    """One file of the list; `digest` is the first 12 hex digits of its SHA-256."""

    pk: UUID
    number: int
    word: str
    media_type: str
    size: str
    digest: str
    at: datetime
    erased_at: datetime | None
    findings: tuple[str, ...]
    is_infected: bool
    picture: FileCheck | None


def file_rows(report: Report) -> list[FileRow]:
    """Return the files of a report, oldest first, in one statement."""
    files = storage.files_of_report(report).select_related("check_result")
    return [_row(number, file) for number, file in enumerate(files, 1)]


def _row(number: int, file: EvidenceFile) -> FileRow:
    check = None if file.erased_at else check_of(file)
    is_lost = check is not None and sanitized_copies.is_copy_lost(check)
    return FileRow(
        file.pk,
        number,
        filetypes.by_media_type(file.media_type).word,
        file.media_type,
        filetypes.format_size(file.size),
        bytes(file.sha256).hex()[:12],
        file.received_at,
        file.erased_at,
        _list_findings(check, is_lost=is_lost),
        is_infected(file),
        check if check and check.copy_id and not is_lost else None,
    )


def check_of(file: EvidenceFile) -> FileCheck | None:
    """Return the worker's check of a file, None before it."""
    return getattr(file, "check_result", None)


def is_infected(file: EvidenceFile) -> bool:
    check = check_of(file)
    return check is not None and check.scan == FileCheck.Scan.INFECTED


def _list_findings(check: FileCheck | None, *, is_lost: bool) -> tuple[str, ...]:
    if check is None:
        return ()
    return check.get_scan_display(), _LOST if is_lost else check.get_copy_display()


def file_ordinal(report: Report, file: EvidenceFile) -> int:
    return list(storage.files_of_report(report).values_list("pk", flat=True)).index(file.pk) + 1


def attachment(report: Report, file: EvidenceFile, number: int) -> StreamingHttpResponse:
    """Return the original, streamed; an infected one under a name that no program opens.

    Raises storage.DecryptionError before the first byte.
    """
    kind = _HARMFUL if is_infected(file) else filetypes.by_media_type(file.media_type)
    name = f"{report.public_number}-{number}.{kind.extension}"
    return StreamingHttpResponse(
        storage.open_original(file),
        content_type=kind.media_type,
        headers={
            **SAFE_HEADERS,
            **_SENT_AS_IT_IS,
            "Content-Length": str(file.size),
            "Content-Disposition": f'attachment; filename="{name}"',
        },
    )


def open_clean_copy(check: FileCheck) -> HttpResponse:
    """Return the redrawn picture, inline. Raises storage.DecryptionError."""
    if check.copy_id is None:
        raise storage.DecryptionError
    return HttpResponse(
        storage.open_clean_copy(check.copy_id),
        content_type=check.media_type,
        headers={
            **_SENT_AS_IT_IS,
            "Content-Disposition": "inline",
            "Content-Security-Policy": "default-src 'none'",
        },
    )


def log_picture_view(report: Report, officer: User) -> None:
    """Log once a day that an officer views a report's pictures, each of which is a request."""
    today = start_of_day(timezone.localdate())
    views = events.events_for("report", report.pk).filter(kind="revealed", detail__field="copy")
    if not views.filter(actor=officer, created_at__gte=today).exists():
        events.log_event("report", report.pk, "revealed", by=officer, field="copy")
