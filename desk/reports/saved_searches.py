"""Saved and shared searches of the queue.

Beat counts each as its owner sees it, up to the reach of paging; at the threshold the owner is notified
once, on the start page and by mail.
"""

from collections.abc import Collection
from typing import Any
from urllib.parse import urlencode

import structlog
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import User
from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import JSONObject
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from accounts.sessions import get_officer
from core.audit import events
from core.mail import render_mail, send_or_log
from core.outbox import sweeps
from core.province import province
from desk.models import SavedSearch
from desk.pages.http import MAX_PARAMETER_CHARS
from desk.pages.lists import MAX_PAGED_ROWS
from desk.reports import filters
from desk.reports.search import filter_by_search
from reports.cases import visibility
from reports.models import Report
from reports.retention import erasure

log = structlog.get_logger(__name__)

SAVE_PERMISSION = "reports.decide_case"
MAX_SAVED_SEARCHES = 30  # of one officer
MAX_QUERY_CHARS = 400  # as SavedSearch.query
MAX_SHOWN_SEARCHES = 40  # on the start page
MAX_COUNTED = 500  # in one task
SWEEP, COUNT_SECONDS = "saved_search.count", 45.0  # of one task, under its limit
_FILTERS = (filters.WorkFilter, *filters.NARROWING)
KNOWN = ("q", *(each.parameter_name for each in _FILTERS))
_SHOWN = ("id", "name", "query", "is_shared", "notify_threshold", "hits", "counted_at")
_OWNER = ("id", "username", "first_name", "last_name")


class SaveForm(forms.Form):
    name = forms.CharField(max_length=80, error_messages={"required": "Ghi tên cho tìm kiếm này."})
    query = forms.CharField(max_length=2000, required=False)
    notify_threshold = forms.IntegerField(
        min_value=1, max_value=MAX_PAGED_ROWS, required=False,
        error_messages={
            "invalid": "Mức báo phải là số.", "min_value": "Mức báo từ 1 trở lên.",
            "max_value": f"Mức báo không quá {MAX_PAGED_ROWS}.",
        },
    )  # fmt: skip
    is_shared = forms.BooleanField(required=False)

    def clean_query(self) -> str:
        query = allowed_query(QueryDict(str(self.cleaned_data["query"]).lstrip("?")))
        if not query:
            raise forms.ValidationError("Chưa lọc, chưa tìm gì nên không có gì để lưu.")
        if len(query) > MAX_QUERY_CHARS:
            raise forms.ValidationError("Tìm kiếm này dài quá. Bỏ bớt chữ rồi lưu lại.")
        return query


def allowed_query(query: QueryDict) -> str:
    """Return the known parameters of a query as a query string, without NUL, bounded."""
    values = {
        name: query.get(name, "").replace("\0", "").strip()[:MAX_PARAMETER_CHARS]
        for name in KNOWN
        if name
    }
    return urlencode({name: value for name, value in values.items() if value})


def visible_searches(user: User) -> QuerySet[SavedSearch]:
    """Return an officer's own searches and the shared ones, at a unit only those of its members.

    Names and counts of others would reveal reports that the unit does not see.
    """
    rows, unit = SavedSearch.objects.select_related("owner"), visibility.visible_unit_code(user)
    shared = Q(is_shared=True) if unit is None else Q(is_shared=True, owner__membership__unit=unit)
    return rows.filter(Q(owner=user) | shared)


def saved_searches_column(user: User) -> dict[str, Any]:
    if not user.has_perm(SAVE_PERMISSION):
        return {}
    owner = JSONObject(**{name: f"owner__{name}" for name in _OWNER})
    rows = visible_searches(user).annotate(by=owner)
    columns = rows.order_by("name", "id").values(row=JSONObject(by="by", **{n: n for n in _SHOWN}))
    return {"searches": ArraySubquery(columns[:MAX_SHOWN_SEARCHES])}


def saved_searches(data: dict[str, Any]) -> list[SavedSearch]:
    """Return the searches of the column, those at their threshold first."""
    rows = [_row(**row) for row in data.get("searches", [])]
    return sorted(rows, key=lambda row: not row.has_come)


def _row(by: dict[str, Any], counted_at: str | None, **columns: Any) -> SavedSearch:
    at = parse_datetime(counted_at) if counted_at else None
    return SavedSearch(owner=User(**by), counted_at=at, **columns)


