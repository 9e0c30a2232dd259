"""The queue: its rows, their order, and the list with filters and actions."""

from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.views.main import PAGE_VAR, SEARCH_VAR, ChangeList
from django.contrib.auth.models import User
from django.contrib.postgres.fields import ArrayField
from django.db import transaction
from django.db.models import Case as Switch
from django.db.models import (
    Exists,
    F,
    Func,
    JSONField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    UUIDField,
    Value,
    When,
)  # fmt: skip
from django.db.models.functions import Coalesce, Left
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.views.decorators.http import require_safe

from accounts import preferences
from accounts.sessions import get_officer
from core.admin_pages import OwnFiltersAdmin
from core.models import ApiClient
from core.responses import HttpResponseSeeOther
from desk.pages.http import sanitize_query
from desk.pages.lists import MAX_PAGED_ROWS, BoundedListMixin, BoundedPaginator
from desk.reports import (
    bulk_actions,
    columns,
    contact_views,
    filters,
    followups,
    reporter_activity,
    reprocessing,
    search,
)
from desk.reports.base import open_report
from desk.reports.filters import WorkFilter, filter_by_work, filter_open
from desk.reports.indicators import annotate_callers
from desk.reports.page import ReportPage
from desk.reports.search import dispute_for_code, filter_by_search
from reports.calendar.deadline_rules import CALL_AGAIN
from reports.cases import bulk as many
from reports.cases import deadlines, visibility, workflow
from reports.cases.transitions import DECIDE
from reports.facts import abuse_flags, effective_facts
from reports.models import CampaignLink, Case, Report
from reports.reference import units

_HEAVY = (
    "story", "story_sealed", "contact_sealed", "phrase_sealed", "content_digest",
    "contact_index", "facts__reasons", "facts__search_text", *followups.LINES,
)  # fmt: skip
MAX_CALLS, MAX_ROWS = 30, 6  # on the start page: reporters to be called, the officer's own
_GROUNDS = '$[*] ? (@.fact == "priority")'
# Suspected floods come last until taken up, their priority unchanged; untriaged reports come first,
# so that none waits unseen; then by step of priority, and within a step by deadline.
_PRIORITY = effective_facts.priority_expression()
BY_URGENCY = (
    Switch(When(abuse_flags.SUSPECTED, then=1), default=0),
    ((_PRIORITY - _PRIORITY / 100) / 20).desc(nulls_first=True),  # 100 stands with 99
    Coalesce("case__due_at", F("received_at") + timedelta(days=1)),
    _PRIORITY.desc(nulls_first=True),
    "received_at",
)


class FoldedPaginator(BoundedPaginator):
    """Page with the reports of one campaign and status as one row, at the place of the first;
    whoever must be called keeps a row of their own.
    """

    folded: Counter[UUID]

    @cached_property
    def keys(self) -> list[UUID]:
        every = super().keys
        listed = effective_facts.IsOneOf(F("pk"), Value(every, ArrayField(UUIDField())))
        foldable = CampaignLink.objects.filter(listed).exclude(
            report__in=deadlines.uncalled().values("pk")
        )
        columns = ("report", "campaign", "report__case__status")
        group_of = {key: group for key, *group in foldable.values_list(*columns)}
        first_of: dict[object, UUID] = {}
        places = [first_of.setdefault(tuple(group_of.get(key, [key])), key) for key in every]
        self.folded = Counter(places)
        return list(first_of.values())


