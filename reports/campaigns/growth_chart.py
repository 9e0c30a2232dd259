"""How a campaign grew, as columns: a day each while it is young, then a week each. Pure."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from reports.public import svg_charts

MIN_DAYS, MAX_DAYS, MAX_WEEKS = 28, 42, 52


@dataclass(frozen=True)
class Growth:
    """The picture, whether a column is a week, and how many reports came before its first."""

    chart: svg_charts.Chart
    is_weekly: bool
    before: int


def growth(days: Mapping[date, int], today: date) -> Growth:
    """The picture from the first report to *today*; `days` has how many came on each day."""
    first = min(days, default=today)
    if (today - first).days < MAX_DAYS:
        return _daily(days, today, min(first, today - timedelta(days=MIN_DAYS - 1)))
    return _weekly(days, today, first)


def _daily(days: Mapping[date, int], today: date, start: date) -> Growth:
    shown = [start + timedelta(days=day) for day in range((today - start).days + 1)]
    chart = svg_charts.chart({day.isoformat(): days.get(day, 0) for day in shown})
    columns = tuple(
        replace(column, label=f"{column.monday.day}/{column.monday.month}" if not place % 7 else "")
        for place, column in enumerate(chart.columns)
    )
    return Growth(replace(chart, columns=columns), is_weekly=False, before=0)


def _weekly(days: Mapping[date, int], today: date, first: date) -> Growth:
    weeks: Counter[date] = Counter()
    for day, count in days.items():
        weeks[_monday(day)] += count
    start = max(_monday(first), _monday(today) - timedelta(weeks=MAX_WEEKS - 1))
    spread = (_monday(today) - start).days // 7 + 1
    shown = [start + timedelta(weeks=week) for week in range(spread)]
    chart = svg_charts.chart({week.isoformat(): weeks[week] for week in shown})
    before = sum(count for week, count in weeks.items() if week < start)
    return Growth(chart, is_weekly=True, before=before)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
