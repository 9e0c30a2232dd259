"""Navigation between reports of the list, and who else has a report open."""

from collections.abc import Mapping
from copy import copy
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.auth.models import User
from django.core.exceptions import SuspiciousOperation
from django.db import connection
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
    QueryDict,
)
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode

from accounts import preferences
from accounts.sessions import get_officer
from core.responses import HttpResponseSeeOther
from desk.labels.decisions import ACTION_LABELS
from desk.labels.formatting import format_age, officer_name
from desk.pages.lists import MAX_PAGED_ROWS
from desk.reports.base import ReportView
from reports.cases import visibility
from reports.models import Case, Report

FILTERS = "_changelist_filters"  # Django's parameter for the filters of the list
_MAX_FILTERS_CHARS = 2000
STEPS = {"next": 1, "previous": -1}
# Verbs after which the officer has nothing left to do with the report.
_ENDS = frozenset(
    {"act", "hand_over", "close", "junk", "withdraw", "ask", "assign", "give_back", "assign_unit"}
)
_NO_MORE = {
    "next": "Hết tin ở phía sau trong danh sách này.",
    "previous": "Đây là tin đầu danh sách.",
}
_PREFERENCE_TEXTS = {
    ("keyboard_shortcuts", True): "Đã bật phím tắt.",
    ("keyboard_shortcuts", False): "Đã tắt phím tắt. Bật lại ở cuối phần quyết định.",
    ("advance_after_action", True): "Sau khi quyết định, trang sẽ mở tin tiếp theo.",
    ("advance_after_action", False): "Sau khi quyết định, trang sẽ ở lại tin đó.",
}
FRESH_SECONDS = 180  # without a heartbeat for so long a viewer has left
_REMOVED_AFTER = "1 hour"
_MAX_VIEWERS = 5
# Also deletes an officer's old rows; one locked by another tab may stay.
_RECORD_VIEWER = f"""
WITH here AS (
    INSERT INTO desk_reportviewer (report_id, officer_id) VALUES (%(report)s, %(officer)s)
    ON CONFLICT (report_id, officer_id) DO UPDATE SET last_seen_at = statement_timestamp()),
old AS (
    DELETE FROM desk_reportviewer WHERE id IN (
        SELECT id FROM desk_reportviewer
         WHERE officer_id = %(officer)s AND report_id <> %(report)s
           AND last_seen_at < statement_timestamp() - interval '{_REMOVED_AFTER}'
           FOR UPDATE SKIP LOCKED))
SELECT officer.username, officer.first_name, officer.last_name, other.last_seen_at
  FROM desk_reportviewer AS other JOIN auth_user AS officer ON officer.id = other.officer_id
 WHERE other.report_id = %(report)s AND other.officer_id <> %(officer)s
   AND other.last_seen_at > statement_timestamp() - interval '{FRESH_SECONDS} seconds'
 ORDER BY other.last_seen_at DESC LIMIT {_MAX_VIEWERS}
"""  # noqa: S608  # nosec B608


class ShowNeighbour(ReportView):
    """Redirect to the neighbour in the list, or to the list where there is none."""

    def get(self, request: HttpRequest, way: str) -> HttpResponse:
        filters = filters_of(request.GET)
        neighbour = find_neighbour(request, self.report.pk, filters, way)
        if neighbour is None:
            messages.info(request, _NO_MORE[way])
            return HttpResponseRedirect(list_address(filters))
        return HttpResponseRedirect(page_address(neighbour, filters))


