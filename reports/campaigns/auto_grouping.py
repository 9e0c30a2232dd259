"""Where reports that belong together lie: in one campaign.

A report joins the campaign of those that it is tied to; where they lie in several, campaigns that
no person has touched become one, on record, and for others there is a proposal. So the order in
which reports come in makes no difference to what lies together, as long as people leave it to the
machine; and what is placed by a person is never moved (migration 0020).
"""

import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from core.audit import events
from core.prepared_statements import PreparedStatement, execute_pipeline
from reports.campaigns.link_scoring import Link
from reports.models import Campaign, CampaignLink, MergeProposal
from reports.models.report import SIGNS

_ONE_MERGE_AT_A_TIME = "SELECT pg_advisory_xact_lock(hashtextextended('campaigns merge', 0))"
# In the order of their keys, as people's acts lock them; a campaign merged meanwhile has no rows.
_HOLD = """
SELECT id, code, version > 1 OR EXISTS (
           SELECT FROM reports_campaignlink WHERE campaign_id = campaign.id AND kind = 'officer'),
       opened_at
  FROM reports_campaign AS campaign
 WHERE id = ANY(%s::uuid[]) AND merged_into_id IS NULL
 ORDER BY id FOR UPDATE
"""
# Campaigns of which a person said that a report of one does not belong to the other.
_APART = """
SELECT link.campaign_id, apart.campaign_id
  FROM reports_campaignexclusion AS apart JOIN reports_campaignlink AS link USING (report_id)
 WHERE apart.campaign_id = ANY(%(campaigns)s::uuid[]) AND link.campaign_id = ANY(%(campaigns)s::uuid[])
"""
_FORBIDDEN = (
    "SELECT report_id, campaign_id FROM reports_campaignexclusion WHERE report_id = ANY(%s::uuid[])"
)
# Plain SQL: nearly every report comes by here, and the ORM took longer than PostgreSQL.
_PLACE = PreparedStatement(
    "place_reports",
    """
INSERT INTO reports_campaignlink (report_id, campaign_id, kind, strength, reason)
SELECT report, %(campaign)s, kind, strength, reason
  FROM unnest(%(reports)s::uuid[], %(kinds)s::text[], %(strengths)s::numeric[], %(reasons)s::text[])
       AS placed(report, kind, strength, reason)
    ON CONFLICT DO NOTHING
""",
)
_MOVE = """
UPDATE reports_campaignlink SET campaign_id = %(into)s WHERE campaign_id = %(away)s
RETURNING report_id
"""

Ties = Mapping[UUID, Link]  # reports that belong together, each with what holds it there
LiesIn = Mapping[UUID, UUID | None]


@dataclass(frozen=True)
class _Held:
    """A live campaign, locked until COMMIT."""

    id: UUID
    code: str
    is_touched: bool
    opened_at: Any


def assign_campaign(ties: Ties, lies_in: LiesIn, title: str) -> None:
    """Let these reports lie in one campaign, as far as people have left it to the machine.

    `title` is for a campaign that has to be opened. Part of triage's transaction.
    """
    loose = [report for report in sorted(ties) if lies_in.get(report) is None]
    campaigns = {campaign for campaign in lies_in.values() if campaign}
    if len(campaigns) > 1:
        _bring_together(ties, loose)
    elif loose:
        _place(ties, loose, campaigns.pop() if campaigns else _open(title))


def _place(ties: Ties, reports: Iterable[UUID], campaign: UUID) -> None:
    """Where a person or another worker was first, nothing is written."""
    placed = [(report, ties[report]) for report in reports]
    values: dict[str, Any] = {
        "campaign": campaign,
        "reports": [report for report, _ in placed],
        "kinds": [tie.kind for _, tie in placed],
        "strengths": [_strength(tie) for _, tie in placed],
        "reasons": [tie.reason for _, tie in placed],
    }
    with connection.cursor() as cursor:
        execute_pipeline(cursor, values, _PLACE)


def _strength(tie: Link) -> Decimal:
    return Decimal(str(tie.strength))


def _bring_together(ties: Ties, loose: Collection[UUID]) -> None:
    """Merge what no person has touched, propose the rest; what lies nowhere goes to what it is
    tied to most strongly.
    """
    with connection.cursor() as cursor:
        cursor.execute(_ONE_MERGE_AT_A_TIME)
    lies_in = _lying(ties)
    forbidden = _rows(_FORBIDDEN, [list(ties)])
    barred = {campaign for _, campaign in forbidden}
    held = _hold({campaign for campaign in lies_in.values() if campaign not in barred})
    apart = {frozenset(pair) for pair in _apart(held)}
    standing = _merge_untouched(held, apart, ties, lies_in)
    _propose(standing, apart, ties, lies_in)
    where = _strongest(ties, _lying(ties), {campaign.id for campaign in standing})
    if where:
        _place(ties, loose, where)


