"""Is this process doing its work? Asked also by hand, where nobody set an environment."""

import sys
from pathlib import Path

import pytest

from ops import healthcheck
from ops.local_services import write_env
from ops.worker_stall_probe import Row


@pytest.fixture(autouse=True)
def _a_terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Somebody's shell: a folder, and no more."""
    monkeypatch.delenv("DATABASE_URL")
    monkeypatch.setenv("DATA_DIR", str(tmp_path))


def run_healthcheck(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["health", *arguments])
    return healthcheck.main()


def test_the_worker_is_asked_about_where_make_run_keeps_its_database(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write_env(tmp_path, {"DATABASE_URL": "postgres:///of-the-file"})
    seen: list[str] = []

    def list_first_items(dsn: str) -> list[Row]:
        seen.append(dsn)
        return []

    monkeypatch.setattr(healthcheck, "list_first_items", list_first_items)
    monkeypatch.setattr(healthcheck, "find_processes", lambda *_: [1])
    assert run_healthcheck(monkeypatch, "worker") == 0
    assert seen == ["postgres:///of-the-file"]


def test_what_is_given_goes_before_the_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write_env(tmp_path, {"DATABASE_URL": "postgres:///of-the-file", "REDIS_URL": "redis://file"})
    monkeypatch.setenv("DATABASE_URL", "postgres:///given")
    monkeypatch.setenv("REDIS_URL", "")
    found = healthcheck.load_environment()
    assert (found["DATABASE_URL"], found["REDIS_URL"]) == ("postgres:///given", "redis://file")


def test_without_any_address_the_answer_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_healthcheck(monkeypatch, "worker") == 1
    assert "is DATA_DIR set as for `make run`?" in capsys.readouterr().err


@pytest.mark.parametrize("memory", ["", "[]", "{}", "half a li"])
def test_a_memory_that_cannot_be_read_breaks_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, memory: str
) -> None:
    write_env(tmp_path, {"DATABASE_URL": "postgres:///x"})
    (tmp_path / healthcheck.STATE_FILE).write_text(memory)
    monkeypatch.setattr(healthcheck, "list_first_items", lambda _: [])
    monkeypatch.setattr(healthcheck, "find_processes", lambda *_: [1])
    assert run_healthcheck(monkeypatch, "worker") == 0


def test_a_port_that_is_none_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORT", "eighty")
    assert run_healthcheck(monkeypatch, "web") == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("arguments", [[], ["web2"], ["web", "relay"]])
def test_what_is_no_role_is_told(monkeypatch: pytest.MonkeyPatch, arguments: list[str]) -> None:
    assert run_healthcheck(monkeypatch, *arguments) == 64
