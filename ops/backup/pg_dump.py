"""Dump and restore of the whole database by PostgreSQL's own programs.

Passwords reach them in their environment, never on a command line. Django's timeouts do not apply.
"""

import contextlib
import os
import re
import subprocess  # nosec B404
import tempfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import IO, Any, NamedTuple

import psycopg2
from django.db import connection
from psycopg2.extensions import make_dsn

from ops.backup.archive import BackupError
from ops.child_process import last_line
from ops.local_postgres import postgres_tool

CONNECTION = {
    "application_name": "backup",
    "options": "-c statement_timeout=0 -c idle_in_transaction_session_timeout=0"
    " -c lock_timeout=30s -c client_min_messages=warning",
}
_TABLES = """
SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
 ORDER BY relname
"""
_EMPTY = """DROP SCHEMA public CASCADE;
CREATE SCHEMA public AUTHORIZATION pg_database_owner;
GRANT USAGE ON SCHEMA public TO PUBLIC;
"""
_UNLESS = """DO $$ BEGIN
    IF (SELECT count(*) FROM {table}) <> {count:d} THEN RAISE '{otherwise}'; END IF;
END $$;
"""
# What PostgreSQL quotes after these words is a name. Elsewhere it may be what a row holds.
_NAMED = r"""(?xi)^(?: \b(?: column | constraint | database | extension | file | function | index | relation
    | role | schema | sequence | server\ (?:at|on\ socket) | table | trigger | user )\ "[^"]*" | [^"«„“] )*"""
_SINCE = "there are other reports, files or acts than a moment ago: start again"


class ExportedSnapshot(NamedTuple):
    """One moment of the database: its name for pg_dump, and PostgreSQL's time."""

    name: str
    taken_at: datetime
    cursor: Any

    def column(self, query: str) -> list[Any]:
        """Return the first column of what a query gives at that moment."""
        self.cursor.execute(query)
        return [row[0] for row in self.cursor.fetchall()]

    def count_rows(self) -> dict[str, int]:
        counts = {table: f"SELECT count(*) FROM {_quote(table)}" for table in self.column(_TABLES)}  # noqa: S608  # nosec B608
        return {table: self.column(query)[0] for table, query in counts.items()}


@contextlib.contextmanager
def export_snapshot() -> Iterator[ExportedSnapshot]:
    """Yield a snapshot that other connections may use until the block ends."""
    parameters = connection.get_connection_params() | CONNECTION
    with contextlib.closing(psycopg2.connect(**parameters)) as database:
        database.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with database.cursor() as cursor:
            cursor.execute("SELECT pg_export_snapshot(), statement_timestamp()")
            name, taken_at = cursor.fetchone()
            yield ExportedSnapshot(name, taken_at, cursor)


@contextlib.contextmanager
def stream_pg_dump(snapshot: ExportedSnapshot) -> Iterator[IO[bytes]]:
    """Yield the dump of that snapshot in custom format, to be read to its end.

    Raises BackupError at the end of the block when pg_dump failed: what was read is then no dump.
    """
    command = ["pg_dump", "--format=custom", f"--snapshot={snapshot.name}"]
    with _running(*command, connected=True, stdout=subprocess.PIPE) as process:
        yield process.stdout


def restore_dump(dump: IO[bytes], rows: Mapping[str, int], present: Mapping[str, int]) -> None:
    """Replace the schema `public` by the dump, in one transaction.

    `rows`: how many rows each table must hold in the end. `present`: how many some hold now: what
    came in since is not thrown away. Raises BackupError, and then all is as before.
    """
    lock = "".join(f"LOCK TABLE {_quote(table)};\n" for table in present)
    with run_psql() as script:  # without the COMMIT at its end nothing of it stays
        script.write(f"BEGIN;\n{lock}{_expect(present, _SINCE)}{_EMPTY}".encode())
        os.lseek(dump.fileno(), 0, os.SEEK_SET)
        undump = ["pg_restore", "--no-owner", "--no-privileges", "--file=-"]
        with _running(*undump, stdin=dump, stdout=script):
            pass
        script.write(f"{_expect(rows, 'not all rows came back')}ANALYZE;\nCOMMIT;\n".encode())


@contextlib.contextmanager
def run_psql() -> Iterator[IO[bytes]]:
    """Yield where to write a script. Raises BackupError with its first error."""
    command = ["psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", "--set=VERBOSITY=terse"]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL, "bufsize": 0}
    with _running(*command, connected=True, **pipes) as process:
        yield process.stdin


def _quote(table: str) -> str:
    return 'public."' + table.replace('"', '""') + '"'


def _expect(rows: Mapping[str, int], otherwise: str) -> str:
    return "".join(
        _UNLESS.format(table=_quote(table), count=count, otherwise=otherwise)
        for table, count in rows.items()
    )


@contextlib.contextmanager
def _running(name: str, *words: str, connected: bool = False, **pipes: Any) -> Iterator[Any]:
    """Yield a PostgreSQL program as a process, `connected` to our database.

    Raises BackupError when it failed, also when that is why the block failed.
    """
    command, env = [postgres_tool(name), *words], None
    if connected:
        parameters = connection.get_connection_params() | CONNECTION | {"cursor_factory": None}
        env = os.environ | {"PGPASSWORD": parameters.pop("password", "")}
        command.append(f"--dbname={make_dsn(**parameters)}")
    with tempfile.TemporaryFile() as errors:
        pipes = {"stdin": subprocess.DEVNULL} | pipes
        process = subprocess.Popen(command, env=env, stderr=errors, **pipes)  # noqa: S603  # nosec B603
        try:
            with process:
                yield process
        except (BackupError, BrokenPipeError) as error:
            raise (BackupError(_first_error(errors)) if process.returncode else error) from None
        if process.returncode:
            raise BackupError(_first_error(errors))


def _first_error(errors: IO[bytes]) -> str:
    """Return the first error in a program's output, without what a row holds."""
    errors.seek(0)
    text = errors.read().decode(errors="replace")
    lines = re.findall(r"(?i)^.*?\b(?:error|fatal): *(.+)$", text, re.MULTILINE)
    return redact_error_detail(lines[0] if lines else last_line(text))


def redact_error_detail(message: str) -> str:
    """Return the first line of what PostgreSQL says, up to where it may quote a row."""
    line = message.partition("\n")[0]
    names = re.match(_NAMED, line)
    assert names  # noqa: S101  # it matches nothing at all too  # nosec B101
    return line if names.end() == len(line) else f"{names[0].rstrip()} …"
