"""The page of a campaign: figures, growth, what its reports share, and its reports. A fixed number of statements."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.utils import timezone

from core.audit import events
from desk.labels import codes as labels
from desk.pages.base import can_group, officer, parse_uuid, render
from reports.campaigns import campaign_stats
from reports.campaigns.campaign_stats import CampaignBreakdown, CampaignTotals, growth
from reports.cases import visibility
from reports.extraction import story_reader
from reports.models import (
    Campaign,
    CampaignAction,
    CampaignExclusion,
    CampaignLink,
    Case,
    Indicator,
    MergeProposal,
)
from reports.public.svg_charts import share

ON_A_PAGE = 25
MAX_ROWS = 8  # of what the reports share
MAX_ACTS = 30
MAX_APART = 20
MAX_PROPOSALS = 5
PAGE_VAR = "p"
_NAMED = {
    Indicator.Kind.NUMBER.value: "Số gọi đến",
    Indicator.Kind.ACCOUNT.value: "Tài khoản nhận",
    Indicator.Kind.LINK.value: "Đường dẫn",
    "told": "Số khác trong lời kể",
}
_STATUSES = dict(Case.Status.choices)
_HEAVY = (
    "report__story", "report__story_sealed", "report__contact_sealed", "report__phrase_sealed",
    "report__content_digest", "report__contact_index", "report__caller_number",
    "report__claimed_name", "report__money_lost_raw", "report__commune_raw",
    "report__facts__reasons", "report__facts__search_text",
)  # fmt: skip


@dataclass(frozen=True)
class SharedValue:
    """Something that reports share: how many do, and that in hundredths of the most frequent."""

    label: str
    count: int
    share: int
    css: str = ""


@dataclass(frozen=True)
class SharedValues:
    """What reports share of one sort, the most frequent first, and how many rows are left out."""

    title: str
    rows: list[SharedValue]
    left: int


@dataclass(frozen=True)
class Proposal:
    """Another campaign that the machine would merge with this one, and why."""

    pk: int
    other: Campaign
    reason: str


@dataclass(frozen=True)
class MachineMerge:
    """A campaign that the machine merged into another, and how many reports went along."""

    campaign: UUID
    code: str
    at: datetime
    reports: int


def get_campaign_or_404(request: HttpRequest, pk: UUID | str) -> Campaign:
    """Return the campaign, for who may see campaigns. Raises PermissionDenied."""
    if not visibility.sees_campaigns(officer(request)):
        raise PermissionDenied
    return get_object_or_404(Campaign, pk=parse_uuid(pk))


def render_page(
    request: HttpRequest, campaign: Campaign, typed: QueryDict | None = None, why: str = ""
) -> HttpResponse:
    """Return the page; with what was typed for an action that was not done, and why."""
    context = {
        **build_context(request, campaign),
        "typed": typed or {},
        "refused": request.path if why else None,
        "why": why,
        "ticked": typed.getlist("reports") if typed else [],
    }
    template, title = "admin/reports/campaign/change_form.html", f"Đợt {campaign.code}"
    return render(request, template, title, Campaign, **context)


def build_context(request: HttpRequest, campaign: Campaign) -> dict[str, Any]:
    """Return all that the template shows to this officer."""
    may_see = request.user.has_perm("reports.view_report") and visibility.sees_every_report(
        officer(request)
    )
    sums = campaign_stats.campaign_totals([campaign.pk]).get(campaign.pk, CampaignTotals())
    drawn = campaign_stats.campaign_breakdown(campaign.pk, with_numbers=may_see)
    return {
        "campaign": campaign,
        "sums": sums,
        "growth": growth(drawn.days, timezone.localdate()),
        "statuses": _table("Trạng thái", drawn.parts.get("status", []), _STATUSES.__getitem__),
        "shared": list(filter(None, _shared(drawn))),
        "named": _named(drawn),
        "links": _links(request, campaign, sums) if may_see else None,
        "apart": _apart(campaign)[:MAX_APART] if may_see else [],
        "acts": _acts(campaign)[:MAX_ACTS],
        "proposals": _proposals(campaign),
        "merged_by_machine": _merged_by_machine(campaign),
        "may_see": may_see,
        "may_group": can_group(request),
    }


def _shared(drawn: CampaignBreakdown) -> list[SharedValues | None]:
    parts = drawn.parts
    return [
        _table("Kiểu lừa", parts.get("scenario", []), labels.code_label),
        _table("Họ đòi", parts.get("action", []), labels.code_label),
        _table("Họ xưng", parts.get("office", []), labels.claim_label),
        _table("Bước kịch bản", _in_order(parts.get("stage", [])), labels.stage_label),
        _table("Xã, phường", parts.get("commune", []), str),
    ]


def _in_order(counted: list[tuple[str, int]]) -> list[tuple[str, int]]:
    script = list(story_reader.stage_labels())
    known = [step for step in counted if step[0] in script]
    return sorted(known, key=lambda step: script.index(step[0]))


def _table(title: str, counted: list[tuple[str, int]], worded: Any) -> SharedValues | None:
    most = max((count for _, count in counted), default=0)
    rows = [
        SharedValue(worded(value), count, share(count, most), labels.STATUS_TAGS.get(value, ""))
        for value, count in counted[:MAX_ROWS]
    ]
    return SharedValues(title, rows, max(0, len(counted) - MAX_ROWS)) if rows else None


def _named(drawn: CampaignBreakdown) -> list[SharedValues]:
    """Return numbers, accounts and links, each with how many of the campaign's reports name it."""
    return [
        SharedValues(
            title,
            [
                SharedValue(labels.format_phone(each.key), each.reports, 0, each.key)
                for each in drawn.named[kind]
            ],
            drawn.distinct[kind] - len(drawn.named[kind]),
        )
        for kind, title in _NAMED.items()
        if kind in drawn.named
    ]


