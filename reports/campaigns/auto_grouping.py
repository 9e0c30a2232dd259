"""Grouping by machine: place reports that belong together in one campaign.

A report joins the campaign of its linked reports. Of several, those that no person has touched are
merged, with an event, and merges are proposed for the others, so the order of arrival changes
nothing. What a person has placed is never moved (trigger).
"""

import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import combinations
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from core import advisory_locks
from core.audit import events
from core.database import PreparedStatement, execute_pipeline, fetch_all
from reports.campaigns.link_scoring import Link
from reports.models import Campaign, CampaignLink, MergeProposal
from reports.models.report import ALPHABET

# In the order of their keys, as people's actions lock them; a merged one gives no row.
_LOCK_CAMPAIGNS_SQL = """
SELECT id, code, version > 1 OR EXISTS (
           SELECT FROM reports_campaignlink WHERE campaign_id = campaign.id AND kind = 'officer'),
       opened_at
  FROM reports_campaign AS campaign
 WHERE id = ANY(%s::uuid[]) AND merged_into_id IS NULL
 ORDER BY id FOR UPDATE
"""
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
""",
)
_MOVE_REPORTS_SQL = """
UPDATE reports_campaignlink SET campaign_id = %(into)s WHERE campaign_id = %(source)s
RETURNING report_id
"""

Links = Mapping[UUID, Link]  # reports that belong together, each with its strongest link
Pairs = Collection[frozenset[UUID]]


@dataclass(frozen=True)
class _LockedCampaign:
    id: UUID
    code: str
    is_touched: bool
    opened_at: datetime


def assign_campaign(links: Links, placement: Mapping[UUID, UUID | None], title: str) -> None:
    """Place these reports in one campaign, as far as people have left it to the machine. `placement`:
    report -> its campaign; `title`: of a new campaign. Part of triage's transaction.
    """
    unplaced = [report for report in sorted(links) if placement.get(report) is None]
    campaigns = {campaign for campaign in placement.values() if campaign}
    if len(campaigns) > 1:
        _merge_or_propose(links, unplaced)
    elif unplaced:
        _place(links, unplaced, campaigns.pop() if campaigns else open_campaign(title).pk)


def _place(links: Links, reports: Iterable[UUID], campaign: UUID) -> None:
    """Place reports, except where a person or another worker was first."""
    placed = [(report, links[report]) for report in reports]
    values: dict[str, Any] = {
        "campaign": campaign,
        "reports": [report for report, _ in placed],
        "kinds": [link.kind for _, link in placed],
        "strengths": [_to_decimal(link.strength) for _, link in placed],
        "reasons": [link.reason for _, link in placed],
    }
    with connection.cursor() as cursor:
        execute_pipeline(cursor, values, _PLACE_REPORTS)


def _to_decimal(strength: float) -> Decimal:
    return Decimal(str(strength))


def _merge_or_propose(links: Links, unplaced: Collection[UUID]) -> None:
    """Merge untouched campaigns, propose the rest, place unplaced reports by the strongest link."""
    advisory_locks.lock_until_commit("campaigns merge")
    placement = _load_campaigns_of(links)
    excluded = {campaign for (campaign,) in fetch_all(_EXCLUDED_CAMPAIGNS_SQL, [list(links)])}
    locked = _lock_campaigns(set(placement.values()) - excluded)
    pairs = fetch_all(_EXCLUDED_PAIRS_SQL, {"campaigns": [campaign.id for campaign in locked]})
    exclusions = {frozenset(pair) for pair in pairs}
    remaining = _merge_untouched(locked, exclusions, links, placement)
    _propose_merges(remaining, exclusions, links, placement)
    target = _find_strongest(links, _load_campaigns_of(links), {each.id for each in remaining})
    if target:
        _place(links, unplaced, target)


def _load_campaigns_of(links: Links) -> dict[UUID, UUID]:
    rows = CampaignLink.objects.filter(report__in=list(links))
    return dict(rows.values_list("report_id", "campaign_id"))


def _lock_campaigns(campaigns: Collection[UUID]) -> list[_LockedCampaign]:
    """Return those that are not merged away, locked until COMMIT, the oldest first."""
    locked = [_LockedCampaign(*row) for row in fetch_all(_LOCK_CAMPAIGNS_SQL, [sorted(campaigns)])]
    return sorted(locked, key=lambda campaign: (campaign.opened_at, campaign.id))


def _find_strongest(
    links: Links, placement: Mapping[UUID, UUID], among: Collection[UUID]
) -> UUID | None:
    placed = [report for report in sorted(links) if placement.get(report) in among]
    best = max(placed, key=lambda report: links[report].strength, default=None)
    return placement[best] if best else None


# --- merges and proposals


def _merge_untouched(
    campaigns: Iterable[_LockedCampaign],
    exclusions: Pairs,
    links: Links,
    placement: Mapping[UUID, UUID],
) -> list[_LockedCampaign]:
    """Merge the untouched campaigns into the oldest of them; return those that remain."""
    remaining: list[_LockedCampaign] = []
    into: _LockedCampaign | None = None
    for campaign in campaigns:
        is_free = not campaign.is_touched and not any(campaign.id in pair for pair in exclusions)
        if is_free and into:
            links_here = (
                link for report, link in links.items() if placement.get(report) == campaign.id
            )
            _merge(campaign, into, max(links_here, key=lambda link: (link.strength, link)))
            continue
        remaining.append(campaign)
        into = campaign if is_free else into
    return remaining


def _merge(source: _LockedCampaign, into: _LockedCampaign, link: Link) -> None:
    rows = fetch_all(_MOVE_REPORTS_SQL, {"into": into.id, "source": source.id})
    Campaign.objects.filter(pk=source.id).update(merged_into=into.id)
    detail: dict[str, Any] = {"reports": len(rows), "strength": link.strength}
    detail["link_kind"] = link.kind
    events.log_event("campaign", into.id, "campaign_merged", other=source.code, **detail)
    detail["moved"] = sorted(str(report) for (report,) in rows)
    events.log_event("campaign", source.id, "campaign_merged_away", other=into.code, **detail)


def _propose_merges(
    campaigns: Iterable[_LockedCampaign],
    exclusions: Pairs,
    links: Links,
    placement: Mapping[UUID, UUID],
) -> None:
    """Propose each pair once, ever; none that a person keeps apart."""
    ids = sorted(campaign.id for campaign in campaigns)
    proposals = [
        _build_proposal(one, other, links, placement)
        for one, other in combinations(ids, 2)
        if {one, other} not in exclusions
    ]
    MergeProposal.objects.bulk_create(proposals, ignore_conflicts=True)


def _build_proposal(
    one: UUID, other: UUID, links: Links, placement: Mapping[UUID, UUID]
) -> MergeProposal:
    linked = [report for report in sorted(links) if placement.get(report) in {one, other}]
    report = max(linked, key=lambda each: links[each].strength, default=min(links))
    link = links[report]
    return MergeProposal(
        campaign_a_id=one,
        campaign_b_id=other,
        report_id=report,
        kind=link.kind,
        strength=_to_decimal(link.strength),
        reason=link.reason,
    )


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
