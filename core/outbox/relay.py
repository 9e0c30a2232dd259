"""The relay: gives Celery the keys of what is due. The only place that sends a task.

It LISTENs on a connection of its own and sweeps for what no NOTIFY told it. At the broker lies
a bounded window of messages, the urgent before the others, several items in one message when
the queue is deep; an item goes out again only after its lease. What may wait until nothing else
does (IDLE) fills a small part of the window, in small messages, and only while it is empty but
for that. What is to be done before anything goes out (`first`) is done then. A dead or frozen broker costs 50 ms a try and is tried once a pause, a lost database
connection is made anew: reports are late then, never lost.
"""

import os
import select
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import groupby
from math import ceil
from typing import Any

import psycopg2
import structlog
from celery import Celery
from django.db import connection as django_connection
from kombu import Connection
from kombu.exceptions import KombuError

from core.backoff import Backoff
from core.outbox import queue as outbox
from core.outbox.queue import CHANNEL, LEASE, MAX_ATTEMPTS, NOTIFY_INTERVAL_SECONDS, Priority

log = structlog.get_logger(__name__)

WINDOW = 32  # messages waiting at the broker
BATCH_SIZE = 16  # items in one message, at most
IDLE_WINDOW = 4  # messages at the broker, whichever they are, up to which idle ones are added
IDLE_BATCH = 4  # of those a worker may have to end one before it sees to a fresh report
SPREAD = 4  # messages that a handful of items is spread over, so that idle workers share them
UNCOUNTED = 0.1  # seconds that a report waits at most for its crowd to be counted
SWEEP = 2.0  # seconds between two looks at what no NOTIFY told
ROOM_PAUSE = 0.05  # seconds until a full window is looked at again
BROKER_TIMEOUT_SECONDS = 0.05  # seconds for a connection or an answer
SESSION = "-c statement_timeout=5000 -c lock_timeout=2000 -c synchronous_commit=off"

# In Celery's Redis transport 0 goes before 9, in steps of three.
AT_BROKER = {Priority.URGENT: 0, Priority.USUAL: 3, Priority.IDLE: 9}

# A report that came since `first` looked has its turn at the next look.
_DUE = """
    SELECT id FROM core_outboxitem
     WHERE done_at IS NULL AND failed_at IS NULL
       AND attempts < %(most)s
       AND due_at <= statement_timestamp()
       AND (leased_until IS NULL OR leased_until <= statement_timestamp())
       AND key NOT IN (
           SELECT report_id::text FROM reports_floodsample
            WHERE origin_digests IS NOT NULL
              AND received_at > statement_timestamp() - %(uncounted)s * interval '1 second')
"""
_LEASE_SQL = f"""
WITH usual AS MATERIALIZED ({_DUE}
       AND priority < {Priority.IDLE}
     ORDER BY priority, id
     LIMIT %(room)s
       FOR UPDATE SKIP LOCKED),
idle AS MATERIALIZED ({_DUE}
       AND priority = {Priority.IDLE}
     ORDER BY priority, id
     LIMIT %(idle_room)s
       FOR UPDATE SKIP LOCKED)
UPDATE core_outboxitem AS item
   SET due_at = statement_timestamp() + %(lease)s * interval '1 second'
  FROM (SELECT id FROM usual UNION ALL SELECT id FROM idle) AS due
 WHERE item.id = due.id
RETURNING item.priority, item.task, item.id
"""  # noqa: S608  # two constants of ours  # nosec B608

_RELEASE_SQL = "UPDATE core_outboxitem SET due_at = statement_timestamp() WHERE id = ANY(%s)"

# Work that kills its worker never comes to release(): its last claim lapses instead.
_FAIL_USED_UP = """
UPDATE core_outboxitem
   SET failed_at = statement_timestamp(), leased_until = NULL,
       error = CASE error WHEN '' THEN 'WorkerLost' ELSE error END
 WHERE done_at IS NULL AND failed_at IS NULL
   AND attempts >= %(most)s
   AND (leased_until IS NULL OR leased_until <= statement_timestamp())
RETURNING id
"""


Query = Callable[[str, Any], list[Any]]


@dataclass(frozen=True)
class TaskMessage:
    """What one broker message carries: a task's name and the items it is about."""

    task: str
    priority: int
    items: tuple[int, ...]


class BrokerError(Exception):
    """The broker did not take a message or did not answer in time."""


