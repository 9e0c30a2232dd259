"""The hand-over of a shift: all that an officer holds, in groups, on a page that prints on A4."""

from typing import Any
from uuid import uuid4

from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.sessions import get_officer
from desk.labels import deadlines
from desk.pages.http import parse_int, render
from desk.reports import bulk_actions, contact_views
from desk.reports.admin import list_held, list_uncalled_kept
from desk.reports.base import VIEW_PERMISSION
from desk.reports.queue_counts import counts_for
from reports.cases import bulk
from reports.cases.transitions import ASSIGN, DECIDE
from reports.models import Case, Report

HOLDER = "can-bo"  # in the query: whose reports
_GROUPS = ("Phải gọi ngay", "Chờ gọi lại", "Chờ người báo", "Còn lại")


@require_safe
def show_shift(request: HttpRequest) -> HttpResponse:
    """Return the page; what is ticked goes to the bulk action of the same name."""
    officer = get_officer(request, VIEW_PERMISSION, DECIDE)
    chosen, may_choose = parse_int(request.GET.get(HOLDER, "")), officer.has_perm(ASSIGN)
    if chosen not in {None, officer.pk} and not may_choose:
        raise PermissionDenied
    holder = get_object_or_404(User, pk=chosen or officer.pk)
    rows = list(list_held(holder, officer))
    context = {
        "holder": holder,
        "holders": counts_for(request).by.get(HOLDER, []) if may_choose else [],
        "groups": _group(rows),
        "kept": list_uncalled_kept(holder, officer),
        "total": len(rows),
        "most": bulk.MAX_COUNT,
        "form": bulk_actions.form_for(bulk.SHIFT, request, typed=None),
        "key": uuid4(),
        "now": timezone.now(),
    }
    return render(request, "admin/reports/report/shift.html", "Bàn giao ca", Report, **context)


def _group(rows: list[Any]) -> list[tuple[str, list[Any]]]:
    """Return the groups that have reports, each row with its `due`, last `attempt` and `token`."""
    attempts = contact_views.find_attempts(rows)
    groups = dict[str, list[Any]]()
    for row in rows:
        row.due = deadlines.next_deadline(row)
        row.attempt = attempts.get(row.pk, "Chưa ai gọi")
        version = bulk.ReportVersion(row.pk, row.public_number, row.case.version)
        row.token = bulk_actions.row_token(version)
        groups.setdefault(_name_group(row), []).append(row)
    return sorted(groups.items(), key=lambda group: _GROUPS.index(group[0]))


def _name_group(row: Any) -> str:
    if row.must_call:
        return _GROUPS[1] if row.calls_again else _GROUPS[0]
    return _GROUPS[2] if row.case.status == Case.Status.WAITING else _GROUPS[3]
