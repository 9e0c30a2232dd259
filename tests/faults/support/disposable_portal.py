"""Portals that a test may back up, burn down and build again: each a database and a folder of its
own, used from outside by their commands alone.
"""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg2

from ops.local_postgres import postgres_tool
from tests.support.processes import ROOT, run_python

URL = os.environ["DATABASE_URL"]
PROGRAMS = ("pg_dump", "pg_restore", "psql")

_TABLES = """
SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
"""
# What no row shows: sequences where they stand, and every rule as PostgreSQL would write it.
_SHAPE = """
SELECT sequencename || ' ' || coalesce(last_value, 0) FROM pg_sequences UNION ALL
SELECT pg_get_triggerdef(oid) || tgenabled::text FROM pg_trigger WHERE NOT tgisinternal UNION ALL
SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
  FROM pg_constraint WHERE connamespace = 'public'::regnamespace UNION ALL
SELECT pg_get_functiondef(oid) FROM pg_proc
 WHERE pronamespace = 'public'::regnamespace AND prolang <> 13 AND proname LIKE 'reports%'
UNION ALL
SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' UNION ALL
SELECT table_name || ' ' || column_name || ' ' || data_type || ' ' || is_nullable
       || coalesce(column_default, '')
  FROM information_schema.columns WHERE table_schema = 'public' UNION ALL
SELECT extname || ' ' || extnamespace::regnamespace FROM pg_extension
 ORDER BY 1
"""


@dataclass
class CommandServer:
    """A process that runs commands in forks of itself (command_server.py), in one environment."""

    process: "subprocess.Popen[str]"
    folder: Path

    def run(self, *words: str, **env: str) -> "subprocess.CompletedProcess[str]":
        files = {name: self.folder / name for name in ("stdout", "stderr")}
        request = {"words": words, "env": env} | {name: str(path) for name, path in files.items()}
        assert self.process.stdin
        assert self.process.stdout
        print(json.dumps(request), file=self.process.stdin, flush=True)
        code = int(self.process.stdout.readline())
        output = (path.read_text() for path in files.values())
        return subprocess.CompletedProcess(words, code, *output)


@dataclass
class DisposablePortal:
    """A portal that does not run: its database, its folder, and its commands' environment."""

    database: str
    folder: Path
    env: dict[str, str] = field(repr=False)
    commands: CommandServer | None = None

    @property
    def files(self) -> Path:
        return self.folder / "files"

    @property
    def backups(self) -> list[Path]:
        return sorted((self.folder / "backups").iterdir())

    def run(self, *words: str, **env: str) -> "subprocess.CompletedProcess[str]":
        """Run a program of Python's in the project's folder."""
        if self.commands and words[0] == "manage.py" and env.keys() <= {"PG_BIN"}:
            return self.commands.run(*words[1:], **env)
        return run_python(self.env | env, *words)

    def manage(self, *words: str, **env: str) -> str:
        """Return what a command prints; it has to succeed."""
        return self._succeed("manage.py", *words, **env)

    def run_probe(self, module: str, *words: str) -> str:
        """Return what a program of this folder prints; it has to succeed."""
        return self._succeed("-m", f"tests.faults.support.{module}", *words)

    def _succeed(self, *words: str, **env: str) -> str:
        done = self.run(*words, **env)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def refused(self, *words: str, **env: str) -> str:
        """Return the error of a command that must do nothing: on stderr, exit code 1, no traceback."""
        done = self.run("manage.py", *words, **env)
        assert done.returncode == 1, done.stdout
        assert done.stderr.startswith("CommandError: ")
        return done.stderr.strip()

    def back_up(self) -> Path:
        self.manage("backup")
        return self.backups[-1]

    def ask(self, query: str) -> list[Any]:
        with open_cursor(self.database) as cursor:
            cursor.execute(query)
            return [row[0] for row in cursor.fetchall()] if cursor.description else []

    def rows(self) -> dict[str, list[str]]:
        """Every row of every table."""
        rows = {}
        with open_cursor(self.database) as cursor:
            for table in self.ask(_TABLES):
                cursor.execute(f'SELECT t::text FROM public."{table}" AS t')  # noqa: S608
                rows[table] = sorted(text for (text,) in cursor.fetchall())
        return rows

    def shape(self) -> list[str]:
        """Sequences, triggers, constraints, functions, indexes and columns. Without casts and
        brackets: PostgreSQL writes some of its own rules otherwise when it has read them again.
        """
        return [re.sub(r"::[a-z ]+(\[\])?|[()]", "", line) for line in self.ask(_SHAPE)]

    def contents(self) -> dict[str, bytes]:
        """Every file with its bytes."""
        paths = [path for path in self.files.rglob("*") if path.is_file()]
        return {str(path.relative_to(self.files)): path.read_bytes() for path in paths}

    def everything(self) -> tuple[dict[str, list[str]], list[str], dict[str, bytes]]:
        return self.rows(), self.shape(), self.contents()

    def burn(self) -> None:
        """Nothing is left but an empty database and the keys."""
        with open_cursor("postgres") as cursor:
            cursor.execute(f"DROP DATABASE {self.database} WITH (FORCE)")
            cursor.execute(f"CREATE DATABASE {self.database}")
        shutil.rmtree(self.files)


@contextlib.contextmanager
def open_cursor(database: str) -> Iterator[Any]:
    with contextlib.closing(psycopg2.connect(_url(database))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            yield cursor


def _url(database: str) -> str:
    return URL.replace("/portal?", f"/{database}?")


def _make_environment(database: str, folder: Path) -> dict[str, str]:
    env = os.environ | {"DATABASE_URL": _url(database), "DATA_DIR": str(folder), "PORT": "8000"}
    # Its own database in Valkey too: a restore empties it.
    return env | {"REDIS_URL": re.sub(r"db=\d+", "db=9", env["REDIS_URL"])}


@contextlib.contextmanager
def command_server(database: str, folder: Path, outputs: Path) -> Iterator[CommandServer]:
    """Yield a server of commands for portals of one database and folder, made one after another."""
    command = [sys.executable, "-m", "tests.faults.support.command_server"]
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    env = _make_environment(database, folder)
    with subprocess.Popen(command, cwd=ROOT, env=env, **pipes) as process:
        yield CommandServer(process, outputs)


@contextlib.contextmanager
def place(
    database: str,
    folder: Path,
    *,
    like: DisposablePortal | None = None,
    commands: CommandServer | None = None,
) -> Iterator[DisposablePortal]:
    """A new one, empty or like another; gone afterwards."""
    with open_cursor("postgres") as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
        template = f" TEMPLATE {like.database}" if like else ""
        cursor.execute(f"CREATE DATABASE {database}{template}")
    try:
        if like:
            shutil.copytree(like.files, folder / "files")
        yield DisposablePortal(database, folder, _make_environment(database, folder), commands)
    finally:
        shutil.rmtree(folder)
        with open_cursor("postgres") as cursor:
            cursor.execute(f"DROP DATABASE {database} WITH (FORCE)")


def programs(folder: Path, **instead: str) -> str:
    """A folder for PG_BIN: PostgreSQL's programs, some replaced by a shell script, in which
    `$REAL` is the program itself.
    """
    folder.mkdir()
    for name in PROGRAMS:
        real = postgres_tool(name)
        (folder / name).write_text(
            f'#!/bin/sh\nREAL={real}\n{instead.get(name, "")}\nexec "$REAL" "$@"\n'
        )
        (folder / name).chmod(0o700)
    return str(folder)
