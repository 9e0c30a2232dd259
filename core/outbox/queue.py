"""The outbox: enqueue, lease and finish items. Every clock is PostgreSQL's.

An item is enqueued, dispatched (relay), leased (worker), and marked done in the transaction of its
work, or failed when its attempts are used up. Only a lease keeps other workers away: `due_at` says
when the relay dispatches an item, and a message that comes early is worked off as it comes.
"""

import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import wraps
from math import inf
from typing import Any, Self

import structlog
from django.db import connection
from django.db.models import Q
from django.db.models.functions import Now

from core.database import (
    BY_INDEX,
    PreparedStatement,
    execute_pipeline,
    is_lock_lost,
    log_database_error,
)
from core.errors import format_places
from core.models import OutboxItem

log = structlog.get_logger(__name__)

CHANNEL = "outbox"
Priority = OutboxItem.Priority
LEASE = timedelta(seconds=15)
MAX_ATTEMPTS = 5
NOTIFY_INTERVAL_SECONDS = 0.01  # after a NOTIFY, in which its process needs no other
# Seconds from the first, second … failed attempt to the next, each drawn within the share beside
# it: the attempts outlast a short trouble of the database, and many items do not come back as one.
RETRY_DELAYS = (1, 4, 16, 60)
JITTER = (0.5, 1.5)
_WAITING = Q(done_at__isnull=True, failed_at__isnull=True)

# No wait for the disk: evidence is safe since its own commit, and a lease, or work together with its
# mark, that a crash of the database forgets is only done once more.
_ASYNC_COMMIT = "SET LOCAL synchronous_commit = off"

# PostgreSQL gives a NOTIFY a transaction number, and with it a commit of its own on the disk.
_NOTIFY_SQL = f"{_ASYNC_COMMIT}; SELECT pg_notify(%s, '')"

# Written so that the small index of waiting items does not fit: the planner, which last saw it empty,
# would read a burst of thousands through for each item. The primary key leads there at once.
_UNFINISHED = "coalesce(done_at, failed_at) IS NULL"

# One statement and one commit of its own: the attempt is counted before the work begins, so
# that work which kills its worker runs out of attempts. Of items that are leased together none is
# counted: who was at work when a worker died is leased alone from then on.
_LEASE_SQL = PreparedStatement(
    "lease_items",
    f"""
UPDATE core_outboxitem AS item
   SET attempts = attempts + %(counted)s::int,
       leased_at = statement_timestamp(),
       leased_until = statement_timestamp() + %(lease)s * interval '1 second'
  FROM (SELECT id FROM core_outboxitem
         WHERE id = ANY(%(items)s::bigint[])
           AND {_UNFINISHED}
           AND attempts < %(most)s
           AND (leased_until IS NULL
                OR %(counted)s::int > 0 AND leased_until <= statement_timestamp())
         ORDER BY id
           FOR UPDATE SKIP LOCKED) AS free
 WHERE item.id = free.id
RETURNING item.id, key, attempts
""",  # noqa: S608  # constants  # nosec B608
)
# For a statement behind it in the same pipeline, which joins what the work is to read. A statement of
# its own, as it must see what was committed until the rows were locked.
LEASED_SQL = """core_outboxitem AS item
 WHERE item.id = ANY(%(items)s::bigint[]) AND item.leased_at = statement_timestamp()"""
LEASED_COLUMNS = "item.id, item.key, item.attempts"

# Plain SQL, as above: the ORM spent more on building this statement than PostgreSQL on running it.
_MARK_DONE_SQL = PreparedStatement(
    "mark_items_done",
    f"""
UPDATE core_outboxitem AS item
   SET done_at = statement_timestamp(), leased_until = NULL, error = '',
       attempts = greatest(attempts, 1)
  FROM unnest(%(items)s::bigint[], %(attempts)s::int[]) AS lease(id, attempt)
 WHERE item.id = lease.id AND attempts = attempt AND {_UNFINISHED}
RETURNING item.id
""",  # noqa: S608  # nosec B608
)
# As though they had never been leased: the trouble was another's.
_RETURN_SQL = f"""
UPDATE core_outboxitem SET leased_until = NULL
 WHERE id = ANY(%(items)s::bigint[]) AND attempts = 0 AND {_UNFINISHED}
"""  # noqa: S608  # nosec B608


