"""Phiếu chuyển tin at the desk: which there are of a report, and one as a PDF, on record each time."""

from collections.abc import Iterator
from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import CharField, Count, F, OuterRef, QuerySet, Subquery, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, Concat
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils import timezone

from accounts.reauthentication import reauthentication_required
from core import encryption
from core.audit import events
from core.province import province
from desk.labels import codes as labels
from desk.labels import highlighting
from desk.pages.base import see_other
from desk.reports import attachments, detail, indicators
from desk.reports.base import ReportAction, ReportView
from desk.reports.followups import FollowupPanel
from reports.cases import transfer_slips
from reports.facts.effective_facts import EffectiveFacts, effective_facts
from reports.models import Case, Report, TransferSlip

REVEAL = "reports.reveal_contact"
NUMBER = "{}/" + province.slip_code
_OPENING = (
    f"{province.office_name} Công an tỉnh chuyển đến tin do người dân gửi qua cổng tiếp nhận tin"
    " báo cuộc gọi lừa đảo, nội dung như sau:"
)
_CLOSING = f"Đề nghị đơn vị xem xét, xác minh, xử lý theo thẩm quyền và báo kết quả về {province.office_name}."
_FOOT = (
    "Phiếu này không thay Phiếu chuyển nguồn tin về tội phạm. Gợi ý của máy chưa được cán bộ duyệt."
)
_MASKED = "Số giấy tờ, số thẻ và số người báo trong lời kể đã che."
_OPEN = "Có số người báo và lời kể gốc: giữ kín, không sao gửi tiếp."


class MakeSlip(ReportAction):
    """Number a paper for a hand-over that has none."""

    permission = "reports.hand_over_case"
    errors = (transfer_slips.TransferSlipError,)

    def run(self) -> TransferSlip:
        return transfer_slips.issue_transfer_slip_later(self.report.case, self.officer)

    def show_result(self, result: TransferSlip) -> HttpResponse:
        messages.success(self.request, f"Đã lập phiếu số {NUMBER.format(result.number)}.")
        return see_other(self.get_next_address())

    def show_error(self, error: transfer_slips.TransferSlipError) -> HttpResponse:
        messages.error(self.request, "Chưa lập. Tin này chưa chuyển đơn vị, hoặc đã có phiếu.")
        return see_other(self.get_next_address())

    def get_next_address(self) -> str:
        return f"{super().get_next_address()}#slips"


class GiveSlip(ReportView):
    """Give the paper as a PDF; with what is sealed only where the officer may see it, asks for it and
    has lately said who they are.
    """

    http_method_names = ["post"]
    permission = "reports.decide_case"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        view = super().dispatch
        if "whole" in request.POST:
            view = reauthentication_required(view, REVEAL)
        return view(request, *args, **kwargs)

    def post(self, request: HttpRequest, slip: int) -> HttpResponse:
        report, by, is_whole = self.report, self.officer, "whole" in request.POST
        row = get_object_or_404(report.slips.select_related("actor"), pk=slip)
        if is_whole and not by.has_perm(REVEAL):
            raise PermissionDenied
        if is_whole:
            reason = f"Phiếu chuyển {row}"
            events.log_event("report", report.pk, "revealed", by=by, what="slip", reason=reason)
        events.log_event("report", report.pk, "slip_given", by=by, slip=str(row))
        sheet = _drawn(report, row, is_whole=is_whole)
        return _attachment(sheet, f"phieu-chuyen-{row.number}-{row.year}")


def slips_of_report(report: Report) -> QuerySet[Any]:
    """The papers of a report, each with how often it was given (`.given`). One statement."""
    given = (
        events.events_for("report", report.pk)
        .alias(printed=KT("detail__slip"))
        .filter(kind="slip_given", printed=OuterRef("said"))
        .order_by()
        .values("kind")
        .annotate(n=Count("pk"))
        .values("n")
    )
    said = Concat(
        Cast(F("number"), CharField()), Value("/"), Cast(F("year"), CharField()),
        output_field=CharField(),
    )  # fmt: skip
    rows = report.slips.select_related("actor").annotate(said=said)
    return rows.annotate(given=Coalesce(Subquery(given), 0))


