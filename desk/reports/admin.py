"""A report at the desk: read-only evidence, and decisions through workflow alone."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.views.main import SEARCH_VAR
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_POST

from accounts import preferences
from core.readonly_admin import ReadOnlyAdminMixin
from desk import labels
from desk.labels import deadlines, highlighting
from desk.pages.base import can_group, officer, see_other
from desk.pages.pagination import BoundedPaginator, sanitize_query
from desk.reports import (
    attachments,
    changelist,
    columns,
    correction_forms,
    detail,
    filters,
    followups,
    initial_values,
    reprocessing,
    saved_searches,
    sealed_data_reasons,
    text_download,
    transfer_slips,
)
from desk.reports.bulk_actions import BulkActionsMixin
from desk.reports.compose import ComposeActionsMixin
from desk.reports.correction_actions import CorrectionActionsMixin
from desk.reports.correction_forms import CorrectionForm
from desk.reports.decision_forms import ACTS, DecisionForm, error_message
from desk.reports.export_actions import ExportActionsMixin
from desk.reports.followups import FollowupPanel
from desk.reports.navigation import NavigationMixin, filters_of, other_viewers
from desk.reports.officer_filing import FilingActionsMixin
from desk.reports.retention_actions import RetentionActionsMixin
from desk.reports.sealed_data_actions import RevealActionsMixin
from desk.reports.search import dispute_for_code, search_reports
from desk.reports.transfer_slips import TransferSlipActionsMixin
from reports.attachments import sanitized_copies, storage
from reports.cases import closing_checks, transitions, visibility, workflow
from reports.facts.effective_facts import effective_facts
from reports.models import Report
from reports.monitoring import queue_stats
from reports.reference import units

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[Report]
else:
    _Admin = admin.ModelAdmin


@admin.register(Report)
class ReportAdmin(
    BulkActionsMixin,
    ComposeActionsMixin,
    CorrectionActionsMixin,
    ExportActionsMixin,
    FilingActionsMixin,
    RetentionActionsMixin,
    NavigationMixin,
    RevealActionsMixin,
    TransferSlipActionsMixin,
    ReadOnlyAdminMixin,
    _Admin,
):
    """The queue and the report page. Nothing here edits; every act has an address of its own."""

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
    actions = (*BulkActionsMixin.bulk_actions, "read_many_again")
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

    def get_urls(self) -> list[URLPattern]:
        acts = [
            self._post(
                f"<uuid:pk>/{verb}/", self.decision_view, f"reports_report_{verb}", verb=verb
            )
            for verb in transitions.TABLE
        ]
        again = self._post("<uuid:pk>/read-again/", self.read_again, "reports_report_read_again")
        return [
            *acts,
            *self.bulk_urls(),
            *self.compose_urls(),
            *self.slip_urls(),
            self._post("save-search/", saved_searches.save, "reports_report_save_search"),
            *self.filing_urls(),
            self._post(
                "remove-search/<int:search>/", saved_searches.remove, "reports_report_remove_search"
            ),
            *self.reveal_urls(),
            *self.correct_urls(),
            *self.moving_urls(),
            again,
            *self.export_urls(),
            *self.keeping_urls(),
            *super().get_urls(),
        ]

    def _post(self, route: str, view: Any, name: str, **given: str) -> URLPattern:
        address: URLPattern = path(
            route, self.admin_site.admin_view(require_POST(view)), given, name=name
        )
        return address

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        return self._page(request, self._get(request, object_id))

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        report = self._get(request, object_id)
        here = reverse("admin:reports_report_change", args=[report.pk])
        return HttpResponseRedirect(f"{here}#log")

    def decision_view(self, request: HttpRequest, pk: UUID, verb: str) -> HttpResponse:
        """Take a decision, or show the page again with what was typed and why not."""
        report = self._get(request, pk)
        form = _act_form(report, verb, request.POST)
        if not form.is_valid():
            messages.error(request, "Chưa lưu. Xem lại chỗ báo lỗi; những gì đã gõ còn nguyên.")
            return self._page(request, report, form=form)
        following = self.next_after_action(request, pk, verb)
        try:
            decided = form.execute(report.case, officer(request))
        except workflow.NotAllowed as error:
            raise PermissionDenied from error
        except workflow.WorkflowError as error:
            return self._not_taken(request, pk, form, error)
        return self.redirect_after_action(request, decided, verb, following)

    def _not_taken(
        self,
        request: HttpRequest,
        pk: UUID,
        form: DecisionForm | CorrectionForm,
        error: workflow.WorkflowError,
    ) -> HttpResponse:
        """The page as it stands now, with what was typed, why it was not taken, and who did what
        meanwhile.
        """
        report = self._get(request, pk)
        form.add_workflow_error(error)
        seen = form.cleaned_data.get("version") or 0
        messages.error(request, error_message(error, report.case, seen))
        return self._page(request, report, form=form)

    def read_again(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Have the machine read this report once more; the decision stays."""
        report = self._get(request, pk)
        if not request.user.has_perm(reprocessing.ONE):
            raise PermissionDenied
        reprocessing.reprocess_selected(request, [report.pk])
        sanitized_copies.enqueue_scan(storage.files_of_report(report).filter(erased_at=None))
        return see_other(reverse("admin:reports_report_change", args=[pk]))

    @admin.action(description="Đọc lại bằng bộ quy tắc hiện nay", permissions=["retriage"])
    def read_many_again(self, request: HttpRequest, queryset: QuerySet[Report]) -> None:
        chosen = queryset.order_by().values_list("pk", flat=True)
        reprocessing.reprocess_selected(request, list(chosen[: reprocessing.MAX_BATCH + 1]))

    def has_retriage_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(reprocessing.MANY)

    def _get(self, request: HttpRequest, pk: UUID | str) -> Report:
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            key = pk if isinstance(pk, UUID) else UUID(pk)
        except ValueError:
            key = UUID(int=0)
        rows, by = (
            detail.report_queryset().annotate(
                liked=preferences.preferences_column(officer(request))
            ),
            officer(request),
        )
        report = rows.filter(pk=key).first()
        if report is None and visibility.is_at_pv01(by):
            raise Http404
        if report is None or not visibility.can_see(
            by, report.case
        ):  # which of the two is not told
            raise PermissionDenied
        return report

    def _page(
        self,
        request: HttpRequest,
        report: Report,
        *,
        form: DecisionForm | CorrectionForm | None = None,
        shown: dict[str, str] | None = None,
        opened: object = None,
    ) -> HttpResponse:
        """The page; with a form that decided nothing, under the status that says why."""
        status = 200 if form is None else 422 if form.errors else 409
        holds, said = effective_facts(report), list(correction_forms.corrections_of(report))
        named, recorded = detail.indicators(report), detail.recent_events(report)
        facts, forms = detail.facts_of(report), self._forms(request, report, form)
        story, sent = detail.story(report), attachments.file_rows(report)
        suggested = detail.suggestions(report, said, form)
        clocks, due = (
            deadlines.deadline_lines(report),
            deadlines.next_deadline(report.case, report.received_at),
        )
        context = {
            **self.admin_site.each_context(request),
            "title": f"Tin {report.public_number}",
            "opts": self.opts,
            "report": report,
            "case": report.case,
            "facts": facts,
            "holds": holds,
            "urgency": labels.priority_label(holds.priority),
            "status_tag": labels.STATUS_TAGS[report.case.status],
            "age": labels.format_age(report.received_at, timezone.now()),
            "due": due,
            "clocks": clocks,
            "due_for": deadlines.ending_at(clocks, due.at) if due else "",
            "clock_basis": deadlines.legal_basis(),
            "officer": labels.officer_name(report.case.officer),
            "forms": forms,
            "units": units.names() if any("unit" in each.fields for each in forms) else [],
            **transfer_slips.slip_panel(report, officer(request)),
            "story": story,
            "is_left_out": text_download.is_truncated(report, story),
            "raw_story": highlighting.truncate((shown or {}).get("story", "")),
            "declared": detail.form_answers(report),
            **followups.panel_context(
                request, FollowupPanel(report, opened), recorded, [file.at for file in sent]
            ),
            "files": sent,
            "has_pictures": any(file.picture for file in sent),
            "oddities": detail.warnings(report),
            "suggestions": suggested,
            "gist": detail.summary(report, suggested),
            "reading": queue_stats.triage_state_of(report.pk),
            "indicators": named,
            "similar": detail.related_reports(report, named, officer(request)),
            "log": detail.event_log(report, said, recorded),
            "shown": {what: highlighting.plain_line(text) for what, text in (shown or {}).items()},
            "last_look": sealed_data_reasons.latest_reveal_in(recorded, report, officer(request)),
            "reveal_reasons": sealed_data_reasons.REASONS,
            "may_reveal": request.user.has_perm("reports.reveal_contact"),
            "may_correct": request.user.has_perm("reports.decide_case") and not _is_held(report),
            "may_read_again": request.user.has_perm(reprocessing.ONE)
            and not (report.erased_at or _is_held(report)),
            "back": filters_of(request.POST if request.method == "POST" else request.GET),
            "others": other_viewers(report.pk, request),
            "sees_campaigns": visibility.sees_campaigns(officer(request)),
            "may_group": can_group(request),
            "habits": preferences.preferences_of(report),
        }
        return TemplateResponse(
            request, "admin/reports/report/change_form.html", context, status=status
        )

    def _forms(
        self, request: HttpRequest, report: Report, form: DecisionForm | CorrectionForm | None
    ) -> list[DecisionForm]:
        """One form for each decision that is open to this officer; the typed one as typed."""
        typed = form if isinstance(form, DecisionForm) else None
        offered = workflow.allowed_actions(report.case, officer(request), is_held=_is_held(report))
        verbs = [verb for verb in ACTS if verb in offered or (typed and typed.verb == verb)]
        fresh = initial_values.initial_values(effective_facts(report))
        return [
            typed
            if typed and typed.verb == verb
            else _act_form(report, verb, initial=fresh.get(verb))
            for verb in verbs
        ]


def _act_form(report: Report, verb: str, *typed: Any, **given: Any) -> DecisionForm:
    """A decision's form, with the reason that the report suggests for it and what waits for a tick."""
    suggestion = initial_values.suggested_reasons(effective_facts(report)).get(verb, "")
    waits = closing_checks.closing_blockers(report) if verb == "close" else ()
    return DecisionForm(verb, *typed, **given, suggestion=suggestion, waits=waits)


def _say_where(request: HttpRequest, typed: str) -> None:
    """Lead whoever typed the code of a wish for a second look to it."""
    meant = dispute_for_code(typed) if request.user.has_perm("reports.view_dispute") else None
    if meant:
        page = reverse("admin:reports_dispute_change", args=[meant.pk])
        told = 'Đây là mã đề nghị xem lại một số: <a href="{}">{}</a>.'
        messages.info(request, format_html(told, page, meant.public_number))


def _is_held(report: Report) -> bool:
    """Whether a report that `page.load` gave must stay as it is."""
    return bool(getattr(report, "is_held", False))
