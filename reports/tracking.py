"""Where a report stands, in the words that its reporter is told. Never an officer's name, never
a reason that an officer wrote, never the call-back phrase.
"""

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from reports import events, files
from reports.filetypes import megabytes, named
from reports.models import Case, Report

S, O = Case.Status, Case.Outcome  # noqa: E741

_CLOSED = "Đã xử lý xong trên trang này"
_INSUFFICIENT = "Chưa đủ để làm tiếp. Có gì mới, bạn báo thêm một tin."
_WORDS = {
    S.IN_REVIEW: ("Đang kiểm tra", "Cán bộ đang đối chiếu với các tin khác."),
    S.WAITING: ("Chờ bạn trả lời", "Cán bộ cần hỏi thêm. Tự bấm 02373.725.725, đọc số tin ở trên."),
    S.HANDED_OVER: ("Đã chuyển nơi xử lý", "Tin đã chuyển đến {unit}. Cần hỏi, gọi nơi đó."),
    S.ACTIONED: ("Đã chuyển cơ quan điều tra", "Tin có dấu hiệu tội phạm. Từ đây làm theo luật."),
    S.JUNK: (_CLOSED, _INSUFFICIENT),
    S.WITHDRAWN: (_CLOSED, "Bạn đã đề nghị rút tin."),
}
_OUTCOMES = {
    O.WARNED: "Tin đã góp vào cảnh báo cho mọi người.",
    O.DUPLICATE: "Trùng tin bạn đã gửi.",
    O.INSUFFICIENT: _INSUFFICIENT,
    O.NOT_SCAM: "Cán bộ thấy không phải lừa đảo. Chưa đúng thì báo lại.",
}


@dataclass(frozen=True)
class Step:
    """One step of the way: done, or the one where the report is now."""

    word: str
    sentence: str = ""
    at: datetime | None = None
    is_done: bool = False


@dataclass(frozen=True)
class Line:
    """What a sender is told of one file that was just sent; `status` as HTTP has it."""

    name: str
    text: str
    status: int = 422

    @property
    def is_taken(self) -> bool:
        return self.status == 200


@dataclass(frozen=True)
class Sent:
    """A file that was sent along, as its sender may see it again: what it is, never its name."""

    word: str
    size: str
    at: datetime


def files_sent(report: Report) -> list[Sent]:
    """The files of a report, in order. One statement."""
    return [
        Sent(
            named(file.media_type).word, megabytes(file.size), timezone.localtime(file.received_at)
        )
        for file in files.of(report)
    ]


def way(report: Report, case: Case) -> list[Step]:
    """The steps that a report has gone, and where it stands. One statement."""
    read_at = _first_read_at(report)
    steps = [Step("Đã nhận", "", report.received_local, is_done=True)]
    if read_at is None and case.status == S.NEW:
        return [*steps, Step("Chờ cán bộ đọc", "Tin nào cũng có cán bộ đọc.")]
    if read_at:
        steps.append(Step("Cán bộ đã đọc", "", read_at, is_done=case.status != S.NEW))
    if case.status != S.NEW:
        steps.append(_standing(case))
    return steps


def _standing(case: Case) -> Step:
    at = timezone.localtime(case.changed_at)
    if case.status == S.CLOSED:
        return Step(_CLOSED, _OUTCOMES[O(case.outcome)], at)
    word, sentence = _WORDS[S(case.status)]
    return Step(word, sentence.format(unit=case.unit), at)


def _first_read_at(report: Report) -> datetime | None:
    """When a person first did something with it: what a person acts on, a person has read. Who
    has the machine read many again has read none of them.
    """
    acts = events.about("report", report.pk).filter(by__isnull=False).exclude(kind="reread")
    act = acts.order_by("id").first()
    return timezone.localtime(act.at) if act else None
