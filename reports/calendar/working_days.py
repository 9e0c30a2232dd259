"""Which days are worked in Vietnam, and counting in them. Pure.

A year is known when all its days off are there (Labour Code, article 112: eleven and more). Of a
year that is not, weekends alone are known: what is counted there falls due too early, never too
late, and `unknown` is asked ahead so that somebody is told (watch.py).
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
        """The so-manyth working day after *day*, which itself is not counted."""
        while days > 0:
            day += timedelta(days=1)
            days -= self.is_working_day(day)
        return day

    def knows(self, year: int) -> bool:
        return sum(day.year == year for day in self.off) >= MIN_DAYS_OFF

    def unknown_years(self, first: date, last: date) -> list[int]:
        """The years between two days of which the days off are not known."""
        return [year for year in range(first.year, last.year + 1) if not self.knows(year)]

    def with_overrides(self, off: Iterable[date], worked: Iterable[date]) -> "Calendar":
        """With what people know better: days off, and days worked after all."""
        more, fewer = frozenset(off), frozenset(worked)
        return Calendar((self.off | more) - fewer, (self.worked | fewer) - more)


def months_after(day: date, months: int) -> date:
    """The same day of a later month, or its last one: two months after 31 December is 28 February."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


@lru_cache(maxsize=1)
def on_file() -> Calendar:
    """What data/holidays.json and the province's folder hold."""
    off: set[date] = set(province.holidays)
    worked: set[date] = set()
    for year in sources():
        off |= set(map(date.fromisoformat, year["off"]))
        worked |= set(map(date.fromisoformat, year["worked"]))
    return Calendar(frozenset(off), frozenset(worked))


def sources() -> list[dict[str, Any]]:
    """The years on file: "year", "off" and "worked" (day: name), "source", "announced" (whether
    the year's own announcement is in it, or the rule alone).
    """
    years: list[dict[str, Any]] = json.loads(DATA.read_text("utf-8"))
    return years
