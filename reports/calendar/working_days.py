"""Working days of Vietnam, and counting in them. Pure.

A year is known when all its days off are listed (Labour Code, article 112: eleven and more). In an
unknown year only weekends are off: deadlines fall due too early, never too late.
"""

import json
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.province import province

DATA = Path(__file__).parents[1] / "data" / "holidays.json"
MIN_DAYS_OFF = 11
_SATURDAY = 5


@dataclass(frozen=True)
class Calendar:
    """Days off, and Saturdays or Sundays that are worked in exchange."""

    off: frozenset[date] = frozenset()
    worked: frozenset[date] = frozenset()

    def is_working_day(self, day: date) -> bool:
        if day in self.worked:
            return True
        return day.weekday() < _SATURDAY and day not in self.off

    def add_working_days(self, day: date, days: int) -> date:
        """Return the nth working day after *day*, which itself is not counted."""
        while days > 0:
            day += timedelta(days=1)
            days -= self.is_working_day(day)
        return day

    def knows(self, year: int) -> bool:
        return sum(day.year == year for day in self.off) >= MIN_DAYS_OFF

    def unknown_years(self, first: date, last: date) -> list[int]:
        return [year for year in range(first.year, last.year + 1) if not self.knows(year)]

    def with_overrides(self, off: Iterable[date], worked: Iterable[date]) -> "Calendar":
        more, fewer = frozenset(off), frozenset(worked)
        return Calendar((self.off | more) - fewer, (self.worked | fewer) - more)


def months_after(day: date, months: int) -> date:
    """Return the same day of a later month, or its last: 31 December + 2 is 28 February."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


@lru_cache(maxsize=1)
def on_file() -> Calendar:
    """Return the calendar of data/holidays.json and the province's folder."""
    off: set[date] = set(province.holidays)
    worked: set[date] = set()
    for year in sources():
        off |= set(map(date.fromisoformat, year["off"]))
        worked |= set(map(date.fromisoformat, year["worked"]))
    return Calendar(frozenset(off), frozenset(worked))


def sources() -> list[dict[str, Any]]:
    """Return the years on file: "year", "off" and "worked" (day: name), "source", "announced"
    (false: by the rule alone).
    """
    years: list[dict[str, Any]] = json.loads(DATA.read_text("utf-8"))
    return years
