"""The relay: sends Celery the ids of items that are due.

It LISTENs and sweeps for what no NOTIFY announced. The broker holds a bounded window of messages,
urgent ones first; an item is sent again only after its lease. IDLE items are sent only while little
else waits. A broker that does not answer costs 50 ms an attempt and delays work, and loses none: when it
stays away the relay does the work itself, one message after the other.
"""

import os
import random
import select
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import groupby
from math import ceil
from typing import Any

import psycopg2
import structlog
from celery import Celery

from core.database import open_session
from core.outbox import queue as outbox
from core.outbox.broker import Broker, BrokerError, TaskMessage, do_work_here
from core.outbox.queue import CHANNEL, LEASE, MAX_ATTEMPTS, NOTIFY_INTERVAL_SECONDS, Priority

log = structlog.get_logger(__name__)

BATCH_SIZE = 16  # items in one message, at most, of a task that takes them one by one
IDLE_BATCH = 4  # a worker may have to finish such a message before it reads a fresh report
SPREAD = 4  # messages that a handful of items is spread over, so that idle workers share them
SWEEP_INTERVAL_SECONDS = 2.0
POLL_INTERVAL_SECONDS = 0.05  # of a full window
BROKER_PATIENCE_SECONDS = 3.0  # without a broker, until the relay does the work itself
# Seconds: the first pause after a failure and the longest, and the share that is drawn of each, so that
# two processes do not retry at once.
RETRY_DELAYS = (0.1, 2.0)
JITTER = (0.75, 1.25)

_SELECT_DUE_SQL = """
    SELECT id FROM core_outboxitem
     WHERE done_at IS NULL AND failed_at IS NULL
       AND attempts < %(most)s
       AND due_at <= statement_timestamp()
       AND (leased_until IS NULL OR leased_until <= statement_timestamp())
       AND {condition}
"""
# `{condition}` is the relay's.
_LEASE_SQL = f"""
WITH usual AS MATERIALIZED ({_SELECT_DUE_SQL}
       AND priority < {Priority.IDLE}
     ORDER BY priority, id
     LIMIT %(slots)s
       FOR UPDATE SKIP LOCKED),
idle AS MATERIALIZED ({_SELECT_DUE_SQL}
       AND priority = {Priority.IDLE}
     ORDER BY priority, id
     LIMIT %(idle_slots)s
       FOR UPDATE SKIP LOCKED)
UPDATE core_outboxitem AS item
   SET due_at = statement_timestamp() + %(lease)s * interval '1 second'
  FROM (SELECT id FROM usual UNION ALL SELECT id FROM idle) AS due
 WHERE item.id = due.id
RETURNING item.priority, item.task, item.id
"""  # noqa: S608  # two constants  # nosec B608

_RELEASE_SQL = "UPDATE core_outboxitem SET due_at = statement_timestamp() WHERE id = ANY(%s)"

# Work that kills its worker is never released: its last lease lapses instead.
_FAIL_USED_UP_SQL = """
UPDATE core_outboxitem
   SET failed_at = statement_timestamp(), leased_until = NULL,
       error = CASE error WHEN '' THEN 'WorkerLost' ELSE error END
 WHERE done_at IS NULL AND failed_at IS NULL
   AND attempts >= %(most)s
   AND (leased_until IS NULL OR leased_until <= statement_timestamp())
RETURNING id
"""


Query = Callable[[str, Any], list[Any]]


@dataclass
class Backoff:
    """Pauses that double from one failure to the next, until `reset`."""

    event: str  # its name in the log
    failures: int = 0
    since: float = 0.0
    until: float = 0.0

    def record_failure(self, error: str) -> None:
        """Begin the next pause; log the 1st, 2nd, 4th, 8th … failure, so that hours of them fill no disk."""
        if not self.failures:
            self.since = time.monotonic()
        first, longest = RETRY_DELAYS
        pause = min(longest, first * 2 ** min(self.failures, 16))
        self.until = time.monotonic() + pause * random.uniform(*JITTER)  # noqa: S311  # nosec B311
        self.failures += 1
        if self.failures & (self.failures - 1) == 0:
            log.warning(self.event, error=error, failures=self.failures)

    def reset(self) -> None:
        if self.failures:
            log.info("backoff.recovered", failed=self.event, failures=self.failures)
        self.failures, self.until = 0, 0.0

    @property
    def remaining_seconds(self) -> float:
        return max(0.0, self.until - time.monotonic())

    @property
    def failing_seconds(self) -> float:
        return time.monotonic() - self.since if self.failures else 0.0