class ReportChangeList(ChangeList):
    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.max_paged_rows = MAX_PAGED_ROWS
        self.show_admin_actions = bool(self.result_count)
        is_lost = bool(self.query) and not self.result_count
        self.suggested_query = (
            search.did_you_mean(self.query, get_officer(request)) if is_lost else ""
        )
        self.suggested_query_string = self.get_query_string(
            {SEARCH_VAR: self.suggested_query}, [PAGE_VAR]
        )
        self.is_number, self.has_card = search.is_number(self.query), search.has_card(self.query)
        self.chosen_filters = ", ".join(
            str(choice["display"])
            for spec in self.filter_specs
            if spec.value()  # type: ignore[attr-defined]
            for choice in spec.choices(self)
            if choice["selected"]
        )
        self.has_more_results = getattr(request, "has_more_results", False)
        if isinstance(self.paginator, FoldedPaginator):
            self.fold(self.paginator, request)

    def fold(self, paginator: FoldedPaginator, request: HttpRequest) -> None:
        """Count all reports, and give each folded row its count and the query that opens it."""
        if not self.multi_page:  # else the rows are fetched already
            self.result_list = paginator.page(1).object_list
        folded, self.result_count = paginator.folded, sum(paginator.folded.values())
        work = request.GET.get(WorkFilter.parameter_name, WorkFilter.DEFAULT)
        for row in (row for row in self.result_list if folded[row.pk] > 1):
            chosen = {SEARCH_VAR: row.campaign_link.campaign.code, WorkFilter.parameter_name: work}
            row.folded = folded[row.pk], self.get_query_string(chosen, [PAGE_VAR])


class ReportOrdering(ReportChangeList):
    """The same list for its order only, without a page."""

    def get_results(self, request: HttpRequest) -> None:
        pass


def queue_rows() -> QuerySet[Report]:
    """Return the reports with what their rows show, without sealed columns and whole texts."""
    return annotate_callers(reporter_activity.annotate_tags(_plain_rows()))


def _plain_rows() -> QuerySet[Report]:
    single = "case__officer", "facts", "flood_sample", "campaign_link__campaign"
    grounds = Func(
        "facts__reasons", Value(_GROUNDS),
        function="jsonb_path_query_array", output_field=JSONField(),
    )  # fmt: skip
    program = ApiClient.objects.filter(pk=OuterRef("api_client")).values("name")
    return (
        Report.objects.select_related(*single)
        .defer(*_HEAVY)
        .annotate(
            gist=Left("story", columns.SUMMARY_CHARS),
            program=Subquery(program),
            place_typed=Left(effective_facts.typed_place_expression(), columns.MAX_TYPED_CHARS),
            grounds=grounds,
        )
    )


def order_by_calls_first() -> tuple[Any, ...]:
    """Return the order that begins with reporters who must be called, the newest first, whatever
    marks a report has.

    Built for each query, as Django resolves expressions in place.
    """
    calls = deadlines.running_calls().filter(report=OuterRef("pk"))
    just_came = Switch(When(_must_call(), then="received_at"))
    since = Coalesce(Subquery(calls.values("started_at")[:1]), just_came)
    return (since.desc(nulls_last=True), *BY_URGENCY)


def order_for_queue() -> tuple[Any, ...]:
    """Return the order of the lists: what a flood has marked stays below, also where it tells of danger;
    the lane above them has every call.
    """
    since, suspected, *rest = order_by_calls_first()
    return (suspected, since, *rest)


def _must_call() -> Exists:
    return Exists(deadlines.uncalled().filter(pk=OuterRef("pk")))


def top_of_queue(user: User) -> QuerySet[Report]:
    """Return the first visible reports whose reporter must be called, and the officer's own, with
    `must_call` and `call_due`, in one statement.
    """
    calls = filter_by_work(_seen(user), "call", user)
    own = filter_open(_seen(user), officer=user)
    first = calls.values("pk")[:MAX_CALLS].union(own.values("pk")[:MAX_ROWS])
    due = deadlines.running_calls().filter(report=OuterRef("pk")).order_by("due_at")
    soon = F("received_at") + timedelta(minutes=settings.DEADLINE_CALL_MINUTES)
    call_due = Coalesce(Subquery(due.values("due_at")[:1]), soon)
    rows = _plain_rows().annotate(call_due=call_due, must_call=_must_call())
    return rows.filter(pk__in=first).order_by(*order_by_calls_first())


