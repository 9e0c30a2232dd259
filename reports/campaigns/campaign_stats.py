"""Figures of campaigns: totals, the most active, shared facts, growth, and the public summary.
Aggregates in SQL; the number of statements does not grow with the reports.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils.translation import get_language

from core.database import fetch_all
from reports.extraction.language.cue_matcher import code_rows, scenario_codes
from reports.facts import effective_facts
from reports.models import Campaign
from reports.public import cell_suppression, svg_charts

MAX_NAMED = 10  # of each kind of number
MAX_HOT = 200
MAX_ACTIVE_CAMPAIGNS = 6  # on the start page

_MEMBERS_SQL = f"""
  FROM reports_campaignlink AS link
  JOIN reports_report AS report ON report.id = link.report_id
  JOIN reports_case AS desk ON desk.report_id = link.report_id
  LEFT JOIN reports_extractedfacts AS machine ON machine.report_id = link.report_id
 CROSS JOIN LATERAL (SELECT {effective_facts.COLUMNS}) AS facts
"""

_CONFIRMED = effective_facts.confirmed_loss_sql("link.report_id", "facts.money_lost_vnd")

_TOTALS_SQL = f"""
SELECT link.campaign_id, count(*), min(report.received_at), max(report.received_at),
       count(*) FILTER (WHERE report.received_at > statement_timestamp() - interval '7 days'),
       count(*) FILTER (WHERE report.received_at > statement_timestamp() - interval '14 days'
                          AND report.received_at <= statement_timestamp() - interval '7 days'),
       count(*) FILTER (WHERE desk.status IN ('new', 'in_review', 'waiting')),
       count(*) FILTER (WHERE facts.ongoing AND desk.status IN ('new', 'in_review', 'waiting')),
       coalesce(sum(facts.money_lost_vnd), 0)::bigint, sum({_CONFIRMED})::bigint,
       count(*) FILTER (WHERE facts.money_lost_vnd > 0),
       count(*) FILTER (WHERE facts.money_lost_vnd IS NULL),
       count(*) FILTER (WHERE link.kind = 'officer')
{_MEMBERS_SQL}
 WHERE link.campaign_id = ANY(%s::uuid[])
 GROUP BY link.campaign_id
"""

_BREAKDOWN_SQL = f"""
WITH members AS MATERIALIZED (
     SELECT report.received_at AT TIME ZONE %(zone)s AS at, desk.status, facts.scenario,
            facts.actions, facts.stages, {effective_facts.COMMUNE} AS commune_id,
            CASE WHEN cardinality(facts.offices) > 0 THEN facts.offices
                 WHEN report.claimed_office <> '' THEN ARRAY[report.claimed_office] END AS offices
     {_MEMBERS_SQL}
      WHERE link.campaign_id = %(campaign)s)
SELECT 'day', at::date::text, count(*) FROM members GROUP BY 2
 UNION ALL SELECT 'status', status, count(*) FROM members GROUP BY 2
 UNION ALL SELECT 'scenario', scenario, count(*) FROM members WHERE scenario IS NOT NULL GROUP BY 2
 UNION ALL SELECT 'commune', commune.name, count(*)
             FROM members JOIN reports_commune AS commune ON commune.codename = members.commune_id
            GROUP BY commune.codename
 UNION ALL SELECT 'office', office, count(*)
             FROM members CROSS JOIN LATERAL unnest(offices) AS office GROUP BY 2
 UNION ALL SELECT 'stage', stage, count(*)
             FROM members CROSS JOIN LATERAL unnest(stages) AS stage GROUP BY 2
 UNION ALL SELECT 'action', action, count(*)
             FROM members CROSS JOIN LATERAL unnest(actions) AS action GROUP BY 2
 ORDER BY 1, 3 DESC, 2
"""  # noqa: S608  # nosec B608

# A number in a story may be a bank's or a neighbour's: it is counted apart from the callers'.
_INDICATORS_SQL = """
SELECT sort, key, reports, total FROM (
    SELECT sort, key, count(DISTINCT report_id) AS reports, count(*) OVER kinds AS total,
           row_number() OVER (kinds ORDER BY count(DISTINCT report_id) DESC, key) AS place
      FROM (SELECT report_id, concat_ws(' ', nullif(bank, ''), found.key) AS key,
                   CASE WHEN found.kind = 'number' AND found.source = 'story' THEN 'told'
                        ELSE found.kind END AS sort
              FROM reports_indicator AS found JOIN reports_campaignlink USING (report_id)
             WHERE campaign_id = %s AND found.key <> '') AS named
     GROUP BY sort, key WINDOW kinds AS (PARTITION BY sort)) AS ranked
 WHERE place <= %s ORDER BY sort, place