class OutboxRelay:
    """One relay process; a second one does no harm, each item goes to one of them. `before_dispatch`
    runs before anything is sent, and returns whether it must run again soon; `condition` is SQL that
    holds for an item that may be sent already; `batch_sizes` are of tasks that take many items at once.
    """

    def __init__(
        self,
        app: Celery,
        before_dispatch: Callable[[Query], bool] = lambda _: False,
        condition: str = "true",
        batch_sizes: Mapping[str, int] | None = None,
    ) -> None:
        self.broker = Broker(app)
        self.batch_sizes = batch_sizes or {}
        self.before_dispatch, self.condition = before_dispatch, condition
        self.broker_pause = Backoff("relay.broker_failed")
        self.is_working = False  # in place of the workers, whom no broker reaches
        self.is_limited = False  # the window was full: there may be more to send
        self.is_notified = False  # what came since may have no NOTIFY; or the hook left some
        self._database: Any = None
        self._stopping = False
        self._stop_reader, self._stop_writer = os.pipe()

    def run(self) -> None:
        """Run until stopped; the database may come and go."""
        pause = Backoff("relay.database_lost")
        while not self._stopping:
            try:
                self._serve(pause)
            except psycopg2.Error as error:
                pause.record_failure(type(error).__name__)
                select.select([self._stop_reader], [], [], pause.remaining_seconds)
        self.close()

    def stop(self) -> None:
        """End the loop; safe in a signal handler and in another thread."""
        os.write(self._stop_writer, b"!")  # first: who sees the flag closes the pipe
        self._stopping = True

    def close(self) -> None:
        self.broker.close()
        os.close(self._stop_reader)
        os.close(self._stop_writer)

    @contextmanager
    def connected(self) -> Iterator[None]:
        """Connect the methods below to their database. Raises psycopg2.OperationalError."""
        with closing(open_listen_connection()) as self._database:
            yield

    def dispatch_all_due(self) -> int:
        """Fail what ran out of attempts, and send what is due; return how many items were sent."""
        for (item,) in self._query(_FAIL_USED_UP_SQL, {"most": MAX_ATTEMPTS}):
            log.error("relay.attempts_used_up", item=item)
        return self.dispatch_due()

    def dispatch_due(self) -> int:
        """Send what is due, as far as the window has room; return how many items were sent."""
        self._run_before_dispatch()
        slots, idle_slots = self._find_slots()
        messages = self._lease_due(slots, idle_slots) if slots else []
        for sent, message in enumerate(messages):
            if not self._publish(message):
                self._query(_RELEASE_SQL, [_items(messages[sent:])])
                return len(_items(messages[:sent]))
        return len(_items(messages))

    def _run_before_dispatch(self) -> None:
        """Run `before_dispatch`; where its statements fail nothing waits for it."""
        try:
            self.is_notified = self.before_dispatch(self._query) or self.is_notified
        except psycopg2.Error as error:
            log.error("relay.before_dispatch_failed", error=type(error).__name__)  # noqa: TRY400

    def _find_slots(self) -> tuple[int, int]:
        """Return how many messages and idle messages may be sent. While the broker is away none, and
        after BROKER_PATIENCE_SECONDS one, to be worked on here.
        """
        if not self.broker_pause.remaining_seconds:
            try:
                slots, idle_slots = self.broker.available_slots()
            except BrokerError as error:
                self.broker_pause.record_failure(str(error))
            else:
                self.is_working, self.is_limited = False, not slots
                return slots, idle_slots
        self.is_working = self.broker_pause.failing_seconds >= BROKER_PATIENCE_SECONDS
        self.is_limited = False
        return int(self.is_working), 0

    def _lease_due(self, slots: int, idle_slots: int) -> list[TaskMessage]:
        """Mark what is due as dispatched, and return its messages: committed before any is sent."""
        values = {
            "slots": slots * BATCH_SIZE,
            "idle_slots": idle_slots * IDLE_BATCH,
            "most": MAX_ATTEMPTS,
            "lease": LEASE.total_seconds(),
        }
        rows = sorted(self._query(_LEASE_SQL.format(condition=self.condition), values))
        usual = [row for row in rows if row[0] < Priority.IDLE]
        idle = rows[len(usual) :]
        self.is_limited = len(usual) == values["slots"] or len(idle) == values["idle_slots"]
        return [
            *_build_messages(usual, min(slots, SPREAD), self._get_batch_size),
            *_build_messages(idle, idle_slots, lambda _: IDLE_BATCH),
        ]

    def _get_batch_size(self, task: str) -> int:
        return self.batch_sizes.get(task, BATCH_SIZE)

    def _publish(self, message: TaskMessage) -> bool:
        if self.is_working:
            do_work_here(self.broker.app, message)
            return True
        try:
            self.broker.publish(message)
        except BrokerError as error:
            self.broker_pause.record_failure(str(error))
            return False
        self.broker_pause.reset()
        return True

    def _serve(self, pause: Backoff) -> None:
        """Send what is due until the connection is lost."""
        with self.connected():
            next_sweep = 0.0
            while not self._stopping:
                if time.monotonic() >= next_sweep:
                    next_sweep = time.monotonic() + SWEEP_INTERVAL_SECONDS
                    self.dispatch_all_due()
                    pause.reset()  # not by a connection alone: the tables may be missing
                else:
                    self.dispatch_due()
                self._sleep(next_sweep - time.monotonic())

    def _sleep(self, longest: float) -> None:
        """Sleep until a NOTIFY, the end of a pause, or the next sweep."""
        if self.is_notified:
            longest = min(longest, NOTIFY_INTERVAL_SECONDS)
        if self.is_limited:
            longest = min(longest, POLL_INTERVAL_SECONDS)
        if self.broker_pause.remaining_seconds:
            longest = min(longest, self.broker_pause.remaining_seconds)
        select.select([self._database, self._stop_reader], [], [], max(0.0, longest))
        self._database.poll()
        self.is_notified = bool(self._database.notifies)
        self._database.notifies.clear()

    def _query(self, statement: str, values: Any) -> list[Any]:
        with self._database.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall()) if cursor.description else []


