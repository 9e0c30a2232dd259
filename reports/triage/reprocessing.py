"""Reprocess reports: under new rules, or where reading them failed.

A run visits all reports by id. Each step enqueues the triage of the next batch, stores how far it
came and enqueues the next step, in one transaction: a crash repeats and loses no report. A step
queues behind the triage that it enqueues, so the queue stays short. No decision is read or written.
"""

from collections.abc import Iterable
from dataclasses import dataclass
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
from reports.submission.intake import TRIAGE_TASK
from reports.triage import report_triage

log = structlog.get_logger(__name__)

STEP_TASK = "reports.continue_reprocessing"
BATCH_SIZE = 1000  # reports of one step
MAX_BATCH = 1000  # reports selected one by one
COUNT_MS = 20_000  # milliseconds to count a run, which reads every report
_FIRST = UUID(int=0)

# Read under other rules, never read, or failed last; not erased, not queued, and not read already
# while under a hold.
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
# Read, but its outbox item was deleted by hand, so the queue does not balance. Not one more OR above:
# apart, the count of a million reports is one join (two seconds), not a million look-ups.
_ITEMLESS = """
       rules_version = %(rules)s AND NOT %(every)s AND erased_at IS NULL
   AND NOT EXISTS (SELECT FROM core_outboxitem AS any_item
                    WHERE any_item.task = %(triage)s AND any_item.key = report.id::text)
"""
_READ = "reports_report AS report LEFT JOIN reports_extractedfacts ON report_id = report.id"
_COUNT = f"""
SELECT (SELECT count(*) FROM {_READ} WHERE {_WANTED})
     + (SELECT count(*) FROM {_READ} WHERE {_ITEMLESS})
"""  # noqa: S608  # nosec B608
_ENQUEUE_NEXT_SQL = f"""
WITH report AS MATERIALIZED (
    SELECT id, erased_at FROM reports_report WHERE id > %(after)s ORDER BY id LIMIT %(batch)s
), items AS (
    INSERT INTO core_outboxitem (task, key, priority)
    SELECT %(triage)s, report.id::text, %(priority)s
      FROM report LEFT JOIN reports_extractedfacts ON report_id = report.id
     WHERE ({_WANTED}) OR ({_ITEMLESS})
     ORDER BY report.id
    RETURNING key
)
SELECT (SELECT count(*) FROM report), (SELECT id FROM report ORDER BY id DESC LIMIT 1),
       (SELECT count(*) FROM items)
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
    """Every report is read under the present rules, or is queued."""


@dataclass(frozen=True)
class RunProgress:
    """Counts of a run's reports. `stands_still`: nothing enqueues the rest."""

    total: int
    enqueued: int
    read: int
    failed: int
    stands_still: bool
    is_over: bool  # all are enqueued and none waits

    @property
    def done(self) -> int:
        return self.read + self.failed


def start(*, by: User | None = None, every: bool = False) -> ReprocessingRun:
    """Start a run over reports read under other rules (`every`: over all), and log it.

    Raises RunInProgressError and NothingToReprocessError.
    """
    if going_on := unfinished():
        raise RunInProgressError(going_on)
    total = count(every=every)
    if not total:
        raise NothingToReprocessError
    try:
        run = _begin(by, every, total)
    except IntegrityError as error:  # a simultaneous start
        raise RunInProgressError(unfinished() or ReprocessingRun.objects.latest("id")) from error
    queue.notify()
    return run


def resume(run: ReprocessingRun, *, by: User | None = None) -> bool:
    """Enqueue the next step of a run that stands still, and log it; return whether it did."""
    with transaction.atomic():
        run = ReprocessingRun.objects.select_for_update().get(pk=run.pk)
        stands_still = _stands_still(run)
        if stands_still:
            events.log_event("reprocessing_run", run.pk, "reprocessing_resumed", by=by)
            _enqueue_step(run)
    queue.notify()
    return stands_still


def unfinished() -> ReprocessingRun | None:
    """Return the run that has not enqueued all its reports yet, or None."""
    return ReprocessingRun.objects.filter(finished_at=None).first()


def count(*, every: bool = False) -> int:
    """Return how many reports a run would enqueue. Reads every report."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = %s", [COUNT_MS])
        cursor.execute(_COUNT, _values(every=every))
        return int(cursor.fetchone()[0])


def reprocess_selected(reports: Iterable[UUID], *, by: User | None = None) -> int:
    """Enqueue these reports but for erased, held and queued ones; log each, return how many."""
    values = _values(every=True) | {"ids": list(reports), "priority": Priority.USUAL}
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_ENQUEUE_SQL, values)
            keys = [key for (key,) in cursor.fetchall()]
        for key in keys:
            events.log_event("report", key, "reprocessed", by=by)
    queue.notify()
    return len(keys)


@transaction.atomic
def enqueue_batch(lease: Lease) -> None:
    """Enqueue the triage of the next reports and the next step, and store how far it came."""
    if not queue.mark_done(lease):
        return
    run = ReprocessingRun.objects.select_for_update().get(pk=lease.key)
    if run.finished_at is None:
        _enqueue_next(run)
    transaction.on_commit(queue.notify)


process_items = queue.for_each_lease(enqueue_batch)


def progress(run: ReprocessingRun) -> RunProgress:
    """Return the progress of the newest run, by the partial indexes of waiting and failed items."""
    run.refresh_from_db()
    idle = OutboxItem.objects.filter(task=TRIAGE_TASK, priority=Priority.IDLE)
    waiting = idle.filter(done_at=None, failed_at=None).count()
    # Failed in this run and not enqueued again since.
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
            actor=by, rules_version=report_triage.RULES_VERSION, include_current=every, total=total
        )
        events.log_event(
            "reprocessing_run", run.pk, "reprocessing_started", by=by, reports=total, every=every
        )
        _enqueue_step(run)
    run.refresh_from_db()
    return run


def _enqueue_step(run: ReprocessingRun) -> None:
    queue.enqueue(STEP_TASK, run.pk, priority=Priority.IDLE)


def _enqueue_next(run: ReprocessingRun) -> None:
    """Enqueue one batch within its step's transaction; the run's row is locked."""
    values = _values(every=run.include_current, rules=run.rules_version)
    after = run.last_report_id or _FIRST
    values |= {"after": after, "batch": BATCH_SIZE, "priority": Priority.IDLE}
    with connection.cursor() as cursor:
        cursor.execute(_ENQUEUE_NEXT_SQL, values)
        scanned, last, added = cursor.fetchone()
    enqueued = run.enqueued + added
    changes: dict[str, Any] = {"enqueued": enqueued, "last_report_id": last or run.last_report_id}
    if scanned < BATCH_SIZE:
        changes |= {"finished_at": Now(), "total": enqueued}
        log.info("reprocessing.all_enqueued", run=run.pk, reports=enqueued)
    else:
        _enqueue_step(run)
    ReprocessingRun.objects.filter(pk=run.pk).update(**changes)


def _values(*, every: bool, rules: str | None = None) -> dict[str, Any]:
    return {"every": every, "rules": rules or report_triage.RULES_VERSION, "triage": TRIAGE_TASK}


def _stands_still(run: ReprocessingRun) -> bool:
    steps = OutboxItem.objects.filter(task=STEP_TASK, key=str(run.pk))
    waiting = steps.filter(done_at=None, failed_at=None)
    return run.finished_at is None and not waiting.exists()
