"""Bursts: more reports than usual in a commune or of a scenario, counted by beat, stored for pages
beside the most active campaigns.

Each unit's last day and last seven days are compared with its eight weeks before. The expected
count is negative binomial: a Poisson rate estimated from few weeks, wider where the weeks differ
more than by chance; so short histories are judged mildly.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from math import exp, lgamma
from math import log as ln
from statistics import fmean, variance
from typing import Any

import structlog
from django.utils import timezone

from core.database import read_snapshot
from core.outbox import sweeps
from reports.campaigns import campaign_stats
from reports.facts import effective_facts
from reports.models import BurstSnapshot

WEEKS = 8  # of a baseline, at most
MIN_WEEKS = 2  # of a baseline
MIN_COUNT = 6  # reports; fewer are no alarm, however rare
MIN_MORE = 5  # reports above the expected count
MAX_CHANCE = 1e-5  # some 400 tests at each run: a false alarm in years
MIN_SHARE_EXPLAINED = 0.6  # of a burst's reports that another explains: then it is one burst
_PRIOR_REPORTS = 0.5  # reports before the first week (Jeffreys prior)
COMMUNE, SCENARIO = "commune", "scenario"
# Not kinds of scam: no bursts of their own, but their reports count in their commune.
_NO_KIND = frozenset({"", "unclear", "not_scam", "spam_submission", "abuse_prank"})


@dataclass(frozen=True)
class UnitCounts:
    """Reports of a unit in the last day, the last week, and the weeks before, nearest first."""

    unit: str
    key: str
    day: int
    week: int
    weeks: tuple[int, ...]


@dataclass(frozen=True)
class Burst:
    """`count` reports in `days` days where `usual` are expected, of probability `chance`. `mostly`:
    the scenario of most reports of a commune, or "".
    """

    unit: str
    key: str
    days: int
    count: int
    usual: float
    chance: float
    mostly: str = ""


def find_bursts(
    counts: Iterable[UnitCounts], together: Mapping[tuple[str, str], tuple[int, int]]
) -> list[Burst]:
    """Return the bursts, the least likely first, without scenarios that bursting communes explain.
    `together`: (commune, scenario) -> reports of the last day and week.
    """
    bursts = [burst for unit_counts in counts if (burst := _find_burst(unit_counts))]
    communes = [_with_scenario(burst, together) for burst in bursts if burst.unit == COMMUNE]
    wide = [
        burst
        for burst in bursts
        if burst.unit == SCENARIO and not _is_local(burst, communes, together)
    ]
    return sorted([*communes, *wide], key=lambda burst: (burst.chance, burst.unit, burst.key))


def poisson_tail_probability(count: int, weeks: tuple[int, ...], days: int) -> float:
    """Return the probability of *count* reports or more in so many days."""
    spread = _spread(weeks)
    shape = (sum(weeks) + _PRIOR_REPORTS) / spread
    stays = len(weeks) / (len(weeks) + days / 7)
    return _tail(int(count / spread), shape, stays)


def _find_burst(counts: UnitCounts) -> Burst | None:
    """Return the less likely of a unit's two windows, None where neither is a burst."""
    if len(counts.weeks) < MIN_WEEKS or (counts.unit == SCENARIO and counts.key in _NO_KIND):
        return None
    alarms = list(_iter_alarms(counts))
    return min(alarms, key=lambda burst: burst.chance) if alarms else None


def _iter_alarms(counts: UnitCounts) -> Iterator[Burst]:
    for days, count in ((1, counts.day), (7, counts.week)):
        expected = fmean(counts.weeks) * days / 7
        if count < MIN_COUNT or count < expected + MIN_MORE or count < 2 * expected:
            continue
        rare = poisson_tail_probability(count, counts.weeks, days)
        if rare < MAX_CHANCE:
            yield Burst(counts.unit, counts.key, days, count, round(expected, 1), rare)


def _with_scenario(burst: Burst, together: Mapping[tuple[str, str], tuple[int, int]]) -> Burst:
    """Return a commune's burst with the scenario that explains it."""
    shares = {
        scenario: _within(burst, both)
        for (commune, scenario), both in together.items()
        if commune == burst.key
    }
    most = max(shares, key=lambda scenario: (shares[scenario], scenario), default="")
    explains = most not in _NO_KIND and shares[most] >= MIN_SHARE_EXPLAINED * burst.count
    return replace(burst, mostly=most) if explains else burst


