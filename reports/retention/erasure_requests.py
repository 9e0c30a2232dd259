"""Erasure requests of reporters: made with the code, answered by an officer within the deadline.

A request is granted whole or refused with a reason that the reporter reads. A legal hold or a tin
báo về tội phạm prevents it. Who could have made it in the reporter's name does not grant it.
"""

from datetime import datetime
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from core import encryption
from core.audit import events
from core.errors import CodedError
from reports.calendar import deadline_rules
from reports.cases import workflow
from reports.cases.legal_holds import ReportErasedError
from reports.cases.locks import lock_report
from reports.models import ErasureRequest, Report
from reports.reference import confirmed_statements
from reports.retention import erasure

GRANT = "reports.grant_erasure"
MAX_REQUESTS = 5  # of one report, the refused ones too


class ErasureRequestError(CodedError):
    """Nothing was written: `code` is permission, closed, held, crime_report, gone, same or knew."""


def request_erasure(report: Report, words: str) -> bool:
    """Store a request; return False where none may be made. Raises ReportErasedError."""
    with transaction.atomic():
        if lock_report(report.pk).erased_at:
            raise ReportErasedError
        requests = ErasureRequest.objects.filter(report=report)
        if requests.open().exists() or requests.count() >= MAX_REQUESTS:
            return False
        sealed = encryption.encrypt(words, "text", report.pk)
        ErasureRequest.objects.create(report=report, text_sealed=sealed)
    return True


def request_summary(report: Report) -> dict[str, object]:
    """Return the tracking page's context about the request. One statement."""
    requests = list(ErasureRequest.objects.filter(report=report).order_by("id"))
    latest = requests[-1] if requests else None
    is_open = latest is not None and latest.decided_at is None and not report.erased_at
    asked_at = latest.requested_at if latest and is_open else None
    promise = answer_deadline_text("erase_answer", asked_at) if asked_at else ""
    may_ask = not report.erased_at and not is_open and len(requests) < MAX_REQUESTS
    return {"erasure_request": latest, "answer_promise": promise, "may_request_erasure": may_ask}


def answer_deadline_text(codename: str, asked_at: datetime) -> str:
    """Return by when a request is answered, "" where unconfirmed or past."""
    statement = confirmed_statements.statements().get(codename)
    if statement is None or not statement.amount:
        return ""
    due = deadline_rules.add_working_days(asked_at, statement.amount)
    if due <= timezone.now():
        return ""
    return statement.text.replace("{time}", deadline_rules.format_deadline(due))


def grant_erasure(report_id: UUID, *, by: User, version: int) -> None:
    """Erase a report at its reporter's request. Raises ErasureRequestError and ActionError."""
    if not by.has_perm(GRANT):
        raise ErasureRequestError("permission")
    with transaction.atomic():
        if against := erasure.find_blocker(report_id):
            raise ErasureRequestError(against)
        workflow.decide("grant_erasure", report_id, by=by, version=version)
        if ErasureRequest.objects.open().filter(report=report_id, reopened_by=by).exists():
            raise ErasureRequestError("same")
        if knew_code(report_id, by):
            raise ErasureRequestError("knew")
        _store_answer(report_id, ErasureRequest.Outcome.GRANTED, by)
        try:
            erasure.erase(report_id, cause="asked", by=by)
        except erasure.ErasureError as error:
            raise ErasureRequestError(error.code) from error


def knew_code(report_id: UUID, by: User) -> bool:
    """Return whether the officer filed the report, saw its phrase or released its code, and so could
    have made the request. A trigger asks the same.
    """
    acts = events.events_for("report", report_id).filter(actor=by)
    saw_phrase = Q(kind="revealed", detail__field="phrase")
    return acts.filter(Q(kind__in=("filed", "one_time_word_issued")) | saw_phrase).exists()


def refuse_erasure(report_id: UUID, *, by: User, version: int, reason: str) -> None:
    """Refuse a request, with a reason. Raises ErasureRequestError and ActionError."""
    with transaction.atomic():
        workflow.decide("refuse_erasure", report_id, by=by, version=version, reason=reason)
        _store_answer(report_id, ErasureRequest.Outcome.REFUSED, by)


def reopen_request(report_id: UUID, *, by: User, version: int, reason: str) -> None:
    """Reopen a refused request, which another officer must grant, since it destroys what one wanted
    to keep. Raises ErasureRequestError and ActionError.
    """
    with transaction.atomic():
        if against := erasure.find_blocker(report_id):
            raise ErasureRequestError(against)
        workflow.decide("reopen_erasure_request", report_id, by=by, version=version, reason=reason)
        if lock_report(report_id).erased_at:
            raise ErasureRequestError("gone")
        latest = latest_request(report_id)
        if latest is None or latest.outcome != ErasureRequest.Outcome.REFUSED:
            raise ErasureRequestError("closed")
        ErasureRequest.objects.filter(pk=latest.pk).update(
            outcome="", decided_at=None, decided_by=None, reopened_at=Now(), reopened_by=by
        )


def latest_request(report_id: UUID) -> ErasureRequest | None:
    """Return the last request of a report, answered or not, with its officers."""
    people = ErasureRequest.objects.select_related("decided_by", "reopened_by")
    return people.filter(report=report_id).order_by("id").last()


def _store_answer(report_id: UUID, outcome: str, by: User) -> None:
    open_one = ErasureRequest.objects.open().filter(report=report_id)
    if not open_one.update(outcome=outcome, decided_at=Now(), decided_by=by):
        raise ErasureRequestError("closed")