def slip_panel(report: Report, by: User) -> dict[str, Any]:
    """What the report page needs for its box of papers; nothing of a report that is worked on."""
    if report.case.status in Case.OPEN:  # most are, and each statement of this page counts
        return {}
    rows = list(slips_of_report(report))
    may_make = (
        not rows
        and by.has_perm("reports.hand_over_case")
        and transfer_slips.is_slip_missing(report.case)
    )
    return {"slips": rows, "may_make_slip": may_make}


def _drawn(report: Report, row: TransferSlip, *, is_whole: bool) -> bytes:
    from reports.cases import pdf_documents  # noqa: PLC0415  # fpdf2 is heavy: only who draws pays

    return pdf_documents.render_pdf(
        pdf_documents.PdfDocument(
            number=NUMBER.format(row.number),
            issued_on=timezone.localtime(row.created_at).date(),
            title="PHIẾU CHUYỂN TIN",
            about=f"Tin số {report.public_number}",
            to=row.unit,
            opening=_OPENING,
            facts=tuple(
                (title, pdf_documents.truncate_to_pages(text))
                for title, text in _facts(report, row, is_whole)
            ),
            closing=_CLOSING,
            receivers=("- Như trên;", f"- Lưu: VT, {province.office}."),
            signed_as="CÁN BỘ LẬP PHIẾU",
            signer=labels.officer_name(row.actor),
            foot=f"{_OPEN if is_whole else _MASKED} {_FOOT}",
        )
    )


def _facts(report: Report, row: TransferSlip, is_whole: bool) -> Iterator[tuple[str, str]]:
    """What the paper tells, the longest last. Odd signs are shown by their code points."""
    yield "Nhận lúc", f"{timezone.localtime(report.received_at):%H:%M, ngày %d/%m/%Y}"
    holds = effective_facts(report)
    yield from detail.form_answers(report, holds)
    if is_whole:
        contact = encryption.decrypt(
            FollowupPanel(report).latest_sealed("contact"), "contact", report.pk
        )
        yield "Số người báo", highlighting.plain_line(contact or "") or "Không để lại"
    yield from _reading(holds)
    if named := indicators.load_indicators(report):
        yield "Số, tài khoản", "\n".join(f"{each.what}: {each.shown}" for each in named)
    if sent := attachments.file_rows(report):
        yield "Tài liệu kèm theo", "\n".join(_file(each) for each in sent)
    yield "Lý do chuyển", _lines(row.reason)
    story = encryption.decrypt_field(report, "story") if is_whole else None
    yield "Lời kể", _lines(story or report.story) or "Người báo không kể."


def _reading(said: EffectiveFacts) -> Iterator[tuple[str, str]]:
    """The kind of scam and the loss: first what an officer put right, then what only the machine says."""
    loss = f"thiệt hại: {labels.format_loss(said.money_lost_vnd).lower()}"
    told = {"scenario": labels.code_label(said.scenario or ""), "money_lost_vnd": loss}
    if mended := [text for fact, text in told.items() if fact in said.corrected]:
        yield "Cán bộ ghi", "; ".join(mended)
    if said.is_read and (read := [told[fact] for fact in told if fact not in said.corrected]):
        yield "Máy gợi ý", "; ".join(read)


def _file(row: attachments.FileRow) -> str:
    return f"Số {row.number}: {row.word}, {row.size}, SHA-256 {row.digest}…"


def _lines(text: str) -> str:
    """Several lines of a person's text as they stand, odd signs by their code points."""
    return "".join(part.text for part in highlighting.split_segments(text)).strip()


def _attachment(sheet: bytes, name: str) -> HttpResponse:
    """A PDF that no browser opens inside the desk."""
    return HttpResponse(
        sheet,
        content_type="application/pdf",
        headers={
            "Content-Disposition": f'attachment; filename="{name}.pdf"',
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "X-Content-Type-Options": "nosniff",
        },
    )