def save(request: HttpRequest) -> HttpResponse:
    """Save a search or add messages of its errors; redirect to the same list."""
    by = get_officer(request, SAVE_PERMISSION)
    form = SaveForm(request.POST)
    if not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, f"Chưa lưu. {errors[0]}")
    elif by.saved_searches.count() >= MAX_SAVED_SEARCHES:
        text = f"Chưa lưu. Mỗi người giữ nhiều nhất {MAX_SAVED_SEARCHES} tìm kiếm; xóa bớt rồi lưu."
        messages.error(request, text)
    else:
        _create(request, by, form.cleaned_data)
    query = allowed_query(QueryDict(request.POST.get("query", "").lstrip("?")[:2000]))
    return HttpResponseRedirect(f"{reverse('admin:reports_report_changelist')}?{query}")


def _create(request: HttpRequest, by: User, values: dict[str, Any]) -> None:
    try:
        with transaction.atomic():
            search = SavedSearch.objects.create(owner=by, **values)
            events.log_event("search", search.pk, "search_saved", by=by, shared=search.is_shared)
    except IntegrityError:
        messages.error(request, "Chưa lưu. Đã có tìm kiếm mang tên này; đặt tên khác.")
        return
    count(search)
    messages.success(request, "Đã lưu tìm kiếm. Xem ở trang đầu.")


def remove(request: HttpRequest, search: int) -> HttpResponse:
    """Delete a search. Raises PermissionDenied for anybody but its owner."""
    by = get_officer(request, SAVE_PERMISSION)
    row = get_object_or_404(visible_searches(by), pk=search)
    if row.owner_id != by.pk:
        raise PermissionDenied
    with transaction.atomic():
        events.log_event("search", search, "search_removed", by=by)
        row.delete()
    messages.success(request, "Đã xóa tìm kiếm.")
    return HttpResponseRedirect(reverse("admin:index"))


def remove_searches_with_contact(contacts: Collection[str]) -> None:
    """Remove the searches that name a reporter's contacts."""
    for search in erasure.find_rows_with_contact(SavedSearch, contacts, "name", "query"):
        events.log_event("search", search.pk, "search_removed", cause="contact")
        search.delete()


def matching_reports(search: SavedSearch) -> QuerySet[Report]:
    query, owner = QueryDict(search.query), search.owner
    if not owner.has_perm(SAVE_PERMISSION):
        return Report.objects.none()
    rows = visibility.visible_reports(Report.objects.all(), owner)
    typed = query.get("q", "")
    work = query.get(str(filters.WorkFilter.parameter_name)) or ("all" if typed else "open")
    values = {each: query.get(str(each.parameter_name), "") for each in filters.NARROWING}
    is_narrowed = any(values.values()) and not typed
    rows = filters.filter_by_work(rows, work, owner, is_narrowed=is_narrowed)
    for each, value in values.items():
        rows = each.filter_queryset(rows, value[: filters.MAX_VALUE_CHARS]) if value else rows
    only_open = work in filters.OF_OPEN
    return filter_by_search(rows, typed, owner, only_open=only_open)[0] if typed else rows


def count(search: SavedSearch) -> None:
    """Count a search, and notify its owner once when the threshold is reached."""
    search.hits = matching_reports(search).order_by().values("pk")[:MAX_PAGED_ROWS].count()
    rows = SavedSearch.objects.filter(pk=search.pk)
    rows.update(hits=search.hits, counted_at=timezone.now())
    if not search.has_come:
        rows.update(notified_at=None)
    elif rows.filter(notified_at=None).update(notified_at=timezone.now()):
        _notify(search)


def count_all() -> None:
    """Count every search, the longest uncounted first."""
    rows = SavedSearch.objects.select_related("owner").filter(owner__is_active=True)
    rows = sweeps.available(SWEEP, rows).order_by("counted_at")[:MAX_COUNTED]
    sweeps.for_each(SWEEP, rows, count, time_budget=COUNT_SECONDS)


def _notify(search: SavedSearch) -> None:
    log.info("saved_search.threshold_reached", search=search.pk, hits=search.hits)
    if not (settings.EMAIL_URL and search.owner.email):
        return
    desk = f"{settings.PORTAL_URL}{reverse('admin:index')}"
    context = {"search": search, "desk": desk, "office": province.office}
    mail = render_mail("admin/saved_search.txt", [search.owner.email], context)
    send_or_log(mail, log, "saved_search.mail_failed", search=search.pk)