def _lying(ties: Ties) -> dict[UUID, UUID]:
    links = CampaignLink.objects.filter(report__in=list(ties))
    return dict(links.values_list("report_id", "campaign_id"))


def _hold(campaigns: Collection[UUID]) -> list[_Held]:
    """The live ones of these, the oldest first."""
    held = [_Held(*row) for row in _rows(_HOLD, [sorted(campaigns)])]
    return sorted(held, key=lambda campaign: (campaign.opened_at, campaign.id))


def _apart(held: Iterable[_Held]) -> list[tuple[Any, ...]]:
    return _rows(_APART, {"campaigns": [campaign.id for campaign in held]})


def _rows(question: str, values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(question, values)
        return list(cursor.fetchall())


def _strongest(ties: Ties, lies_in: Mapping[UUID, UUID], among: Collection[UUID]) -> UUID | None:
    """The campaign that holds the report with the strongest tie."""
    there = [report for report in sorted(ties) if lies_in.get(report) in among]
    best = max(there, key=lambda report: ties[report].strength, default=None)
    return lies_in[best] if best else None


# --- merges and proposals


def _merge_untouched(
    held: Iterable[_Held],
    apart: Collection[frozenset[UUID]],
    ties: Ties,
    lies_in: Mapping[UUID, UUID],
) -> list[_Held]:
    """The campaigns that stand afterwards."""
    standing: list[_Held] = []
    into: _Held | None = None
    for campaign in held:
        is_free = not campaign.is_touched and not any(campaign.id in pair for pair in apart)
        if is_free and into:
            _merge(campaign, into, _tie_to(campaign, ties, lies_in))
            continue
        standing.append(campaign)
        into = campaign if is_free else into
    return standing


def _tie_to(campaign: _Held, ties: Ties, lies_in: Mapping[UUID, UUID]) -> Link:
    there = (tie for report, tie in ties.items() if lies_in.get(report) == campaign.id)
    return max(there, key=lambda tie: (tie.strength, tie))


def _merge(away: _Held, into: _Held, tie: Link) -> None:
    moved = [report for (report,) in _rows(_MOVE, {"into": into.id, "away": away.id})]
    Campaign.objects.filter(pk=away.id).update(merged_into=into.id)
    said: dict[str, Any] = {"reports": len(moved), "tie": tie.kind, "strength": tie.strength}
    events.log_event("campaign", into.id, "campaign_merged", other=away.code, **said)
    said["moved"] = sorted(map(str, moved))
    events.log_event("campaign", away.id, "campaign_merged_away", other=into.code, **said)


def _propose(
    standing: Iterable[_Held],
    apart: Collection[frozenset[UUID]],
    ties: Ties,
    lies_in: Mapping[UUID, UUID],
) -> None:
    """Each pair once, whatever becomes of it; none that a person keeps apart."""
    proposals = [
        _proposal(min(one, other, key=_id), max(one, other, key=_id), ties, lies_in)
        for one, other in combinations(standing, 2)
        if {one.id, other.id} not in apart
    ]
    MergeProposal.objects.bulk_create(proposals, ignore_conflicts=True)


def _id(campaign: _Held) -> UUID:
    return campaign.id


def _proposal(one: _Held, other: _Held, ties: Ties, lies_in: Mapping[UUID, UUID]) -> MergeProposal:
    into = {one.id, other.id}
    tying = [report for report in sorted(ties) if lies_in.get(report) in into]
    report = max(tying, key=lambda each: ties[each].strength, default=min(ties))
    tie = ties[report]
    return MergeProposal(
        campaign_a_id=one.id,
        campaign_b_id=other.id,
        report_id=report,
        kind=tie.kind,
        strength=_strength(tie),
        reason=tie.reason,
    )


# --- new campaigns


def _open(title: str) -> UUID:
    """A new campaign under a code that nobody has; codes grow when a year's short ones do."""
    for tried in range(100):
        try:
            with transaction.atomic():
                return Campaign.objects.create(code=new_code(3 + tried // 10), title=title).pk
        except IntegrityError:
            continue
    raise RuntimeError("no free campaign code in a hundred tries")


def new_code(signs: int = 3) -> str:
    """A code for the desk to say aloud, as Đ-26-K4M: the year and random signs, no counter."""
    year = f"{timezone.localtime():%y}"
    return f"Đ-{year}-" + "".join(secrets.choice(SIGNS) for _ in range(signs))
