"""Have reports read again: under new rules, or because the machine could not read them.

A run goes through all reports in the order of their ids. Each step enqueues the triage of the next
few, stores how far it came and enqueues the next step, in one transaction: what dies on the way is
taken up where it stood, no report twice, none forgotten. The step stands in line behind the triage
that it enqueues, so the queue stays short. Nothing here reads or writes a decision.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf
from typing import Any
from uuid import UUID

import structlog
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now

from core.audit import events
from core.models import OutboxItem
from core.outbox import queue
from core.outbox.queue import Lease, Priority
from reports.models import ReprocessingRun
from reports.submission.intake import TRIAGE
from reports.triage import service

log = structlog.get_logger(__name__)

STEP = "reports.retriage_some"
BATCH_SIZE = 1000  # reports that one step looks at
MAX_BATCH = 1000  # reports that are named one by one
COUNT_MS = 20_000  # milliseconds for the count of a run: it reads every report
_FIRST = UUID(int=0)

# Read under other rules, never read, or given up on the last time. What waits is read under the
# present rules anyway, what is erased stays erased, and what was read of a report under a hold stands.
_WANTED = """
       erased_at IS NULL
   AND ((%(every)s OR rules_version IS DISTINCT FROM %(rules)s)
        AND (rules_version IS NULL
             OR report.id NOT IN (SELECT report_id FROM reports_legalhold WHERE released_at IS NULL))
        OR report.id::text IN (
           SELECT key FROM core_outboxitem AS failed
            WHERE task = %(triage)s AND failed_at IS NOT NULL
              AND NOT EXISTS (SELECT FROM core_outboxitem AS newer
                               WHERE newer.task = failed.task AND newer.key = failed.key
                                 AND newer.id > failed.id)))
   AND NOT EXISTS (SELECT FROM core_outboxitem AS item
                    WHERE item.task = %(triage)s AND item.key = report.id::text
                      AND item.done_at IS NULL AND item.failed_at IS NULL)
"""
# Read, and owing nothing: hands took its item away, and the queue does not balance. By itself, not
# as one more OR above: so a count of a million is one join (two seconds) and not a million looks.
_ROBBED = """
       rules_version = %(rules)s AND NOT %(every)s AND erased_at IS NULL
   AND NOT EXISTS (SELECT FROM core_outboxitem AS any_item
                    WHERE any_item.task = %(triage)s AND any_item.key = report.id::text)
"""
_READ = "reports_report AS report LEFT JOIN reports_extractedfacts ON report_id = report.id"
_COUNT = f"""
SELECT (SELECT count(*) FROM {_READ} WHERE {_WANTED})
     + (SELECT count(*) FROM {_READ} WHERE {_ROBBED})
"""  # noqa: S608  # nosec B608
_OWE_NEXT = f"""
WITH report AS MATERIALIZED (
    SELECT id, erased_at FROM reports_report WHERE id > %(after)s ORDER BY id LIMIT %(batch)s
), owed AS (
    INSERT INTO core_outboxitem (task, key, priority)
    SELECT %(triage)s, report.id::text, %(priority)s
      FROM report LEFT JOIN reports_extractedfacts ON report_id = report.id
     WHERE ({_WANTED}) OR ({_ROBBED})
     ORDER BY report.id
    RETURNING key
)
SELECT (SELECT count(*) FROM report), (SELECT id FROM report ORDER BY id DESC LIMIT 1),
       (SELECT count(*) FROM owed)
"""  # noqa: S608  # nosec B608
_ENQUEUE_SQL = f"""
INSERT INTO core_outboxitem (task, key, priority)
SELECT %(triage)s, report.id::text, %(priority)s
  FROM reports_report AS report LEFT JOIN reports_extractedfacts ON report_id = report.id
 WHERE report.id = ANY(%(ids)s::uuid[]) AND {_WANTED}
RETURNING key
"""  # noqa: S608  # nosec B608


class RunInProgressError(Exception):
    """Another run has not enqueued all its reports yet."""

    def __init__(self, run: ReprocessingRun) -> None:
        super().__init__(run.pk)
        self.run = run


class NothingToReprocessError(Exception):
    """Every report is read under the present rules, or waits to be."""


@dataclass(frozen=True)
class RunProgress:
    """How many of the `total` reports of a run are owed, read, unreadable.

    `stands_still`: nobody will enqueue the rest. `is_over`: all are enqueued, and none of them
    waits.
    """

    total: int
    owed: int
    read: int
    failed: int
    stands_still: bool
    is_over: bool

    @property
    def done(self) -> int:
        return self.read + self.failed


def start(*, by: User | None = None, every: bool = False) -> ReprocessingRun:
    """Start a run over the reports not of the present rules (with `every` all), and log it.

    Raises RunInProgressError and NothingToReprocessError.
    """
    if going_on := unfinished():
        raise RunInProgressError(going_on)
    total = count(every=every)
    if not total:
        raise NothingToReprocessError
    try:
        run = _begin(by, every, total)
    except IntegrityError as error:  # somebody pressed at the same instant
        raise RunInProgressError(unfinished() or ReprocessingRun.objects.latest("id")) from error
    queue.notify()
    return run


def resume(run: ReprocessingRun, *, by: User | None = None) -> bool:
    """Enqueue the next step of a run that stands still, and log it; False where it goes on."""
    with transaction.atomic():
        run = ReprocessingRun.objects.select_for_update().get(pk=run.pk)
        stands_still = _stands_still(run)
        if stands_still:
            events.log_event("retriage", run.pk, "retriage_resumed", by=by)
            _owe_step(run)
    queue.notify()
    return stands_still


def unfinished() -> ReprocessingRun | None:
    """Return the run that has not enqueued all its reports yet."""
    return ReprocessingRun.objects.filter(finished_at=None).first()


def count(*, every: bool = False) -> int:
    """Return how many reports a run would read again. Reads every report."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = %s", [COUNT_MS])
        cursor.execute(_COUNT, _values(every=every))
        return int(cursor.fetchone()[0])


