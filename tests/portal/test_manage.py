"""The command line: what stops a command is one line, for somebody who was woken for it."""

import sys
from collections.abc import Callable
from pathlib import Path
from unittest.mock import Mock

import pytest
from django.core import management
from django.db import InterfaceError, InternalError, OperationalError

import manage
from core import database
from tests.support.processes import start


def run(data_dir: Path, *arguments: str, **env: str) -> tuple[int, str]:
    """Return the exit code of a command with nothing given but this, and what it said."""
    process = start("manage.py", *arguments, DATA_DIR=str(data_dir), **env)
    output, _ = process.communicate()
    return process.returncode, output


def test_a_database_that_is_away_is_one_line_that_says_which(tmp_path: Path) -> None:
    away = "postgres://portal:secret-word@127.0.0.1:1/thanhhoa"
    code, said = run(tmp_path, "setup_desk", DATABASE_URL=away)
    assert code == 1
    (line,) = said.splitlines()
    assert line.startswith("PostgreSQL: ")
    assert "Connection refused (asked: 127.0.0.1:1, thanhhoa)" in line
    assert "secret-word" not in line
    assert database.HINT not in line


def test_without_an_address_the_line_says_where_it_is_looked_for(tmp_path: Path) -> None:
    empty = {"DATABASE_URL": "", "REDIS_URL": "", "PORT": ""}
    code, said = run(tmp_path, "officer_code", "truc.ban", PGHOST=str(tmp_path), **empty)
    assert code == 1
    (line,) = said.splitlines()
    assert line.endswith(database.HINT)


def test_a_count_that_cannot_be_taken_says_so_too(tmp_path: Path) -> None:
    code, said = run(tmp_path, "queue_status", "--check", PGHOST=str(tmp_path))
    assert code == 3
    assert "not counted: OperationalError" in said
    assert database.HINT in said


def test_a_file_of_the_first_look_is_read_where_the_address_is_given_as_nothing(
    tmp_path: Path,
) -> None:
    (tmp_path / "local.env").write_text("DATABASE_URL=postgres://127.0.0.1:1/of-the-file\n")
    _, said = run(tmp_path, "setup_desk", DATABASE_URL="")
    assert "asked: 127.0.0.1:1, of-the-file" in said


@pytest.fixture
def refuse_with(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return what runs a command that PostgreSQL refuses with this."""

    def run_main(error: Exception, *options: str) -> None:
        refused = Mock(side_effect=error)
        monkeypatch.setattr(management, "execute_from_command_line", refused)
        monkeypatch.setattr(sys, "argv", ["manage.py", "reprocess_reports", *options])
        manage.main()

    return run_main


@pytest.mark.parametrize("kind", [OperationalError, InterfaceError, InternalError])
def test_what_postgresql_quotes_from_a_row_is_not_said(
    kind: type[Exception], refuse_with: Callable[..., None]
) -> None:
    error = kind("cannot execute INSERT in a read-only transaction\nDETAIL: 0550 000 123\n")
    with pytest.raises(SystemExit) as ended:
        refuse_with(error)
    assert str(ended.value).startswith("PostgreSQL: cannot execute INSERT in a read-only")
    assert "0550" not in str(ended.value)


def test_developers_may_have_the_traceback(refuse_with: Callable[..., None]) -> None:
    with pytest.raises(OperationalError):
        refuse_with(OperationalError(), "--traceback")
