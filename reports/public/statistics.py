"""The public figures: counted once a night into one row, small counts hidden before they are kept.

Only whole weeks are counted, and each table is a margin of its own (no week by commune): so a
count of today beside the one of yesterday tells of no single report that came in between. What
remains: a decision of the night (junk, a duplicate) or a commune that its reporter corrected may
change a count by one, and who keeps every edition can take a week's from the next one's; all say
that a report is there, not whose.

The row's JSON is a `Figures`; null is a count that is not told. What nobody can close is not
kept at all: then there is a row without a total.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

import structlog
from django.db import Error as DatabaseTrouble
from django.utils import timezone

from core.audit import events
from core.database import read_snapshot
from reports.extraction.language.cue_matcher import taxonomy
from reports.extraction.story_reader import UNCLEAR
from reports.facts import abuse_flags
from reports.facts.choices import OFFICES
from reports.models import Commune
from reports.models import PublicStatistics as PublicFigures
from reports.public.cell_suppression import MIN_COUNT, cells_to_suppress

log = structlog.get_logger(__name__)

WEEKS = 26
LOOK_WEEKS = 4
NEVER = float("inf")
_STATEMENT_WITHIN = 25  # seconds; two of them fit into the task's time
# What the machine takes for no scam is nobody's decision yet, and no kind of scam.
_UNTOLD = ("not_scam", "spam_submission", "abuse_prank")
_EMPTY_TELLS = ("communes",)  # that a whole place was silent is what a caller would like to know

# One pass; the column that is not null tells the table, the row without any is the total.
_MARGINS = """
WITH counted AS ({counted}), told AS (
    SELECT (received_at AT TIME ZONE %(zone)s)::date AS day, money_lost, lost_vnd,
           coalesce(home, '') AS commune,
           CASE WHEN kind IS NULL OR kind = ANY(%(untold)s) THEN %(unclear)s
                ELSE kind END AS scenario,
           CASE WHEN claimed_office = ANY(%(claims)s) THEN claimed_office ELSE '' END AS claimed
      FROM counted)
SELECT date_trunc('week', day)::date::text AS week, scenario, commune, claimed, count(*),
       count(*) FILTER (WHERE money_lost OR lost_vnd > 0),
       count(*) FILTER (WHERE lost_vnd > 0),
       coalesce(sum(lost_vnd), 0)::bigint, coalesce(max(lost_vnd), 0)
  FROM told
 GROUP BY GROUPING SETS ((date_trunc('week', day)), (scenario), (commune), (claimed), ())
"""

# Who has not been looked at yet has waited for ever: so the half is of all reports. Of the last
# weeks only: how fast the desk is now, and an index look-up a report is not done for all of them.
_FIRST_LOOK = """
WITH counted AS ({counted})
SELECT count(*), percentile_disc(0.5) WITHIN GROUP (
           ORDER BY coalesce(extract(epoch FROM look.created_at - received_at)::float, 'infinity'))
  FROM counted LEFT JOIN LATERAL (
       SELECT event.created_at FROM core_auditevent AS event
        WHERE event.subject_type = 'report' AND event.subject_id = counted.id::text
          AND event.actor_id IS NOT NULL AND event.kind <> ALL(%(no_look)s)
        ORDER BY event.id LIMIT 1) AS look ON true
"""


@dataclass(frozen=True)
class LossStatistics:
    """Reports with a loss; of them `named` told how much, together `vnd`, the largest `most`."""

    reports: int = 0
    named: int = 0
    vnd: int = 0
    most: int = 0


@dataclass(frozen=True)
class RawStatistics:
    """What was counted, nothing hidden yet; it leaves this module only through `closed`.

    `tables`: weeks by the ISO date of their Monday, scenarios by code, communes by codename ("" for
    reports without one), claims by whom the form offers ("" for nobody of them). `first_look_s`: seconds within which half of those of the last LOOK_WEEKS
    had been looked at by a person; NEVER while less than half have, or too few came.
    """

    through: date
    total: int
    tables: Mapping[str, Mapping[str, int]]
    losses: LossStatistics = LossStatistics()
    first_look_s: float = NEVER


@dataclass(frozen=True)
class PublicStatistics:
    """What is told, of the WEEKS weeks to the end of `through` (ISO date, a Sunday). A count is
    None where it is hidden; no `total`: there is too little to tell anything. `others`: what the
    hidden cells of a table come to together, by the table's name.
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
    first_look_s: int | None = None


def load() -> tuple[PublicStatistics, datetime] | None:
    """The figures and when they were counted; None before the first count. One statement."""
    row = PublicFigures.objects.first()
    return (PublicStatistics(**row.figures), row.counted_at) if row else None


def last_sunday() -> date:
    """The end of the last whole week."""
    today = timezone.localdate()
    return today - timedelta(days=today.weekday() + 1)


def this_sunday() -> date:
    """The end of the present week: for a first look, whose reports are all of today."""
    return last_sunday() + timedelta(days=7)


def count_and_keep(through: date | None = None) -> PublicStatistics:
    """Count the WEEKS weeks to the end of a Sunday, usually the last one, and keep what is told."""
    told = apply_suppression(_counted(through or last_sunday()))
    row = PublicFigures(counted_at=timezone.now(), figures=asdict(told))
    PublicFigures.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=["counted_at", "figures"],
    )
    return told