"""

# Report by report along the keys, whatever the planner estimates for a week.
_MOST_ACTIVE_SQL = """
SELECT link.campaign_id
  FROM reports_report AS report
 CROSS JOIN LATERAL (SELECT campaign_id FROM reports_campaignlink
                      WHERE report_id = report.id LIMIT 1) AS link
 WHERE report.received_at > statement_timestamp() - interval '7 days'
 GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT %s
"""


_ACTIVE_CAMPAIGNS_SQL = f"""
SELECT campaign.id::text, campaign.code, campaign.title,
       count(*) FILTER (WHERE report.received_at > statement_timestamp() - interval '7 days') AS week,
       count(*), coalesce(sum(facts.money_lost_vnd), 0)::bigint, sum({_CONFIRMED})::bigint,
       count(*) FILTER (WHERE facts.money_lost_vnd > 0)
{_MEMBERS_SQL}
  JOIN reports_campaign AS campaign ON campaign.id = link.campaign_id
 WHERE link.campaign_id = ANY(ARRAY({_MOST_ACTIVE_SQL}))
 GROUP BY campaign.id ORDER BY week DESC, campaign.id
"""  # nosec B608


@dataclass(frozen=True)
class CampaignTotals:
    """Totals of a campaign. `week`, `week_before`: of the last seven days and those before;
    `confirmed`: the part of the loss that persons stand for, the rest is the machine's; `placed`:
    by people; `loss_unknown`: reports without a known sum.
    """

    reports: int = 0
    first: datetime | None = None
    last: datetime | None = None
    week: int = 0
    week_before: int = 0
    open: int = 0
    ongoing: int = 0
    loss: int = 0
    confirmed: int = 0
    losers: int = 0
    loss_unknown: int = 0
    placed: int = 0


@dataclass(frozen=True)
class ActiveCampaign:
    """A campaign of the last seven days; `loss` of all its reports, in đồng, of which persons
    `confirmed` so much; `losers` lost some.
    """

    pk: str
    code: str
    title: str
    week: int
    reports: int
    loss: int
    confirmed: int
    losers: int


@dataclass(frozen=True)
class IndicatorCount:
    """A number, account or link, and how many reports of the campaign name it."""

    key: str
    reports: int


@dataclass
class CampaignBreakdown:
    """What the reports of a campaign share, the most frequent first. `named`: by kind (number,
    told, account, link), `distinct`: how many of each.
    """

    days: dict[date, int] = field(default_factory=dict)
    parts: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    named: dict[str, list[IndicatorCount]] = field(default_factory=dict)
    distinct: dict[str, int] = field(default_factory=dict)


def campaign_totals(campaigns: Iterable[UUID]) -> dict[UUID, CampaignTotals]:
    """Return campaign -> totals, without campaigns that have no reports. One statement."""
    rows = fetch_all(_TOTALS_SQL, [list(campaigns)])
    return {campaign: CampaignTotals(*figures) for campaign, *figures in rows}


def add_totals(campaigns: Collection[Any]) -> dict[UUID, CampaignTotals]:
    """Set the totals of these campaigns as `sums`, and return them. One statement."""
    totals = defaultdict(CampaignTotals, campaign_totals(row.pk for row in campaigns))
    for row in campaigns:
        row.sums = totals[row.pk]
    return totals


def most_active() -> list[UUID]:
    """Return the campaigns with most reports in seven days."""
    return [campaign for (campaign,) in fetch_all(_MOST_ACTIVE_SQL, [MAX_HOT])]


def active_campaigns() -> list[ActiveCampaign]:
    """Return the campaigns with most reports in seven days. One statement, whose cost grows with these
    reports: pages read what beat stored (bursts.py).
    """
    rows = fetch_all(_ACTIVE_CAMPAIGNS_SQL, [MAX_ACTIVE_CAMPAIGNS])
    return [ActiveCampaign(*figures) for figures in rows]


def campaign_breakdown(campaign: UUID, *, with_numbers: bool) -> CampaignBreakdown:
    """Return what the reports of a campaign share. Two statements, or one without numbers."""
    breakdown = CampaignBreakdown()
    values = {"campaign": campaign, "zone": settings.TIME_ZONE}
    for kind, value, count in fetch_all(_BREAKDOWN_SQL, values):
        if kind == "day":
            breakdown.days[date.fromisoformat(value)] = count
        else:
            breakdown.parts.setdefault(kind, []).append((value, count))
    if with_numbers:
        for sort, key, reports, total in fetch_all(_INDICATORS_SQL, [campaign, MAX_NAMED]):
            breakdown.named.setdefault(sort, []).append(IndicatorCount(key, reports))
            breakdown.distinct[sort] = total
    return breakdown


MIN_DAYS, MAX_DAYS, MAX_WEEKS = 28, 42, 52


@dataclass(frozen=True)
class Growth:
    """The chart; `is_weekly`: its columns are weeks; `before`: the reports before the first."""

    chart: svg_charts.Chart
    is_weekly: bool
    before: int


def growth(days: Mapping[date, int], today: date) -> Growth:
    """Return the chart from the first report to *today*: by days while young, then by weeks."""
    first = min(days, default=today)
    if (today - first).days < MAX_DAYS:
        return _daily(days, today, min(first, today - timedelta(days=MIN_DAYS - 1)))
    return _weekly(days, today, first)


def _daily(days: Mapping[date, int], today: date, start: date) -> Growth:
    drawn = [start + timedelta(days=day) for day in range((today - start).days + 1)]
    counts = {day.isoformat(): days.get(day, 0) for day in drawn}
    chart = svg_charts.chart(counts, lambda day: (day - start).days % 7 == 0)
    return Growth(chart, is_weekly=False, before=0)


def _weekly(days: Mapping[date, int], today: date, first: date) -> Growth:
    weeks: Counter[date] = Counter()
    for day, count in days.items():
        weeks[_monday(day)] += count
    start = max(_monday(first), _monday(today) - timedelta(weeks=MAX_WEEKS - 1))
    spread = (_monday(today) - start).days // 7 + 1
    weeks_drawn = [start + timedelta(weeks=week) for week in range(spread)]
    chart = svg_charts.chart({week.isoformat(): weeks[week] for week in weeks_drawn})
    before = sum(count for week, count in weeks.items() if week < start)
    return Growth(chart, is_weekly=True, before=before)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


Counted = Sequence[tuple[str, int]]
MIN_COUNT = cell_suppression.MIN_COUNT  # reports, for any figure
MAX_COUNT = 5  # communes, and demands


@dataclass(frozen=True)
class CampaignSummary:
    """Public counts. `reports` is None below MIN_COUNT, and then all else is empty; lists have the
    most frequent first, in Vietnamese labels.
    """

    reports: int | None = None
    first: date | None = None
    last: date | None = None
    demands: Counted = ()
    communes: Counted = ()
    losers: int | None = None
    offices: tuple[str, ...] = ()  # codes of whom callers claimed to be


def code_label(code: str) -> str:
    """Return the Vietnamese label of a code of the taxonomy, else the code."""
    row = code_rows().get(code)
    return str(row["label_vi"]) if row else code


def scenarios() -> list[tuple[str, str]]:
    """Return code and label of every kind of scam, in the page's language."""
    words = "label_en" if get_language() == "en" else "label_vi"
    return [(code, str(code_rows()[code][words])) for code in scenario_codes()]


