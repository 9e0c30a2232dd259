"""What the views of one report share: open the report that the officer may see, check the permission,
run the action, answer.
"""

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.generic import View

from accounts import preferences
from desk.labels import deadlines
from desk.pages.base import officer, see_other
from reports.cases import visibility, workflow
from reports.models import ErasureRequest, LegalHold, Report

VIEW = "reports.view_report"


class ReportView(View):
    """A page of one report, for an officer who may see it and has the permission."""

    http_method_names = ["get", "head"]
    permission = ""
    report: Report
    officer: User

    def dispatch(
        self, request: HttpRequest, *args: Any, pk: UUID | str, **kwargs: Any
    ) -> HttpResponseBase:
        self.report, self.officer = open_report(request, pk), officer(request)
        if self.permission and not self.officer.has_perm(self.permission):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)


class ReportAction(ReportView):
    """A button of one report: run the action and answer 303 with a message, or show why not."""

    http_method_names = ["post"]
    errors: tuple[type[Exception], ...] = (workflow.WorkflowError,)
    done = ""

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        try:
            result = self.run(**kwargs)
        except workflow.NotAllowed as error:
            raise PermissionDenied from error
        except self.errors as error:
            return self.show_error(error)
        return self.show_result(result)

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """Run the action and return its result. Raises one of `errors`."""
        raise NotImplementedError

    def show_result(self, result: Any) -> HttpResponse:
        if self.done:
            messages.success(self.request, self.done)
        return see_other(self.get_next_address())

    def show_error(self, error: Any) -> HttpResponse:
        raise NotImplementedError

    def get_next_address(self) -> str:
        return reverse("admin:reports_report_change", args=[self.report.pk])


def report_queryset() -> QuerySet[Report]:
    """Return reports with all that their page needs of single rows."""
    single = (
        "case__officer", "case__assigned_unit", "facts", "flood_sample", "campaign_link__campaign",
    )  # fmt: skip
    hold = LegalHold.objects.filter(report=OuterRef("pk"), released_at=None)
    request = ErasureRequest.objects.open().filter(report=OuterRef("pk"))
    return (
        Report.objects.select_related(*single)
        .defer("facts__search_text")
        .annotate(
            clock_rows=deadlines.deadline_prefetch(),
            is_held=Exists(hold),
            wants_erasure=Exists(request),
        )
    )


def open_report(request: HttpRequest, pk: UUID | str) -> Report:
    """Return the report with all that its page needs. Raises PermissionDenied where the officer may
    not see it, at a unit also where there is none; Http404 at the office.
    """
    if not request.user.has_perm(VIEW):
        raise PermissionDenied
    viewer = officer(request)
    rows = report_queryset().annotate(liked=preferences.preferences_column(viewer))
    report = rows.filter(pk=parse_key(pk)).first()
    if report is None and visibility.sees_every_report(viewer):
        raise Http404
    if report is None or not visibility.can_see(viewer, report.case):
        raise PermissionDenied
    return report


def parse_key(typed: UUID | str) -> UUID:
    """Return the key, for what is none a key that nothing has."""
    try:
        return typed if isinstance(typed, UUID) else UUID(typed)
    except ValueError:
        return UUID(int=0)


def parse_version(request: HttpRequest) -> int:
    """Return the posted version of the case, 0 for what is none."""
    typed = request.POST.get("version", "")
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 10 else 0


def page_context(request: HttpRequest, title: str, **context: Any) -> dict[str, Any]:
    """Return what every page under the reports needs, with the context of this one."""
    site, opts = admin.site.each_context(request), admin.site.get_model_admin(Report).opts
    return {**site, "title": title, "opts": opts, **context}


def is_held(report: Report) -> bool:
    """Return whether a report that `open_report` gave must stay as it is."""
    return bool(getattr(report, "is_held", False))


def set_status(response: HttpResponse, status: int) -> HttpResponse:
    response.status_code = status
    return response
