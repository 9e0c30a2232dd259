"""The database: write check, sessions, snapshots, prepared statements, advisory locks, cached reads, errors in one line."""

import os
import re
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar
from weakref import WeakSet

import psycopg2
from django import db
from django.conf import settings
from django.db import InterfaceError, OperationalError, ProgrammingError, connection, transaction
from django.db.backends.utils import CursorWrapper
from psycopg2.errors import (
    DeadlockDetected,
    DuplicatePreparedStatement,
    InvalidSqlStatementName,
    LockNotAvailable,
)
from structlog.typing import FilteringBoundLogger

T = TypeVar("T")
READ_TIMEOUT_SECONDS = 50  # under the broker's visibility_timeout
HINT = "no DATABASE_URL is given: is DATA_DIR set as for `make run`, and does it run?"
# A cached plan outlives the day when its tables were empty and a sequential scan was cheapest.
BY_INDEX = "SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off"
CACHE_SECONDS = 60
_RETRY_LOCK_SECONDS = 0.2
_FORGOTTEN = (InvalidSqlStatementName, DuplicatePreparedStatement)
MAX_NAME_CHARS = 63  # of PostgreSQL
RETRY_DELAY_SECONDS = 10  # until a database that did not answer, or an empty table, is asked again
# Writes no row: what does not fit in memory goes to a temporary file, which a full disk refuses.
_TRY_THE_DISK = """
SELECT current_setting('transaction_read_only')::boolean
  FROM (SELECT count(*) FROM generate_series(1, 4000)) AS larger_than_work_mem
"""


def is_writable() -> bool:
    """Return whether the database takes rows. Raises django.db.Error, also for a full disk."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64kB'")
        cursor.execute(_TRY_THE_DISK)
        (read_only,) = cursor.fetchone()
    return not read_only


def session_name(role: str, data_dir: Path) -> str:
    """Return the name under which PostgreSQL knows this host's session of a role."""
    host = f"{role}@{socket.gethostname()}:"
    return host + str(data_dir)[len(host) - MAX_NAME_CHARS :]


def open_session(role: str) -> Any:
    """Return a connection beside Django's, in autocommit. Raises psycopg2.OperationalError."""
    name = session_name(role, settings.DATA_DIR)
    parameters = connection.get_connection_params() | {"application_name": name}
    parameters["options"] += " -c synchronous_commit=off -c idle_session_timeout=0"
    session = psycopg2.connect(**parameters)
    session.autocommit = True
    return session


@contextmanager
def read_snapshot(timeout_seconds: int = READ_TIMEOUT_SECONDS) -> Iterator[CursorWrapper]:
    """Yield a cursor that reads one snapshot, each statement within the timeout.

    In a transaction that runs already each statement is a snapshot of its own.
    """
    nested = connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if not nested:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SET LOCAL statement_timeout = %s", [timeout_seconds * 1000])
        yield cursor


class PreparedStatement:
    """A statement with places as `%(name)s`, planned once per connection: planning was a third of the
    work of triage. A cast is repeated in EXECUTE, so that a list of texts becomes a list of times.
    """

    def __init__(self, name: str, statement: str) -> None:
        casts: dict[str, str] = {}
        for place, cast in re.findall(r"%\((\w+)\)s((?:::\w+(?:\[\])?)?)", statement):
            casts[place] = casts.get(place) or cast
        numbered = {place: f"${number}" for number, place in enumerate(casts, 1)}
        values = ", ".join(f"%({place})s{cast}" for place, cast in casts.items())
        self.prepare = f"PREPARE {name} AS {statement % numbered}"
        self.execute = f"EXECUTE {name} ({values})"
        self.prepared_on: WeakSet[Any] = WeakSet()  # psycopg2's connections


def execute_pipeline(
    cursor: CursorWrapper, values: Mapping[str, Any], *steps: PreparedStatement | str
) -> None:
    """Execute the steps in one round trip; the cursor has the last result. Raises django.db.Error."""
    statements = [step for step in steps if isinstance(step, PreparedStatement)]
    for statement in statements:
        if connection.connection not in statement.prepared_on:
            cursor.execute(statement.prepare)
            statement.prepared_on.add(connection.connection)
    texts = [step.execute if isinstance(step, PreparedStatement) else step for step in steps]
    try:
        cursor.execute("; ".join(texts), values)
    except OperationalError as error:
        if isinstance(error.__cause__, InvalidSqlStatementName):  # the next attempt prepares anew
            for statement in statements:
                statement.prepared_on.discard(connection.connection)
        raise


