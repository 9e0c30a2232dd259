"""Erase again after a restore what was erased since the archive was made."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from math import inf
from uuid import UUID

from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from core.audit import events
from core.models import AuditEvent
from core.outbox import queue, sweeps
from reports.cases import legal_holds
from reports.cases.locks import lock_report
from reports.models import DestructionRequest, EvidenceFile, Followup, NoticeAddress
from reports.retention import erasure, erasure_log
from reports.retention.erasure import ErasureError, ErasureScope
from reports.submission import intake

_LOOKBACK = timedelta(days=3)  # for erasures whose line a dying process did not write
_SINGLE_ROWS: dict[str, tuple[type[Model], str]] = {
    DestructionRequest.What.FILE: (EvidenceFile, "files_erased"),
    DestructionRequest.What.FOLLOWUP: (Followup, "followups_erased"),
}
_Erase = Callable[[UUID, datetime], str]  # returns "done", or what keeps it


def reapply_erasures() -> Counter[str]:
    """Erase again what the list names; return the counts of `done`, `held` and `failed`."""
    digests, counts = erasure_log.load_digests(), Counter[str]()

    def erase_listed(what: str, present: Iterable[UUID], erase: _Erase) -> None:
        listed = {pk: at for pk in present if (at := digests.get(erasure_log.row_digest(what, pk)))}

        def work(pk: UUID) -> None:
            counts[erase(pk, listed[pk])] += 1

        if failed := sweeps.for_each(f"{what}.reerase", listed, work, time_budget=inf).failed:
            counts["failed"] += failed

    for part in ErasureScope:
        reports = erasure.reports_with_scope(part).values_list("pk", flat=True)
        erase_listed(part, reports, partial(_erase_part, part))
    for what, (table, kind) in _SINGLE_ROWS.items():
        present = table._default_manager.filter(erased_at=None).values_list("pk", flat=True)  # noqa: SLF001
        erase_listed(what, present, partial(_erase_one, table, kind))
    addresses = NoticeAddress.objects.values_list("pk", flat=True)
    erase_listed(erasure.NOTICE, addresses, _erase_address)
    return counts


def _erase_part(part: ErasureScope, pk: UUID, at: datetime) -> str:
    """Erase a report or a part of it as it was; return "done" or what keeps it."""
    try:
        erasure.erase(pk, part, cause="restored", until=at)
    except ErasureError as error:
        return error.code
    return "done"


@transaction.atomic
def _erase_one(table: type[Model], kind: str, pk: UUID, _: datetime) -> str:
    """Empty a file or follow-up that was destroyed; return "done", or "held" under a legal hold."""
    rows = table._default_manager.filter(pk=pk)  # noqa: SLF001
    report_id = rows.values_list("report_id", flat=True).get()
    lock_report(report_id)
    if legal_holds.is_held(report_id):
        return "held"
    events.log_event("report", report_id, kind, cause="restored", target=str(pk))
    erasure.erase_rows(rows)
    if table is Followup:
        queue.enqueue(intake.TRIAGE_TASK, report_id)
    return "done"


def _erase_address(pk: UUID, _: datetime) -> str:
    NoticeAddress.objects.filter(pk=pk).delete()
    return "done"


def append_missing() -> int:
    """Append recent erasures that are not on the list; return how many."""
    since = timezone.now() - _LOOKBACK
    parts = {kind: part for part, kind in erasure.ACTS.items()}
    acts = AuditEvent.objects.filter(subject_type="report", kind__in=parts, created_at__gte=since)
    erased = [(parts[kind], UUID(key)) for kind, key in acts.values_list("kind", "subject_id")]
    pairs = DestructionRequest.objects.filter(confirmed_at__gte=since).values_list("kind", "target")
    return erasure_log.append_missing([*erased, *pairs])
