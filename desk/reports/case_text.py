"""A report in plain text, for its case file: what was told, what stands, what was done."""

from collections.abc import Iterator

from django.utils import timezone

from desk import highlighting as marking
from desk import labels as words
from desk.reports import correction_forms as correcting
from desk.reports import detail as page
from desk.reports import followups as later
from desk.reports import text_download as texts
from desk.reports.followups import Later
from reports.attachments import filetypes
from reports.cases import case_archive as case_file
from reports.extraction import redaction as privacy
from reports.facts.effective_facts import held
from reports.models import Report

HIDDEN = "có, đã che"
_LINE = "-" * 60


def whole(report: Report, *, personal: bool, talk: bool) -> str:
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
    case, said = report.case, held(report)
    yield f"Nhận lúc: {timezone.localtime(report.received_at):%H:%M, %d/%m/%Y}"
    yield f"Trạng thái: {case.get_status_display()}"
    yield f"Kết quả: {case.get_outcome_display()}" if case.outcome else ""
    yield f"Cán bộ xử lý: {words.person(case.officer)}"
    yield f"Đơn vị nhận: {marking.plain(case.unit)}" if case.unit else ""
    yield f"Kiểu lừa: {words.label(said.scenario)}" if said.scenario else "Kiểu lừa: chưa rõ"
    yield f"Thiệt hại: {words.money(said.money_lost_vnd)}"
    yield f"Xuất lúc: {timezone.localtime():%H:%M, %d/%m/%Y}"


def _declared(report: Report, *, personal: bool) -> Iterator[str]:
    for title, text in page.declared(report):
        yield f"{title}: {text}"
    sealed = Later(report).sealed("contact")
    if sealed is not None:
        shown = marking.plain(_opened(sealed, report)) if personal else HIDDEN
        yield f"Số để gọi lại: {shown}"


def _opened(contact: bytes | memoryview, report: Report) -> str:
    return privacy.unseal(contact, "contact", report.pk) or "không mở được"


def _told(report: Report, *, talk: bool) -> str:
    return texts.whole(report, later.whole(report) if talk else [])


def _files(report: Report) -> Iterator[str]:
    for number, file in enumerate(case_file.originals(report), 1):
        gone = " (đã hủy)" if file.erased_at else ""
        word = filetypes.named(file.media_type).word
        yield f"{number:02}. {word}, {filetypes.megabytes(file.size)}{gone}: {bytes(file.sha256).hex()}"


def _log(report: Report) -> Iterator[str]:
    said = list(correcting.said_of(report))
    for line in reversed(page.log(report, said, page.recorded(report))):
        yield f"{timezone.localtime(line.at):%H:%M, %d/%m/%Y}  {line.who}: {line.text}"
