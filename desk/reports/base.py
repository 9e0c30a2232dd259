"""Shared by the views of one report: load it if visible, check the permission."""

from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.generic import View

from accounts import preferences
from accounts.sessions import get_officer
from core.errors import ActionError
from core.form_data import parse_uuid
from desk.labels import deadlines
from desk.labels.formatting import format_datetime, officer_name
from desk.pages.actions import DeskAction
from reports.cases import visibility
from reports.models import ErasureRequest, LegalHold, Report
from reports.reference import units

VIEW_PERMISSION = "reports.view_report"
_ENDINGS = {"decline": "đã trả về nơi chuyển", "take_back": "đã lấy lại", "reopen": "đã mở lại"}


class ReportView(View):
    """A page of one report; checks that the officer may see it and has the permission."""

    http_method_names = ["get", "head"]
    permission = ""
    report: Report
    officer: User

    def dispatch(
        self, request: HttpRequest, *args: Any, pk: UUID | str, **kwargs: Any
    ) -> HttpResponseBase:
        self.report, self.officer = open_report(request, pk), get_officer(request)
        if self.permission and not self.officer.has_perm(self.permission):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)


class ReportAction(ReportView, DeskAction):
    http_method_names = ["post"]
    errors: tuple[type[Exception], ...] = (ActionError,)

    def get_next_address(self) -> str:
        return reverse("admin:reports_report_change", args=[self.report.pk])


def report_queryset() -> QuerySet[Report]:
    """Return reports with all the related single rows of their page."""
    single = (
        "case__officer", "case__assigned_unit", "facts", "flood_sample", "campaign_link__campaign",
    )  # fmt: skip
    hold = LegalHold.objects.filter(report=OuterRef("pk"), released_at=None)
    request = ErasureRequest.objects.open().filter(report=OuterRef("pk"))
    return (
        Report.objects.select_related(*single)
        .defer("facts__search_text")
        .annotate(
            deadline_rows=deadlines.deadline_prefetch(),
            is_held=Exists(hold),
            has_open_erasure_request=Exists(request),
        )
    )


def open_report(request: HttpRequest, pk: UUID | str) -> Report:
    """Return the report for its page. Raises PermissionDenied where the officer may not see it, to
    the unit that had it with who took it back.

    A missing one is Http404 only for who sees every report: a unit must not learn which exist.
    """
    viewer = get_officer(request, VIEW_PERMISSION)
    rows = report_queryset().annotate(preferences=preferences.preferences_column(viewer))
    report = rows.filter(pk=parse_uuid(pk) or UUID(int=0)).first()
    if report is None and visibility.sees_every_report(viewer):
        raise Http404
    if report is None or not visibility.can_see(viewer, report.case):
        raise PermissionDenied(_tell_end_of_handover(report, viewer))
    return report


def _tell_end_of_handover(report: Report | None, viewer: User) -> str:
    """Return who took a report from the officer's unit, which had it by a hand-over; "" for another's."""
    unit = units.unit_of(viewer) if report else None
    if report is None or unit is None:
        return ""
    slip = report.slips.filter(unit=unit.name).exclude(ended_at=None).order_by("ended_at").last()
    if slip is None or slip.ended_at is None:
        return ""
    who, at = officer_name(slip.ended_by), format_datetime(slip.ended_at)
    return f"Tin {report.public_number} không còn ở đơn vị bạn: {who} {_ENDINGS[slip.ending]} lúc {at}."


def is_held(report: Report) -> bool:
    """Return whether a report from `report_queryset` is under a legal hold."""
    return bool(getattr(report, "is_held", False))
