"""Is this process doing its work? Asked also by hand, where nobody set an environment."""

import sys
from pathlib import Path

import pytest

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
