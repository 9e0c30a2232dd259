"""Grouping by machine: place reports that belong together in one campaign.

A report joins the campaign of its linked reports. The machine joins no two campaigns: where a report
links two, a person is asked, whoever had placed their reports. What a person placed is never moved
(trigger).
"""

import secrets
from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from itertools import combinations
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from core.database import PreparedStatement, execute_pipeline, fetch_all
from reports.campaigns.link_scoring import Link
from reports.models import Campaign, MergeProposal
from reports.models.report import ALPHABET

# Campaigns where a person has excluded a report of one from the other.
_EXCLUDED_PAIRS_SQL = """
SELECT link.campaign_id, exclusion.campaign_id
  FROM reports_campaignexclusion AS exclusion JOIN reports_campaignlink AS link USING (report_id)
 WHERE exclusion.campaign_id = ANY(%(campaigns)s::uuid[]) AND link.campaign_id = ANY(%(campaigns)s::uuid[])
"""
_EXCLUDED_CAMPAIGNS_SQL = (
    "SELECT campaign_id FROM reports_campaignexclusion WHERE report_id = ANY(%s::uuid[])"
)
# Plain SQL: nearly every report runs this, and the ORM took longer than PostgreSQL.
_PLACE_REPORTS = PreparedStatement(
    "place_reports",
    """
INSERT INTO reports_campaignlink (report_id, campaign_id, kind, strength, reason)
SELECT report, %(campaign)s, kind, strength, reason
  FROM unnest(%(reports)s::uuid[], %(kinds)s::text[], %(strengths)s::numeric[], %(reasons)s::text[])
       AS placed(report, kind, strength, reason)
    ON CONFLICT DO NOTHING
RETURNING report_id
""",
)
# Reports that belong together, in the order of arrival, each with its strongest link.
Links = Mapping[UUID, Link]
Placement = Mapping[UUID, UUID | None]  # report -> its campaign


def assign_campaign(
    links: Links, placement: Placement, title: str, former: dict[UUID, UUID] | None = None
) -> dict[UUID, UUID]:
    """Place these reports in one campaign, as far as people have left it to the machine; return the
    campaign of each that was placed. `title`: of a new one, which may be a `former` one of them. Part
    of triage's transaction.
    """
    unplaced = [report for report in sorted(links) if placement.get(report) is None]
    campaigns = {campaign for campaign in placement.values() if campaign}
    if len(campaigns) > 1:
        return _place_and_propose(links, placement, unplaced)
    if not unplaced:
        return {}
    return _place(links, unplaced, campaigns.pop() if campaigns else _open(unplaced, title, former))


def _open(reports: Iterable[UUID], title: str, former: dict[UUID, UUID] | None) -> UUID:
    """Return the first campaign that one of the reports lay in and nobody has again, or a new one."""
    former = former or {}
    again = next((former[report] for report in reports if report in former), None)
    for report in [report for report, campaign in former.items() if campaign == again]:
        del former[report]
    return again or open_campaign(title).pk


def _place(links: Links, reports: Iterable[UUID], campaign: UUID) -> dict[UUID, UUID]:
    """Place reports, except where a person or another worker was first; return those placed."""
    placed = [(report, links[report]) for report in reports]
    values: dict[str, Any] = {
        "campaign": campaign,
        "reports": [report for report, _ in placed],
        "kinds": [link.kind for _, link in placed],
        "strengths": [Decimal(str(link.strength)) for _, link in placed],
        "reasons": [link.reason for _, link in placed],
    }
    with connection.cursor() as cursor:
        execute_pipeline(cursor, values, _PLACE_REPORTS)
        return {report: campaign for (report,) in cursor.fetchall()}


def _place_and_propose(
    links: Links, placement: Placement, unplaced: Collection[UUID]
) -> dict[UUID, UUID]:
    """Place reports in the campaign of the strongest link, and propose each pair of campaigns once,
    ever; none that a person keeps apart.
    """
    excluded = {campaign for (campaign,) in fetch_all(_EXCLUDED_CAMPAIGNS_SQL, [list(links)])}
    campaigns = sorted(set(filter(None, placement.values())) - excluded)
    apart = fetch_all(_EXCLUDED_PAIRS_SQL, {"campaigns": campaigns})
    pairs = {*combinations(campaigns, 2)} - {(min(pair), max(pair)) for pair in apart}
    proposals = [_build_proposal(pair, links, placement) for pair in pairs]
    MergeProposal.objects.bulk_create(proposals, ignore_conflicts=True)
    if campaigns and (target := placement[_find_strongest(links, placement, campaigns)]):
        return _place(links, unplaced, target)
    return {}


def _find_strongest(links: Links, placement: Placement, among: Collection[UUID]) -> UUID:
    """Return the report in one of these campaigns that has the strongest link."""
    placed = [report for report in links if placement.get(report) in among]
    return max(placed, key=lambda report: links[report].strength)


def _build_proposal(pair: tuple[UUID, UUID], links: Links, placement: Placement) -> MergeProposal:
    report = _find_strongest(links, placement, pair)
    link, (one, other) = links[report], pair
    why = {"kind": link.kind, "strength": Decimal(str(link.strength)), "reason": link.reason}
    return MergeProposal(campaign_a_id=one, campaign_b_id=other, report_id=report, **why)


# --- new campaigns


def open_campaign(title: str) -> Campaign:
    """Return a new campaign under a free code; codes grow when a year's are taken."""
    for attempt in range(100):
        try:
            with transaction.atomic():
                return Campaign.objects.create(code=new_code(3 + attempt // 10), title=title)
        except IntegrityError:
            continue
    raise RuntimeError("no free campaign code in a hundred tries")


def new_code(length: int = 3) -> str:
    """Return a code as Đ-26-K4M: the year and random characters, no counter."""
    year = f"{timezone.localtime():%y}"
    return f"Đ-{year}-" + "".join(secrets.choice(ALPHABET) for _ in range(length))
