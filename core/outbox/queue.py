"""The outbox: what is owed, who is on it, what is done. Every clock is PostgreSQL's.

An item goes: enqueued, handed to the broker (relay), claimed (worker), settled in the same
transaction as its work, or failed when its attempts are used up. It names a task and a key
and knows nothing of either.

Only leases hold a claim back. When an item is due says when the relay sends it, not whether a
worker may take it: a message that comes early, an older copy perhaps, is worked off as it comes.
"""

import random
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from math import inf
from types import TracebackType
from typing import Self

import structlog
from django.db import Error as DatabaseTrouble
from django.db import connection
from django.db.models import Q
from django.db.models.functions import Now

from core.models import OutboxItem
from core.prepared_statements import BY_INDEX, PreparedStatement, execute_pipeline

log = structlog.get_logger(__name__)

CHANNEL = "outbox"
Priority = OutboxItem.Priority
LEASE = timedelta(seconds=15)
MAX_ATTEMPTS = 5
NOTIFY_INTERVAL_SECONDS = 0.01  # seconds after a NOTIFY in which its process needs no other
# Seconds from the first, second … failed attempt to the next, each drawn within the share beside
# it: the attempts outlast a short trouble of the database, and many items do not come back as one.
RETRY_DELAYS = (1, 4, 16, 60)
JITTER = (0.5, 1.5)
_WAITING = Q(done_at__isnull=True, failed_at__isnull=True)

# Nobody waits for the disk here: evidence is safe since its own commit, and what a crash of the
# database forgets of a claim, or of work and its settling together, is only owed once more.
_UNHURRIED = "SET LOCAL synchronous_commit = off"

# PostgreSQL gives a NOTIFY a transaction number, and with it a commit of its own on the disk.
_NOTIFY = f"{_UNHURRIED}; SELECT pg_notify(%s, '')"

# Said so that the small index of what waits does not fit: the planner, which last saw it empty,
# would read a burst of thousands through for each item. The primary key leads there at once.
_UNFINISHED = "coalesce(done_at, failed_at) IS NULL"

# One statement and one commit of its own: the attempt is counted before the work begins, so
# that work which kills its worker runs out of attempts.
_CLAIM = PreparedStatement(
    "claim_item",
    f"""
UPDATE core_outboxitem
   SET attempts = attempts + 1,
       leased_at = statement_timestamp(),
       leased_until = statement_timestamp() + %(lease)s * interval '1 second'
 WHERE id = (SELECT id FROM core_outboxitem
              WHERE id = %(item)s
                AND {_UNFINISHED}
                AND attempts < %(most)s
                AND (leased_until IS NULL OR leased_until <= statement_timestamp())
                FOR UPDATE SKIP LOCKED)
RETURNING key, attempts
""",  # noqa: S608  # constants of ours  # nosec B608
)

# Plain SQL, as is the claim: the ORM spent more on making this statement than PostgreSQL on it.
_MARK_DONE_SQL = PreparedStatement(
    "settle_item",
    f"""
UPDATE core_outboxitem
   SET done_at = statement_timestamp(), leased_until = NULL, error = ''
 WHERE id = %(item)s AND attempts = %(attempt)s AND {_UNFINISHED}
""",  # noqa: S608  # nosec B608
)


# The row stays locked until COMMIT, and a claim leaves locked rows to the relay's next message.
_HURRY = f"""
UPDATE core_outboxitem
   SET due_at = statement_timestamp(), priority = least(priority, %(usual)s)
 WHERE id = (SELECT id FROM core_outboxitem
              WHERE task = %(task)s AND key = %(key)s ORDER BY id DESC LIMIT 1)
   AND attempts = 0 AND {_UNFINISHED}
"""  # noqa: S608  # nosec B608


@dataclass(frozen=True)
class Lease:
    """A worker's hold on an item: valid for LEASE, and only as the attempt that it names.

    `with claim:` stands around the work: an error there gives the item back and goes no
    further, so that the items beside it get their turn.
    """

    item_id: int
    key: str
    attempt: int

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if error is None:
            return False
        # The error's text may quote a report: only its class is kept.
        log.warning("outbox.attempt_failed", item=self.item_id, error=type(error).__name__)
        _release_if_possible(self, error)
        return isinstance(error, Exception)


def enqueue(task: str, key: object, *, priority: int = Priority.USUAL) -> OutboxItem:
    """Owe a task; part of the transaction that gives the cause."""
    return OutboxItem.objects.create(task=task, key=str(key), priority=priority)


