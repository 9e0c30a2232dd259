"""Documents of a report: transfer slips, letters to banks, and the text of the case file."""

from collections.abc import Iterable, Iterator
from typing import Any

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
from desk.labels import codes, highlighting
from desk.labels.formatting import format_count, format_datetime, format_loss, officer_name
from desk.pages.http import download
from desk.reports import attachments, correction_forms, detail, followups, indicators
from desk.reports.bank_letters import render_letter
from desk.reports.base import ReportView
from desk.reports.correction_forms import NOT_SAID
from desk.reports.followups import FollowupPanel
from reports.attachments import filetypes, storage
from reports.calendar.deadline_rules import format_deadline
from reports.facts.effective_facts import EffectiveFacts, effective_facts
from reports.models import Report, TransferSlip

REVEAL_PERMISSION = "reports.reveal_contact"
NUMBER = "{}/" + province.slip_code
_OPENING = (
    f"{province.office_name} Công an tỉnh chuyển đến tin do người dân gửi qua cổng tiếp nhận tin"
    " báo cuộc gọi lừa đảo, nội dung như sau:"
)
# What was not said is left out of a paper.
_UNSAID = {NOT_SAID, "Không ghi"}
_FOOT = (
    "Phiếu này không thay Phiếu chuyển nguồn tin về tội phạm. Gợi ý của máy chưa được cán bộ duyệt."
)
_MASKED = "Số giấy tờ, số thẻ và số người báo trong lời kể đã che."
_OPEN = "Có số người báo và lời kể gốc: giữ kín, không sao gửi tiếp."
HIDDEN = "có, đã che"
_LINE = "-" * 60


class GiveSlip(ReportView):
    """Download the slip as PDF, audited; unmasked only with REVEAL_PERMISSION and a recent authentication."""

    http_method_names = ["post"]
    permission = "reports.decide_case"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        view = super().dispatch
        if "whole" in request.POST:
            view = reauthentication_required(view, REVEAL_PERMISSION)
        return view(request, *args, **kwargs)

    def post(self, request: HttpRequest, slip: int) -> HttpResponse:
        report, by, is_whole = self.report, self.officer, "whole" in request.POST
        row = get_object_or_404(report.slips.select_related("actor"), pk=slip)
        if is_whole and not by.has_perm(REVEAL_PERMISSION):
            raise PermissionDenied
        if is_whole:
            reason = f"Phiếu chuyển {row}"
            events.log_event("report", report.pk, "revealed", by=by, field="slip", reason=reason)
        events.log_event("report", report.pk, "transfer_slip_printed", by=by, slip=str(row))
        sheet = _render_slip(report, row, is_whole=is_whole)
        return download(sheet, f"phieu-chuyen-{row.number}-{row.year}.pdf", "application/pdf")


class GiveLetter(ReportView):
    """Download a letter to a bank, as PDF to sign or as DOCX to edit, audited."""

    http_method_names = ["post"]
    permission = "reports.decide_case"

    def post(self, request: HttpRequest, letter: int) -> HttpResponse:
        kept = self.report.bank_letters.filter(report__erased_at=None)
        row = get_object_or_404(kept.select_related("actor"), pk=letter)
        kind = "docx" if request.POST.get("kind") == "docx" else "pdf"
        key, by, number = self.report.pk, self.officer, str(row)
        events.log_event("report", key, "bank_letter_printed", by=by, letter=number, format=kind)
        sheet, media_type = render_letter(self.report, row, kind)
        return download(sheet, f"cong-van-{row.number}-{row.year}.{kind}", media_type)


def slips_of_report(report: Report) -> QuerySet[Any]:
    """Return the slips of a report with their number of downloads (`given`), in one statement."""
    downloads = (
        events.events_for("report", report.pk)
        .alias(printed=KT("detail__slip"))
        .filter(kind="transfer_slip_printed", printed=OuterRef("number_and_year"))
        .order_by()
        .values("kind")
        .annotate(n=Count("pk"))
        .values("n")
    )
    number_and_year = Concat(
        Cast(F("number"), CharField()), Value("/"), Cast(F("year"), CharField()),
        output_field=CharField(),
    )  # fmt: skip
    rows = report.slips.with_accounts().select_related(
        "actor", "received_by", "answered_by", "ended_by"
    )
    rows = rows.annotate(number_and_year=number_and_year)
    return rows.annotate(given=Coalesce(Subquery(downloads), 0))


def _render_slip(report: Report, row: TransferSlip, *, is_whole: bool) -> bytes:
    from reports.cases import official_documents  # noqa: PLC0415  # fpdf2 is heavy

    receive_by, answer_by = map(format_deadline, (row.receive_by, row.answer_by))
    return official_documents.render_pdf(
        official_documents.OfficialDocument(
            number=NUMBER.format(row.number),
            urgency="KHẨN" if row.is_urgent else "",
            issued_on=timezone.localtime(row.created_at).date(),
            title="PHIẾU CHUYỂN TIN",
            about=f"Tin số {report.public_number}",
            to=row.unit,
            opening=_OPENING,
            facts=tuple(
                (title, official_documents.truncate_to_pages(text))
                for title, text in _facts(report, row, is_whole)
            ),
            closing=f"Đề nghị đơn vị xác nhận đã nhận trước {receive_by}, xem xét, xác minh, xử lý theo"
            f" thẩm quyền và báo kết quả về {province.office_name} trước {answer_by}.",
            receivers=("- Như trên;", f"- Lưu: VT, {province.office} ({officer_name(row.actor)})."),
            signed_as=province.signature.replace(" / ", "\n"),
            signer="",
            foot=f"{_OPEN if is_whole else _MASKED} {_FOOT}",
        )
    )


