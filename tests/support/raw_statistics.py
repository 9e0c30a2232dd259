"""Statistics of given counts."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import time_machine

from reports.public.statistics import RawStatistics, StatisticsData, update_statistics

SUNDAY = date(2026, 11, 22)


def build_raw(
    weeks: list[int],
    scenarios: list[int],
    communes: list[int],
    claims: Sequence[int] = (),
    **fields: Any,
) -> RawStatistics:
    """A count whose cells are named by letters, weeks by their Mondays."""
    first = SUNDAY - timedelta(days=7 * len(weeks) - 1)
    mondays = [(first + timedelta(days=7 * week)).isoformat() for week in range(len(weeks))]
    tables = {
        "weeks": dict(zip(mondays, weeks, strict=True)),
        "scenarios": dict(zip("abcdefgh", scenarios, strict=False)),
        "communes": dict(zip("stuvwxyz", communes, strict=False)),
        "claims": dict(zip("klmn", claims or [sum(weeks)], strict=False)),
    }
    return RawStatistics(SUNDAY, sum(weeks), tables, **fields)


def count_a_week_later() -> StatisticsData:
    """The count of a week from now, when the present week is over."""
    with time_machine.travel(timedelta(days=7), tick=False):
        return update_statistics()
