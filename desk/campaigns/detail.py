"""The page of a campaign, in a fixed number of statements."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404
from django.utils import timezone

from accounts.sessions import get_officer
from core.form_data import parse_uuid
from desk.labels import codes
from desk.labels.formatting import format_count, format_phone, officer_name
from desk.pages.http import can_group, can_see_every_report, render
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

ROWS_PER_PAGE = 25
MAX_ROWS = 8  # of shared values
MAX_ACTIONS = 30
MAX_EXCLUSIONS = 20
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
    """A value that `count` reports share; `share` is in hundredths of the most frequent."""

    label: str
    count: int
    share: int
    css: str = ""


@dataclass(frozen=True)
class SharedValues:
    """Shared values of one kind, the most frequent first; `left` are omitted."""

    title: str
    rows: list[SharedValue]
    left: int


@dataclass(frozen=True)
class ProposedMerge:
    pk: int
    other: Campaign
    reason: str


def get_campaign_or_404(request: HttpRequest, pk: UUID | str) -> Campaign:
    """Return the campaign. Raises Http404, or PermissionDenied for who may see none."""
    if not visibility.sees_campaigns(get_officer(request)):
        raise PermissionDenied
    return get_object_or_404(Campaign, pk=parse_uuid(pk))


def render_page(
    request: HttpRequest, campaign: Campaign, typed: QueryDict | None = None, why: str = ""
) -> HttpResponse:
    """Return the page; after a refused action with the typed values and the reason."""
    context = {
        **build_context(request, campaign),
        "posted": typed or {},
        "refused": request.path if why else None,
        "why": why,
        "ticked": typed.getlist("reports") if typed else [],
    }
    template, title = "admin/reports/campaign/change_form.html", f"Đợt {campaign.code}"
    return render(request, template, title, Campaign, **context)


def build_context(request: HttpRequest, campaign: Campaign) -> dict[str, Any]:
    may_see = can_see_every_report(request)
    sums = campaign_stats.campaign_totals([campaign.pk]).get(campaign.pk, CampaignTotals())
    breakdown = campaign_stats.campaign_breakdown(campaign.pk, with_numbers=may_see)
    statuses = breakdown.parts.get("status", [])
    return {
        "campaign": campaign,
        "sums": sums,
        "growth": growth(breakdown.days, timezone.localdate()),
        "statuses": _table("Trạng thái", statuses, _STATUSES.__getitem__),
        "shared": list(filter(None, _shared(breakdown))),
        "named": _named(breakdown),
        "links": _links(request, campaign, sums) if may_see else None,
        "exclusions": _exclusions(campaign)[:MAX_EXCLUSIONS] if may_see else [],
        "actions": _actions(campaign)[:MAX_ACTIONS],
        "proposals": _proposals(campaign),
        "may_see": may_see,
        "may_group": can_group(request),
    }


def _shared(breakdown: CampaignBreakdown) -> list[SharedValues | None]:
    parts = breakdown.parts
    return [
        _table("Kiểu lừa", parts.get("scenario", []), codes.code_label),
        _table("Họ đòi", parts.get("action", []), codes.code_label),
        _table("Họ xưng", parts.get("office", []), codes.claim_label),
        _table("Bước kịch bản", _in_order(parts.get("stage", [])), codes.stage_label),
        _table("Xã, phường", parts.get("commune", []), str),
    ]


def _in_order(counts: list[tuple[str, int]]) -> list[tuple[str, int]]:
    script = list(story_reader.stage_labels())
    steps = [step for step in counts if step[0] in script]
    return sorted(steps, key=lambda step: script.index(step[0]))


def _table(title: str, counts: list[tuple[str, int]], label: Any) -> SharedValues | None:
    most = max((count for _, count in counts), default=0)
    rows = [
        SharedValue(label(value), count, share(count, most), codes.STATUS_TAGS.get(value, ""))
        for value, count in counts[:MAX_ROWS]
    ]
    return SharedValues(title, rows, max(0, len(counts) - MAX_ROWS)) if rows else None


def _named(breakdown: CampaignBreakdown) -> list[SharedValues]:
    """Return numbers, accounts and links, each with the count of reports that name it."""
    tables = []
    for kind in [kind for kind in _NAMED if kind in breakdown.named]:
        values = breakdown.named[kind]
        rows = [SharedValue(format_phone(x.key), x.reports, 0, x.key) for x in values]
        tables.append(SharedValues(_NAMED[kind], rows, breakdown.distinct[kind] - len(values)))
    return tables


def _links(request: HttpRequest, campaign: Campaign, sums: CampaignTotals) -> Any:
    """Return one page of the campaign's reports, newest first."""
    rows = (
        CampaignLink.objects.filter(campaign=campaign)
        .select_related("report__case", "report__facts", "placed_by")
        .defer(*_HEAVY)
        .order_by("-report__received_at", "report")
    )
    paginator = Paginator(rows, ROWS_PER_PAGE)
    paginator.count = sums.reports  # counted already
    return paginator.get_page(request.GET.get(PAGE_VAR))


def _exclusions(campaign: Campaign) -> QuerySet[CampaignExclusion]:
    """Return the reports that officers excluded, newest first."""
    rows = CampaignExclusion.objects.filter(campaign=campaign)
    return rows.select_related("report", "action__actor").only(
        "report__public_number", "action__created_at", "action__reason", "action__actor__username",
        "action__actor__first_name", "action__actor__last_name",
    ).order_by("-id")  # fmt: skip


def _actions(campaign: Campaign) -> QuerySet[CampaignAction]:
    """Return the officers' actions on it, newest first."""
    concerned = CampaignAction.objects.filter(Q(campaign=campaign) | Q(other=campaign))
    return concerned.select_related("campaign", "other", "actor", "undone_by").order_by("-id")


def _proposals(campaign: Campaign) -> list[ProposedMerge]:
    """Return the open proposals to merge it, strongest first."""
    of_it = Q(campaign_a=campaign) | Q(campaign_b=campaign)
    rows = MergeProposal.objects.open().filter(of_it).select_related("campaign_a", "campaign_b")
    return [
        ProposedMerge(
            row.pk,
            row.campaign_b if row.campaign_a_id == campaign.pk else row.campaign_a,
            row.reason,
        )
        for row in rows.order_by("-strength", "-id")[:MAX_PROPOSALS]
    ]


def action_line(act: CampaignAction) -> str:
    other = act.other.code if act.other else ""
    reports = f"{format_count(act.reports)} tin"
    return {
        CampaignAction.Kind.MERGED.value: f"Gộp {other} vào {act.campaign.code}, {reports}",
        CampaignAction.Kind.SPLIT.value: f"Tách {reports} của {act.campaign.code} thành {other}",
        CampaignAction.Kind.ATTACHED.value: f"Gắn {reports} vào {act.campaign.code}",
        CampaignAction.Kind.DETACHED.value: f"Tách {reports} khỏi {act.campaign.code}",
    }[act.kind]


def person(user: User | None) -> str:
    return officer_name(user) if user else ""
