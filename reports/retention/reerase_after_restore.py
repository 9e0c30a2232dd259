"""Erase again after a restore what was erased since the archive was made."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from core.audit import events
from core.models import AuditEvent
from core.outbox import queue
from reports.cases import legal_holds
from reports.cases.locks import lock_report
from reports.models import DestructionRequest, EvidenceFile, Followup
from reports.retention import erasure, erasure_log
from reports.retention.erasure import ErasureError, ErasureScope
from reports.submission import intake

_LOOKBACK = timedelta(days=3)  # for erasures whose line a dying process did not write
_SINGLE_ROWS: dict[str, tuple[type[Model], str]] = {
    DestructionRequest.What.FILE: (EvidenceFile, "files_erased"),
    DestructionRequest.What.FOLLOWUP: (Followup, "followups_erased"),
}


def reapply_erasures() -> Counter[str]:
    """Erase again what the list names; return the counts of `done` and `held`."""
    digests, counts = erasure_log.load_digests(), Counter[str]()
    for part in ErasureScope:
        reports = erasure.reports_with_scope(part).values_list("pk", flat=True)
        for pk, at in _listed(part, reports, digests):
            try:
                erasure.erase(pk, part, cause="restored", until=at)
                counts["done"] += 1
            except ErasureError as error:
                counts[error.code] += 1
    for what, (table, kind) in _SINGLE_ROWS.items():
        present = table._default_manager.filter(erased_at=None).values_list("pk", flat=True)  # noqa: SLF001
        for pk, _ in _listed(what, present, digests):
            counts["done" if _erase_one(table, pk, kind) else "held"] += 1
    return counts


def _listed(
    what: str, present: Iterable[UUID], digests: dict[str, datetime]
) -> Iterator[tuple[UUID, datetime]]:
    for pk in list(present):
        if at := digests.get(erasure_log.row_digest(what, pk)):
            yield pk, at


@transaction.atomic
def _erase_one(table: type[Model], pk: UUID, kind: str) -> bool:
    """Empty a file or follow-up that was destroyed; return False under a legal hold."""
    rows = table._default_manager.filter(pk=pk)  # noqa: SLF001
    report_id = rows.values_list("report_id", flat=True).get()
    lock_report(report_id)
    if legal_holds.is_held(report_id):
        return False
    events.log_event("report", report_id, kind, cause="restored", target=str(pk))
    erasure.erase_rows(rows)
    if table is Followup:
        queue.enqueue(intake.TRIAGE_TASK, report_id)
    return True


def append_missing() -> int:
    """Append recent erasures that are not on the list; return how many."""
    since = timezone.now() - _LOOKBACK
    parts = {kind: part for part, kind in erasure.ACTS.items()}
    acts = AuditEvent.objects.filter(subject_type="report", kind__in=parts, created_at__gte=since)
    erased = [(parts[kind], UUID(key)) for kind, key in acts.values_list("kind", "subject_id")]
    pairs = DestructionRequest.objects.filter(confirmed_at__gte=since).values_list("kind", "target")
    return erasure_log.append_missing([*erased, *pairs])