class Broker:
    """Publishing that never waits long and never tries twice; the worker's own connection to
    the broker stays patient.
    """

    def __init__(self, app: Celery) -> None:
        self.app = app
        self._connection: Connection | None = None
        self._at_most = WINDOW  # messages that may lie there; unknown at first

    def available_slots(self) -> tuple[int, int]:
        """How many messages the window still takes, and how many idle ones; asks only when it
        may be too full for these.

        Raises BrokerError.
        """
        if self._at_most >= IDLE_WINDOW:
            with self._connected() as connection:
                channel: Any = connection.default_channel
                declared = channel.queue_declare(queue=self.app.conf.task_default_queue)
                self._at_most = declared.message_count
        return max(0, WINDOW - self._at_most), max(0, IDLE_WINDOW - self._at_most)

    def publish(self, message: TaskMessage) -> None:
        """Send one message. Raises BrokerError; the message may have arrived all the same."""
        with self._connected() as connection:
            self.app.send_task(
                message.task,
                args=[list(message.items)],
                producer=self.app.amqp.Producer(connection, auto_declare=False),
                retry=False,
                priority=AT_BROKER[Priority(message.priority)],
                ignore_result=True,
            )
        self._at_most += 1

    def purge(self) -> None:
        """Throw away every message, also those in a worker's hands. Raises BrokerError."""
        with self._connected() as connection:
            channel: Any = connection.default_channel
            queue = self.app.conf.task_default_queue
            lists = [f"{queue}{channel.sep}{step}" for step in channel.priority_steps if step]
            channel.client.unlink(queue, *lists, channel.unacked_key, channel.unacked_index_key)

    def close(self) -> None:
        """Forget the connection; the next call makes another."""
        if self._connection is not None:
            self._connection.release()
        self._connection, self._at_most = None, WINDOW

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        if self._connection is None:
            self._connection = self._connect()
        connection = self._connection
        troubles: Any = (*connection.connection_errors, *connection.channel_errors, KombuError)
        try:
            yield connection
        except troubles as error:
            self.close()
            raise BrokerError(type(error.__cause__ or error).__name__) from error

    def _connect(self) -> Connection:
        impatient = {
            "max_retries": 0,
            "interval_start": 0,
            "interval_step": 0,
            "interval_max": 0,
            "socket_timeout": BROKER_TIMEOUT_SECONDS,
            "socket_connect_timeout": BROKER_TIMEOUT_SECONDS,
        }
        return self.app.connection_for_write(
            connect_timeout=BROKER_TIMEOUT_SECONDS, transport_options=impatient
        )


