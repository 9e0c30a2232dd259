"""The list of campaigns, its columns and filter, and the page of one."""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from accounts.sessions import get_officer
from core.admin_pages import OwnFiltersAdmin
from desk.campaigns import actions, detail
from desk.labels.formatting import format_count, format_loss, format_losses, time_tag
from desk.pages.http import can_group, once_per_request
from desk.pages.lists import AlwaysChosenFilter, BoundedListMixin
from reports.campaigns import campaign_stats
from reports.campaigns.campaign_stats import CampaignTotals
from reports.cases import visibility
from reports.models import Campaign, MergeProposal

PARAMETER = "nhip"
_TRENDS = {
    "hot": "Có tin trong 7 ngày, đông nhất trước",
    "all": "Tất cả, mới mở trước",
    "proposed": "Máy đề nghị gộp",
    "merged": "Đã gộp vào đợt khác",
}


def chosen_trend(request: HttpRequest) -> str:
    """Return the chosen trend; by default all for a search, else growing campaigns."""
    chosen = request.GET.get(PARAMETER, "")
    return chosen if chosen in _TRENDS else "all" if request.GET.get(SEARCH_VAR) else "hot"


@once_per_request
def growing_campaigns(request: HttpRequest) -> list[UUID]:
    return campaign_stats.most_active()


class TrendFilter(AlwaysChosenFilter):
    title = "nhịp"
    parameter_name = PARAMETER

    def __init__(self, request: HttpRequest, *args: Any) -> None:
        self.trend = chosen_trend(request)
        super().__init__(request, *args)

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(_TRENDS.items())

    def value(self) -> str:
        return self.trend

    def queryset(self, request: HttpRequest, queryset: QuerySet[Campaign]) -> QuerySet[Campaign]:
        if self.trend == "merged":
            return queryset.exclude(merged_into=None)
        if self.trend == "hot":
            return queryset.filter(pk__in=growing_campaigns(request))
        if self.trend == "proposed":
            proposals = MergeProposal.objects.open()
            sides = [Q(pk__in=proposals.values(side)) for side in ("campaign_a", "campaign_b")]
            return queryset.filter(sides[0] | sides[1])
        # A search also finds the codes of merged campaigns.
        return queryset if request.GET.get(SEARCH_VAR) else queryset.filter(merged_into=None)


class CampaignChangeList(ChangeList):
    """A change list with the totals of the page's campaigns, in one statement."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.result_list = list(self.result_list)
        campaign_stats.add_totals(self.result_list)


@admin.display(description="Đợt")
def name(campaign: Campaign) -> SafeString:
    into, text = campaign.merged_into, '<b>{}</b> <span class="sub">{}</span>{}'
    html = ' <span class="tag tag-quiet">đã gộp vào {}</span>'
    tag = format_html(html, into.code) if into else ""
    return format_html(text, campaign.code, campaign.title, tag)


@admin.display(description="7 ngày qua")
def week(campaign: Campaign) -> SafeString:
    sums = _sums(campaign)
    css = "tag-red" if sums.week > 2 * sums.week_before and sums.week > 4 else "tag-quiet"
    return format_html(
        '<span class="tag {}">+{}</span> <span class="sub">7 ngày trước đó: {}</span>',
        css,
        format_count(sums.week),
        format_count(sums.week_before),
    )


@admin.display(description="Số tin")
def size(campaign: Campaign) -> str:
    sums = _sums(campaign)
    waiting = f", {format_count(sums.open)} chờ xử lý" if sums.open else ""
    return f"{format_count(sums.reports)}{waiting}"


@admin.display(description="Tin mới nhất")
def last(campaign: Campaign) -> str:
    at = _sums(campaign).last
    return time_tag(at) if at else "–"


@admin.display(description="Thiệt hại")
def loss(campaign: Campaign) -> str:
    sums = _sums(campaign)
    is_known = sums.losers or not sums.loss_unknown
    return format_losses(sums.loss, sums.confirmed) if is_known else format_loss(None)


def _sums(campaign: Campaign) -> CampaignTotals:
    sums: CampaignTotals = getattr(campaign, "sums", CampaignTotals())
    return sums


@admin.register(Campaign)
class CampaignAdmin(BoundedListMixin, OwnFiltersAdmin[Campaign]):
    """Campaigns, read-only; actions have URLs of their own."""

    list_display = (name, week, last, size, loss)
    list_display_links = (name,)
    list_filter = (TrendFilter,)
    list_select_related = ("merged_into",)
    list_per_page = 25
    search_fields = ("code", "title")
    search_help_text = "Mã đợt (cả mã đã gộp) hoặc tên đợt."
    actions = ("merge_chosen",)

    def has_view_permission(self, request: HttpRequest, obj: Campaign | None = None) -> bool:
        return visibility.sees_campaigns(get_officer(request))

    def has_group_permission(self, request: HttpRequest) -> bool:
        return can_group(request)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[CampaignChangeList]:
        return CampaignChangeList

    def get_ordering(self, request: HttpRequest) -> tuple[Any, ...]:
        """Return the order: growing campaigns by size, else the newest first."""
        if chosen_trend(request) != "hot":
            return ("-opened_at",)
        place = "array_position(%s::uuid[], reports_campaign.id)"
        return (RawSQL(place, [growing_campaigns(request)]).asc(),)  # noqa: S611  # own keys  # nosec B611

    @admin.action(description="Gộp các đợt đã chọn", permissions=["group"])
    def merge_chosen(self, request: HttpRequest, queryset: QuerySet[Campaign]) -> HttpResponse:
        """Ask which campaign to keep, and why."""
        return actions.ask_merge(request, queryset.order_by("opened_at", "pk"))

    def get_urls(self) -> list[URLPattern]:
        by_code: URLPattern = path(
            "code/<str:code>/",
            self.admin_site.admin_view(require_safe(self.by_code)),
            name="reports_campaign_code",
        )
        return [by_code, *actions.urls(self.admin_site), *super().get_urls()]

    def by_code(self, request: HttpRequest, code: str) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        campaign = get_object_or_404(Campaign, code=code.upper())
        return HttpResponseRedirect(reverse("admin:reports_campaign_change", args=[campaign.pk]))

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        campaign = detail.get_campaign_or_404(request, object_id)
        if campaign.merged_into_id is None:
            return detail.render_page(request, campaign)
        goes_on = campaign.root()
        messages.info(request, f"Đợt {campaign.code} nay nằm trong đợt {goes_on.code}.")
        return HttpResponseRedirect(reverse("admin:reports_campaign_change", args=[goes_on.pk]))

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        here = reverse("admin:reports_campaign_change", args=[object_id])
        return HttpResponseRedirect(f"{here}#acts")
