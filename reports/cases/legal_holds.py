"""Place and lift legal holds. Triggers enforce them."""

from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now

from core.audit import events
from core.errors import ActionError, CodedError
from reports.cases.locks import lock_report
from reports.models import LegalHold

PLACE, LIFT = "reports.place_hold", "reports.lift_hold"


class ReportErasedError(ActionError):
    """The report's personal data are erased: nobody is left to write to, and nothing more is accepted."""


class HoldError(CodedError):
    """Nothing was written: `code` is permission, reason, held or free."""


def current_hold(report_id: UUID) -> LegalHold | None:
    holds = LegalHold.objects.select_related("actor")
    return holds.filter(report=report_id, released_at=None).first()


def is_held(report_id: UUID) -> bool:
    return LegalHold.objects.filter(report=report_id, released_at=None).exists()


def place_hold(report_id: UUID, *, by: User, reason: str) -> LegalHold:
    """Place a hold on a report and return it. Raises HoldError."""
    _check_permission(by, PLACE, reason)
    with transaction.atomic():
        lock_report(report_id)
        if is_held(report_id):
            raise HoldError("held")
        hold = LegalHold.objects.create(report_id=report_id, actor=by, reason=reason.strip())
        events.log_event("report", report_id, "hold_placed", by=by, reason=hold.reason)
    return hold


def lift_hold(report_id: UUID, *, by: User, reason: str) -> None:
    """End the hold of a report. Raises HoldError."""
    _check_permission(by, LIFT, reason)
    with transaction.atomic():
        lock_report(report_id)
        active = LegalHold.objects.filter(report=report_id, released_at=None)
        if not active.update(released_at=Now(), released_by=by, released_reason=reason.strip()):
            raise HoldError("free")
        events.log_event("report", report_id, "hold_lifted", by=by, reason=reason.strip())


def _check_permission(by: User, permission: str, reason: str) -> None:
    if not by.has_perm(permission):
        raise HoldError("permission")
    if not reason.strip():
        raise HoldError("reason")