class OutboxRelay:
    """One relay process; a second one does no harm, each item goes to one of them."""

    def __init__(self, app: Celery, first: Callable[[Query], bool] = lambda _: False) -> None:
        self.broker = Broker(app)
        self.first = first
        self.broker_pause = Backoff("relay.broker_failed")
        self.limited = False  # the window was full: there may be more to hand over
        self.woken = False  # by a NOTIFY (what came since may have none), or by what `first` left
        self._database: Any = None
        self._stopping = False
        self._bell, self._rope = os.pipe()

    def run(self) -> None:
        """Serve until stopped; the database may come and go."""
        pause = Backoff("relay.database_lost")
        while not self._stopping:
            try:
                self._serve(pause)
            except psycopg2.Error as error:
                pause.record_failure(type(error).__name__)
                select.select([self._bell], [], [], pause.remaining_seconds)
        self.close()

    def stop(self) -> None:
        """End the loop; safe in a signal handler and in another thread."""
        self._stopping = True
        os.write(self._rope, b"!")

    def close(self) -> None:
        """Give everything back; the relay is of no use afterwards."""
        self.broker.close()
        os.close(self._bell)
        os.close(self._rope)

    @contextmanager
    def connected(self) -> Iterator[None]:
        """Give the methods below their database. Raises psycopg2.OperationalError."""
        with closing(open_listen_connection()) as self._database:
            yield

    def dispatch_all_due(self) -> int:
        """Look at everything: what ran out of attempts, and what is due; how many went out."""
        for (item,) in self._query(_FAIL_USED_UP, {"most": MAX_ATTEMPTS}):
            log.error("relay.attempts_used_up", item=item)
        return self.dispatch_due()

    def dispatch_due(self) -> int:
        """Give the broker what is due, as far as its window has room; how many items went."""
        self._first()
        room, idle_room = self._room()
        messages = self._take(room, idle_room) if room else []
        for sent, message in enumerate(messages):
            if not self._publish(message):
                self._query(_RELEASE_SQL, [_items(messages[sent:])])
                return len(_items(messages[:sent]))
        return len(_items(messages))

    def _first(self) -> None:
        """What is owed does not wait for it where its statements fail; a connection that is lost
        shows itself again. Where it left something it has its turn again soon.
        """
        try:
            self.woken = self.first(self._query) or self.woken
        except psycopg2.Error as error:
            log.error("relay.first_failed", error=type(error).__name__)  # noqa: TRY400

    def _room(self) -> tuple[int, int]:
        """Messages that may go out now, and idle ones; none while the broker is out of reach."""
        self.limited = False
        if self.broker_pause.remaining_seconds:
            return 0, 0
        try:
            room, idle_room = self.broker.available_slots()
        except BrokerError as error:
            self.broker_pause.record_failure(str(error))
            return 0, 0
        self.limited = not room
        return room, idle_room

    def _take(self, room: int, idle_room: int) -> list[TaskMessage]:
        """Mark what is due as handed over, committed before any of it goes out."""
        values = {
            "room": room * BATCH_SIZE,
            "idle_room": idle_room * IDLE_BATCH,
            "most": MAX_ATTEMPTS,
            "lease": LEASE.total_seconds(),
            "uncounted": UNCOUNTED,
        }
        rows = sorted(self._query(_LEASE_SQL, values))
        usual = [row for row in rows if row[0] < Priority.IDLE]
        idle = rows[len(usual) :]
        self.limited = len(usual) == values["room"] or len(idle) == values["idle_room"]
        return [
            *_messages(usual, min(room, SPREAD), BATCH_SIZE),
            *_messages(idle, idle_room, IDLE_BATCH),
        ]

    def _publish(self, message: TaskMessage) -> bool:
        try:
            self.broker.publish(message)
        except BrokerError as error:
            self.broker_pause.record_failure(str(error))
            return False
        self.broker_pause.reset()
        return True

    def _serve(self, pause: Backoff) -> None:
        """One database connection's life."""
        with self.connected():
            next_sweep = 0.0
            while not self._stopping:
                if time.monotonic() >= next_sweep:
                    next_sweep = time.monotonic() + SWEEP
                    self.dispatch_all_due()
                    pause.reset()  # not by a connection alone: the tables may be missing
                else:
                    self.dispatch_due()
                self._sleep(next_sweep - time.monotonic())

    def _sleep(self, longest: float) -> None:
        """Until a NOTIFY, the quiet after one, a full window's or a dead broker's pause is over, or
        the next sweep.
        """
        if self.woken:
            longest = min(longest, NOTIFY_INTERVAL_SECONDS)
        if self.limited:
            longest = min(longest, ROOM_PAUSE)
        if self.broker_pause.remaining_seconds:
            longest = min(longest, self.broker_pause.remaining_seconds)
        select.select([self._database, self._bell], [], [], max(0.0, longest))
        self._database.poll()
        self.woken = bool(self._database.notifies)
        self._database.notifies.clear()

    def _query(self, statement: str, values: Any) -> list[Any]:
        with self._database.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall()) if cursor.description else []


def purge_and_requeue(app: Celery) -> None:
    """Empty the broker and have everything handed over again, for a worker that starts.

    Whoever can write to the broker can write what ends Celery's worker, at each start anew, for
    the broker keeps it. The database knows what is owed, so nothing there is worth keeping; that
    another worker was about to take it costs a message.
    """
    broker = Broker(app)
    try:
        broker.purge()
    except BrokerError as error:
        log.warning("relay.broker_not_emptied", error=str(error))
    broker.close()
    outbox.requeue_unclaimed()


def open_listen_connection() -> Any:
    """A connection of our own to Django's database, in autocommit, that hears every NOTIFY.

    Raises psycopg2.OperationalError.
    """
    ours = {"options": SESSION, "application_name": CHANNEL}
    database = psycopg2.connect(**django_connection.get_connection_params() | ours)
    database.autocommit = True
    with database.cursor() as cursor:
        cursor.execute(f"LISTEN {CHANNEL}")
    return database


def _messages(
    rows: Sequence[tuple[int, str, int]], spread: int, most: int
) -> Iterator[TaskMessage]:
    """The rows (priority, task, item), in order, as few messages that keep workers busy."""
    size = min(most, ceil(len(rows) / max(spread, 1)))
    for (priority, task), group in groupby(rows, key=lambda row: row[:2]):
        items = [item for _, _, item in group]
        for start in range(0, len(items), size):
            yield TaskMessage(task, priority, tuple(items[start : start + size]))


def _items(messages: Sequence[TaskMessage]) -> list[int]:
    return [item for message in messages for item in message.items]
