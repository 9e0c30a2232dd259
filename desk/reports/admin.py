"""The queue: the list of reports, its filters, search and bulk actions. The pages of one report are views
(urls.py).
"""

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.views.main import SEARCH_VAR
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.views.decorators.http import require_safe

from accounts import preferences
from core.readonly_admin import ReadOnlyAdminMixin
from desk.pages.base import officer
from desk.pages.pagination import BoundedPaginator, sanitize_query
from desk.reports import (
    bulk_actions,
    changelist,
    columns,
    filters,
    reprocessing,
)
from desk.reports.base import open_report
from desk.reports.page import ReportPage
from desk.reports.search import dispute_for_code, search_reports
from reports.cases import bulk as many
from reports.cases import visibility
from reports.models import Report

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[Report]
else:
    _Admin = admin.ModelAdmin


@admin.register(Report)
class ReportAdmin(ReadOnlyAdminMixin, _Admin):
    """The list of reports. Nothing here edits; every action has an address of its own."""

    list_display = (
        columns.urgency,
        columns.report,
        columns.age_column,
        columns.scenario,
        columns.caller_and_campaign,
        columns.loss,
        columns.place,
        columns.status_column,
    )
    list_display_links = (columns.report,)
    list_filter = (filters.WorkFilter, *filters.NARROWING)
    list_per_page = 50
    list_max_show_all = 0
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = BoundedPaginator
    actions = (*bulk_actions.ACTIONS, "read_many_again")
    sortable_by = ()
    search_fields = ("public_number",)  # shows the box; `find` looks further
    search_help_text = "Mã tin, số điện thoại (viết kiểu nào cũng được) hoặc lời kể, không cần dấu."

    def save_model(self, request: HttpRequest, obj: Report, form: Any, change: bool) -> None:
        raise PermissionDenied("a report is evidence")

    def delete_model(self, request: HttpRequest, obj: Report) -> None:
        raise PermissionDenied("a report is evidence")

    def get_changelist(
        self, request: HttpRequest, **kwargs: Any
    ) -> type[changelist.ReportChangeList]:
        return (
            changelist.ReportOrdering
            if hasattr(request, "order_alone")
            else changelist.ReportChangeList
        )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Report]:
        rows = changelist.queue_rows().annotate(
            liked=preferences.preferences_column(officer(request))
        )
        return visibility.visible_reports(rows, officer(request))

    def get_list_display(self, request: HttpRequest) -> tuple[Any, ...]:
        if visibility.sees_campaigns(officer(request)):
            return self.list_display
        own, usual = columns.caller_and_own, columns.caller_and_campaign
        return tuple(own if each is usual else each for each in self.list_display)

    def get_ordering(self, request: HttpRequest) -> tuple[Any, ...]:
        return changelist.ordering(request)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """The list's own filters and no column: what is sealed must not be guessed sign by sign."""
        return lookup in {each.parameter_name for each in self.list_filter}

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not search_term.strip():
            return queryset, False
        only_open = request.GET.get(filters.WorkFilter.parameter_name) in filters.OF_OPEN
        found, request.found_many = search_reports(  # type: ignore[attr-defined]
            queryset, search_term, officer(request), only_open=only_open
        )
        return found, False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"title": "Tin chờ xử lý", **(extra_context or {})}
        request.GET = sanitize_query(request.GET)  # type: ignore[assignment]
        _say_where(request, request.GET.get(SEARCH_VAR, ""))
        return super().changelist_view(request, context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        view: Any = require_safe(ReportPage.as_view())
        page: HttpResponse = view(request, pk=object_id)
        return page

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        page = reverse("admin:reports_report_change", args=[open_report(request, object_id).pk])
        return HttpResponseRedirect(f"{page}#log")

    @admin.action(description="Đọc lại bằng bộ quy tắc hiện nay", permissions=["retriage"])
    def read_many_again(self, request: HttpRequest, queryset: QuerySet[Report]) -> None:
        chosen = queryset.order_by().values_list("pk", flat=True)
        reprocessing.reprocess_selected(request, list(chosen[: reprocessing.MAX_BATCH + 1]))

    def has_retriage_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(reprocessing.MANY)

    def has_assign_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(bulk_actions.permission("assign"))

    def has_close_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(bulk_actions.permission("close"))

    def has_group_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(bulk_actions.permission(many.ATTACH))


def _say_where(request: HttpRequest, typed: str) -> None:
    """Lead whoever typed the code of a wish for a second look to it."""
    meant = dispute_for_code(typed) if request.user.has_perm("reports.view_dispute") else None
    if meant:
        page = reverse("admin:reports_dispute_change", args=[meant.pk])
        told = 'Đây là mã đề nghị xem lại một số: <a href="{}">{}</a>.'
        messages.info(request, format_html(told, page, meant.public_number))
