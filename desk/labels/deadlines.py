"""The deadlines of a report in words: còn 2 giờ, quá hạn 3 giờ, xong đúng hạn."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject
from django.utils import timezone

from reports.calendar import deadline_rules
from reports.cases.deadlines import tells_danger
from reports.models import Case, Deadline, Report
from reports.models.cases import WARN_BEFORE

_NEW = {"met_at": None, "dropped_at": None, "extension_count": 0}
KINDS: dict[str, str] = {str(kind): str(label) for kind, label in Deadline.Kind.choices}
_UNITS = ((timedelta(days=1), "ngày"), (timedelta(hours=1), "giờ"), (timedelta(minutes=1), "phút"))


@dataclass(frozen=True)
class DeadlineLabel:
    """A deadline, in words, with the CSS class of late, soon or neither."""

    at: datetime
    words: str
    css: str


def next_deadline(report: Report, now: datetime | None = None) -> DeadlineLabel | None:
    """Return the next deadline or None; before beat has started any, a report that tells a danger is
    due to be called about, another to be classified.
    """
    at = report.case.due_at
    if at is None and report.case.status in Case.OPEN:
        kind = deadline_rules.CALL if tells_danger(report) else deadline_rules.CLASSIFY
        at = deadline_rules.due_at(kind, report.received_at)
    return relative_time(at, now) if at else None


def relative_time(at: datetime, now: datetime | None = None) -> DeadlineLabel:
    """Return a deadline relative to now, in its largest whole unit."""
    left = at - (now or timezone.now())
    if left <= timedelta(0):
        late = _span(-left)
        return DeadlineLabel(at, f"quá hạn {late}" if late else "đến hạn", "due-late")
    return DeadlineLabel(
        at, f"còn {_span(left) or 'chưa đầy 1 phút'}", "due-soon" if left <= WARN_BEFORE else "due"
    )


def _span(length: timedelta) -> str:
    for unit, word in _UNITS:
        if length >= unit:
            return f"{length // unit} {word}"
    return ""


@dataclass(frozen=True)
class DeadlineLine:
    title: str
    due_at: datetime
    words: str
    css: str = ""
    is_call: bool = False  # which nobody has made yet


def deadline_prefetch() -> ArraySubquery:
    """Return the deadlines of a report as a column of its statement."""
    every = Deadline.objects.filter(report_id=OuterRef("pk")).order_by("id")
    names = ("kind", "due_at", "met_at", "dropped_at", "extension_count")
    return ArraySubquery(every.values(row=JSONObject(**{name: name for name in names})))


def deadline_lines(report: Report) -> list[DeadlineLine]:
    """Return the deadlines of a report loaded with its `deadline_rows`, running ones first."""
    now = timezone.now()
    rows: list[dict[str, Any]] = getattr(report, "deadline_rows", [])
    if not rows and report.happening_now and report.case.status in Case.OPEN:
        due = deadline_rules.due_at(deadline_rules.CALL, report.received_at)  # within the minute
        rows = [{"kind": deadline_rules.CALL, "due_at": due.isoformat(), **_NEW}]
    return [_line(row, now) for row in sorted(rows, key=_is_over)]


def ending_at(lines: list[DeadlineLine], at: datetime) -> str:
    return ", ".join(line.title.lower() for line in lines if line.due_at == at)


def _is_over(row: dict[str, Any]) -> bool:
    return bool(row["met_at"] or row["dropped_at"])


def _line(row: dict[str, Any], now: datetime) -> DeadlineLine:
    title, end = KINDS[row["kind"]].capitalize(), datetime.fromisoformat(row["due_at"])
    if row["extension_count"]:
        title = f"{title} (gia hạn {row['extension_count']} lần)"
    if not _is_over(row):
        due = relative_time(end, now)
        is_call = row["kind"] in deadline_rules.CALLS
        return DeadlineLine(title, end, due.words, due.css, is_call)
    if not row["met_at"]:
        return DeadlineLine(title, end, "thôi tính")
    done = "đã gọi" if row["kind"] in deadline_rules.CALLS else "xong"
    in_time = datetime.fromisoformat(row["met_at"]) <= end
    return DeadlineLine(title, end, f"{done} đúng hạn" if in_time else f"{done}, trễ hạn")


def legal_basis() -> str:
    """Return the legal basis of the lengths, or a note that none is configured."""
    return settings.DEADLINE_LEGAL_BASIS or "Thời hạn do đơn vị đặt, chưa ghi căn cứ pháp lý."