# The row stays locked until COMMIT, and a lease leaves locked rows to the relay's next message.
_MAKE_DUE_SQL = f"""
UPDATE core_outboxitem
   SET due_at = statement_timestamp(), priority = least(priority, %(usual)s)
 WHERE id = (SELECT id FROM core_outboxitem
              WHERE task = %(task)s AND key = %(key)s ORDER BY id DESC LIMIT 1)
   AND attempts = 0 AND leased_until IS NULL AND {_UNFINISHED}
"""  # noqa: S608  # nosec B608


@dataclass(frozen=True)
class Lease:
    """A worker's lease on an item, for LEASE and for the attempt that it names. `with lease:`
    suppresses an error and releases the item, so that the next items get their turn.
    """

    item_id: int
    key: str
    attempt: int

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if error is None:
            return False
        name, at = type(error).__name__, format_places(error)  # its text may quote a report
        log.warning("outbox.attempt_failed", item=self.item_id, error=name, at=at)
        with log_database_error(log, "outbox.release_failed", item=self.item_id):
            release_for_retry(self, error)
        return isinstance(error, Exception)


def enqueue(
    task: str, key: object, *, priority: int = Priority.USUAL, due_at: datetime | None = None
) -> OutboxItem:
    """Create and return an item, in the transaction of its cause; `due_at`: not now but then."""
    later = {"due_at": due_at} if due_at else {}
    return OutboxItem.objects.create(task=task, key=str(key), priority=priority, **later)


def enqueue_all(task: str, keys: Iterable[object], *, priority: int = Priority.USUAL) -> None:
    """Create an item for each key, in one statement."""
    OutboxItem.objects.bulk_create(
        OutboxItem(task=task, key=str(key), priority=priority) for key in keys
    )


def enqueue_once(task: str, key: object) -> None:
    """Create an item, or make due at once the newest that nobody has begun.

    It cannot be leased before COMMIT, so whoever leases it sees what this transaction writes.
    """
    with connection.cursor() as cursor:
        cursor.execute(_MAKE_DUE_SQL, {"task": task, "key": str(key), "usual": Priority.USUAL})
        if not cursor.rowcount:
            enqueue(task, key)


def notify() -> None:
    """Notify the relay; an error is only logged, for its sweep finds what a lost NOTIFY leaves.

    Call it after COMMIT: a NOTIFY in a transaction takes a lock that makes all commits wait.
    """
    with log_database_error(log, "outbox.notify_failed"), connection.cursor() as cursor:
        cursor.execute(_NOTIFY_SQL, [CHANNEL])


class NotifyThrottle:
    """When this process last notified the relay (monotonic time)."""

    notified_at = 0.0


def notify_throttled() -> None:
    """Notify at most once in NOTIFY_INTERVAL_SECONDS; the relay sweeps once more when they are over."""
    now = time.monotonic()
    if now - NotifyThrottle.notified_at >= NOTIFY_INTERVAL_SECONDS:
        # First: the NOTIFY covers whoever is throttled from here on.
        NotifyThrottle.notified_at = now
        notify()


def acquire_lease(item_id: int) -> Lease | None:
    """Lease an item; return None when it is done, failed or leased by another worker."""
    return next((Lease(*row) for row in _lease([item_id])), None)


def _lease(
    items: Sequence[int], *read: PreparedStatement, together: bool = False
) -> list[tuple[Any, ...]]:
    """Lease those of the items that are free, `together` those that were never leased; return the
    rows of the last statement, which begin with id, key and attempt.
    """
    attempts = {"counted": 0, "most": 1} if together else {"counted": 1, "most": MAX_ATTEMPTS}
    values = {"items": items, "lease": LEASE.total_seconds()} | attempts
    with connection.cursor() as cursor:
        execute_pipeline(cursor, values, _ASYNC_COMMIT, BY_INDEX, _LEASE_SQL, *read)
        return list(cursor.fetchall())


def for_each_lease(work: Callable[[Lease], object]) -> Callable[..., None]:
    """Return a function that does the work for each available item, until `time_budget` seconds are over.

    The rest is left to the relay: Celery's time limit would use up an attempt of the item at work.
    """

    @wraps(work)
    def process_items(items: Iterable[int], time_budget: float = inf) -> None:
        for item in _iter_until(time.monotonic() + time_budget, items):
            if lease := acquire_lease(item):
                with lease:
                    work(lease)

    return process_items


def _iter_until(end: float, items: Iterable[int]) -> Iterator[int]:
    """Yield the first item, and further ones until that time (monotonic)."""
    for item in items:
        yield item
        if time.monotonic() > end:
            return


