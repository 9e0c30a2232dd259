"""Is this process doing its work? Asked also by hand, where nobody set an environment."""

import socket
import sys
from contextlib import closing
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import Settings

from core.database import open_session
from core.outbox.queue import CHANNEL
from ops import healthcheck
from ops.local_services import write_env


@pytest.fixture(autouse=True)
def _a_terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Somebody's shell: a folder, and no more."""
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.setenv("DATA_DIR", str(tmp_path))


@pytest.fixture
def asked_databases(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """The databases that were asked, where local.env names one; a worker runs."""
    write_env(tmp_path, {"DATABASE_URL": "postgres:///of-the-file", "REDIS_URL": "redis://file"})
    asked_databases: list[str] = []
    monkeypatch.setattr(
        healthcheck, "list_first_items", lambda dsn: asked_databases.append(dsn) or []
    )
    monkeypatch.setattr(healthcheck, "find_processes", lambda *_: [1])
    return asked_databases


def run_healthcheck(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["health", *arguments])
    return healthcheck.main()


def test_the_worker_is_asked_about_where_make_run_keeps_its_database(
    monkeypatch: pytest.MonkeyPatch, asked_databases: list[str]
) -> None:
    assert run_healthcheck(monkeypatch, "worker") == 0
    assert asked_databases == ["postgres:///of-the-file"]


@pytest.mark.usefixtures("asked_databases")
def test_what_is_given_goes_before_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres:///given")
    monkeypatch.setenv("REDIS_URL", "")
    found = healthcheck.load_environment()
    assert (found["DATABASE_URL"], found["REDIS_URL"]) == ("postgres:///given", "redis://file")


@pytest.mark.parametrize(
    ("role", "port", "said"),
    [("worker", "", "is DATA_DIR set as for `make run`?"), ("web", "eighty", "eighty")],
)
def test_without_an_address_or_a_port_the_answer_is_one_line(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    role: str,
    port: str,
    said: str,
) -> None:
    monkeypatch.setenv("PORT", port)
    assert run_healthcheck(monkeypatch, role) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


@pytest.mark.usefixtures("asked_databases")
@pytest.mark.parametrize("memory", ["", "[]", "{}", "half a li"])
def test_a_memory_that_cannot_be_read_breaks_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, memory: str
) -> None:
    (tmp_path / healthcheck.STATE_FILE).write_text(memory)
    assert run_healthcheck(monkeypatch, "worker") == 0


@pytest.mark.parametrize("arguments", [[], ["web2"], ["web", "relay"]])
def test_what_is_no_role_is_told(monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    assert run_healthcheck(monkeypatch, *arguments) == 64


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The processes that were killed, where one of each role runs."""
    ended: list[int] = []
    monkeypatch.setattr(healthcheck, "find_processes", lambda *_: [4711])
    monkeypatch.setattr(healthcheck.os, "kill", lambda number, _: ended.append(number))
    return ended


def test_web_that_takes_connections_and_answers_none_is_ended(
    monkeypatch: pytest.MonkeyPatch, ended: list[int]
) -> None:
    monkeypatch.setattr(healthcheck, "WEB_TIMEOUT_SECONDS", 0.01)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("PORT", str(silent.getsockname()[1]))
        assert run_healthcheck(monkeypatch, "web") == 1
    assert ended == [4711]
    assert run_healthcheck(monkeypatch, "web") == 1  # nobody listens: it starts, or has ended
    assert ended == [4711]


@pytest.mark.parametrize("role", ["relay", "beat"])
@pytest.mark.parametrize(("silent", "code"), [(True, 1), (False, 0), (None, 0)])
def test_a_relay_or_beat_that_asks_the_database_nothing_is_ended(
    monkeypatch: pytest.MonkeyPatch, ended: list[int], role: str, silent: bool | None, code: int
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres:///given")
    monkeypatch.setattr(healthcheck, "query", lambda *_: [(silent, 1)])
    assert run_healthcheck(monkeypatch, role) == code
    assert ended == [4711] * code


@pytest.mark.django_db
@pytest.mark.usefixtures("ended")
def test_a_beat_that_waits_for_that_of_another_host_is_healthy_and_says_so(
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    """Its session is found by host and folder; that of the relay has no lock and waits for nobody."""
    here = connection.get_connection_params()
    address = f"postgresql://{here['user']}@/{here['dbname']}?host={here['host']}"
    monkeypatch.setenv("DATABASE_URL", address)
    settings.DATA_DIR = tmp_path
    said = []
    with closing(open_session("beat")) as session, closing(open_session(CHANNEL)):
        for statement in ("SELECT 1", "SELECT pg_advisory_lock(1)"):
            session.cursor().execute(statement)
            for role in ("beat", "relay"):
                assert run_healthcheck(monkeypatch, role) == 0
                said.append(capsys.readouterr().out)
    assert said == ["waiting: the beat of another host works\n", "", "", ""]
