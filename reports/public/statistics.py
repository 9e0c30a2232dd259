"""The public statistics: counted nightly into one row, small counts suppressed before saving.

Only whole weeks are counted, and no two tables are crossed, so two editions do not reveal a report.
Deducible: a decision of the night may change a count by one, and two editions differ by a week's
count; both say that a report exists, not whose. The row's JSON is a `StatisticsData`. If a table
cannot be protected, none is saved, nor the total.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import structlog
from django.utils import timezone

from core.database import read_snapshot
from core.outbox import sweeps
from reports.calendar.deadline_rules import start_of_day
from reports.extraction.language.cue_matcher import taxonomy
from reports.extraction.story_reader import UNCLEAR
from reports.facts import abuse_flags
from reports.facts.choices import OFFICES
from reports.facts.effective_facts import confirmed_loss_sql
from reports.models import Commune, PublicStatistics
from reports.models.report_views import NO_VIEWS
from reports.public.cell_suppression import MIN_COUNT, cells_to_suppress

log = structlog.get_logger(__name__)

WEEKS = 26
FIRST_REVIEW_WEEKS = 4
NEVER = float("inf")
_STATEMENT_TIMEOUT_SECONDS = 25  # two of them fit into the task's time limit
# The machine's guess, not a decision, and no kind of scam.
_NO_SCAM = ("not_scam", "spam_submission", "abuse_prank")
_EMPTY_IS_SMALL = ("communes",)  # scammers could use where nobody reports

# The column that is not null names the table; the row without any is the total.
_SELECT_MARGINS_SQL = f"""
WITH counted AS ({{counted}}), report AS (
    SELECT (received_at AT TIME ZONE %(zone)s)::date AS day, money_lost, lost_vnd,
           {confirmed_loss_sql("counted.id", "lost_vnd")} AS confirmed,
           coalesce(home, '') AS commune,
           CASE WHEN kind IS NULL OR kind = ANY(%(no_scam)s) THEN %(unclear)s
                ELSE kind END AS scenario,
           CASE WHEN claimed_office = ANY(%(claims)s) THEN claimed_office ELSE '' END AS claimed
      FROM counted)
SELECT date_trunc('week', day)::date::text AS week, scenario, commune, claimed, count(*),
       count(*) FILTER (WHERE money_lost OR lost_vnd > 0),
       count(*) FILTER (WHERE lost_vnd > 0),
       coalesce(sum(lost_vnd), 0)::bigint, coalesce(max(lost_vnd), 0),
       count(*) FILTER (WHERE confirmed > 0), coalesce(sum(confirmed), 0)::bigint,
       coalesce(max(confirmed), 0), coalesce(max(lost_vnd) FILTER (WHERE confirmed = 0), 0)
  FROM report
 GROUP BY GROUPING SETS ((date_trunc('week', day)), (scenario), (commune), (claimed), ())
"""  # noqa: S608  # nosec B608

# An unopened report counts as infinite, so that the median is of all reports. Only of the last weeks:
# how fast the desk is now, at one index look-up a report.
_SELECT_FIRST_REVIEW_SQL = """
WITH counted AS ({counted})
SELECT count(*), percentile_disc(0.5) WITHIN GROUP (
           ORDER BY coalesce(extract(epoch FROM look.created_at - received_at)::float, 'infinity'))
  FROM counted LEFT JOIN LATERAL (
       SELECT event.created_at FROM core_auditevent AS event
        WHERE event.subject_type = 'report' AND event.subject_id = counted.id::text
          AND event.actor_id IS NOT NULL AND event.kind <> ALL(%(no_views)s)
        ORDER BY event.id LIMIT 1) AS look ON true
"""

# Who has not answered, or refuses, never blocks: infinite, so that the median is of all requests.
_SELECT_BLOCKS_SQL = """
SELECT count(*), percentile_disc(0.5) WITHIN GROUP (
           ORDER BY extract(epoch FROM requested_at - reported_at)::float),
       percentile_disc(0.5) WITHIN GROUP (
           ORDER BY coalesce(extract(epoch FROM blocked_at - reported_at)::float, 'infinity'))
  FROM reports_blockrequest
 WHERE reported_at IS NOT NULL AND requested_at >= %(since)s AND requested_at < %(until)s
