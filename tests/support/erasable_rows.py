"""Rows and files of a report that erasure and destruction take."""

from uuid import uuid4

from reports.models import EvidenceFile, Followup, Report
from tests.support.evidence_files import path_of


def sent(report: Report) -> EvidenceFile:
    """A file of a report, on the disk and in its table."""
    file = EvidenceFile(
        report=report, media_type="image/png", size=3, sha256=uuid4().bytes * 2, name_sealed=b"x"
    )
    file.save(force_insert=True)
    path = path_of(file.pk)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"xyz")
    return file


def add_followup(report: Report) -> Followup:
    row = Followup(
        report=report, kind="more", submission_key="k" * 16, content_digest=uuid4().bytes * 2,
        story="Bà Tư kể thêm", story_sealed=b"x", accounts=["0123"], contact_sealed=b"y",
    )  # fmt: skip
    row.save(force_insert=True)
    return row
