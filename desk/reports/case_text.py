"""A report in plain text, for its case file: what was told, what stands, what was done."""

from collections.abc import Iterator

from django.utils import timezone

from core import encryption
from desk.labels import codes as labels
from desk.labels import highlighting
from desk.reports import correction_forms, detail, followups
from desk.reports.followups import FollowupPanel
from reports.attachments import filetypes
from reports.cases import case_archive
from reports.facts.effective_facts import effective_facts
from reports.models import Report

HIDDEN = "có, đã che"
_LINE = "-" * 60


def case_text(report: Report, *, personal: bool, talk: bool) -> str:
    """The text of a case file: what its reader may see on the report's page, the story masked. Without
    `personal` the reporter's number is only said to be there; `talk`: with what came after the report.
    """
    parts = [
        _section(f"TIN {report.public_number}", _standing(report)),
        _section("Người báo cho biết", _declared(report, personal=personal)),
        _section("Những gì người báo viết (đã che số giấy tờ, số thẻ)", [_told(report, talk=talk)]),
        _section("Tài liệu kèm theo: mã băm SHA-256 của bản gốc", _files(report)),
        _section("Nhật ký xử lý", _log(report)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _section(title: str, lines: "Iterator[str] | list[str]") -> str:
    told = [line for line in lines if line]
    return "\n".join([title, _LINE, *told]) if told else ""


def _standing(report: Report) -> Iterator[str]:
    case, said = report.case, effective_facts(report)
    yield f"Nhận lúc: {timezone.localtime(report.received_at):%H:%M, %d/%m/%Y}"
    yield f"Trạng thái: {case.get_status_display()}"
    yield f"Kết quả: {case.get_outcome_display()}" if case.outcome else ""
    yield f"Cán bộ xử lý: {labels.officer_name(case.officer)}"
    yield f"Đơn vị nhận: {highlighting.plain_line(case.unit)}" if case.unit else ""
    yield f"Kiểu lừa: {labels.code_label(said.scenario)}" if said.scenario else "Kiểu lừa: chưa rõ"
    yield f"Thiệt hại: {labels.format_loss(said.money_lost_vnd)}"
    yield f"Xuất lúc: {timezone.localtime():%H:%M, %d/%m/%Y}"


def _declared(report: Report, *, personal: bool) -> Iterator[str]:
    for title, text in detail.form_answers(report, effective_facts(report)):
        yield f"{title}: {text}"
    sealed = FollowupPanel(report).latest_sealed("contact")
    if sealed is not None:
        shown = highlighting.plain_line(_opened(sealed, report)) if personal else HIDDEN
        yield f"Số để gọi lại: {shown}"


def _opened(contact: bytes | memoryview, report: Report) -> str:
    return encryption.decrypt(contact, "contact", report.pk) or "không mở được"


def _told(report: Report, *, talk: bool) -> str:
    return followups.working_copy_text(report, followups.full_texts(report) if talk else [])


def _files(report: Report) -> Iterator[str]:
    for number, file in enumerate(case_archive.evidence_hashes(report), 1):
        gone = " (đã hủy)" if file.erased_at else ""
        word = filetypes.by_media_type(file.media_type).word
        yield f"{number:02}. {word}, {filetypes.format_size(file.size)}{gone}: {bytes(file.sha256).hex()}"


def _log(report: Report) -> Iterator[str]:
    said = list(correction_forms.corrections_of(report))
    for line in reversed(detail.event_log(report, said, detail.recent_events(report))):
        yield f"{timezone.localtime(line.at):%H:%M, %d/%m/%Y}  {line.who}: {line.text}"