def reprocess_selected(reports: Iterable[UUID], *, by: User | None = None) -> int:
    """Have these reports read again, but for erased, held and waiting ones; log and count."""
    values = _values(every=True) | {"ids": list(reports), "priority": Priority.USUAL}
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_ENQUEUE_SQL, values)
            keys = [key for (key,) in cursor.fetchall()]
        for key in keys:
            events.log_event("report", key, "reread", by=by)
    queue.notify()
    return len(keys)


def process_items(items: Iterable[int], patience: float = inf) -> None:
    """Take the steps of these outbox items; after `patience` seconds no further one."""
    for claim in queue.iter_leases(items, patience):
        with claim:
            enqueue_batch(claim)
    queue.notify()


def enqueue_batch(claim: Lease) -> None:
    """Enqueue the triage of the next reports, store how far that is, enqueue the next step."""
    with transaction.atomic():
        if not queue.mark_done(claim):
            return
        run = ReprocessingRun.objects.select_for_update().get(pk=claim.key)
        if run.finished_at is None:
            _enqueue_next(run)


def progress(run: ReprocessingRun) -> RunProgress:
    """Return the progress of the newest run: what waits and what failed are in partial indexes."""
    run.refresh_from_db()
    idle = OutboxItem.objects.filter(task=TRIAGE, priority=Priority.IDLE)
    waiting = idle.filter(done_at=None, failed_at=None).count()
    # Given up on in this run, and nobody had them read again since.
    newer = OutboxItem.objects.filter(
        task=OuterRef("task"), key=OuterRef("key"), id__gt=OuterRef("id")
    )
    failed_items = idle.filter(failed_at__isnull=False, created_at__gte=run.started_at)
    failed = failed_items.exclude(Exists(newer)).count()
    read = max(0, run.enqueued - waiting - failed)
    is_over = run.finished_at is not None and not waiting
    total = max(run.total, run.enqueued)
    return RunProgress(total, run.enqueued, read, failed, _stands_still(run), is_over)


def _begin(by: User | None, every: bool, total: int) -> ReprocessingRun:
    with transaction.atomic():
        run = ReprocessingRun.objects.create(
            actor=by, rules_version=service.RULES_VERSION, include_current=every, total=total
        )
        events.log_event("retriage", run.pk, "retriage_started", by=by, reports=total, every=every)
        _owe_step(run)
    run.refresh_from_db()
    return run


def _owe_step(run: ReprocessingRun) -> None:
    queue.enqueue(STEP, run.pk, priority=Priority.IDLE)


def _enqueue_next(run: ReprocessingRun) -> None:
    """Enqueue one batch, in the transaction that completes its step; the run's row is locked."""
    values = _values(every=run.include_current, rules=run.rules_version)
    after = run.last_report_id or _FIRST
    values |= {"after": after, "batch": BATCH_SIZE, "priority": Priority.IDLE}
    with connection.cursor() as cursor:
        cursor.execute(_OWE_NEXT, values)
        scanned, last, owed = cursor.fetchone()
    enqueued = run.enqueued + owed
    changes: dict[str, Any] = {"enqueued": enqueued, "last_report_id": last or run.last_report_id}
    if scanned < BATCH_SIZE:
        changes |= {"finished_at": Now(), "total": enqueued}
        log.info("retriage.all_owed", run=run.pk, reports=enqueued)
    else:
        _owe_step(run)
    ReprocessingRun.objects.filter(pk=run.pk).update(**changes)


def _values(*, every: bool, rules: str | None = None) -> dict[str, Any]:
    return {"every": every, "rules": rules or service.RULES_VERSION, "triage": TRIAGE}


def _stands_still(run: ReprocessingRun) -> bool:
    steps = OutboxItem.objects.filter(task=STEP, key=str(run.pk))
    waiting = steps.filter(done_at=None, failed_at=None)
    return run.finished_at is None and not waiting.exists()
