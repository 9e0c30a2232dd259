"""Sweeps: work on each of many rows, so that one that fails or takes too long stops no other.

A row that fails stays as a failed outbox item of the sweep's name, which an alarm counts, until its
work is done. It comes after all others, and is not `available` while its pause lasts. The item is
written before the work, so that work which kills its worker counts too.
"""

import time
from collections.abc import Callable, Iterable
from contextlib import ContextDecorator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Self, TypeVar

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.db import connection
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from core.database import log_database_error
from core.errors import format_places
from core.models import OutboxItem

log = structlog.get_logger(__name__)

Row = TypeVar("Row", bound=Model)
TIME_BUDGET_SECONDS = 5.0  # after which no further row is begun: a task runs several sweeps
ALARM_AFTER = timedelta(minutes=30)  # of a row that failed once
FORGOTTEN_AFTER = timedelta(hours=26)  # what is due fails again each night, if not done otherwise

# The pause grows by two minutes a failure, to six hours.
_RECORD_SQL = """
SET LOCAL synchronous_commit = off;
WITH again AS (
    UPDATE core_outboxitem
       SET attempts = least(attempts + 1, 180), failed_at = statement_timestamp(), error = %(error)s,
           due_at = statement_timestamp() + attempts * interval '2 minutes'
     WHERE task = %(sweep)s AND key = %(key)s AND failed_at IS NOT NULL RETURNING id)
INSERT INTO core_outboxitem (task, key, attempts, failed_at, error, due_at)
SELECT %(sweep)s, %(key)s, 1, statement_timestamp(), %(error)s,
       statement_timestamp() + interval '2 minutes'
 WHERE NOT EXISTS (SELECT FROM again)
"""


@dataclass
class Guard(ContextDecorator):
    """Suppresses an error of work that is called again, logs its class and place and records it until
    the work is done. `is_recorded`: as a failure already, since the work began.
    """

    sweep: str  # noun.verb
    key: str = ""
    is_recorded: bool = False
    error: BaseException | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        self.error, rows = error, _failures(self.sweep).filter(key=self.key)
        with log_database_error(log, "sweep.record_failed", sweep=self.sweep):
            if error is None:
                if self.is_recorded or rows.exists():  # a delete is three statements
                    rows.delete()
                return False
            event, name = f"{self.sweep}_failed", type(error).__name__
            log.warning(event, key=self.key, error=name, at=format_places(error))
            if not (self.is_recorded and rows.update(error=name)):
                record_failure(self.sweep, self.key, name)
        return isinstance(error, Exception)


class SweepResult(NamedTuple):
    """How many rows were done and how many failed; `is_over`: none was left for want of time."""

    done: int
    failed: int
    is_over: bool


def for_each(
    sweep: str,
    rows: Iterable[Any],
    work: Callable[[Any], object],
    *,
    time_budget: float = TIME_BUDGET_SECONDS,
) -> SweepResult:
    """Do the work of each row (or key), those that failed before last, and return the counts.

    A row is bounded by the statement timeout and the worker's soft limit, which ends the call. What
    `work` answers with False was not for it to do. Raises django.db.Error without a database.
    """
    end, done, failed, is_over = time.monotonic() + time_budget, 0, 0, True
    before = set(failed_keys(sweep))
    for row in sorted(rows, key=lambda row: _key(row) in before):
        is_over = is_over and time.monotonic() < end
        if not is_over:
            break
        record_failure(sweep, _key(row), "WorkerLost")
        with Guard(sweep, _key(row), is_recorded=True) as guard:
            done += work(row) is not False
        failed += guard.error is not None
        is_over = not isinstance(guard.error, SoftTimeLimitExceeded)
    return SweepResult(done, failed, is_over)


def available(sweep: str, rows: "QuerySet[Row, Any]") -> "QuerySet[Row, Any]":
    """Return the rows without those whose pause lasts."""
    paused = _failures(sweep).filter(due_at__gt=Now())
    return rows.exclude(pk__in=list(paused.values_list("key", flat=True)))


def failed_keys(sweep: str, *, since: datetime | None = None) -> list[str]:
    """Return the keys of the rows that failed, since then or ever, and were not done."""
    rows = _failures(sweep).filter(failed_at__gte=since) if since else _failures(sweep)
    return list(rows.values_list("key", flat=True))


def record_failure(sweep: str, key: str, error: str) -> None:
    """Record that a row failed, or failed again, with the class of its error."""
    with connection.cursor() as cursor:
        cursor.execute(_RECORD_SQL, {"sweep": sweep, "key": key, "error": error})


def count_failures(*, besides: str) -> int:
    """Return how many rows and items of the last day, but for those of a task, failed and wait."""
    same = OutboxItem.objects.filter(task=OuterRef("task"), key=OuterRef("key"))
    often = Q(attempts__gt=1) | Q(created_at__lte=Now() - ALARM_AFTER)
    failed = OutboxItem.objects.filter(often, failed_at__gt=Now() - FORGOTTEN_AFTER)
    return failed.exclude(task=besides).exclude(Exists(same.filter(id__gt=OuterRef("id")))).count()


def _failures(sweep: str) -> "QuerySet[OutboxItem]":
    return OutboxItem.objects.filter(task=sweep, failed_at__isnull=False)


def _key(row: object) -> str:
    return str(getattr(row, "pk", row))
