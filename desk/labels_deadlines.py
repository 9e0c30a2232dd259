"""The clocks of a report on its page: what is due, and how what is over went."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef
from django.db.models.functions import JSONObject
from django.utils import timezone

from desk import labels_due
from reports.models import Deadline, Report

KINDS: dict[str, str] = {str(kind): str(label) for kind, label in Deadline.Kind.choices}


@dataclass(frozen=True)
class DeadlineLine:
    """One clock: what it is, when it runs or ran out, how that stands in words."""

    title: str
    due_at: datetime
    words: str
    css: str = ""


def deadline_prefetch() -> ArraySubquery:
    """The clocks of a report, to be read with it in one statement."""
    every = Deadline.objects.filter(report_id=OuterRef("pk")).order_by("id")
    names = ("kind", "due_at", "met_at", "dropped_at", "extension_count")
    return ArraySubquery(every.values(row=JSONObject(**{name: name for name in names})))


def deadline_lines(report: Report) -> list[DeadlineLine]:
    """The clocks of a report that was loaded with its `clock_rows`, those that run first."""
    now = timezone.now()
    found: list[dict[str, Any]] = getattr(report, "clock_rows", [])
    return [_line(row, now) for row in sorted(found, key=_is_over)]


def ending_at(lines: list[DeadlineLine], at: datetime) -> str:
    """The clocks that end then, by name."""
    return ", ".join(line.title.lower() for line in lines if line.due_at == at)


def _is_over(row: dict[str, Any]) -> bool:
    return bool(row["met_at"] or row["dropped_at"])


def _line(row: dict[str, Any], now: datetime) -> DeadlineLine:
    title, end = KINDS[row["kind"]].capitalize(), datetime.fromisoformat(row["due_at"])
    if row["extension_count"]:
        title = f"{title} (gia hạn {row['extension_count']} lần)"
    if not _is_over(row):
        due = labels_due.relative_time(end, now)
        return DeadlineLine(title, end, due.words, due.css)
    if not row["met_at"]:
        return DeadlineLine(title, end, "thôi tính")
    in_time = datetime.fromisoformat(row["met_at"]) <= end
    return DeadlineLine(title, end, "xong đúng hạn" if in_time else "xong, muộn")


def legal_basis() -> str:
    """The law that the lengths rest on, as the lawyers gave it; or that nobody has."""
    return settings.DEADLINE_LEGAL_BASIS or "Thời hạn do đơn vị đặt, chưa ghi căn cứ pháp lý."
