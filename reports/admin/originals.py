"""Files that a resident sent along, as the desk sees them: what each is, and its original as an
attachment that no browser opens by itself. Their names are the sender's affair and stay sealed.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.http import StreamingHttpResponse

from reports import files, filetypes
from reports.models import EvidenceFile, Report


@dataclass(frozen=True)
class Row:
    """One file in the list; `digest` is the beginning of its SHA-256 in hex."""

    pk: UUID
    number: int
    word: str
    media_type: str
    size: str
    digest: str
    at: datetime
    erased_at: datetime | None


def rows(report: Report) -> list[Row]:
    """The files of a report in the order in which they came. One statement."""
    return [_row(number, file) for number, file in enumerate(files.of(report), 1)]


def _row(number: int, file: EvidenceFile) -> Row:
    return Row(
        file.pk,
        number,
        filetypes.named(file.media_type).word,
        file.media_type,
        filetypes.megabytes(file.size),
        bytes(file.sha256).hex()[:12],
        file.received_at,
        file.erased_at,
    )


def number_of(report: Report, file: EvidenceFile) -> int:
    """The place of a file among those of its report, from 1."""
    return list(files.of(report).values_list("pk", flat=True)).index(file.pk) + 1


def attachment(report: Report, file: EvidenceFile, number: int) -> StreamingHttpResponse:
    """The original, opened while it is sent. Raises files.UnopenableError, before a byte is."""
    kind = filetypes.named(file.media_type)
    name = f"{report.public_number}-{number}.{kind.extension}"
    return StreamingHttpResponse(
        files.original(file),
        content_type=kind.media_type,
        headers={
            "Content-Length": str(file.size),
            "Content-Encoding": "identity",  # keeps GZipMiddleware off, and so the length
            "Content-Disposition": f'attachment; filename="{name}"',
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "X-Content-Type-Options": "nosniff",
        },
    )
