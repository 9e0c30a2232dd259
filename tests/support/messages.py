"""Messages between officers and the reporter of a report."""

import uuid
from typing import Any

from core import encryption
from reports.models import EvidenceFile, Followup, Message, Report


def answered(report: Report, text: str) -> Message:
    """A message of the reporter, as intake writes it."""
    sealed = encryption.encrypt(text, "text", report.pk)
    digest = uuid.uuid4().bytes * 2
    return Message.objects.create(report=report, text_sealed=sealed, content_digest=digest)


def add_followup(report: Report, kind: str = "more", **said: Any) -> Followup:
    """Something that the reporter told later, as intake writes it."""
    return Followup.objects.create(
        report=report, kind=kind, submission_key="k", content_digest=uuid.uuid4().bytes * 2, **said
    )


def sent(report: Report, char: bytes) -> EvidenceFile:
    """A picture that the reporter sent."""
    return EvidenceFile.objects.create(
        report=report, media_type="image/png", size=1, sha256=char * 32
    )
