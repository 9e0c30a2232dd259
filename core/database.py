"""The database as a whole: whether it takes rows, snapshots, and its errors in one line."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseTrouble
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

READ_TIMEOUT_SECONDS = 50  # under the broker's visibility_timeout
HINT = "no DATABASE_URL is given: is DATA_DIR set as for `make run`, and does it run?"
# Writes no row: what does not fit in memory goes to a temporary file, which a full disk refuses.
_TRY_THE_DISK = """
SELECT current_setting('transaction_read_only')::boolean
  FROM (SELECT count(*) FROM generate_series(1, 4000)) AS larger_than_work_mem
"""


def is_writable() -> bool:
    """Whether it takes rows. Raises DatabaseTrouble when it does not answer or has no room."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '64kB'")
        cursor.execute(_TRY_THE_DISK)
        (read_only,) = cursor.fetchone()
    return not read_only


@contextmanager
def read_snapshot(timeout_seconds: int = READ_TIMEOUT_SECONDS) -> Iterator[CursorWrapper]:
    """Yield a cursor that reads the database as it is at one moment, each statement within its time.

    In a transaction that runs already each statement is a snapshot of its own.
    """
    nested = connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if not nested:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SET LOCAL statement_timeout = %s", [timeout_seconds * 1000])
        yield cursor


def fetch_all(statement: str, values: Any = None) -> list[tuple[Any, ...]]:
    """Run a statement and return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


@contextmanager
def log_database_error(log: Any, event: str) -> Iterator[None]:
    """Log an error of the database as this event and go on: for tasks that beat calls again."""
    try:
        yield
    except DatabaseTrouble as error:
        log.warning(event, error=type(error).__name__)


def error_summary(error: DatabaseTrouble) -> str:
    """Return one line: what PostgreSQL answered, which server, and a hint where none was named.

    Of the answer only the first line: the others quote rows.
    """
    message = str(error).partition("\n")[0].strip() or type(error.__cause__ or error).__name__
    return append_hint(f"PostgreSQL: {message} (asked: {_server()})")


def append_hint(line: str) -> str:
    """Return the line, with a hint where no DATABASE_URL names the server."""
    named = any(os.environ.get(name) for name in ("DATABASE_URL", "DATABASE_URL_FILE"))
    return line if named else f"{line}; {HINT}"


def _server() -> str:
    """Return host (or folder of the socket) and name of the database, without user and password."""
    database = settings.DATABASES["default"]
    port = f":{database['PORT']}" if database.get("PORT") else ""
    host = database["HOST"] or database["OPTIONS"].get("host") or "this machine"
    return f"{host}{port}, {database['NAME']}"
