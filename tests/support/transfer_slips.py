"""Transfer slips, made and opened."""

import io
from datetime import date
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone
from pypdf import PdfReader

from reports.cases import documents, official_documents
from reports.models import Case, Report, TransferSlip
from tests.support import report_factories
from tests.support.desk_pages import page_of
from tests.support.officers import Person

STORY = "Họ xưng Công an xã, dọa bắt nếu không chuyển tiền. Số tôi 0992 000 118."

PAPER = official_documents.OfficialDocument(
    number="7/PCT-PV01",
    issued_on=date(2026, 1, 5),
    title="PHIẾU CHUYỂN TIN",
    about="Tin số 26-AAAA-BBBB",
    to="Công an xã Yên Định",
    opening="Chuyển tin sau:",
    facts=(("Lời kể", "Ắt ằ ẳ ẵ ặ Ợ ữ ỹ đ Đ"),),
    closing="Đề nghị xem xét.",
    receivers=("- Như trên;",),
    signed_as="CÁN BỘ LẬP PHIẾU",
    signer="Lê Thị Ỷ",
    foot="Phiếu này không thay Phiếu chuyển nguồn tin về tội phạm.",
)


def handed(by: Person, story: str = STORY, **typed: Any) -> Report:
    report = report_factories.report(story, **typed)
    report_factories.decide("hand_over", report, by)
    return report


def issue(case: Case, by: User, *, is_received: bool = False) -> TransferSlip:
    """A hand-over whose slip alone is written."""
    now = timezone.now()
    received = {"received_at": now, "received_by": by} if is_received else {}
    ends = dict.fromkeys(("receive_by", "answer_by"), now)
    words = {"unit": "Công an xã Yên Định", "reason": "x", "status_before": Case.Status.IN_REVIEW}
    return documents.issue_transfer_slip(case, by, **ends, **words, **received)


def take(who: Person, report: Report, **typed: str) -> Any:
    slip = TransferSlip.objects.get(report=report)
    return who.client.post(page_of(report, f"slip/{slip.pk}"), typed)


def words_of(pdf: bytes) -> str:
    """What a person reads on a paper, with single spaces."""
    pages = PdfReader(io.BytesIO(pdf)).pages
    return " ".join(" ".join(page.extract_text() for page in pages).split())