def purge_and_requeue(app: Celery) -> None:
    """Empty the broker and make its items due again, for a worker that starts: whoever can write to
    the broker could otherwise end Celery's worker at each start.
    """
    broker = Broker(app)
    try:
        broker.purge()
    except BrokerError as error:
        log.warning("relay.broker_purge_failed", error=str(error))
    broker.close()
    outbox.requeue_unleased()


def open_listen_connection() -> Any:
    """Return a session that LISTENs. Raises psycopg2.OperationalError."""
    database = open_session(CHANNEL)
    with database.cursor() as cursor:
        cursor.execute(f"LISTEN {CHANNEL}")
    return database


def _build_messages(
    rows: Sequence[tuple[int, str, int]], spread: int, get_most: Callable[[str], int]
) -> Iterator[TaskMessage]:
    """Yield the messages of rows (priority, task, item), few, but enough to keep workers busy."""
    share = ceil(len(rows) / max(spread, 1))
    for (priority, task), group in groupby(rows, key=lambda row: row[:2]):
        items = [item for _, _, item in group]
        size = min(get_most(task), share)
        for start in range(0, len(items), size):
            yield TaskMessage(task, priority, tuple(items[start : start + size]))


def _items(messages: Sequence[TaskMessage]) -> list[int]:
    return [item for message in messages for item in message.items]
