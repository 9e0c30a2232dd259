"""The nightly purge: erase what has outlived its retention, each in its own transaction; and, after a restore, what
was erased since the archive was made.

Beat calls it once a minute. From NIGHT on, once a day, a run begins and works for TIMEOUT_SECONDS
at each call; after a crash it goes on.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from functools import partial
from math import inf
from typing import Any
from uuid import UUID

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Min, Model, QuerySet
from django.utils import timezone

from core import database
from core.audit import events
from core.models import AuditEvent
from core.outbox import queue, sweeps
from reports.attachments import storage
from reports.attachments.storage import COPY_FOLDER
from reports.cases import legal_holds
from reports.cases.locks import lock_report
from reports.models import (
    DestructionRequest,
    EvidenceFile,
    FileCheck,
    Followup,
    NoticeAddress,
    PurgeRun,
    Report,
)
from reports.retention import erasure, erasure_log
from reports.retention.erasure import ErasureError, ErasureScope
from reports.retention.policy import KINDS, RetentionPolicy
from reports.submission import flood_detection, intake, report_lists

log = structlog.get_logger(__name__)

NIGHT = 1  # o'clock in Vietnam
TIMEOUT_SECONDS = 8.0  # of one call, under the task's limit
BATCH_SIZE = 100  # rows of one statement
MISSED_AFTER = timedelta(hours=50)
MIN_ORPHAN_SECONDS = 86_400  # a younger file may be about to get its row
MAX_CLOCK_SKEW_SECONDS = 900  # of a store; one that differs more refuses us
_LOCK = "purge"


def run_if_due() -> None:
    """Begin tonight's run, or go on with one; what failed is tried at the next call."""
    with sweeps.Guard("files.sweep"):
        sweep_files(int(time.time()) // 60 % storage.PARTS)
    with sweeps.Guard("purge.run"):
        flood_detection.drop_expired()  # at each call: its period is minutes
        report_lists.drop_expired()
        if run := _find_or_start_run():
            run_until(run, TIMEOUT_SECONDS)


def _find_or_start_run() -> PurgeRun | None:
    """Return the unfinished run, or a new one where tonight's is due."""
    newest, now = PurgeRun.objects.order_by("-id").first(), timezone.localtime()
    if newest and newest.finished_at is None:
        return newest
    if now.hour < NIGHT or (newest and timezone.localdate(newest.started_at) == now.date()):
        return None
    return start_run()


def start_run() -> PurgeRun:
    """Return a new run, or the one that another process has begun."""
    try:
        with transaction.atomic():
            return PurgeRun.objects.create()
    except IntegrityError:
        return PurgeRun.objects.get(finished_at=None)


def run_until(run: PurgeRun, time_budget: float) -> bool:
    """Erase what is expired; return whether nothing is left. One process at a time."""
    until = time.monotonic() + time_budget
    with database.hold(_LOCK, waits=False) as is_locked:
        if not is_locked:
            return False
        retained = 0
        for kind in KINDS:
            if (left := _purge_kind(run, kind, until)) is None:
                return False
            retained += left
        append_missing()
        run.finished_at, run.retained_counts = timezone.now(), retained
        run.save(update_fields=["finished_at", "retained_counts"])
    log.info("purge.finished", retained_counts=run.retained_counts, **run.counts)
    return True


def _purge_kind(run: PurgeRun, kind: RetentionPolicy, until: float) -> int | None:
    """Erase what is expired of one kind; return how many could not be, None when the time was over."""
    sweep = f"{kind.name}.purge"
    kept: dict[Any, bool] = {}  # key -> whether it was refused

    def work(key: Any) -> None:
        try:
            if not _purge_one(run, kind, key):
                kept[key] = False
        except ErasureError as error:
            kept[key] = True
            log.info("purge.item_refused", kind=kind.name, code=error.code)

    while True:
        failed = sweeps.failed_keys(sweep, since=run.started_at)
        batch = list(expired_keys(kind).exclude(pk__in=[*failed, *kept])[:BATCH_SIZE])
        if not batch:
            return len(failed) + sum(kept.values())
        budget = until - time.monotonic()
        if not sweeps.for_each(sweep, batch, work, time_budget=budget).is_over:
            return None


@transaction.atomic
def _purge_one(run: PurgeRun, kind: RetentionPolicy, key: Any) -> bool:
    """Erase one and count it in the same transaction; return whether it was due. Raises ErasureError."""
    if not _still_due(kind, key):
        return False
    kind.take(key)
    counts = run.counts | {kind.name: run.counts.get(kind.name, 0) + 1}
    PurgeRun.objects.filter(pk=run.pk).update(counts=counts)
    run.counts = counts
    return True


def _still_due(kind: RetentionPolicy, key: Any) -> bool:
    """Return whether it is still expired, locked: a reopening waits until COMMIT."""
    return bool(expired_keys(kind).filter(pk=key).select_for_update(of=("self",), no_key=True))


def expired_keys(kind: RetentionPolicy) -> QuerySet[Any, Any]:
    before = kind.cutoff(timezone.now())
    return kind.due(before) if before else Report.objects.none()


def is_missed() -> bool:
    """Return whether there have been reports for MISSED_AFTER without a finished run."""
    since = timezone.now() - MISSED_AFTER
    if PurgeRun.objects.filter(finished_at__gte=since).exists():
        return False
    first = _first_report()
    return first is not None and first < since


def sweep_files(part: int) -> int:
    """Erase the files of a part of all stores that no row needs; return how many.

    A file or copy without a row from before the first report, or under a key that is not ours, is another
    database's: a portal that was started with a new one, or shares its bucket with a trial, takes no
    evidence away. Raises OSError where a store does not answer.
    """
    bounds = (UUID(int=part << 120), UUID(int=(part + 1 << 120) - 1))
    files = dict(EvidenceFile.objects.filter(pk__range=bounds).values_list("pk", "erased_at"))
    drawn = FileCheck.objects.filter(copy_id__range=bounds, file__erased_at=None)
    copies = {
        storage.name_of(str(pk), COPY_FOLDER) for pk in drawn.values_list("copy_id", flat=True)
    }
    needed = copies | {storage.name_of(pk) for pk, erased_at in files.items() if not erased_at}
    recorded = {storage.name_of(pk) for pk in files}
    first = _first_report()
    since = first.timestamp() - MAX_CLOCK_SKEW_SECONDS if first else inf
    until = time.time() - MIN_ORPHAN_SECONDS
    orphans = {
        name
        for name, at in storage.list_part(part)
        if name not in needed and at < until
        if name in recorded or (at >= since and storage.is_ours(name))
    }
    for name in orphans:
        storage.erase(name)
    return len(orphans)


def _first_report() -> datetime | None:
    first: datetime | None = Report.objects.aggregate(first=Min("received_at"))["first"]
    return first


# --- after a restore

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