def count_if_due() -> None:
    """Count once a local day, at beat's first call. What failed is tried again at its next one."""
    try:
        row = PublicFigures.objects.first()
        if row is None or timezone.localdate(row.counted_at) < timezone.localdate():
            count_and_keep()
    except DatabaseTrouble as error:
        log.warning("figures.not_counted", error=type(error).__name__)


def apply_suppression(raw: RawStatistics) -> PublicStatistics:
    """What may be told of a count: see hiding.py. Nothing, where one table cannot be closed."""
    through = raw.through.isoformat()
    tables = {name: _suppress_cells(name, counts) for name, counts in raw.tables.items()}
    if raw.total < MIN_COUNT or None in tables.values():
        return PublicStatistics(through)
    return PublicStatistics(
        through,
        raw.total,
        **{name: table or {} for name, table in tables.items()},
        others={
            name: raw.total - sum(_list_public_counts(table)) for name, table in tables.items()
        },
        lost=raw.losses.reports if _losses_told(raw) else None,
        lost_vnd=_rounded(raw.losses.vnd) if _sum_told(raw) else None,
        first_look_s=None if raw.first_look_s == NEVER else int(raw.first_look_s),
    )


def _suppress_cells(name: str, counts: Mapping[str, int]) -> dict[str, int | None] | None:
    """A table without its hidden counts, in the order of the names: an order by size would tell."""
    hidden = cells_to_suppress(counts, empty_is_small=name in _EMPTY_TELLS)
    if hidden is None:
        return None
    return {cell: None if cell in hidden else counts[cell] for cell in sorted(counts)}


def _list_public_counts(table: Mapping[str, int | None] | None) -> Iterable[int]:
    return (count for count in (table or {}).values() if count)


def _losses_told(raw: RawStatistics) -> bool:
    """Neither those with a loss nor those without are few."""
    return min(raw.losses.reports, raw.total - raw.losses.reports) >= MIN_COUNT


def _sum_told(raw: RawStatistics) -> bool:
    """A sum tells of nobody: many are in it, and none of them is half of it."""
    losses = raw.losses
    return _losses_told(raw) and losses.named >= MIN_COUNT and 2 * losses.most <= losses.vnd


def _rounded(amount: int) -> int:
    """To two figures, so that one more report is not seen in it."""
    step: int = 10 ** max(0, len(str(amount)) - 2)
    return (amount + step // 2) // step * step


def _counted(through: date) -> RawStatistics:
    """Everything of one moment: two statements over the window's reports, one over the places."""
    first = through - timedelta(days=7 * WEEKS - 1)
    with read_snapshot(_STATEMENT_WITHIN) as cursor:
        tables = _empty(first)
        cursor.execute(*_over(_MARGINS, first, through, _margin_values()))
        total, *losses = _fill(tables, cursor.fetchall())
        lately = through - timedelta(days=7 * LOOK_WEEKS - 1)
        cursor.execute(*_over(_FIRST_LOOK, lately, through, {"no_look": list(events.NO_LOOK)}))
        looked, seconds = cursor.fetchone()
    return RawStatistics(
        through, total, tables, LossStatistics(*losses), seconds if looked >= MIN_COUNT else NEVER
    )


def _over(
    statement: str, first: date, through: date, values: dict[str, Any]
) -> tuple[str, dict[str, Any]]:
    """A statement over the reports of these days that count, and its values."""
    until = _midnight(through + timedelta(days=1))
    sql, of_reports = abuse_flags.publicly_countable_sql(_midnight(first), until)
    return statement.format(counted=sql), values | of_reports


def _margin_values() -> dict[str, Any]:
    return {
        "zone": timezone.get_default_timezone_name(),
        "untold": list(_UNTOLD),
        "unclear": UNCLEAR,
        "claims": _claims(),
    }


def _claims() -> list[str]:
    return [code for code, _ in OFFICES]


def _empty(first: date) -> dict[str, dict[str, int]]:
    """Every cell that a table has, whether or not somebody reported."""
    mondays = [first + timedelta(days=7 * week) for week in range(WEEKS)]
    scenarios = [row["code"] for row in taxonomy()["scenarios"] if row["code"] not in _UNTOLD]
    communes = Commune.objects.values_list("codename", flat=True)
    return {
        "weeks": {monday.isoformat(): 0 for monday in mondays},
        "scenarios": dict.fromkeys(scenarios, 0),
        "communes": dict.fromkeys(["", *communes], 0),
        "claims": dict.fromkeys(["", *_claims()], 0),
    }


def _fill(tables: Mapping[str, dict[str, int]], rows: Iterable[tuple[Any, ...]]) -> tuple[int, ...]:
    """Lay each count into its table, by the one of its names that is there; the row without
    any is the whole, and comes back.
    """
    whole: tuple[int, ...] = ()
    for *names, count, reports, named, vnd, most in rows:
        for table, name in zip(tables.values(), names, strict=True):
            if name is not None:
                table[name] = count
        if all(name is None for name in names):
            whole = (count, reports, named, vnd, most)
    return whole


def _midnight(day: date) -> datetime:
    """Where a local day begins."""
    return timezone.make_aware(datetime.combine(day, time.min))