def call_or_reconnect(query: Callable[[], T]) -> T:
    """Return what a query returns that may be executed again: on a new connection, where this one failed or
    has lost a statement of ours. Nobody asks before whether it lives: that is a round trip.
    """
    connection.health_check_done = True  # type: ignore[attr-defined]  # Django's, not the stubs'
    try:
        return query()
    except (OperationalError, InterfaceError, ProgrammingError) as error:
        if not _needs_new_connection(error):
            raise
    connection.close()
    return query()


def _needs_new_connection(error: db.Error) -> bool:
    """Return whether the connection failed or lost our statement; False for bad data."""
    if connection.in_atomic_block:
        return False
    forgotten = isinstance(error.__cause__, _FORGOTTEN)
    return forgotten or connection.connection is None or not connection.is_usable()


@dataclass
class CachedRead(Generic[T]):
    """What `read` returned last, for `seconds`; `initial` until the database has ever answered.

    Of a table that is never empty for long `is_required`: an empty one is read again soon, and
    without a database the first call raises its error.
    """

    read: Callable[[], T]
    initial: T
    seconds: float = CACHE_SECONDS
    is_required: bool = False
    value: T = field(init=False)
    expires_at: float = 0.0  # monotonic

    def __post_init__(self) -> None:
        self.value = self.initial

    def get(self) -> T:
        if time.monotonic() >= self.expires_at:
            seconds: float = RETRY_DELAY_SECONDS
            try:
                self.value = self.read()
                if self.value or not self.is_required:
                    seconds = self.seconds
            except db.Error:
                if self.is_required and not self.value:
                    raise
            self.expires_at = time.monotonic() + seconds
        return self.value

    def invalidate(self) -> None:
        self.value, self.expires_at = self.initial, 0.0


def fetch_all(statement: str, values: Any = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


def set_local(parameter: str, value: str) -> None:
    """Set a parameter of ours, which a trigger reads, for this transaction."""
    fetch_all("SELECT set_config(%s, %s, true)", [parameter, value])


def lock_until_commit(name: str) -> None:
    """Wait for the lock of that name and hold it until the transaction ends."""
    fetch_all("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


def wait_in_line(lock: str, seconds: float) -> str:
    """Return a step of a pipeline that calls the function of an advisory lock, which waits for so long
    instead of lock_timeout.
    """
    return (
        f"SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = '{seconds}s'; SELECT {lock};"
        " SET LOCAL lock_timeout TO DEFAULT; SET LOCAL statement_timeout TO DEFAULT"
    )


def is_lock_lost(error: BaseException | None) -> bool:
    """Return whether a statement failed only because others held a lock for too long."""
    return isinstance(getattr(error, "__cause__", None), (LockNotAvailable, DeadlockDetected))


def try_lock_until_commit(name: str) -> bool:
    """Return whether this transaction has the lock of that name; wait for nobody."""
    return fetch_all("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [name]) == [
        (True,)
    ]


def try_lock(name: str) -> bool:
    """Return whether this connection has the lock of that name, until its end."""
    return fetch_all("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name]) == [(True,)]


@contextmanager
def hold(name: str, *, waits: bool = True) -> Iterator[bool]:
    """Yield whether the block has the lock of that name, until it ends or this process dies."""
    while not (has_lock := try_lock(name)) and waits:
        time.sleep(_RETRY_LOCK_SECONDS)  # PostgreSQL would wait no longer than lock_timeout
    try:
        yield has_lock
    finally:
        if has_lock:
            fetch_all("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])


@contextmanager
def log_database_error(log: FilteringBoundLogger, event: str, **details: Any) -> Iterator[None]:
    """Log a database error as this event and go on: for tasks that beat calls again."""
    try:
        yield
    except db.Error as error:
        log.warning(event, error=type(error).__name__, **details)


def error_summary(error: db.Error) -> str:
    """Return one line: the answer's first line (others quote rows), the server and perhaps a hint."""
    message = str(error).partition("\n")[0].strip() or type(error.__cause__ or error).__name__
    return append_hint(f"PostgreSQL: {message} (asked: {_server()})")


def append_hint(line: str) -> str:
    """Return the line, with a hint where no DATABASE_URL names the server."""
    named = any(os.environ.get(name) for name in ("DATABASE_URL", "DATABASE_URL_FILE"))
    return line if named else f"{line}; {HINT}"


def _server() -> str:
    """Return host (or socket folder) and name of the database, without user and password."""
    database = settings.DATABASES["default"]
    port = f":{database['PORT']}" if database.get("PORT") else ""
    host = database["HOST"] or database["OPTIONS"].get("host") or "this machine"
    return f"{host}{port}, {database['NAME']}"
