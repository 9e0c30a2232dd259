"""Evidence files that wait for their check, and the copies that it makes."""

from io import BytesIO
from pathlib import Path

from PIL import Image

from core.models import OutboxItem
from reports.attachments import sanitized_copies, storage
from reports.attachments.storage import PendingUpload
from reports.models import EvidenceFile, FileCheck, Report
from tests.support import report_factories

MB = 1024 * 1024
COPY, SCAN = FileCheck.Copy, FileCheck.Scan
OVER = b"<script>alert(1)</script>PK\x03\x04"


def store_file(content: bytes, report: Report | None = None, name: str = "a.jpg") -> EvidenceFile:
    """A file as one that a resident has sent."""
    draft = PendingUpload(name)
    draft.open()
    draft.write(content)
    draft.finish()
    assert storage.store(draft, report or report_factories.report())
    draft.delete()
    return EvidenceFile.objects.get(pk=draft.id)


def owed(file: EvidenceFile) -> OutboxItem:
    return OutboxItem.objects.filter(task=storage.SCAN_TASK, key=file.pk).latest("id")


def looked_into(content: bytes) -> FileCheck:
    file = store_file(content)
    sanitized_copies.process_items([owed(file).pk])
    return FileCheck.objects.get(file=file)


def copy_of(check: FileCheck) -> bytes:
    assert check.copy_id
    return storage.open_clean_copy(check.copy_id)


def seen(check: FileCheck) -> Image.Image:
    return Image.open(BytesIO(copy_of(check)))


def copies() -> list[Path]:
    from django.conf import settings

    return [
        path for path in (settings.FILES_DIR / storage.COPY_FOLDER).rglob("*") if path.is_file()
    ]
