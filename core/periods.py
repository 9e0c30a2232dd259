"""Runs of whole local days: weeks, months, and how a list is filtered by one."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Q
from django.utils import timezone

_FIRST_YEAR, _LAST_YEAR = 2000, 2200


@dataclass(frozen=True)
class Period:
    """Local days, both included; as text "2026-11-23..2026-11-29"."""

    first: date
    last: date

    def __str__(self) -> str:
        return f"{self.first}..{self.last}"

    @property
    def label(self) -> str:
        return f"{self.first:%d/%m/%Y} đến {self.last:%d/%m/%Y}"

    def within(self, field: str) -> Q:
        """Return the condition that a time falls on one of the days."""
        start, end = (
            timezone.make_aware(datetime.combine(day, time.min))
            for day in (self.first, self.last + timedelta(days=1))
        )
        return Q(**{f"{field}__gte": start, f"{field}__lt": end})

    def list_days(self) -> list[date]:
        return [self.first + timedelta(days=n) for n in range((self.last - self.first).days + 1)]


def parse_period(text: str) -> Period | None:
    first, _, last = text.partition("..")
    try:
        period = Period(date.fromisoformat(first), date.fromisoformat(last))
    except ValueError:
        return None
    is_usual = period.first.year >= _FIRST_YEAR and period.last.year <= _LAST_YEAR
    return period if is_usual and period.first <= period.last else None


def week_of(day: date) -> Period:
    monday = day - timedelta(days=day.weekday())
    return Period(monday, monday + timedelta(days=6))


def month_of(day: date) -> Period:
    first = day.replace(day=1)
    return Period(first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))