# A lease and what was read with it.
Leased = tuple[Lease, tuple[Any, ...]]


def for_each_batch(
    work: Callable[[Sequence[Leased]], set[int]], read: PreparedStatement
) -> Callable[..., None]:
    """Return a function that does the work of all available items at once; what fails together, or
    was tried before, goes one by one, as with `for_each_lease`. What others' locks kept from its work
    is left to the relay.

    `work` returns the items that it came to; the others are leased anew. `read` selects LEASED_COLUMNS
    and what the work needs from LEASED_SQL, in the round trip of the lease.
    """

    @wraps(work)
    def process_items(items: Iterable[int], time_budget: float = inf) -> None:
        end = time.monotonic() + time_budget
        left = list(items)
        while len(left) > 1 and (over := _work_together(left, work, read)):
            left = [item for item in left if item not in over]
            if time.monotonic() > end:
                return
        for item in _iter_until(end, left):
            for lease, row in _acquire([item], read):
                with lease:
                    work([(lease, row)])

    return process_items


@dataclass
class _Batch:
    """Items that are worked on at once: those that are not done, all after an error, are not leased
    any more. `over`: for which there is nothing left to do in this message.
    """

    items: set[int]
    done: set[int] = field(default_factory=set)
    over: set[int] = field(default_factory=set)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if error is not None:
            self.done = set()
            name, at = type(error).__name__, format_places(error)
            log.warning("outbox.batch_failed", items=len(self.items), error=name, at=at)
        if left := self.items - self.done:
            with log_database_error(log, "outbox.return_failed"), connection.cursor() as cursor:
                cursor.execute(_RETURN_SQL, {"items": sorted(left)})
        # One by one they would wait for the same lock.
        self.over = self.items if is_lock_lost(error) else self.done
        return isinstance(error, Exception)


def _work_together(
    items: Sequence[int], work: Callable[[Sequence[Leased]], set[int]], read: PreparedStatement
) -> set[int]:
    """Return the items that are over. One that was tried before is left out: it may fail the others."""
    leased = _acquire(items, read, together=True)
    with _Batch({lease.item_id for lease, _ in leased}) as batch:
        if leased:
            batch.done = work(leased)
    return batch.over


def _acquire(
    items: Sequence[int], read: PreparedStatement, *, together: bool = False
) -> list[Leased]:
    return [(Lease(*row[:3]), row[3:]) for row in _lease(items, read, together=together)]


def requeue_unleased() -> None:
    """Make due again what was dispatched and not begun. An error is only logged: leases lapse."""
    with log_database_error(log, "outbox.requeue_failed"):
        OutboxItem.objects.filter(_WAITING, attempts=0, due_at__gt=Now()).update(due_at=Now())
    notify()


def mark_done(lease: Lease) -> bool:
    """Mark an item done at the start of its work's transaction; return False if another has done it."""
    return bool(mark_all_done([lease]))


def mark_all_done(leases: Sequence[Lease], *first: str) -> set[int]:
    """Mark items done at the start of their work's transaction, after the steps that come `first`;
    return those that no other has done.
    """
    values = {
        "items": [lease.item_id for lease in leases],
        "attempts": [lease.attempt for lease in leases],
    }
    with connection.cursor() as cursor:
        execute_pipeline(cursor, values, *first, _ASYNC_COMMIT, BY_INDEX, _MARK_DONE_SQL)
        return {item for (item,) in cursor.fetchall()}


def release_for_retry(lease: Lease, error: BaseException) -> None:
    """Release an item after a failure: due again after a pause, or failed after the last attempt. A
    lock that others held is no failure of its own: no attempt is counted.
    """
    changes: dict[str, Any] = {
        "due_at": Now() + timedelta(seconds=pick_delay(RETRY_DELAYS, lease.attempt))
    }
    if is_lock_lost(error):
        changes["attempts"] = lease.attempt - 1
    elif lease.attempt >= MAX_ATTEMPTS:
        changes = {"failed_at": Now()}
    OutboxItem.objects.filter(_WAITING, pk=lease.item_id, attempts=lease.attempt).update(
        leased_until=None, error=type(error).__name__, **changes
    )


def pick_delay(
    delays: Sequence[float], failures: int, jitter: tuple[float, float] = JITTER
) -> float:
    """Return the pause after so many failures, drawn within the jitter; the last stands for all beyond."""
    delay = delays[min(max(failures, 1), len(delays)) - 1]
    return delay * random.uniform(*jitter)  # noqa: S311  # nosec B311
