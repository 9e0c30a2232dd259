"""Daily counts of inflow and backlog for the desk's start page, updated by beat.

A past day is counted once more on the next day. The backlog of a day is known only if it was counted
on that day.
"""

from datetime import date, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db import Error as DatabaseTrouble
from django.db import connection
from django.db.models.functions import JSONObject
from django.utils import timezone

from reports.models import DailyCount

log = structlog.get_logger(__name__)

DAYS = 30

# Through the index of arrivals, two days of it once the others are there; and that of open cases.
_COUNT = """
INSERT INTO reports_dailycount AS kept (day, received, open)
SELECT day,
       (SELECT count(*) FROM reports_report
         WHERE received_at >= day AT TIME ZONE %(zone)s
           AND received_at < (day + interval '1 day') AT TIME ZONE %(zone)s),
       CASE WHEN day = %(today)s::date
            THEN (SELECT count(*) FROM reports_case
                   WHERE status IN ('new', 'in_review', 'waiting')) END
  FROM generate_series(%(first)s::timestamp, %(today)s::timestamp, interval '1 day') AS day
 WHERE day >= %(today)s::date - 1
    OR NOT EXISTS (SELECT FROM reports_dailycount AS known WHERE known.day = day.day)
    ON CONFLICT (day) DO UPDATE
   SET received = excluded.received, open = coalesce(excluded.open, kept.open)
"""


def update_daily_counts() -> None:
    """Count today, yesterday and uncounted days. One statement."""
    today = timezone.localdate()
    given: dict[str, str | date] = {
        "zone": settings.TIME_ZONE,
        "today": today,
        "first": window_start(today),
    }
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, given)


def count_if_possible() -> None:
    """Update the counts; a database error is logged and tried again at the next call."""
    try:
        update_daily_counts()
    except DatabaseTrouble as error:
        log.warning("days.not_counted", error=type(error).__name__)


def window_start(today: date) -> date:
    return today - timedelta(days=DAYS - 1)


def daily_counts_column() -> dict[str, Any]:
    """Return the counts as a column of a statement, which `daily_counts` reads."""
    counted = DailyCount.objects.filter(day__gte=window_start(timezone.localdate()))
    as_json = JSONObject(day="day", received="received", open="open")
    return {"days": ArraySubquery(counted.values(told=as_json))}


def daily_counts(told: dict[str, Any]) -> dict[date, DailyCount | None]:
    """Return the last days in order, None for an uncounted one."""
    rows = (DailyCount(**row | {"day": date.fromisoformat(row["day"])}) for row in told["days"])
    counted = {row.day: row for row in rows}
    first = window_start(timezone.localdate())
    return {day: counted.get(day) for day in (first + timedelta(days=n) for n in range(DAYS))}