def list_held(officer: User, viewer: User) -> QuerySet[Report]:
    """Return the open reports that an officer holds, those to be called first, with `must_call`
    and `calls_again`.
    """
    again = deadlines.running_calls().filter(report=OuterRef("pk"), kind=CALL_AGAIN)
    rows = _plain_rows().annotate(must_call=_must_call(), calls_again=Exists(again))
    held = visibility.visible_reports(filter_open(rows, officer=officer), viewer)
    return held.order_by(*order_by_calls_first())[: many.MAX_COUNT]


def list_uncalled_kept(officer: User, viewer: User) -> QuerySet[Report]:
    """Return an officer's reports that are open no more, whose reporter must still be called."""
    calls = deadlines.uncalled().filter(officer=officer).exclude(status__in=Case.OPEN)
    rows = _plain_rows().filter(pk__in=calls.values("pk"))
    return visibility.visible_reports(rows, viewer).order_by("received_at")[: many.MAX_COUNT]


def _seen(user: User) -> QuerySet[Report]:
    return visibility.visible_reports(Report.objects.order_by(*order_by_calls_first()), user)


def load_start_rows(user: User) -> dict[str, list[Report]]:
    """Return the first reports to be called, each with its last `attempt`, and the officer's own."""
    rows = list(top_of_queue(user))
    calls = [row for row in rows if getattr(row, "must_call", False)]
    attempts = contact_views.find_attempts(calls)
    for row in calls:
        row.attempt = attempts.get(row.pk, "Chưa ai gọi")  # type: ignore[attr-defined]
    return {
        "calls": calls,
        "mine": [row for row in rows if row.case.officer_id == user.pk][:MAX_ROWS],
    }


def show_calls(request: HttpRequest) -> HttpResponse:
    """Return the part that the open start page and queue ask for every few seconds."""
    rows = load_start_rows(get_officer(request, "reports.view_report"))
    return TemplateResponse(request, "admin/dashboard_calls.html", rows)


def take_next(request: HttpRequest) -> HttpResponse:
    """Give the officer the first report that nobody works on; two who ask at once get two."""
    officer = get_officer(request, DECIDE)
    untaken = Report.objects.filter(case__officer=None, case__status__in=Case.OPEN, erased_at=None)
    waiting = untaken.filter(case__status=Case.Status.WAITING)
    answered = Q(pk__in=reporter_activity.with_new_answers(waiting).values("pk"))
    given_back = Q(case__assigned_unit=units.unit_code_of(officer)) & (
        Q(case__status=Case.Status.IN_REVIEW) | answered
    )
    begun = untaken.filter(Q(case__status=Case.Status.NEW) | given_back)
    lost = Case.objects.filter(status=Case.Status.CRIME_REPORT, officer=None, due_at__isnull=False)
    untaken = Report.objects.filter(  # what is locked is compared anew by its own columns
        case__officer=None,
        case__status__in=(*Case.OPEN, Case.Status.CRIME_REPORT),
        pk__in=begun.order_by().values("pk").union(lost.values("pk")),
    )
    free = visibility.visible_reports(untaken.order_by(*order_by_calls_first()), officer)
    with transaction.atomic():
        locked = free.select_related("case").select_for_update(skip_locked=True, of=("case",))
        if report := locked.first():
            workflow.decide("take", report.pk, by=officer, version=report.case.version)
            return HttpResponseSeeOther(reverse("admin:reports_report_change", args=[report.pk]))
    messages.info(request, "Không còn tin nào chưa ai nhận.")
    return HttpResponseSeeOther(reverse("admin:reports_report_changelist"))


