"""Number and phrase of a reporter, shown together for a while in the session of the officer who calls."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts.sessions import get_officer
from core.audit import events
from core.models import AuditEvent
from desk.labels import codes
from desk.labels.formatting import format_time, officer_name
from desk.reports.followups import FollowupPanel
from reports.calendar.deadline_rules import CALL_WITHIN
from reports.models import Report

PERMISSION = "reports.reveal_contact"
SHOWN_FOR = timedelta(minutes=10)
_SESSION_KEY = "contact_views"  # of events, by report


@transaction.atomic
def record_view(request: HttpRequest, report: Report, reason: str) -> None:
    """Log that number and phrase are shown from now on to this officer, in this session."""
    panel, by, key = FollowupPanel(report), get_officer(request), str(report.pk)
    for what in ("phrase", "contact"):
        if panel.latest_sealed(what) is not None:
            event = events.log_event("report", key, "revealed", by=by, field=what, reason=reason)
            request.session[_SESSION_KEY] = request.session.get(_SESSION_KEY, {}) | {key: event.pk}


def find_end(
    request: HttpRequest, report: Report, log: Sequence[AuditEvent], panel: FollowupPanel
) -> datetime | None:
    """Return until when they are shown; None: not at all, not any more, or others came since."""
    viewed = request.session.get(_SESSION_KEY, {}).get(str(report.pk))
    event = next((each for each in log if each.pk == viewed), None)
    if event is None or not get_officer(request).has_perm(PERMISSION):
        return None
    is_open = _is_open(event) and panel.find_latest_time() <= event.created_at
    return event.created_at + SHOWN_FOR if is_open else None


def _is_open(event: AuditEvent) -> bool:
    return event.created_at > timezone.now() - SHOWN_FOR


def describe_attempt(event: AuditEvent) -> str:
    """Return an event as an attempt to call the reporter, "" for any other."""
    who, at = officer_name(event.actor), format_time(event.created_at)
    if event.kind == "contacted":
        outcome = codes.OUTCOMES.get(event.detail.get("contact", ""), "Đã liên hệ")
        return f"{outcome} lúc {at}, {who}"
    if event.kind != "revealed" or event.detail.get("field") != "contact":
        return ""
    if _is_open(event):
        return f"{who} đang gọi từ {at}"
    return f"{who} mở số lúc {at}, chưa ghi kết quả"


def find_attempts(reports: Iterable[Report]) -> dict[UUID, str]:
    """Return who is calling the reporter, or what the last attempt came to, by report."""
    log = AuditEvent.objects.filter(
        subject_type="report",
        subject_id__in=[str(report.pk) for report in reports],
        kind__in=("revealed", "contacted"),
        created_at__gt=timezone.now() - CALL_WITHIN,
    )
    attempts: dict[UUID, str] = {}
    for event in log.select_related("actor").order_by("-id"):
        if text := describe_attempt(event):
            attempts.setdefault(UUID(event.subject_id), text)
    return attempts
