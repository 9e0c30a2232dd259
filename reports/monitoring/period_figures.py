"""Figures of periods, summed from the counts of their days (daily_counts.py)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import F, Q
from django.db.models.fields.json import KeyTransform
from django.dispatch import Signal

from core.periods import Period, week_of
from reports.models import DailyCount

MIN_SPREADING = 3  # reports of a campaign in a period
WEEKS = 12  # in the table of kinds
_PARTS = ("kinds", "homes", "campaigns")
# Sent with two `periods`; the room of warnings answers with a `WarningFigures`.
warnings_counted = Signal()


@dataclass(frozen=True)
class WarningFigures:
    """Warnings and updates issued in a period and in the one before, and the agencies that confirmed
    to show one of the former.
    """

    issued: int = 0
    issued_before: int = 0
    agencies: tuple[str, ...] = ()


@dataclass
class PeriodFigures:
    """The sums of a period's counted days. `totals`: by the names of daily_counts.py, and `received`;
    `homes`: by commune, of one kind of scam where that was asked for.
    """

    days: int = 0
    counted_at: datetime | None = None  # of the day that was counted longest ago
    totals: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    homes: Counter[str] = field(default_factory=Counter)
    campaigns: Counter[str] = field(default_factory=Counter)

    def add(self, row: Mapping[str, Any], *, has_kind: bool) -> None:
        figures = dict(row["figures"])
        parts = {part: figures.pop(part, {}) for part in _PARTS}
        parts["homes"] = (row["of_kind"] or {}) if has_kind else parts["homes"]
        self.days += 1
        self.counted_at = min(filter(None, (self.counted_at, row["counted_at"])))
        self.totals.update(figures, received=row["received"])
        for part, counts in parts.items():
            getattr(self, part).update(counts)


def load_figures(periods: Sequence[Period], kind: str = "") -> list[PeriodFigures]:
    """Return the figures of each period, communes of one kind of scam if named. One statement."""
    days = [Q(day__range=(period.first, period.last)) for period in periods]
    rows = DailyCount.objects.filter(Q(*days, _connector=Q.OR))
    figures = [PeriodFigures() for _ in periods]
    of_kind = KeyTransform(kind, "cells") if kind else F("open")
    fields = ("day", "received", "figures", "counted_at")
    for row in rows.values(*fields, of_kind=of_kind):
        for period, sums in zip(periods, figures, strict=True):
            if period.first <= row["day"] <= period.last:
                sums.add(row, has_kind=bool(kind))
    return figures


def load_kinds_by_week(last: date) -> dict[Period, Counter[str]]:
    """Return the kinds of the WEEKS weeks to that of a day, in order. One statement."""
    weeks = [week_of(last - timedelta(weeks=n)) for n in reversed(range(WEEKS))]
    counts: dict[Period, Counter[str]] = {week: Counter() for week in weeks}
    rows = DailyCount.objects.filter(day__range=(weeks[0].first, weeks[-1].last))
    for day, kinds in rows.values_list("day", KeyTransform("kinds", "figures")):
        counts[week_of(day)].update(kinds or {})
    return counts


def find_spreading(now: PeriodFigures, before: PeriodFigures) -> list[UUID]:
    """Return the campaigns with several reports in a period and more than before, the most first."""
    spreading = [
        campaign
        for campaign, count in now.campaigns.most_common()
        if count >= MIN_SPREADING and count > before.campaigns[campaign]
    ]
    return list(map(UUID, spreading))


def count_warnings(periods: Sequence[Period]) -> WarningFigures:
    """Return what the room of warnings answers. Two statements."""
    for _, answer in warnings_counted.send(sender=Period, periods=periods):
        if isinstance(answer, WarningFigures):
            return answer
    return WarningFigures()