def _is_local(
    burst: Burst, communes: list[Burst], together: Mapping[tuple[str, str], tuple[int, int]]
) -> bool:
    keys = [(commune.key, burst.key) for commune in communes]
    inside = sum(_within(burst, together[key]) for key in keys if key in together)
    return inside >= MIN_SHARE_EXPLAINED * burst.count


def _within(burst: Burst, both: tuple[int, int]) -> int:
    day, week = both
    return day if burst.days == 1 else week


def _spread(weeks: tuple[int, ...]) -> float:
    """Return the weeks' variance relative to a Poisson distribution, at least 1."""
    mean = fmean(weeks)
    return 1.0 if mean < 1 or len(weeks) < 3 else max(1.0, variance(weeks) / mean)


def _tail(count: int, shape: float, stays: float) -> float:
    """Return P(X >= count) of the negative binomial with that shape and chance of no report."""
    if count <= shape * (1 - stays) / stays:
        return 1.0  # no more than expected: no burst, whatever the probability
    ways = lgamma(count + shape) - lgamma(shape) - lgamma(count + 1)
    term = exp(ways + shape * ln(stays) + count * ln(1 - stays))
    total, place = 0.0, count
    while term > total * 1e-12 and place < count + 100_000:
        total += term
        term *= (place + shape) / (place + 1) * (1 - stays)
        place += 1
    return total


log = structlog.get_logger(__name__)

AGAIN_AFTER = 8 * 60.0  # seconds; beat asks every ten minutes
STALE_AFTER_SECONDS = 3600.0
_WEEKS = ",\n       ".join(f"count(*) FILTER (WHERE week = {week})" for week in range(1, WEEKS + 1))

# Without junk, which is no series of calls. A commune and a scenario together only where they can
# explain a burst.
_COUNTS = f"""
SELECT GROUPING(commune), GROUPING(scenario), commune, scenario,
       count(*) FILTER (WHERE day = 0), count(*) FILTER (WHERE week = 0), {_WEEKS}
  FROM (SELECT coalesce({effective_facts.COMMUNE}, '') AS commune,
               coalesce(desk.corrections_json ->> 'scenario', machine.scenario, '') AS scenario,
               floor(age / 86400)::int AS day, floor(age / 604800)::int AS week
          FROM (SELECT id, commune_id,
                       extract(epoch FROM statement_timestamp() - received_at) AS age
                  FROM reports_report
                 WHERE received_at > statement_timestamp() - interval '{WEEKS + 1} weeks'
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
    """Return the bursts now. Two statements; their cost grows with the reports of nine weeks."""
    with read_snapshot() as cursor:
        cursor.execute(_SINCE)
        (age,) = cursor.fetchone()
        cursor.execute(_COUNTS)
        rows = cursor.fetchall()
    week_count = max(0, min(WEEKS, (age or 0) - 1))
    together = {
        (commune, scenario): (day, week)
        for no_commune, no_scenario, commune, scenario, day, week, *_ in rows
        if not no_commune and not no_scenario
    }
    return find_bursts(_iter_units(rows, week_count), together)


def _iter_units(rows: Iterable[tuple[Any, ...]], week_count: int) -> Iterable[UnitCounts]:
    """Yield the counts of single units, with as many weeks as the portal has run."""
    for no_commune, no_scenario, commune, scenario, day, week, *weeks in rows:
        if no_scenario and commune:
            yield UnitCounts(COMMUNE, commune, day, week, tuple(weeks[:week_count]))
        elif no_commune and scenario:
            yield UnitCounts(SCENARIO, scenario, day, week, tuple(weeks[:week_count]))


def detect_and_store() -> list[Burst]:
    """Return the bursts now, stored for the pages with the most active campaigns."""
    bursts = detect()
    counted: dict[str, Any] = {
        "counted_at": timezone.now(),
        "bursts": list(map(asdict, bursts)),
        "campaigns": list(map(asdict, campaign_stats.active_campaigns())),
    }
    BurstSnapshot.objects.bulk_create(
        [BurstSnapshot(**counted)],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=list(counted),
    )
    return bursts


def detect_if_due() -> None:
    """Update the stored bursts where they are older than AGAIN_AFTER; log an error."""
    with sweeps.Guard("bursts.count"):
        snapshot = BurstSnapshot.objects.first()
        if snapshot is None or (timezone.now() - snapshot.counted_at).total_seconds() > AGAIN_AFTER:
            detect_and_store()
