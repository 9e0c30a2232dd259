"""The numbered documents of a report: slips for other units, letters that ask a bank to hold money."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from core import advisory_locks
from core.audit import events
from core.errors import CodedError
from core.models import AuditEvent
from reports.cases.legal_holds import ReportErasedError
from reports.cases.locks import lock_case
from reports.models import BankLetter, Case, TransferSlip


class DocumentError(CodedError):
    """Nothing was written: `code` is slip (no hand-over lacks one), answered, or held (more than asked)."""


def _number(rows: QuerySet[Any]) -> dict[str, int]:
    """Return the next number of the year; others wait until COMMIT, so there is no gap."""
    year = timezone.localtime().year
    advisory_locks.lock_until_commit(f"{rows.model.__name__} {year}")
    last = rows.filter(year=year).aggregate(last=Max("number"))["last"] or 0
    return {"year": year, "number": last + 1}


def issue_transfer_slip(report_id: UUID, *, unit: str, reason: str, by: User) -> TransferSlip:
    number = _number(TransferSlip.objects.all())
    return TransferSlip.objects.create(
        **number, report_id=report_id, unit=unit, reason=reason, actor=by
    )


def issue_transfer_slip_later(case: Case, by: User) -> TransferSlip:
    """Return a new slip for a hand-over without one. Raises DocumentError."""
    with transaction.atomic():
        lock_case(case.pk)
        event = events.events_for("report", case.pk).filter(kind="handed_over").first()
        if not is_slip_missing(case) or event is None:
            raise DocumentError("slip")
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


def issue_bank_letter(case: Case, by: User, words: Mapping[str, Any]) -> BankLetter:
    """Return a new letter; `words`: bank, account, holder, amount_vnd, sent_at, text."""
    with transaction.atomic():
        if lock_case(case.pk).report.erased_at:
            raise ReportErasedError
        number = _number(BankLetter.objects.all())
        letter = BankLetter.objects.create(**number, report_id=case.pk, actor=by, **words)
        events.log_event("report", case.pk, "bank_letter_issued", by=by, letter=str(letter))
    return letter


def record_answer(letter: BankLetter, by: User, *, held_vnd: int, answer: str) -> None:
    """Record how much the bank holds. Raises DocumentError where an answer is there already."""
    with transaction.atomic():
        row = BankLetter.objects.select_for_update(of=("self",)).get(pk=letter.pk)
        if row.answered_at:
            raise DocumentError("answered")
        if held_vnd > row.amount_vnd:
            raise DocumentError("held")
        row.held_vnd, row.answer = held_vnd, answer
        row.answered_by, row.answered_at = by, timezone.now()
        row.save()
        events.log_event(
            "report", row.report_id, "bank_letter_answered", by=by, letter=str(row), held=held_vnd
        )
