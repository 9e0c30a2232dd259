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

from accounts import preferences as habits
from core.readonly_admin import Shown
from desk import highlighting as marking
from desk import labels as words
from desk import labels_deadlines as clock_words
from desk import labels_due as due_words
from desk import reprocessing as retriage
from desk import saved_searches as saved
from desk.base import officer, see_other
from desk.campaigns.detail import may_group
from desk.pagination import NearPaginator, bounded
from desk.reports import attachments as originals
from desk.reports import changelist as queue
from desk.reports import columns
from desk.reports import correction_forms as correcting
from desk.reports import detail as page
from desk.reports import filters as facets
from desk.reports import followups as later
from desk.reports import initial_values as starts
from desk.reports import sealed_data_reasons as reveals
from desk.reports import text_download as texts
from desk.reports import transfer_slips as slips
from desk.reports.bulk_actions import BulkActs
from desk.reports.compose import ComposeActs
from desk.reports.correction_actions import CorrectActs
from desk.reports.correction_forms import CorrectionForm
from desk.reports.decision_forms import ACTS, ActForm, why_not
from desk.reports.export_actions import ExportActs
from desk.reports.followups import Later
from desk.reports.navigation import MovingActs, filters_of, others
from desk.reports.officer_filing import FilingActs
from desk.reports.retention_actions import KeepingActs
from desk.reports.sealed_data_actions import RevealActs
from desk.reports.search import dispute_meant, find
from desk.reports.transfer_slips import SlipActs
from reports.attachments import sanitized_copies as clean_copies
from reports.attachments import storage as files
from reports.cases import closing_checks as pending
from reports.cases import transitions as moves
from reports.cases import visibility as scope
from reports.cases import workflow
from reports.facts.effective_facts import held
from reports.models import Report
from reports.monitoring import queue_stats as stats
from reports.reference import units

if TYPE_CHECKING:
    _Admin = admin.ModelAdmin[Report]
else:
    _Admin = admin.ModelAdmin