def enqueue_all(task: str, keys: Iterable[object], *, priority: int = Priority.USUAL) -> None:
    """Owe a task for each of many keys, in one statement."""
    OutboxItem.objects.bulk_create(
        OutboxItem(task=task, key=str(key), priority=priority) for key in keys
    )


def enqueue_once(task: str, key: object) -> None:
    """Owe a task unless an item that nobody has begun owes it: whoever claims that one reads what
    this transaction writes, for it cannot be claimed before COMMIT. It is due then at once.
    """
    with connection.cursor() as cursor:
        cursor.execute(_HURRY, {"task": task, "key": str(key), "usual": Priority.USUAL})
        if not cursor.rowcount:
            enqueue(task, key)


def notify() -> None:
    """Tell the relay that there is work. In autocommit, after COMMIT: inside a transaction a
    NOTIFY takes a lock that makes all commits wait for one another. The relay's sweep finds
    what a lost NOTIFY leaves behind, so an error here is only written down.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute(_NOTIFY, [CHANNEL])
    except DatabaseTrouble as error:
        log.warning("outbox.notify_failed", error=type(error).__name__)


class NotifyThrottle:
    """When this process last woke the relay (monotonic time)."""

    rung_at = 0.0


def notify_throttled() -> None:
    """The same for what may come a thousand times a second: this process says so once in NOTIFY_INTERVAL_SECONDS
    seconds, and the relay looks once more when they are over.
    """
    now = time.monotonic()
    if now - NotifyThrottle.rung_at >= NOTIFY_INTERVAL_SECONDS:
        NotifyThrottle.rung_at = (
            now  # before it rings: who is silent from here on is seen when it is heard
        )
        notify()


def acquire_lease(item_id: int) -> Lease | None:
    """Take hold of an item; None when it is done, failed or in another worker's hands."""
    values = {"item": item_id, "lease": LEASE.total_seconds(), "most": MAX_ATTEMPTS}
    with connection.cursor() as cursor:
        execute_pipeline(cursor, values, _UNHURRIED, BY_INDEX, _CLAIM)
        row = cursor.fetchone()
    return Lease(item_id, *row) if row else None


def iter_leases(items: Iterable[int], patience: float = inf) -> Iterator[Lease]:
    """Take hold of these items, one when the one before is done with, those left out that are
    not to be had.

    Where all is slow, or a message names more than any relay sends, what nobody has begun after
    `patience` seconds is left to the relay's next message: a time limit would end the task, and
    an attempt of whichever item is at work then.
    """
    end = time.monotonic() + patience
    for item in items:
        if held := acquire_lease(item):
            yield held
        if time.monotonic() > end:
            break


def requeue_unclaimed() -> None:
    """Have the relay hand over at once what it has handed over and nobody has begun; what rests
    after a failure rests on. An error is only written down: leases lapse by themselves.
    """
    try:
        handed_over = OutboxItem.objects.filter(_WAITING, attempts=0, due_at__gt=Now())
        handed_over.update(due_at=Now())
    except DatabaseTrouble as error:
        log.warning("outbox.recall_failed", error=type(error).__name__)
    notify()


def mark_done(claim: Lease) -> bool:
    """Mark the work done, first thing in the transaction that does it: the row stays locked
    until both are committed. False: somebody else was faster, do nothing.
    """
    values = {"item": claim.item_id, "attempt": claim.attempt}
    with connection.cursor() as cursor:
        execute_pipeline(cursor, values, _UNHURRIED, BY_INDEX, _MARK_DONE_SQL)
        return bool(cursor.rowcount)


def release_for_retry(claim: Lease, error: BaseException) -> None:
    """Give an item back after a failure, to be sent again after a pause; the last attempt marks
    it as failed.
    """
    last = claim.attempt >= MAX_ATTEMPTS
    then = {"failed_at": Now()} if last else {"due_at": Now() + _pause(claim.attempt)}
    OutboxItem.objects.filter(_WAITING, pk=claim.item_id, attempts=claim.attempt).update(
        leased_until=None, error=type(error).__name__, **then
    )


def _pause(attempt: int) -> timedelta:
    """How long an item rests after this attempt has failed."""
    return timedelta(seconds=RETRY_DELAYS[attempt - 1] * random.uniform(*JITTER))  # noqa: S311  # nosec B311


def _release_if_possible(claim: Lease, error: BaseException) -> None:
    """Without a database the claim lapses by itself."""
    try:
        release_for_retry(claim, error)
    except DatabaseTrouble as lost:
        log.warning("outbox.release_failed", item=claim.item_id, error=type(lost).__name__)
