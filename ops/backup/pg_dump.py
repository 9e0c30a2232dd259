"""The whole database out as one dump and back in one transaction, by PostgreSQL's own programs.

Passwords reach them in their environment, never on a command line. The limits of time that
Django's settings give to a page do not bind them.
"""

import contextlib
import os
import re
import subprocess  # nosec B404
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

import psycopg2
from django.db import connection

from ops.child_process import last_line
from ops.local_postgres import postgres_tool

PATIENT = (
    "-c statement_timeout=0 -c idle_in_transaction_session_timeout=0 -c lock_timeout=30s"
    " -c client_min_messages=warning"
)
# libpq's names of parameters that its environment knows by another word.
ENVIRONMENT = {"dbname": "DATABASE", "application_name": "APPNAME"}

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


class DumpError(Exception):
    """PostgreSQL or one of its programs failed; the message is one line for an administrator."""


@dataclass(frozen=True)
class Snapshot:
    """One moment of the database: its name for pg_dump, and PostgreSQL's time."""

    name: str
    taken_at: datetime
    cursor: Any

    def column(self, query: str) -> list[Any]:
        """The first column of what a query gives at that moment."""
        self.cursor.execute(query)
        return [row[0] for row in self.cursor.fetchall()]

    def rows(self) -> dict[str, int]:
        """How many rows each table holds."""
        counts = {table: f"SELECT count(*) FROM {_quoted(table)}" for table in self.column(_TABLES)}  # noqa: S608  # nosec B608
        return {table: self.column(query)[0] for table, query in counts.items()}


@contextlib.contextmanager
def snapshot() -> Iterator[Snapshot]:
    """A moment that other connections may look at too, until the block ends."""
    with contextlib.closing(psycopg2.connect(**_parameters())) as database:
        database.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with database.cursor() as cursor:
            cursor.execute("SELECT pg_export_snapshot(), statement_timestamp()")
            name, taken_at = cursor.fetchone()
            yield Snapshot(name, taken_at, cursor)


def _quoted(table: str) -> str:
    return 'public."' + table.replace('"', '""') + '"'


@contextlib.contextmanager
def dumping(moment: Snapshot) -> Iterator[IO[bytes]]:
    """The dump of that moment, in pg_dump's custom format, as a stream to be read to its end.

    Raises DumpError at the end of the block when pg_dump failed: what was read is then no dump.
    """
    command = [postgres_tool("pg_dump"), "--format=custom", f"--snapshot={moment.name}"]
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(  # noqa: S603  # nosec B603
            command,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
        ) as pg_dump:
            assert pg_dump.stdout  # noqa: S101  # it is a pipe  # nosec B101
            yield pg_dump.stdout  # closed with the block: pg_dump then gives up
        if pg_dump.returncode:
            raise DumpError(_complaint(said))


def put_back(dump: IO[bytes], rows: Mapping[str, int], present: Mapping[str, int]) -> None:
    """Replace what the schema `public` holds by the dump, in one transaction.

    `rows`: how many rows each table must hold in the end. `present`: how many some tables hold
    now, as the caller saw it: what came in since is not thrown away. Raises DumpError, and then
    all is as before.
    """
    lock = "".join(f"LOCK TABLE {_quoted(table)};\n" for table in present)
    with _psql() as script:
        script.write(f"BEGIN;\n{lock}{_holding(present, _SINCE)}{_EMPTY}".encode())
        script.flush()
        _undump(dump, script)
        script.write(f"{_holding(rows, 'not all rows came back')}ANALYZE;\nCOMMIT;\n".encode())


def _holding(rows: Mapping[str, int], otherwise: str) -> str:
    return "".join(
        _UNLESS.format(table=_quoted(table), count=count, otherwise=otherwise)
        for table, count in rows.items()
    )


@contextlib.contextmanager
def _psql() -> Iterator[IO[bytes]]:
    """Where to write a script; without a COMMIT at its end nothing of it stays."""
    command = [postgres_tool("psql"), "--no-psqlrc", "--quiet"]
    command += ["--set=ON_ERROR_STOP=1", "--set=VERBOSITY=terse"]
    failure = None
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(  # noqa: S603  # nosec B603
            command,
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=said,
        ) as psql:
            assert psql.stdin  # noqa: S101  # it is a pipe  # nosec B101
            try:
                yield psql.stdin
            except (DumpError, BrokenPipeError) as error:
                failure = error
            finally:
                with contextlib.suppress(BrokenPipeError):
                    psql.stdin.close()
        if psql.returncode:  # the first to fail, so the one to hear
            raise DumpError(_complaint(said))
    if failure:
        raise failure


def _undump(dump: IO[bytes], script: IO[bytes]) -> None:
    command = [postgres_tool("pg_restore"), "--no-owner", "--no-privileges", "--file=-"]
    os.lseek(dump.fileno(), 0, os.SEEK_SET)
    with tempfile.TemporaryFile() as said:
        if subprocess.run(command, stdin=dump, stdout=script, stderr=said, check=False).returncode:  # noqa: S603  # nosec B603
            raise DumpError(_complaint(said))


def _parameters() -> dict[str, Any]:
    ours = {"options": PATIENT, "application_name": "backup"}
    return connection.get_connection_params() | ours


def _environment() -> dict[str, str]:
    """The same connection as libpq reads it from the environment; what has no name there is
    about keeping an idle line alive.
    """
    named = {
        f"PG{ENVIRONMENT.get(name, name).upper()}": str(value)
        for name, value in _parameters().items()
        if isinstance(value, str | int)
    }
    return os.environ | named


def _complaint(said: IO[bytes]) -> str:
    """The first error in what a program said."""
    said.seek(0)
    text = said.read().decode(errors="replace")
    errors = re.findall(r"(?i)^.*?\b(?:error|fatal): *(.+)$", text, re.MULTILINE)
    return without_values(errors[0] if errors else last_line(text))


def without_values(message: str) -> str:
    """The first line of what PostgreSQL says, up to where it may quote from a row."""
    line = message.partition("\n")[0]
    told = re.match(_NAMED, line)
    assert told  # noqa: S101  # it matches nothing at all too  # nosec B101
    return line if told.end() == len(line) else f"{told[0].rstrip()} …"
