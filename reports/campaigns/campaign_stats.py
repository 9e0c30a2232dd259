"""What a campaign amounts to, and which campaigns grow: aggregates in SQL, a fixed number of
statements whatever the size.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import JSONField
from django.db.models.expressions import RawSQL

from reports.facts import effective_facts

MAX_NAMED = 10  # of each kind of number
MAX_HOT = 200
MAX_WAVES = 6  # on the start page

_OF = f"""
  FROM reports_campaignlink AS link
  JOIN reports_report AS report ON report.id = link.report_id
  JOIN reports_case AS desk ON desk.report_id = link.report_id
  LEFT JOIN reports_extractedfacts AS machine ON machine.report_id = link.report_id
 CROSS JOIN LATERAL (SELECT {effective_facts.COLUMNS}) AS facts
"""

_SUMS = f"""
SELECT link.campaign_id, count(*), min(report.received_at), max(report.received_at),
       count(*) FILTER (WHERE report.received_at > statement_timestamp() - interval '7 days'),
       count(*) FILTER (WHERE report.received_at > statement_timestamp() - interval '14 days'
                          AND report.received_at <= statement_timestamp() - interval '7 days'),
       count(*) FILTER (WHERE desk.status IN ('new', 'in_review', 'waiting')),
       count(*) FILTER (WHERE facts.ongoing AND desk.status IN ('new', 'in_review', 'waiting')),
       coalesce(sum(facts.money_lost_vnd), 0)::bigint,
       count(*) FILTER (WHERE facts.money_lost_vnd > 0),
       count(*) FILTER (WHERE facts.money_lost_vnd IS NULL),
       count(*) FILTER (WHERE link.kind = 'officer')
{_OF}
 WHERE link.campaign_id = ANY(%s::uuid[])
 GROUP BY link.campaign_id
"""

_PARTS = f"""
WITH mine AS MATERIALIZED (
     SELECT report.received_at AT TIME ZONE %(zone)s AS at, desk.status, facts.scenario,
            facts.actions, facts.stages, {effective_facts.COMMUNE} AS commune_id,
            CASE WHEN cardinality(facts.offices) > 0 THEN facts.offices
                 WHEN report.claimed_office <> '' THEN ARRAY[report.claimed_office] END AS offices
     {_OF}
      WHERE link.campaign_id = %(campaign)s)
SELECT 'day', at::date::text, count(*) FROM mine GROUP BY 2
 UNION ALL SELECT 'status', status, count(*) FROM mine GROUP BY 2
 UNION ALL SELECT 'scenario', scenario, count(*) FROM mine WHERE scenario IS NOT NULL GROUP BY 2
 UNION ALL SELECT 'commune', commune.name, count(*)
             FROM mine JOIN reports_commune AS commune ON commune.codename = mine.commune_id
            GROUP BY commune.codename
 UNION ALL SELECT 'office', office, count(*)
             FROM mine CROSS JOIN LATERAL unnest(offices) AS office GROUP BY 2
 UNION ALL SELECT 'stage', stage, count(*)
             FROM mine CROSS JOIN LATERAL unnest(stages) AS stage GROUP BY 2
 UNION ALL SELECT 'action', action, count(*)
             FROM mine CROSS JOIN LATERAL unnest(actions) AS action GROUP BY 2
 ORDER BY 1, 3 DESC, 2
"""  # noqa: S608  # nosec B608

# A number in a story may be a bank's or a neighbour's: it is told apart from the callers'.
_NAMED = """
SELECT sort, key, reports, total FROM (
    SELECT sort, key, count(DISTINCT report_id) AS reports, count(*) OVER kinds AS total,
           row_number() OVER (kinds ORDER BY count(DISTINCT report_id) DESC, key) AS place
      FROM (SELECT report_id, found.key,
                   CASE WHEN found.kind = 'number' AND found.place = 'story' THEN 'told'
                        ELSE found.kind END AS sort
              FROM reports_indicator AS found JOIN reports_campaignlink USING (report_id)
             WHERE campaign_id = %s AND found.key <> '') AS named
     GROUP BY sort, key WINDOW kinds AS (PARTITION BY sort)) AS ranked
 WHERE place <= %s ORDER BY sort, place
"""

# Report by report along the keys, whatever the planner believes of a week's number.
_HOT = """
SELECT link.campaign_id
  FROM reports_report AS report
 CROSS JOIN LATERAL (SELECT campaign_id FROM reports_campaignlink
                      WHERE report_id = report.id LIMIT 1) AS link
 WHERE report.received_at > statement_timestamp() - interval '7 days'
 GROUP BY 1 ORDER BY count(*) DESC, 1 LIMIT %s