@admin.register(Report)
class ReportAdmin(BoundedListMixin, OwnFiltersAdmin[Report]):
    """The read-only list of reports; every action has a URL of its own."""

    list_display = (
        columns.age_column, columns.urgency_column, columns.status_column, columns.scenario_column,
        columns.commune_column, columns.caller_column, columns.report_column,
    )  # fmt: skip
    list_display_links = (columns.report_column,)
    list_filter = (
        filters.WorkFilter, filters.CountedFilter, filters.ReceivedFilter, filters.FoldFilter, *filters.NARROWING,
    )  # fmt: skip
    list_per_page = 50
    actions_on_top, actions_on_bottom = False, True  # stay in sight while a row is ticked
    actions = (*bulk_actions.ACTIONS, "reprocess_selected")
    search_fields = ("public_number",)  # shows the box; see get_search_results
    search_help_text = (
        "Mã tin, mã ở nơi gửi, số điện thoại (viết kiểu nào cũng được) hoặc lời kể, không cần dấu."
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ReportChangeList]:
        return ReportOrdering if hasattr(request, "order_alone") else ReportChangeList

    def get_paginator(self, request: HttpRequest, *args: Any, **kwargs: Any) -> BoundedPaginator:
        folds = request.GET.get(filters.FoldFilter.parameter_name) != filters.FoldFilter.UNFOLDED
        is_folded = folds and not request.GET.get(SEARCH_VAR)
        return (FoldedPaginator if is_folded else BoundedPaginator)(*args, **kwargs)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Report]:
        rows = queue_rows().annotate(
            preferences=preferences.preferences_column(get_officer(request))
        )
        return visibility.visible_reports(rows, get_officer(request))

    def action_checkbox(self, obj: Report) -> str:  # type: ignore[override]
        """Return the checkbox, none for a folded row, whose other reports it would leave out."""
        return "" if hasattr(obj, "folded") else super().action_checkbox(obj)

    def get_list_display(self, request: HttpRequest) -> tuple[Any, ...]:
        if visibility.sees_campaigns(get_officer(request)):
            return self.list_display
        own, usual = columns.caller_column_without_campaigns, columns.caller_column
        return tuple(own if each is usual else each for each in self.list_display)

    def get_ordering(self, request: HttpRequest) -> tuple[Any, ...]:
        """Return the newest first of all reports, as of a search; else who must be called first."""
        usual = "all" if request.GET.get(SEARCH_VAR) else WorkFilter.DEFAULT
        work = request.GET.get(WorkFilter.parameter_name, usual)
        if work == "all":
            return ("-received_at",)
        return order_by_calls_first() if work in ("call", "ongoing") else order_for_queue()

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not search_term.strip():
            return queryset, False
        only_open = request.GET.get(filters.WorkFilter.parameter_name) in filters.OF_OPEN
        rows, request.has_more_results = filter_by_search(  # type: ignore[attr-defined]
            queryset, search_term, get_officer(request), only_open=only_open
        )
        return rows, False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"title": "Tin chờ xử lý", **(extra_context or {})}
        request.GET = sanitize_query(request.GET)  # type: ignore[assignment]
        _link_dispute(request, request.GET.get(SEARCH_VAR, ""))
        return super().changelist_view(request, context)

    def change_view(
        self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        view: Any = require_safe(ReportPage.as_view())
        page: HttpResponse = view(request, pk=object_id)
        return page

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        page = reverse("admin:reports_report_change", args=[open_report(request, object_id).pk])
        return HttpResponseRedirect(f"{page}#log")

    @admin.action(description="Đọc lại bằng bộ quy tắc hiện nay", permissions=["reprocess"])
    def reprocess_selected(self, request: HttpRequest, queryset: QuerySet[Report]) -> None:
        keys = queryset.order_by().values_list("pk", flat=True)
        reprocessing.reprocess_selected(request, list(keys[: reprocessing.MAX_BATCH + 1]))

    def has_reprocess_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(reprocessing.START_RUN_PERMISSION)

    def has_assign_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(bulk_actions.permission("assign"))

    def has_close_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(bulk_actions.permission("close"))

    def has_group_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(bulk_actions.permission(many.ATTACH))


def _link_dispute(request: HttpRequest, typed: str) -> None:
    """Add a message with a link to the dispute whose code was typed."""
    may = request.user.has_perm("reports.view_dispute")
    if may and (dispute := dispute_for_code(typed)):
        page = reverse("admin:reports_dispute_change", args=[dispute.pk])
        text = 'Đây là mã đề nghị xem lại một số: <a href="{}">{}</a>.'
        messages.info(request, format_html(text, page, dispute.public_number))
