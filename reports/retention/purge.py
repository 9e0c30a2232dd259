"""The nightly purge: erase what has outlived its retention, each in its own transaction.

Beat calls it once a minute. From NIGHT on, once a day, a run begins and works for TIMEOUT_SECONDS
at each call; after a crash it goes on.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import structlog
from django import db
from django.db import IntegrityError, connection, transaction
from django.db.models import Min, QuerySet
from django.utils import timezone

from core import advisory_locks
from core.database import log_database_error
from reports.models import PurgeRun, Report
from reports.retention import reerase_after_restore
from reports.retention.erasure import ErasureError
from reports.retention.policy import KINDS, RetentionPolicy
from reports.submission import flood_detection

log = structlog.get_logger(__name__)

NIGHT = 1  # o'clock in Vietnam
TIMEOUT_SECONDS = 8.0  # of one call, under the task's limit
BATCH_SIZE = 100  # rows of one statement
MISSED_AFTER = timedelta(hours=50)
_LOCK = "purge"


def run_if_due() -> None:
    """Begin tonight's run, or go on with one; what failed is tried at the next call."""
    with log_database_error(log, "purge.run_failed"):
        flood_detection.drop_expired()  # at each call: its period is minutes
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
    with _exclusive_lock() as is_locked:
        if not is_locked or not all(_purge_kind(run, kind, until) for kind in KINDS):
            return False
        reerase_after_restore.append_missing()
        run.finished_at = timezone.now()
        run.save(update_fields=["finished_at"])
    log.info("purge.finished", retained_counts=run.retained_counts, **run.counts)
    return True


@contextmanager
def _exclusive_lock() -> Iterator[bool]:
    """Yield whether no other process purges until the block ends or this process dies."""
    is_locked = advisory_locks.try_lock(_LOCK)
    try:
        yield is_locked
    finally:
        if is_locked:
            advisory_locks.unlock(_LOCK)


def _purge_kind(run: PurgeRun, kind: RetentionPolicy, until: float) -> bool:
    """Erase what is expired of one kind; return False when the time was over first."""
    tried: set[Any] = set()
    while batch := [
        key for key in expired_keys(kind)[: BATCH_SIZE + len(tried)] if key not in tried
    ]:
        for key in batch:
            if time.monotonic() >= until:
                return False
            tried.add(key)
            _purge_one(run, kind, key)
    return True


def _purge_one(run: PurgeRun, kind: RetentionPolicy, key: Any) -> None:
    """Erase one and count it in the same transaction. What cannot be erased stays for now."""
    counts = run.counts | {kind.name: run.counts.get(kind.name, 0) + 1}
    try:
        with transaction.atomic():
            if not _still_due(kind, key):
                return
            kind.take(key)
            PurgeRun.objects.filter(pk=run.pk).update(counts=counts)
    except (ErasureError, db.Error) as error:
        if not connection.is_usable():
            raise
        run.retained_counts += 1
        run.save(update_fields=["retained_counts"])
        log.warning("purge.item_failed", kind=kind.name, error=type(error).__name__)
    else:
        run.counts = counts


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
    first = Report.objects.aggregate(first=Min("received_at"))["first"]
    return first is not None and first < since