def _facts(report: Report, row: TransferSlip, is_whole: bool) -> Iterator[tuple[str, str]]:
    """Yield the slip's contents as (title, text), the longest last, odd characters as code points."""
    yield "Nhận lúc", f"{timezone.localtime(report.received_at):%H:%M, ngày %d/%m/%Y}"
    facts = effective_facts(report)
    answers = detail.form_answers(report, facts)
    yield from (answer for answer in answers if answer[1] not in _UNSAID)
    if is_whole:
        sealed = FollowupPanel(report).latest_sealed("contact")
        contact = encryption.decrypt(sealed, "contact", report.pk)
        yield "Số người báo", highlighting.plain_line(contact or "") or "Không để lại"
    yield from _reading(facts)
    if rows := indicators.load_indicators(report):
        yield "Số, tài khoản", "\n".join(f"{each.what}: {each.text}" for each in rows)
    if files := attachments.file_rows(report):
        texts = (f"Số {x.number}: {x.word}, {x.size}, SHA-256 {x.digest}…" for x in files)
        yield "Tài liệu kèm theo", "\n".join(texts)
    yield "Lý do chuyển", highlighting.plain_text(row.reason)
    if row.uncalled_reason:
        yield "Chưa gọi người báo", highlighting.plain_text(row.uncalled_reason)
    story = encryption.decrypt_field(report, "story") if is_whole else None
    if text := highlighting.plain_text(story or report.story):
        yield "Nội dung người báo trình bày", text


def _reading(facts: EffectiveFacts) -> Iterator[tuple[str, str]]:
    """Yield scenario and loss: first those an officer corrected, then those only extracted."""
    loss = f"thiệt hại: {format_loss(facts.money_lost_vnd).lower()}"
    texts = {"scenario": codes.code_label(facts.scenario or ""), "money_lost_vnd": loss}
    corrections = [text for fact, text in texts.items() if fact in facts.corrected]
    if corrections:
        yield "Cán bộ ghi", "; ".join(corrections)
    suggestions = [text for text in texts.values() if text not in corrections]
    if facts.is_triaged and suggestions:
        yield "Máy gợi ý", "; ".join(suggestions)


def case_text(report: Report, *, personal: bool, talk: bool) -> str:
    """Return the redacted text of a case file, with the reporter's number, with what came later (`talk`)."""
    story = followups.working_copy_text(report, followups.full_texts(report) if talk else [])
    parts = [
        _section(f"TIN {report.public_number}", _case_lines(report)),
        _section("Người báo cho biết", _declared(report, personal=personal)),
        _section("Số, tài khoản, đường dẫn, tên nêu trong tin", _list_named(report)),
        _section("Công văn gửi ngân hàng", _list_letters(report)),
        _section("Những gì người báo viết (đã che số giấy tờ, số thẻ)", [story]),
        _section("Tài liệu kèm theo: mã băm SHA-256 của bản gốc", _files(report)),
        _section("Nhật ký xử lý", _log(report)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _section(title: str, lines: Iterable[str]) -> str:
    text = "\n".join(filter(None, lines))
    return f"{title}\n{_LINE}\n{text}" if text else ""


def _case_lines(report: Report) -> Iterator[str]:
    case, facts = report.case, effective_facts(report)
    yield f"Nhận lúc: {format_datetime(report.received_at)}"
    yield f"Trạng thái: {case.get_status_display()}"
    yield f"Kết quả: {case.get_outcome_display()}" if case.outcome else ""
    yield f"Cán bộ xử lý: {officer_name(case.officer)}"
    yield f"Đơn vị nhận: {highlighting.plain_line(case.unit_name)}" if case.unit_name else ""
    yield f"Kiểu lừa: {codes.code_label(facts.scenario) if facts.scenario else 'chưa rõ'}"
    yield f"Thiệt hại: {format_loss(facts.money_lost_vnd)}"
    yield f"Xuất lúc: {timezone.localtime():%H:%M, %d/%m/%Y}"


def _declared(report: Report, *, personal: bool) -> Iterator[str]:
    for title, text in detail.form_answers(report, effective_facts(report)):
        yield f"{title}: {text}"
    sealed = FollowupPanel(report).latest_sealed("contact")
    if sealed is not None:
        contact = encryption.decrypt(sealed, "contact", report.pk) if personal else HIDDEN
        yield f"Số để gọi lại: {highlighting.plain_line(contact or 'không mở được')}"


def _list_named(report: Report) -> Iterator[str]:
    for row in indicators.load_indicators(report):
        yield f"{row.text} ({row.what})"


def _list_letters(report: Report) -> Iterator[str]:
    for letter in report.bank_letters.order_by("pk"):
        owner = highlighting.plain_line(", ".join(filter(None, (letter.account, letter.holder))))
        asked = f"{letter}: {letter.bank}, {owner}, đề nghị giữ {format_loss(letter.amount_vnd)}"
        is_answered = letter.frozen_vnd is not None
        held = f"đã giữ lại {format_count(letter.frozen_vnd or 0)} đồng"
        yield f"{asked}; {held if is_answered else 'chưa trả lời'}"


def _files(report: Report) -> Iterator[str]:
    for number, file in enumerate(storage.files_of_report(report), 1):
        gone = " (đã hủy)" if file.erased_at else ""
        word = filetypes.by_media_type(file.media_type).word
        yield f"{number:02}. {word}, {filetypes.format_size(file.size)}{gone}: {bytes(file.sha256).hex()}"


def _log(report: Report) -> Iterator[str]:
    corrections = correction_forms.corrections_of(report)
    for line in reversed(detail.event_log(report, corrections, detail.recent_events(report))):
        yield f"{format_datetime(line.at)}  {line.who}: {line.text}"
