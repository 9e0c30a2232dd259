"""Looking for bursts in the database: one aggregate of nine weeks, by beat, and what it found kept
in one row with its time, which pages read.
"""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import structlog
from django.db import Error as DatabaseTrouble
from django.utils import timezone

from core.database import read_snapshot
from reports.campaigns import burst_detection
from reports.campaigns.burst_detection import Burst, UnitCounts
from reports.facts import effective_facts
from reports.models import BurstSnapshot

log = structlog.get_logger(__name__)

AGAIN_AFTER = 8 * 60.0  # seconds; beat asks every ten minutes
STALE_AFTER_SECONDS = 3600.0
_WEEKS = ",\n       ".join(
    f"count(*) FILTER (WHERE week = {week})" for week in range(1, burst_detection.WEEKS + 1)
)

# Junk is left out: who floods the desk with it is no wave of calls. A commune and a scenario
# together only where they can explain a burst.
_COUNTS = f"""
SELECT GROUPING(commune), GROUPING(scenario), commune, scenario,
       count(*) FILTER (WHERE day = 0), count(*) FILTER (WHERE week = 0), {_WEEKS}
  FROM (SELECT coalesce({effective_facts.COMMUNE}, '') AS commune,
               coalesce(desk.corrections_json ->> 'scenario', machine.scenario, '') AS scenario,
               floor(age / 86400)::int AS day, floor(age / 604800)::int AS week
          FROM (SELECT id, commune_id,
                       extract(epoch FROM statement_timestamp() - received_at) AS age
                  FROM reports_report
                 WHERE received_at > statement_timestamp() - interval '{burst_detection.WEEKS + 1} weeks'
               ) AS report
          JOIN reports_case AS desk ON desk.report_id = report.id AND desk.status <> 'junk'
          LEFT JOIN reports_extractedfacts AS machine ON machine.report_id = report.id) AS recent
 GROUP BY GROUPING SETS ((commune), (scenario), (commune, scenario))
HAVING count(*) FILTER (WHERE week = 0) > 0
"""  # noqa: S608  # nosec B608
_SINCE = """
SELECT floor(extract(epoch FROM statement_timestamp() - min(received_at)) / 604800)::int
  FROM reports_report
"""


def detect() -> list[Burst]:
    """The bursts of this moment. Two statements of one snapshot; their cost grows with the reports
    of nine weeks.
    """
    with read_snapshot() as cursor:
        cursor.execute(_SINCE)
        (age,) = cursor.fetchone()
        cursor.execute(_COUNTS)
        rows = cursor.fetchall()
    known = max(0, min(burst_detection.WEEKS, (age or 0) - 1))
    return burst_detection.find_bursts(_units(rows, known), _together(rows))


def _units(rows: Iterable[tuple[Any, ...]], known: int) -> Iterable[UnitCounts]:
    """The rows of single units, with as many weeks as the portal has been there."""
    for no_commune, no_scenario, commune, scenario, day, week, *weeks in rows:
        if no_scenario and commune:
            yield UnitCounts(burst_detection.COMMUNE, commune, day, week, tuple(weeks[:known]))
        elif no_commune and scenario:
            yield UnitCounts(burst_detection.SCENARIO, scenario, day, week, tuple(weeks[:known]))


def _together(rows: Iterable[tuple[Any, ...]]) -> dict[tuple[str, str], tuple[int, int]]:
    return {
        (commune, scenario): (day, week)
        for no_commune, no_scenario, commune, scenario, day, week, *_ in rows
        if not no_commune and not no_scenario
    }


def detect_and_store() -> list[Burst]:
    """Look, and keep what was found for the pages."""
    found = detect()
    tally = BurstSnapshot(counted_at=timezone.now(), bursts=[asdict(burst) for burst in found])
    BurstSnapshot.objects.bulk_create(
        [tally],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["counted_at", "bursts"],
    )
    return found


def detect_if_due() -> None:
    """Look, unless it was done a moment ago; what could not be counted is asked again."""
    try:
        kept = BurstSnapshot.objects.first()
        if kept is None or (timezone.now() - kept.counted_at).total_seconds() > AGAIN_AFTER:
            detect_and_store()
    except DatabaseTrouble as error:
        log.warning("bursts.not_counted", error=type(error).__name__)
