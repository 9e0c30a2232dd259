"""Campaigns at the desk: the list of what grows, and a campaign's page. What people do with one
stands in campaign_acts.py.
"""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
    QueryDict,
)
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_safe

from core.readonly_admin import ReadOnlyAdminMixin
from desk.campaigns import changelist, detail
from desk.campaigns.actions import CampaignActionsMixin
from desk.pages.base import can_group, officer
from desk.pages.pagination import BoundedPaginator
from reports.cases import visibility
from reports.models import Campaign

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[Campaign]
else:
    _Admin = admin.ModelAdmin


@admin.register(Campaign)
class CampaignAdmin(CampaignActionsMixin, ReadOnlyAdminMixin, _Admin):
    """The waves that machine and officers have found. Nothing here is edited; acts have addresses."""

    list_display = (
        changelist.name,
        changelist.week,
        changelist.last,
        changelist.size,
        changelist.loss,
    )
    list_display_links = (changelist.name,)
    list_filter = (changelist.TrendFilter,)
    list_select_related = ("merged_into",)
    list_per_page = 25
    list_max_show_all = 0
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = BoundedPaginator
    sortable_by = ()
    search_fields = ("code", "title")
    search_help_text = "Mã đợt (cả mã đã gộp) hoặc tên đợt."
    actions = ("merge_chosen",)

    def has_view_permission(self, request: HttpRequest, obj: Campaign | None = None) -> bool:
        return visibility.sees_campaigns(officer(request))

    def has_group_permission(self, request: HttpRequest) -> bool:
        return can_group(request)

    def get_changelist(
        self, request: HttpRequest, **kwargs: Any
    ) -> type[changelist.CampaignChangeList]:
        return changelist.CampaignChangeList

    def get_ordering(self, request: HttpRequest) -> tuple[Any, ...]:
        return changelist.ordering(request)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup == changelist.PARAMETER

    @admin.action(description="Gộp các đợt đã chọn", permissions=["group"])
    def merge_chosen(self, request: HttpRequest, queryset: QuerySet[Campaign]) -> HttpResponse:
        """Ask which one goes on, and why."""
        return self.ask_merge(request, queryset.order_by("opened_at", "pk"))

    def get_urls(self) -> list[URLPattern]:
        by_code: URLPattern = path(
            "code/<str:code>/",
            self.admin_site.admin_view(require_safe(self.by_code)),
            name="reports_campaign_code",
        )
        return [by_code, *self.act_urls(), *super().get_urls()]

    def by_code(self, request: HttpRequest, code: str) -> HttpResponse:
        """The page of the campaign that has or had this code."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        campaign = get_object_or_404(Campaign, code=code.upper())
        return HttpResponseRedirect(reverse("admin:reports_campaign_change", args=[campaign.pk]))

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        campaign = self.get_campaign_or_404(request, object_id)
        if campaign.merged_into_id is None:
            return self.page(request, campaign)
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

    def get_campaign_or_404(self, request: HttpRequest, pk: UUID | str) -> Campaign:
        """The campaign, for who may see campaigns."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            key = pk if isinstance(pk, UUID) else UUID(pk)
        except ValueError:
            key = UUID(int=0)
        return get_object_or_404(Campaign, pk=key)

    def page(
        self,
        request: HttpRequest,
        campaign: Campaign,
        typed: QueryDict | None = None,
        why: str = "",
        status: int = 200,
    ) -> HttpResponse:
        """The page; with what was typed for an act that was not done, as it was typed, and why."""
        context = {
            **self.admin_site.each_context(request),
            **detail.context(request, campaign),
            "opts": self.opts,
            "title": f"Đợt {campaign.code}",
            "typed": typed or {},
            "refused": request.path if why else None,
            "why": why,
            "ticked": typed.getlist("reports") if typed else [],
        }
        return TemplateResponse(
            request, "admin/reports/campaign/change_form.html", context, status=status
        )
