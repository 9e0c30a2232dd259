"""Transfer slips: the numbered documents with which reports go to other units."""

from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from core import advisory_locks
from core.audit import events
from core.models import AuditEvent
from reports.models import Case, TransferSlip


class TransferSlipError(Exception):
    """No transfer slip was issued: the case has no hand-over that lacks one."""


def issue_transfer_slip(report_id: UUID, *, unit: str, reason: str, by: User) -> TransferSlip:
    """Return the next slip of the year; others wait until COMMIT, so there is no gap."""
    year = timezone.localtime().year
    advisory_locks.lock_until_commit(f"transfer slips {year}")
    last = TransferSlip.objects.filter(year=year).aggregate(last=Max("number"))["last"] or 0
    row = TransferSlip(
        report_id=report_id, year=year, number=last + 1, unit=unit, reason=reason, actor=by
    )
    row.save(force_insert=True)
    row.refresh_from_db()
    return row


def issue_transfer_slip_later(case: Case, by: User) -> TransferSlip:
    """Return a new slip for a hand-over without one. Raises TransferSlipError."""
    with transaction.atomic():
        Case.objects.select_for_update(of=("self",)).get(pk=case.pk)
        event = events.events_for("report", case.pk).filter(kind="handed_over").first()
        if not is_slip_missing(case) or event is None:
            raise TransferSlipError
        unit, reason = case.unit_name, event.detail.get("reason", "")
        slip = issue_transfer_slip(case.pk, unit=unit, reason=reason, by=by)
        events.log_event("report", case.pk, "transfer_slip_issued", by=by, slip=str(slip))
    return slip


def is_slip_missing(case: Case) -> bool:
    """Return whether a report was handed over and no slip was issued since."""
    if case.status != Case.Status.HANDED_OVER:
        return False
    hand_overs = AuditEvent.objects.filter(
        subject_type="report", subject_id=str(case.pk), kind="handed_over"
    ).order_by("-id")
    handed_over_at = hand_overs.values_list("created_at", flat=True).first()
    return (
        handed_over_at is not None
        and not TransferSlip.objects.filter(report=case.pk, created_at__gte=handed_over_at).exists()
    )
