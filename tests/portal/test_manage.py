"""The command line: what stops a command is one line, for somebody who was woken for it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core import management
from django.db import InterfaceError, InternalError, OperationalError

import manage
from core import database
from tests.support.processes import ROOT
from tests.support.real_services import UNSET


def run(data_dir: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """A command of ours, with nothing given but this."""
    inherited = {name: value for name, value in os.environ.items() if name not in UNSET}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**inherited, "DATA_DIR": str(data_dir), **env},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_database_that_is_away_is_one_line_that_says_which(tmp_path: Path) -> None:
    away = "postgres://portal:secret-word@127.0.0.1:1/thanhhoa"
    ended = run(tmp_path, "setup_desk", DATABASE_URL=away)
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert line.startswith("PostgreSQL: ")
    assert "Connection refused (asked: 127.0.0.1:1, thanhhoa)" in line
    assert "secret-word" not in line
    assert database.HINT not in line


@pytest.mark.parametrize("empty", [{}, {"DATABASE_URL": "", "REDIS_URL": "", "PORT": ""}])
def test_without_an_address_the_line_says_where_it_is_looked_for(
    tmp_path: Path, empty: dict[str, str]
) -> None:
    ended = run(tmp_path, "officer_code", "truc.ban", PGHOST=str(tmp_path), **empty)
    assert ended.returncode == 1
    (line,) = ended.stderr.splitlines()
    assert line.endswith(database.HINT)


def test_a_count_that_cannot_be_taken_says_so_too(tmp_path: Path) -> None:
    ended = run(tmp_path, "queue_status", "--check", PGHOST=str(tmp_path))
    assert ended.returncode == 3
    assert "not counted: OperationalError" in ended.stderr
    assert database.HINT in ended.stderr


def test_a_file_of_the_first_look_is_read_where_the_address_is_given_as_nothing(
    tmp_path: Path,
) -> None:
    (tmp_path / "local.env").write_text("DATABASE_URL=postgres://127.0.0.1:1/of-the-file\n")
    ended = run(tmp_path, "setup_desk", DATABASE_URL="")
    assert "asked: 127.0.0.1:1, of-the-file" in ended.stderr


@pytest.mark.parametrize("kind", [OperationalError, InterfaceError, InternalError])
def test_what_postgresql_quotes_from_a_row_is_not_said(
    kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: list[str]) -> None:
        raise kind("cannot execute INSERT in a read-only transaction\nDETAIL: 0550 000 123\n")

    monkeypatch.setattr(management, "execute_from_command_line", refused)
    monkeypatch.setattr(sys, "argv", ["manage.py", "reprocess_reports"])
    with pytest.raises(SystemExit) as ended:
        manage.main()
    assert str(ended.value).startswith("PostgreSQL: cannot execute INSERT in a read-only")
    assert "0550" not in str(ended.value)


def test_developers_may_have_the_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: list[str]) -> None:
        raise OperationalError

    monkeypatch.setattr(management, "execute_from_command_line", refused)
    monkeypatch.setattr(sys, "argv", ["manage.py", "reprocess_reports", "--traceback"])
    with pytest.raises(OperationalError):
        manage.main()
