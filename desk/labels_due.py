"""How a deadline is said at the desk: còn 2 giờ, quá hạn 3 giờ."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from reports.calendar import deadline_rules
from reports.models import Case
from reports.models.cases import SOON

_UNITS = (
    (timedelta(days=1), "ngày"),
    (timedelta(hours=1), "giờ"),
    (timedelta(minutes=1), "phút"),
)


@dataclass(frozen=True)
class DeadlineLabel:
    """A deadline in words, and how it is to look: late, soon or calm. `at` is the moment itself."""

    at: datetime
    words: str
    css: str


def next_deadline(
    case: Case, received_at: datetime, now: datetime | None = None
) -> DeadlineLabel | None:
    """The next deadline of a case; None where nothing is due. A report so new that its clocks have
    not been started is due to be sorted.
    """
    at = case.due_at
    if at is None and case.status in Case.OPEN:
        at = deadline_rules.due_at(deadline_rules.SORT, received_at)
    return relative_time(at, now) if at else None


def relative_time(at: datetime, now: datetime | None = None) -> DeadlineLabel:
    """A deadline against the present moment, in its largest whole unit."""
    left = at - (now or timezone.now())
    if left <= timedelta(0):
        late = _span(-left)
        return DeadlineLabel(at, f"quá hạn {late}" if late else "đến hạn", "due-late")
    return DeadlineLabel(
        at, f"còn {_span(left) or 'chưa đầy 1 phút'}", "due-soon" if left <= SOON else "due"
    )


def _span(length: timedelta) -> str:
    for unit, word in _UNITS:
        if length >= unit:
            return f"{length // unit} {word}"
    return ""
