"""From one report to the next: in the order of the list that the officer came from, after a decision
or by a key; who else has the report open; and what the officer likes of this.
"""

from collections.abc import Callable, Mapping
from copy import copy
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import SuspiciousOperation
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
    QueryDict,
)
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from accounts import preferences
from desk import labels
from desk.pages.base import officer, see_other
from desk.pages.pagination import NEAR
from desk.reports import presence
from desk.reports.decision_forms import ACTS
from reports.cases import visibility
from reports.models import Case, Report

FILTERS = "_changelist_filters"  # what Django calls the list that a page was opened from
_MAX_LENGTH = 2000
_STEPS = {"next": 1, "previous": -1}
# After these nothing is left to do with the report for now.
_ENDS = frozenset({"act", "hand_over", "close", "junk", "withdraw", "ask", "assign", "assign_unit"})
_NO_MORE = {
    "next": "Hết tin ở phía sau trong danh sách này.",
    "previous": "Đây là tin đầu danh sách.",
}
_TOLD = {
    ("keyboard_shortcuts", True): "Đã bật phím tắt.",
    ("keyboard_shortcuts", False): "Đã tắt phím tắt. Bật lại ở cuối phần quyết định.",
    ("advance_after_action", True): "Sau khi quyết định, trang sẽ mở tin tiếp theo.",
    ("advance_after_action", False): "Sau khi quyết định, trang sẽ ở lại tin đó.",
}


class NavigationMixin:
    """The addresses that lead on from a report."""

    admin_site: admin.AdminSite
    get_changelist_instance: Callable[[HttpRequest], Any]
    _get: Callable[[HttpRequest, UUID | str], Report]

    def moving_urls(self) -> list[URLPattern]:
        steps = [
            self._at(
                f"<uuid:pk>/{way}/",
                require_safe(self.next_or_previous),
                f"reports_report_{way}",
                way=way,
            )
            for way in _STEPS
        ]
        here = self._at("<uuid:pk>/here/", require_POST(self.heartbeat), "reports_report_here")
        liked = self._at(
            "<uuid:pk>/habit/", require_POST(self.toggle_preference), "reports_report_habit"
        )
        return [*steps, here, liked]

    def _at(self, route: str, view: Any, name: str, **given: str) -> URLPattern:
        address: URLPattern = path(route, self.admin_site.admin_view(view), given, name=name)
        return address

    def next_or_previous(self, request: HttpRequest, pk: UUID, way: str) -> HttpResponse:
        """Go to the report beside this one in the list, or back to the list where there is none."""
        report, filters = self._get(request, pk), filters_of(request.GET)
        beside = self.adjacent_report(request, report.pk, filters, way)
        if beside is None:
            messages.info(request, _NO_MORE[way])
            return HttpResponseRedirect(list_address(filters))
        return HttpResponseRedirect(page_address(beside, filters))

    def adjacent_report(
        self, request: HttpRequest, pk: UUID, filters: str, way: str = "next"
    ) -> UUID | None:
        """The report beside one in the list as it is now. One that has left the list stands before
        its first, so that the next is what is most urgent.
        """
        order = self._order(request, filters)
        place = order.index(pk) if pk in order else -1
        wanted = place + _STEPS[way]
        return order[wanted] if 0 <= wanted < len(order) else None

    def _order(self, request: HttpRequest, filters: str) -> list[UUID]:
        """The keys of the list, as far as one pages through it; of filters that mean nothing, the
        keys of the list as it opens.
        """
        try:
            return self._in_order(request, filters)
        except (IncorrectLookupParameters, SuspiciousOperation, ValueError):
            return self._in_order(request, "")

    def _in_order(self, request: HttpRequest, filters: str) -> list[UUID]:
        asked: Any = copy(request)
        asked.GET, asked.order_alone = QueryDict(filters), True
        listed = self.get_changelist_instance(asked)
        return list(listed.queryset.values_list("pk", flat=True)[:NEAR])

    def next_after_action(self, request: HttpRequest, pk: UUID, verb: str) -> UUID | None:
        """Where a decision leads, asked before it is taken: afterwards the report may have left the
        list. None where the officer stays.
        """
        if not _moves(request, verb):
            return None
        return self.adjacent_report(request, pk, filters_of(request.POST))

    def redirect_after_action(
        self, request: HttpRequest, case: Case, verb: str, following: UUID | None
    ) -> HttpResponse:
        """Say what was done, with a way back where the officer still sees the report, and go on."""
        filters, moves = filters_of(request.POST), _moves(request, verb)
        here, sees = page_address(case.pk, filters), visibility.can_see(officer(request), case)
        if sees and moves:
            told = '{} <a href="{}">Xem lại tin {}</a>'
            number = case.report.public_number
            messages.success(request, format_html(told, ACTS[verb].done, here, number))
        else:
            messages.success(request, ACTS[verb].done)
        if not moves:
            return see_other(here if sees else list_address(filters))
        if following is None:
            messages.info(request, _NO_MORE["next"])
            return see_other(list_address(filters))
        return see_other(page_address(following, filters))

    def heartbeat(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Say that the report is still open, and who else has it open."""
        report = self._get(request, pk)
        return JsonResponse({"others": other_viewers(report.pk, request)})

    def toggle_preference(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Switch one habit of the officer."""
        report, name = self._get(request, pk), request.POST.get("name", "")
        if name not in preferences.NAMES:
            raise Http404
        to = request.POST.get("to") == "on"
        preferences.set_preference(officer(request), name, to=to)
        messages.success(request, _TOLD[name, to])
        return see_other(page_address(report.pk, filters_of(request.POST)) + "#decide")


def _moves(request: HttpRequest, verb: str) -> bool:
    """Whether this officer goes on after this decision."""
    return verb in _ENDS and request.POST.get("then") == "next"


def filters_of(asked: Mapping[str, Any]) -> str:
    """The filters of the list that the page was opened from, as a query; "" for the list itself."""
    typed = str(asked.get(FILTERS, ""))
    return QueryDict(typed).urlencode() if len(typed) <= _MAX_LENGTH else ""


def page_address(pk: UUID, filters: str) -> str:
    address = reverse("admin:reports_report_change", args=[pk])
    return f"{address}?{urlencode({FILTERS: filters})}" if filters else address


def list_address(filters: str) -> str:
    address = reverse("admin:reports_report_changelist")
    return f"{address}?{filters}" if filters else address


def other_viewers(pk: UUID, request: HttpRequest) -> list[str]:
    """A sentence for each colleague who has the report open; the officer counts as here."""
    now = timezone.now()
    return [
        f"{labels.officer_name(other.officer)} cũng đang mở tin này, {labels.format_age(other.at, now)}."
        for other in presence.touch(pk, officer(request))
    ]