@admin.register(Report)
class ReportAdmin(
    BulkActs,
    ComposeActs,
    CorrectActs,
    ExportActs,
    FilingActs,
    KeepingActs,
    MovingActs,
    RevealActs,
    SlipActs,
    Shown,
    _Admin,
):
    """The queue and the report page. Nothing here edits; every act has an address of its own."""

    list_display = (
        columns.urgency,
        columns.report,
        columns.since,
        columns.scenario,
        columns.caller_and_campaign,
        columns.loss,
        columns.place,
        columns.standing,
    )
    list_display_links = (columns.report,)
    list_filter = (facets.WorkFilter, *facets.NARROWING)
    list_per_page = 50
    list_max_show_all = 0
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = NearPaginator
    actions = (*BulkActs.bulk_actions, "read_many_again")
    sortable_by = ()
    search_fields = ("public_number",)  # shows the box; `find` looks further
    search_help_text = "Mã tin, số điện thoại (viết kiểu nào cũng được) hoặc lời kể, không cần dấu."

    def save_model(self, request: HttpRequest, obj: Report, form: Any, change: bool) -> None:
        raise PermissionDenied("a report is evidence")

    def delete_model(self, request: HttpRequest, obj: Report) -> None:
        raise PermissionDenied("a report is evidence")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[queue.Queue]:
        return queue.Order if hasattr(request, "order_alone") else queue.Queue

    def get_queryset(self, request: HttpRequest) -> QuerySet[Report]:
        rows = queue.rows().annotate(liked=habits.column(officer(request)))
        return scope.reports(rows, officer(request))

    def get_list_display(self, request: HttpRequest) -> tuple[Any, ...]:
        if scope.sees_campaigns(officer(request)):
            return self.list_display
        own, usual = columns.caller_and_own, columns.caller_and_campaign
        return tuple(own if each is usual else each for each in self.list_display)

    def get_ordering(self, request: HttpRequest) -> tuple[Any, ...]:
        return queue.ordering(request)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """The list's own filters and no column: what is sealed must not be guessed sign by sign."""
        return lookup in {each.parameter_name for each in self.list_filter}

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if not search_term.strip():
            return queryset, False
        only_open = request.GET.get(facets.WorkFilter.parameter_name) in facets.OF_OPEN
        found, request.found_many = find(  # type: ignore[attr-defined]
            queryset, search_term, officer(request), only_open=only_open
        )
        return found, False

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {"title": "Tin chờ xử lý", **(extra_context or {})}
        request.GET = bounded(request.GET)  # type: ignore[assignment]
        _say_where(request, request.GET.get(SEARCH_VAR, ""))
        return super().changelist_view(request, context)

    def get_urls(self) -> list[URLPattern]:
        acts = [
            self._post(f"<uuid:pk>/{verb}/", self.act, f"reports_report_{verb}", verb=verb)
            for verb in moves.TABLE
        ]
        again = self._post("<uuid:pk>/read-again/", self.read_again, "reports_report_read_again")
        return [
            *acts,
            *self.bulk_urls(),
            *self.compose_urls(),
            *self.slip_urls(),
            self._post("save-search/", saved.save, "reports_report_save_search"),
            *self.filing_urls(),
            self._post("remove-search/<int:search>/", saved.remove, "reports_report_remove_search"),
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

    def act(self, request: HttpRequest, pk: UUID, verb: str) -> HttpResponse:
        """Take a decision, or show the page again with what was typed and why not."""
        report = self._get(request, pk)
        form = _act_form(report, verb, request.POST)
        if not form.is_valid():
            messages.error(request, "Chưa lưu. Xem lại chỗ báo lỗi; những gì đã gõ còn nguyên.")
            return self._page(request, report, form=form)
        following = self.following(request, pk, verb)
        try:
            decided = form.carry_out(report.case, officer(request))
        except workflow.NotAllowed as error:
            raise PermissionDenied from error
        except workflow.WorkflowError as error:
            return self._not_taken(request, pk, form, error)
        return self.after(request, decided, verb, following)

    def _not_taken(
        self,
        request: HttpRequest,
        pk: UUID,
        form: ActForm | CorrectionForm,
        error: workflow.WorkflowError,
    ) -> HttpResponse:
        """The page as it stands now, with what was typed, why it was not taken, and who did what
        meanwhile.
        """
        report = self._get(request, pk)
        form.blame(error)
        seen = form.cleaned_data.get("version") or 0
        messages.error(request, why_not(error, report.case, seen))
        return self._page(request, report, form=form)

    def read_again(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Have the machine read this report once more; the decision stays."""
        report = self._get(request, pk)
        if not request.user.has_perm(retriage.ONE):
            raise PermissionDenied
        retriage.read_again(request, [report.pk])
        clean_copies.owe(files.of(report).filter(erased_at=None))
        return see_other(reverse("admin:reports_report_change", args=[pk]))

    @admin.action(description="Đọc lại bằng bộ quy tắc hiện nay", permissions=["retriage"])
    def read_many_again(self, request: HttpRequest, queryset: QuerySet[Report]) -> None:
        chosen = queryset.order_by().values_list("pk", flat=True)
        retriage.read_again(request, list(chosen[: retriage.MOST_AT_ONCE + 1]))

    def has_retriage_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(retriage.MANY)

    def _get(self, request: HttpRequest, pk: UUID | str) -> Report:
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            key = pk if isinstance(pk, UUID) else UUID(pk)
        except ValueError:
            key = UUID(int=0)
        rows, by = page.load().annotate(liked=habits.column(officer(request))), officer(request)
        report = rows.filter(pk=key).first()
        if report is None and scope.is_at_pv01(by):
            raise Http404
        if report is None or not scope.sees(by, report.case):  # which of the two is not told
            raise PermissionDenied
        return report

    def _page(
        self,
        request: HttpRequest,
        report: Report,
        *,
        form: ActForm | CorrectionForm | None = None,
        shown: dict[str, str] | None = None,
        opened: object = None,
    ) -> HttpResponse:
        """The page; with a form that decided nothing, under the status that says why."""
        status = 200 if form is None else 422 if form.errors else 409
        holds, said = held(report), list(correcting.said_of(report))
        named, recorded = page.indicators(report), page.recorded(report)
        facts, forms = page.facts_of(report), self._forms(request, report, form)
        story, sent = page.story(report), originals.rows(report)
        suggested = page.suggestions(report, said, form)
        clocks, due = clock_words.lines(report), due_words.of(report.case, report.received_at)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Tin {report.public_number}",
            "opts": self.opts,
            "report": report,
            "case": report.case,
            "facts": facts,
            "holds": holds,
            "urgency": words.urgency(holds.priority),
            "status_tag": words.STATUS_TAGS[report.case.status],
            "age": words.age(report.received_at, timezone.now()),
            "due": due,
            "clocks": clocks,
            "due_for": clock_words.ending(clocks, due.at) if due else "",
            "clock_basis": clock_words.basis(),
            "officer": words.person(report.case.officer),
            "forms": forms,
            "units": units.names() if any("unit" in each.fields for each in forms) else [],
            **slips.shown(report, officer(request)),
            "story": story,
            "is_left_out": texts.is_left_out(report, story),
            "raw_story": marking.beginning((shown or {}).get("story", "")),
            "declared": page.declared(report),
            **later.told(request, Later(report, opened), recorded, [file.at for file in sent]),
            "files": sent,
            "has_pictures": any(file.picture for file in sent),
            "oddities": page.oddities(report),
            "suggestions": suggested,
            "gist": page.gist(report, suggested),
            "reading": stats.reading_of(report.pk),
            "indicators": named,
            "similar": page.similar(report, named, officer(request)),
            "log": page.log(report, said, recorded),
            "shown": {what: marking.plain(text) for what, text in (shown or {}).items()},
            "last_look": reveals.last_of(recorded, report, officer(request)),
            "reveal_reasons": reveals.REASONS,
            "may_reveal": request.user.has_perm("reports.reveal_contact"),
            "may_correct": request.user.has_perm("reports.decide_case") and not _is_held(report),
            "may_read_again": request.user.has_perm(retriage.ONE)
            and not (report.erased_at or _is_held(report)),
            "back": filters_of(request.POST if request.method == "POST" else request.GET),
            "others": others(report.pk, request),
            "sees_campaigns": scope.sees_campaigns(officer(request)),
            "may_group": may_group(request),
            "habits": habits.liked(report),
        }
        return TemplateResponse(
            request, "admin/reports/report/change_form.html", context, status=status
        )

    def _forms(
        self, request: HttpRequest, report: Report, form: ActForm | CorrectionForm | None
    ) -> list[ActForm]:
        """One form for each decision that is open to this officer; the typed one as typed."""
        typed = form if isinstance(form, ActForm) else None
        offered = workflow.offers(report.case, officer(request), is_held=_is_held(report))
        verbs = [verb for verb in ACTS if verb in offered or (typed and typed.verb == verb)]
        fresh = starts.of(held(report))
        return [
            typed
            if typed and typed.verb == verb
            else _act_form(report, verb, initial=fresh.get(verb))
            for verb in verbs
        ]


def _act_form(report: Report, verb: str, *typed: Any, **given: Any) -> ActForm:
    """A decision's form, with the reason that the report suggests for it and what waits for a tick."""
    suggestion = starts.reasons(held(report)).get(verb, "")
    waits = pending.of(report) if verb == "close" else ()
    return ActForm(verb, *typed, **given, suggestion=suggestion, waits=waits)


def _say_where(request: HttpRequest, typed: str) -> None:
    """Lead whoever typed the code of a wish for a second look to it."""
    meant = dispute_meant(typed) if request.user.has_perm("reports.view_dispute") else None
    if meant:
        page = reverse("admin:reports_dispute_change", args=[meant.pk])
        told = 'Đây là mã đề nghị xem lại một số: <a href="{}">{}</a>.'
        messages.info(request, format_html(told, page, meant.public_number))


def _is_held(report: Report) -> bool:
    """Whether a report that `page.load` gave must stay as it is."""
    return bool(getattr(report, "is_held", False))