class Heartbeat(ReportView):
    """Record that the report is open, and return who else has it open, as JSON."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        return JsonResponse({"others": other_viewers(self.report.pk, request)})


class SwitchPreference(ReportView):
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        name, is_on = request.POST.get("name", ""), request.POST.get("to") == "on"
        if name not in preferences.NAMES:
            raise Http404
        preferences.set_preference(self.officer, name, to=is_on)
        messages.success(request, _PREFERENCE_TEXTS[name, is_on])
        return HttpResponseSeeOther(
            page_address(self.report.pk, filters_of(request.POST)) + "#decide"
        )


def find_neighbour(request: HttpRequest, pk: UUID, filters: str, way: str = "next") -> UUID | None:
    """Return the neighbour in the present list or None; a report not in it counts as before the first."""
    order = _list_keys(request, filters)
    place = (order.index(pk) if pk in order else -1) + STEPS[way]
    return order[place] if 0 <= place < len(order) else None


def _list_keys(request: HttpRequest, filters: str) -> list[UUID]:
    """Return the keys of the list as far as paging reaches; invalid filters give the default list."""
    try:
        return _query_keys(request, filters)
    except (IncorrectLookupParameters, SuspiciousOperation, ValueError):
        return _query_keys(request, "")


def _query_keys(request: HttpRequest, filters: str) -> list[UUID]:
    list_request: Any = copy(request)
    list_request.GET, list_request.order_alone = QueryDict(filters), True
    changelist = admin.site.get_model_admin(Report).get_changelist_instance(list_request)
    return list(changelist.queryset.values_list("pk", flat=True)[:MAX_PAGED_ROWS])


def next_after_action(request: HttpRequest, pk: UUID, verb: str) -> UUID | None:
    """Return the report to open after a decision, None where the officer stays."""
    return find_neighbour(request, pk, filters_of(request.POST)) if _moves(request, verb) else None


def redirect_after_action(
    request: HttpRequest, case: Case, verb: str, following: UUID | None
) -> HttpResponse:
    """Redirect after a decision, with a message that links back to a report still visible."""
    filters, moves = filters_of(request.POST), _moves(request, verb)
    here, sees = page_address(case.pk, filters), visibility.can_see(get_officer(request), case)
    message = ACTION_LABELS[verb].done
    if sees and moves:
        link = '{} <a href="{}">Xem lại tin {}</a>'
        message = format_html(link, message, here, case.report.public_number)
    messages.success(request, message)
    if not moves:
        return HttpResponseSeeOther(here if sees else list_address(filters))
    if following is None:
        messages.info(request, _NO_MORE["next"])
        return HttpResponseSeeOther(list_address(filters))
    return HttpResponseSeeOther(page_address(following, filters))


def _moves(request: HttpRequest, verb: str) -> bool:
    """Return whether the officer leaves the report after this decision."""
    return verb in _ENDS and request.POST.get("then") == "next"


def filters_of(query: Mapping[str, Any]) -> str:
    """Return the filters of the list that the page was opened from, as a query string."""
    typed = str(query.get(FILTERS, ""))
    return QueryDict(typed).urlencode() if len(typed) <= _MAX_FILTERS_CHARS else ""


def page_address(pk: UUID, filters: str) -> str:
    address = reverse("admin:reports_report_change", args=[pk])
    return f"{address}?{urlencode({FILTERS: filters})}" if filters else address


def list_address(filters: str) -> str:
    address = reverse("admin:reports_report_changelist")
    return f"{address}?{filters}" if filters else address


def other_viewers(pk: UUID, request: HttpRequest) -> list[str]:
    """Return a sentence for each colleague who has the report open, and record the officer."""
    now = timezone.now()
    return [
        f"{officer_name(other)} cũng đang mở tin này, {format_age(at, now)}."
        for other, at in record_viewer(pk, get_officer(request))
    ]


def record_viewer(report: UUID, officer: User) -> list[tuple[User, datetime]]:
    """Record that the officer has it open; return the others and their last heartbeats, latest first."""
    with connection.cursor() as cursor:
        cursor.execute(_RECORD_VIEWER, {"report": report, "officer": officer.pk})
        rows = cursor.fetchall()
    return [
        (User(username=name, first_name=first, last_name=last), at)
        for name, first, last, at in rows
    ]
