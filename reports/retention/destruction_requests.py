"""Destruction of a file or follow-up: proposed by one person, confirmed by another.

Emptied rows still say who had what destroyed. An outbox item of the same transaction removes the
file from its store, even when a process dies.
"""

from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Model
from django.db.models.functions import Now

from core.audit import events
from core.errors import CodedError
from core.outbox import queue
from reports.attachments import storage
from reports.cases import legal_holds
from reports.cases.locks import lock_report
from reports.models import DestructionRequest, EvidenceFile, Followup
from reports.retention import erasure, erasure_log
from reports.submission import intake

PROPOSE, CONFIRM = "reports.propose_destruction", "reports.confirm_destruction"
Target = DestructionRequest.What
_TABLES: dict[str, type[Model]] = {Target.FILE: EvidenceFile, Target.FOLLOWUP: Followup}


class DestructionError(CodedError):
    """Nothing was written: `code` is permission, reason, held, gone, proposed, closed or same."""


def propose(
    report_id: UUID, what: str, target: UUID, *, by: User, reason: str
) -> DestructionRequest:
    """Propose a destruction and return the request. Raises DestructionError."""
    if not by.has_perm(PROPOSE):
        raise DestructionError("permission")
    if not reason.strip():
        raise DestructionError("reason")
    with transaction.atomic():
        _check_not_held(report_id)
        _check_present(report_id, what, target)
        if DestructionRequest.objects.filter(target=target, withdrawn_at=None).exists():
            raise DestructionError("proposed")
        row = DestructionRequest.objects.create(
            report_id=report_id, kind=what, target=target, reason=reason.strip(), proposed_by=by
        )
        detail = {"field": what, "target": str(target), "reason": row.reason}
        events.log_event("report", report_id, "destruction_proposed", by=by, **detail)
    return row


def confirm(report_id: UUID, pk: int, *, by: User) -> None:
    """Destroy what another person proposed. Raises DestructionError."""
    if not by.has_perm(CONFIRM):
        raise DestructionError("permission")
    with transaction.atomic():
        _check_not_held(report_id)
        row = _lock_open_request(report_id, pk)
        if row.proposed_by_id == by.pk:
            raise DestructionError("same")
        _check_present(report_id, row.kind, row.target)
        DestructionRequest.objects.filter(pk=pk).update(confirmed_at=Now(), confirmed_by=by)
        detail = {"field": row.kind, "target": str(row.target), "proposed_by": row.proposed_by_id}
        events.log_event("report", report_id, "destroyed", by=by, **detail)
        _empty_row(row)
    queue.notify()


def withdraw(report_id: UUID, pk: int, *, by: User) -> None:
    """Withdraw or refuse a proposal. Raises DestructionError."""
    if not (by.has_perm(PROPOSE) or by.has_perm(CONFIRM)):
        raise DestructionError("permission")
    with transaction.atomic():
        row = _lock_open_request(report_id, pk)
        DestructionRequest.objects.filter(pk=pk).update(withdrawn_at=Now(), withdrawn_by=by)
        detail = {"field": row.kind, "target": str(row.target)}
        events.log_event("report", report_id, "destruction_withdrawn", by=by, **detail)


def _check_not_held(report_id: UUID) -> None:
    lock_report(report_id)
    if legal_holds.is_held(report_id):
        raise DestructionError("held")


def _check_present(report_id: UUID, what: str, target: UUID) -> None:
    rows = _TABLES[what]._default_manager if what in _TABLES else None  # noqa: SLF001
    if rows is None or not rows.filter(pk=target, report=report_id, erased_at=None).exists():
        raise DestructionError("gone")


def _lock_open_request(report_id: UUID, pk: int) -> DestructionRequest:
    rows = DestructionRequest.objects.select_for_update().filter(pk=pk, report=report_id)
    row = rows.filter(confirmed_at=None, withdrawn_at=None).first()
    if row is None:
        raise DestructionError("closed")
    return row


def _empty_row(row: DestructionRequest) -> None:
    """Empty the row; enqueue triage of its report without it."""
    erasure.erase_rows(_TABLES[row.kind]._default_manager.filter(pk=row.target))  # noqa: SLF001
    erasure_log.append_on_commit(row.kind, row.target)
    if row.kind == Target.FOLLOWUP:
        queue.enqueue(intake.TRIAGE_TASK, row.report_id)


@queue.for_each_lease
@transaction.atomic
def process_items(lease: queue.Lease) -> None:
    """Remove the file of an outbox item from its store, original and sanitized copy."""
    if queue.mark_done(lease):
        _remove(UUID(lease.key))


def _remove(file_id: UUID) -> None:
    """Remove a file. Raises OSError, after which it is tried again."""
    file = EvidenceFile.objects.select_related("check_result").get(pk=file_id)
    if file.erased_at is None:
        return
    storage.erase(storage.name_of(file_id))
    check = getattr(file, "check_result", None)
    if check and check.copy_id:
        storage.erase(storage.name_of(check.copy_id, storage.COPY_FOLDER))