def _links(request: HttpRequest, campaign: Campaign, sums: CampaignTotals) -> Any:
    """Return one page of the campaign's reports, the newest first."""
    rows = (
        CampaignLink.objects.filter(campaign=campaign)
        .select_related("report__case", "report__facts", "placed_by")
        .defer(*_HEAVY)
        .order_by("-report__received_at", "report")
    )
    paginator = Paginator(rows, ON_A_PAGE)
    paginator.count = sums.reports  # counted already
    return paginator.get_page(request.GET.get(PAGE_VAR))


def _apart(campaign: Campaign) -> QuerySet[CampaignExclusion]:
    """Return the reports that a person keeps out."""
    rows = CampaignExclusion.objects.filter(campaign=campaign).select_related(
        "report", "action__actor"
    )
    return rows.only(
        "report__public_number", "action__created_at", "action__reason", "action__actor__username",
        "action__actor__first_name", "action__actor__last_name",
    ).order_by("-id")  # fmt: skip


def _acts(campaign: Campaign) -> QuerySet[CampaignAction]:
    """Return what people did with it, the newest first."""
    concerned = CampaignAction.objects.filter(Q(campaign=campaign) | Q(other=campaign))
    return concerned.select_related("campaign", "other", "actor", "undone_by").order_by("-id")


def _proposals(campaign: Campaign) -> list[Proposal]:
    """Return what the machine would merge with it; where a person had a hand it asks first."""
    of_it = Q(campaign_a=campaign) | Q(campaign_b=campaign)
    rows = MergeProposal.objects.open().filter(of_it).select_related("campaign_a", "campaign_b")
    return [
        Proposal(
            row.pk,
            row.campaign_b if row.campaign_a_id == campaign.pk else row.campaign_a,
            row.reason,
        )
        for row in rows.order_by("-strength", "-id")[:MAX_PROPOSALS]
    ]


def _merged_by_machine(campaign: Campaign) -> list[MachineMerge]:
    """Return the machine's merges into this campaign that still stand, the newest first."""
    recorded = events.events_for("campaign", campaign.pk).filter(kind="campaign_merged", actor=None)
    merges = {event.detail.get("other", ""): event for event in recorded[:MAX_ACTS]}
    if not merges:
        return []
    standing = Campaign.objects.filter(merged_into=campaign, code__in=merges)
    keys = dict(standing.values_list("code", "pk"))
    return [
        MachineMerge(keys[code], code, event.created_at, event.detail.get("reports", 0))
        for code, event in merges.items()
        if code in keys
    ]


def action_line(act: CampaignAction) -> str:
    other = act.other.code if act.other else ""
    reports = f"{labels.format_count(act.reports)} tin"
    return {
        CampaignAction.Kind.MERGED.value: f"Gộp {other} vào {act.campaign.code}, {reports}",
        CampaignAction.Kind.SPLIT.value: f"Tách {reports} của {act.campaign.code} thành {other}",
        CampaignAction.Kind.ATTACHED.value: f"Gắn {reports} vào {act.campaign.code}",
        CampaignAction.Kind.DETACHED.value: f"Tách {reports} khỏi {act.campaign.code}",
    }[act.kind]


def person(user: User | None) -> str:
    return labels.officer_name(user) if user else ""