"""


_WAVES = f"""(
SELECT jsonb_agg(wave ORDER BY week DESC, pk) FROM (
    SELECT campaign.id AS pk, campaign.code, campaign.title, count(*) AS reports,
           count(*) FILTER (WHERE report.received_at > statement_timestamp() - interval '7 days') AS week,
           coalesce(sum(facts.money_lost_vnd), 0)::bigint AS loss,
           count(*) FILTER (WHERE facts.money_lost_vnd > 0) AS losers
      FROM reports_campaignlink AS link JOIN reports_campaign AS campaign ON campaign.id = campaign_id
     CROSS JOIN LATERAL (SELECT received_at FROM reports_report
                          WHERE id = link.report_id LIMIT 1) AS report
     CROSS JOIN LATERAL (SELECT corrections_json FROM reports_case
                          WHERE report_id = link.report_id LIMIT 1) AS desk
      LEFT JOIN LATERAL (SELECT * FROM reports_extractedfacts
                          WHERE report_id = link.report_id LIMIT 1) AS machine ON true
     CROSS JOIN LATERAL (SELECT {effective_facts.COLUMNS}) AS facts
     WHERE link.campaign_id = ANY(ARRAY({_HOT}))
     GROUP BY campaign.id) AS wave)
"""  # noqa: S608  # nosec B608


@dataclass(frozen=True)
class CampaignTotals:
    """A campaign in figures. `week` and `week_before`: received in the last seven days and in those
    before; `placed`: by people; `loss_unknown`: reports of which no sum is known.
    """

    reports: int = 0
    first: datetime | None = None
    last: datetime | None = None
    week: int = 0
    week_before: int = 0
    open: int = 0
    burning: int = 0
    loss: int = 0
    losers: int = 0
    loss_unknown: int = 0
    placed: int = 0


@dataclass(frozen=True)
class ActiveCampaign:
    """A campaign of the last seven days in a line: reports of these days and of all, loss in đồng,
    and how many lost something.
    """

    pk: str
    code: str
    title: str
    week: int
    reports: int
    loss: int
    losers: int


@dataclass(frozen=True)
class IndicatorCount:
    """A number, an account or a link, and how many reports of the campaign name it."""

    key: str
    reports: int


@dataclass
class CampaignBreakdown:
    """What the reports of a campaign share, each list the most frequent first; `named` by kind
    (number, told, account, link), `distinct`: how many there are of each kind.
    """

    days: dict[date, int] = field(default_factory=dict)
    parts: dict[str, list[tuple[str, int]]] = field(default_factory=dict)
    named: dict[str, list[IndicatorCount]] = field(default_factory=dict)
    distinct: dict[str, int] = field(default_factory=dict)


def campaign_totals(campaigns: Iterable[UUID]) -> dict[UUID, CampaignTotals]:
    """The figures of campaigns; one without reports is left out. One statement."""
    rows = _rows(_SUMS, [list(campaigns)])
    return {campaign: CampaignTotals(*figures) for campaign, *figures in rows}


def most_active(limit: int = MAX_HOT) -> list[UUID]:
    """The campaigns of the last seven days, those with most reports first. One statement; its cost
    grows with the reports of a week.
    """
    return [campaign for (campaign,) in _rows(_HOT, [limit])]


def active_campaigns_column() -> dict[str, Any]:
    """The campaigns that grow, as a column of a statement, which `waves` reads; its cost grows with
    the reports of a week.
    """
    return {"waves": RawSQL(_WAVES, [MAX_WAVES], JSONField())}  # noqa: S611  # no words of others  # nosec B611


def active_campaigns(told: dict[str, Any]) -> list[ActiveCampaign]:
    """The campaigns with most reports in seven days, those first."""
    return [ActiveCampaign(**wave) for wave in told["waves"] or []]


def campaign_breakdown(campaign: UUID, *, with_numbers: bool) -> CampaignBreakdown:
    """What the reports of one campaign share. Two statements, or one without numbers."""
    drawn = CampaignBreakdown()
    values = {"campaign": campaign, "zone": settings.TIME_ZONE}
    for what, value, count in _rows(_PARTS, values):
        if what == "day":
            drawn.days[date.fromisoformat(value)] = count
        else:
            drawn.parts.setdefault(what, []).append((value, count))
    if with_numbers:
        for sort, key, reports, total in _rows(_NAMED, [campaign, MAX_NAMED]):
            drawn.named.setdefault(sort, []).append(IndicatorCount(key, reports))
            drawn.distinct[sort] = total
    return drawn


def _rows(statement: str, values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())
