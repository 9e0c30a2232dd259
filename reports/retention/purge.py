"""The nightly purge: what is over its time goes, one by one, each in a transaction of its own.

Beat asks once a minute. From NIGHT on, once a day, a run begins; it takes what is over its time for
PATIENCE seconds at each look and goes on where it stood, whoever died meanwhile: what went is gone,
and what is left is found again. Intake writes new rows and this reads old ones: neither waits.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import structlog
from django.db import Error as DatabaseTrouble
from django.db import IntegrityError, connection, transaction
from django.db.models import Min, QuerySet
from django.utils import timezone

from reports.models import PurgeRun, Report
from reports.retention import reerase_after_restore
from reports.retention.erasure import ErasureError
from reports.retention.policy import KINDS, RetentionPolicy
from reports.submission import flood_detection

log = structlog.get_logger(__name__)

NIGHT = 1  # o'clock in Vietnam
TIMEOUT_SECONDS = 8.0  # seconds at one look, under the task's limit
BATCH_SIZE = 100  # looked for in one statement
MISSED_AFTER = timedelta(hours=50)
_PURGER = 0x7E5EA2  # the advisory lock


def run_if_due() -> None:
    """As beat does: begin tonight's run, or go on with one; what went wrong is tried at the next
    look.
    """
    try:
        flood_detection.drop_expired()  # at each look: minutes, not nights
        run = _tonights()
        if run:
            run_until(run, TIMEOUT_SECONDS)
    except DatabaseTrouble as error:
        log.warning("purge.not_run", error=type(error).__name__)


def _tonights() -> PurgeRun | None:
    """The run that is not finished, or a new one where tonight's is due."""
    newest, now = last_run(), timezone.localtime()
    if newest and newest.finished_at is None:
        return newest
    if now.hour < NIGHT or (newest and timezone.localdate(newest.started_at) == now.date()):
        return None
    return start_run()


def start_run() -> PurgeRun:
    """A new run, or the one that somebody has begun."""
    try:
        with transaction.atomic():
            return PurgeRun.objects.create()
    except IntegrityError:
        return PurgeRun.objects.get(finished_at=None)


def run_until(run: PurgeRun, patience: float) -> bool:
    """Take what is over its time; whether nothing of it is left. One process at a time."""
    until = time.monotonic() + patience
    with _alone() as mine:
        if not mine or not all(_kind(run, kind, until) for kind in KINDS):
            return False
        reerase_after_restore.append_missing()
        run.finished_at = timezone.now()
        run.save(update_fields=["finished_at"])
    log.info("purge.finished", retained_counts=run.retained_counts, **run.counts)
    return True


@contextmanager
def _alone() -> Iterator[bool]:
    """Whether nobody else purges, until the block ends; a process that dies lets go too."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_PURGER])
        (mine,) = cursor.fetchone()
        try:
            yield mine
        finally:
            if mine:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_PURGER])


def _kind(run: PurgeRun, kind: RetentionPolicy, until: float) -> bool:
    """Take what is over its time of one kind; False when our time was over first."""
    tried: set[Any] = set()
    while batch := [
        key for key in expired_keys(kind)[: BATCH_SIZE + len(tried)] if key not in tried
    ]:
        for key in batch:
            if time.monotonic() >= until:
                return False
            tried.add(key)
            _take(run, kind, key)
    return True


def _take(run: PurgeRun, kind: RetentionPolicy, key: Any) -> None:
    """Take one, and count it in the same transaction. What cannot be taken stays until tomorrow."""
    counts = run.counts | {kind.name: run.counts.get(kind.name, 0) + 1}
    try:
        with transaction.atomic():
            if not _still_due(kind, key):
                return
            kind.take(key)
            PurgeRun.objects.filter(pk=run.pk).update(counts=counts)
    except (ErasureError, DatabaseTrouble) as error:
        if not connection.is_usable():
            raise
        run.retained_counts += 1
        run.save(update_fields=["retained_counts"])
        log.warning("purge.stayed", kind=kind.name, error=type(error).__name__)
    else:
        run.counts = counts


def _still_due(kind: RetentionPolicy, key: Any) -> bool:
    """Whether it is over its time even now; who would take it up again waits until COMMIT."""
    rows = expired_keys(kind).filter(pk=key).select_for_update(of=("self",), no_key=True)
    return bool(rows)


def expired_keys(kind: RetentionPolicy) -> QuerySet[Any, Any]:
    """The keys of what is over its time, oldest first."""
    before = kind.cutoff(timezone.now())
    return kind.due(before) if before else Report.objects.none()


def last_run() -> PurgeRun | None:
    """The newest run."""
    return PurgeRun.objects.order_by("-id").first()


def is_missed() -> bool:
    """Whether there have been reports for long and no run was finished for long."""
    since = timezone.now() - MISSED_AFTER
    if PurgeRun.objects.filter(finished_at__gte=since).exists():
        return False
    first = Report.objects.aggregate(first=Min("received_at"))["first"]
    return first is not None and first < since