def warning_scenarios() -> list[tuple[str, str]]:
    """Return those that a warning can be about: neither what the desk sorts out nor spam calls."""
    apart = {code for code, row in code_rows().items() if row.get("group") == "triage"}
    return [each for each in scenarios() if each[0] not in apart | {"spam_marketing"}]


def campaign_summary(campaign: Campaign) -> CampaignSummary:
    """Return the public summary of a campaign. Two statements."""
    totals = campaign_totals([campaign.pk]).get(campaign.pk)
    if totals is None or totals.reports < MIN_COUNT:
        return CampaignSummary()
    breakdown = campaign_breakdown(campaign.pk, with_numbers=False)
    actions = breakdown.parts.get("action", [])
    demands = [(code_label(code), count) for code, count in actions if count >= MIN_COUNT]
    return CampaignSummary(
        reports=totals.reports,
        first=min(breakdown.days),
        last=max(breakdown.days),
        demands=demands[:MAX_COUNT],
        communes=_list_unsuppressed(dict(breakdown.parts.get("commune", []))),
        losers=totals.losers if totals.losers >= MIN_COUNT else None,
        offices=tuple(c for c, count in breakdown.parts.get("office", []) if count >= MIN_COUNT),
    )


def _list_unsuppressed(counts: Mapping[str, int]) -> Counted:
    """Return the communes whose counts may be published beside the total."""
    suppressed = cell_suppression.cells_to_suppress(counts)
    if suppressed is None:
        return []
    return [(name, count) for name, count in counts.items() if name not in suppressed][:MAX_COUNT]