"""


@dataclass(frozen=True)
class LossStatistics:
    """Reports with a loss; `named` of them with a sum: `vnd` in all, the largest `most`. The same of
    those that persons confirmed, and the largest of the others.
    """

    reports: int = 0
    named: int = 0
    vnd: int = 0
    most: int = 0
    confirmed_named: int = 0
    confirmed_vnd: int = 0
    confirmed_most: int = 0
    proposed_most: int = 0


@dataclass(frozen=True)
class RawStatistics:
    """The counts before suppression.

    `tables`: weeks by ISO date of Monday, scenarios by code, communes by codename, claims by the
    code of the form ("" for none). `first_review_s`: the median seconds until a person opened a
    report of the last FIRST_REVIEW_WEEKS; `block_request_s`, `block_s`: from the first report of a
    thing until it was asked to be blocked then, and until it was; NEVER for no median, or of too few.
    """

    through: date
    total: int
    tables: Mapping[str, Mapping[str, int]]
    losses: LossStatistics = LossStatistics()
    first_review_s: float = NEVER
    block_request_s: float = NEVER
    block_s: float = NEVER


@dataclass(frozen=True)
class StatisticsData:
    """The public counts of the WEEKS weeks to the end of `through` (ISO date, a Sunday).

    None: suppressed. `others`: the sum of the suppressed cells, by table.
    """

    through: str
    total: int | None = None
    weeks: Mapping[str, int | None] = field(default_factory=dict)
    scenarios: Mapping[str, int | None] = field(default_factory=dict)
    communes: Mapping[str, int | None] = field(default_factory=dict)
    claims: Mapping[str, int | None] = field(default_factory=dict)
    others: Mapping[str, int] = field(default_factory=dict)
    lost: int | None = None
    lost_vnd: int | None = None
    confirmed_vnd: int | None = None
    first_review_s: int | None = None
    block_request_s: int | None = None
    block_s: int | None = None


def load() -> tuple[StatisticsData, datetime] | None:
    """Return the statistics and when they were counted, None before the first. One statement."""
    row = PublicStatistics.objects.first()
    return (StatisticsData(**row.figures), row.counted_at) if row else None


def last_sunday() -> date:
    """Return the last day of the last whole week."""
    today = timezone.localdate()
    return today - timedelta(days=today.weekday() + 1)


def update_statistics() -> StatisticsData:
    """Count the WEEKS whole weeks to the last Sunday, save and return the result."""
    public = apply_suppression(_count(last_sunday()))
    row = PublicStatistics(counted_at=timezone.now(), figures=asdict(public))
    PublicStatistics.objects.bulk_create(
        [row], update_conflicts=True, unique_fields=["id"], update_fields=["counted_at", "figures"]
    )
    return public


def update_if_due() -> None:
    """Count once a local day; retry at the next call after a database error."""
    with sweeps.Guard("statistics.update"):
        row = PublicStatistics.objects.first()
        if row is None or timezone.localdate(row.counted_at) < timezone.localdate():
            update_statistics()


def apply_suppression(raw: RawStatistics) -> StatisticsData:
    """Return the public part of the counts: nothing where one table cannot be protected."""
    through = raw.through.isoformat()
    tables = {name: _suppress_cells(name, counts) for name, counts in raw.tables.items()}
    if raw.total < MIN_COUNT or None in tables.values():
        return StatisticsData(through)
    return StatisticsData(
        through,
        raw.total,
        **{name: table or {} for name, table in tables.items()},
        others={
            name: raw.total - sum(filter(None, (table or {}).values()))
            for name, table in tables.items()
        },
        lost=raw.losses.reports if _is_loss_count_public(raw) else None,
        lost_vnd=_round(raw.losses.vnd) if _is_sum_public(raw) else None,
        confirmed_vnd=_round(raw.losses.confirmed_vnd) if _is_split_public(raw) else None,
        first_review_s=_to_seconds(raw.first_review_s),
        block_request_s=_to_seconds(raw.block_request_s),
        block_s=_to_seconds(raw.block_s),
    )


def _to_seconds(median: float) -> int | None:
    return None if median == NEVER else int(median)


def _suppress_cells(name: str, counts: Mapping[str, int]) -> dict[str, int | None] | None:
    """Return a table with counts suppressed, by name: an order by size would reveal them."""
    hidden = cells_to_suppress(counts, empty_is_small=name in _EMPTY_IS_SMALL)
    if hidden is None:
        return None
    return {cell: None if cell in hidden else counts[cell] for cell in sorted(counts)}


def _is_loss_count_public(raw: RawStatistics) -> bool:
    """Return whether neither those with a loss nor those without are few."""
    return min(raw.losses.reports, raw.total - raw.losses.reports) >= MIN_COUNT


def _is_sum_public(raw: RawStatistics) -> bool:
    """Return whether the sum is of many, and none of them has over half of it."""
    losses = raw.losses
    return _is_loss_count_public(raw) and _is_of_many(losses.named, losses.vnd, losses.most)


def _is_split_public(raw: RawStatistics) -> bool:
    """Return whether that holds of the confirmed sum and of the rest too."""
    losses = raw.losses
    others, rest = losses.named - losses.confirmed_named, losses.vnd - losses.confirmed_vnd
    return (
        _is_sum_public(raw)
        and _is_of_many(losses.confirmed_named, losses.confirmed_vnd, losses.confirmed_most)
        and _is_of_many(others, rest, losses.proposed_most)
    )


def _is_of_many(named: int, vnd: int, most: int) -> bool:
    return named >= MIN_COUNT and 2 * most <= vnd


def _round(amount: int) -> int:
    """Return the amount rounded to two digits, which hides a single report."""
    step: int = 10 ** max(0, len(str(amount)) - 2)
    return (amount + step // 2) // step * step


def _count(through: date) -> RawStatistics:
    first = through - timedelta(days=7 * WEEKS - 1)
    with read_snapshot(_STATEMENT_TIMEOUT_SECONDS) as cursor:
        tables = _build_empty_tables(first)
        cursor.execute(*_prepare(_SELECT_MARGINS_SQL, first, through, _margin_values()))
        total, *losses = _fill(tables, cursor.fetchall())
        recent = through - timedelta(days=7 * FIRST_REVIEW_WEEKS - 1)
        cursor.execute(
            *_prepare(_SELECT_FIRST_REVIEW_SQL, recent, through, {"no_views": list(NO_VIEWS)})
        )
        reviewed = cursor.fetchone()
        days = {"since": start_of_day(recent), "until": start_of_day(through + timedelta(days=1))}
        cursor.execute(_SELECT_BLOCKS_SQL, days)
        medians = _list_medians(*reviewed) + _list_medians(*cursor.fetchone())
    return RawStatistics(through, total, tables, LossStatistics(*losses), *medians)


def _list_medians(count: int, *seconds: float) -> list[float]:
    """Return the medians, NEVER where they are of too few."""
    return [each if count >= MIN_COUNT else NEVER for each in seconds]


def _prepare(
    statement: str, first: date, through: date, values: dict[str, Any]
) -> tuple[str, dict[str, Any]]:
    until = start_of_day(through + timedelta(days=1))
    sql, report_values = abuse_flags.publicly_countable_sql(start_of_day(first), until)
    return statement.format(counted=sql), values | report_values


def _margin_values() -> dict[str, Any]:
    return {
        "zone": timezone.get_default_timezone_name(),
        "no_scam": list(_NO_SCAM),
        "unclear": UNCLEAR,
        "claims": list(dict(OFFICES)),
    }


def _build_empty_tables(first: date) -> dict[str, dict[str, int]]:
    mondays = [first + timedelta(days=7 * week) for week in range(WEEKS)]
    scenarios = [row["code"] for row in taxonomy()["scenarios"] if row["code"] not in _NO_SCAM]
    communes = Commune.objects.values_list("codename", flat=True)
    return {
        "weeks": {monday.isoformat(): 0 for monday in mondays},
        "scenarios": dict.fromkeys(scenarios, 0),
        "communes": dict.fromkeys(["", *communes], 0),
        "claims": dict.fromkeys(["", *dict(OFFICES)], 0),
    }


def _fill(tables: Mapping[str, dict[str, int]], rows: Iterable[tuple[Any, ...]]) -> tuple[int, ...]:
    """Write each count into its table; return the total, which is the row without a name."""
    total: tuple[int, ...] = ()
    for row in rows:
        names, figures = row[: len(tables)], row[len(tables) :]
        for table, name in zip(tables.values(), names, strict=True):
            if name is not None:
                table[name] = figures[0]
        if all(name is None for name in names):
            total = figures
    return total
