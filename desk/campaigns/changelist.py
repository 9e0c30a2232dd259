"""The list of campaigns: which grow, when they were last seen, what they amount to."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from desk.labels import codes as labels
from reports.campaigns import campaign_stats
from reports.campaigns.campaign_stats import CampaignTotals
from reports.models import Campaign, MergeProposal

PARAMETER = "nhip"
_PACES = {
    "hot": "Có tin trong 7 ngày, đông nhất trước",
    "all": "Tất cả, mới mở trước",
    "asked": "Máy đề nghị gộp",
    "merged": "Đã gộp vào đợt khác",
}


def chosen_trend(request: HttpRequest) -> str:
    """What is asked for: what grows, unless one searches or says otherwise."""
    chosen = request.GET.get(PARAMETER, "")
    return chosen if chosen in _PACES else "all" if request.GET.get(SEARCH_VAR) else "hot"


def growing_campaigns(request: Any) -> list[UUID]:
    """The campaigns that grow, asked once for a request."""
    if not hasattr(request, "hot_campaigns"):
        request.hot_campaigns = campaign_stats.most_active()
    found: list[UUID] = request.hot_campaigns
    return found


def ordering(request: HttpRequest) -> tuple[Any, ...]:
    """Of those that grow the largest first; else the newest."""
    if chosen_trend(request) != "hot":
        return ("-opened_at",)
    place = "array_position(%s::uuid[], reports_campaign.id)"
    return (RawSQL(place, [growing_campaigns(request)]).asc(),)  # noqa: S611  # keys of ours  # nosec B611


class TrendFilter(admin.SimpleListFilter):
    """By what becomes of them."""

    title = "nhịp"
    parameter_name = PARAMETER

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        self.chosen = chosen_trend(request)
        return list(_PACES.items())

    def choices(self, changelist: Any) -> Iterator[Any]:
        for lookup, title in self.lookup_choices:
            yield {
                "selected": self.chosen == lookup,
                "query_string": changelist.get_query_string({self.parameter_name: lookup}),
                "display": title,
            }

    def queryset(self, request: HttpRequest, queryset: QuerySet[Campaign]) -> QuerySet[Campaign]:
        if self.chosen == "merged":
            return queryset.exclude(merged_into=None)
        if self.chosen == "hot":
            return queryset.filter(pk__in=growing_campaigns(request))
        if self.chosen == "asked":
            open_ones = MergeProposal.objects.open()
            asked = Q(pk__in=open_ones.values("campaign_a")) | Q(
                pk__in=open_ones.values("campaign_b")
            )
            return queryset.filter(asked)
        # Whoever types an old code is to find it.
        return queryset if request.GET.get(SEARCH_VAR) else queryset.filter(merged_into=None)


class CampaignChangeList(ChangeList):
    """The change list, with what each campaign of the page amounts to, in one statement."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows = list(self.result_list)
        counted = campaign_stats.campaign_totals(row.pk for row in rows)
        for row in rows:
            row.sums = counted.get(row.pk, CampaignTotals())
        self.result_list = rows


@admin.display(description="Đợt")
def name(campaign: Campaign) -> SafeString:
    into = campaign.merged_into
    led = (
        format_html(' <span class="tag tag-quiet">đã gộp vào {}</span>', into.code) if into else ""
    )
    return format_html(
        '<b>{}</b> <span class="sub">{}</span>{}', campaign.code, campaign.title, led
    )


@admin.display(description="7 ngày qua")
def week(campaign: Campaign) -> SafeString:
    sums = _sums(campaign)
    css = "tag-red" if sums.week > 2 * sums.week_before and sums.week > 4 else "tag-quiet"
    return format_html(
        '<span class="tag {}">+{}</span> <span class="sub">7 ngày trước đó: {}</span>',
        css,
        labels.format_count(sums.week),
        labels.format_count(sums.week_before),
    )


@admin.display(description="Số tin")
def size(campaign: Campaign) -> str:
    sums = _sums(campaign)
    waiting = f", {labels.format_count(sums.open)} chờ xử lý" if sums.open else ""
    return f"{labels.format_count(sums.reports)}{waiting}"


@admin.display(description="Tin mới nhất")
def last(campaign: Campaign) -> SafeString | str:
    seen = _sums(campaign).last
    if seen is None:
        return "–"
    at = timezone.localtime(seen)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        at.isoformat(timespec="seconds"),
        f"{at:%H:%M, %d/%m/%Y}",
        labels.format_age(at, timezone.now()),
    )


@admin.display(description="Thiệt hại")
def loss(campaign: Campaign) -> str:
    sums = _sums(campaign)
    return labels.format_loss(sums.loss if sums.losers or not sums.loss_unknown else None)


def _sums(campaign: Campaign) -> CampaignTotals:
    sums: CampaignTotals = getattr(campaign, "sums", CampaignTotals())
    return sums
