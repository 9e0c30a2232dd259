"""Limits in seconds on a machine that others use as well."""

import os
from pathlib import Path

import pytest

from tools import cpu_allowance
from tools.cpu_allowance import CpuAllowance

YIELDING = 10  # at which the suite runs what must delay nobody


@pytest.fixture
def proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where Linux tells of processes; of none yet."""
    monkeypatch.setattr(cpu_allowance, "PROC", tmp_path)
    monkeypatch.setattr(os, "getpriority", lambda *_: 0)
    return tmp_path


def wait(proc: Path, seconds: float, *, number: int = 7, nice: int = 0) -> None:
    """As Linux writes it: so long that process has waited for a core since its start."""
    task = proc / str(number) / "task" / str(number)
    task.mkdir(parents=True, exist_ok=True)
    (task / "stat").write_text(f"{number} (a) name) S {'0 ' * 15}{nice} 1 0\n")
    (task / "schedstat").write_text(f"5000 {seconds * 1e9:.0f} 3\n")


def begin(proc: Path, monkeypatch: pytest.MonkeyPatch, seconds: float) -> CpuAllowance:
    """An allowance that was begun so long ago, beside one process."""
    now = [1000.0]
    monkeypatch.setattr(cpu_allowance, "monotonic", lambda: now[0])
    wait(proc, 100)
    begun = CpuAllowance()
    now[0] += seconds
    return begun


@pytest.mark.parametrize(("waited", "granted"), [(0, 3.0), (1, 3.75), (4, 6.0), (9, 6.0)])
def test_a_limit_grows_with_the_share_of_time_in_which_somebody_waited(
    monkeypatch: pytest.MonkeyPatch, proc: Path, waited: int, granted: float
) -> None:
    begun = begin(proc, monkeypatch, 4)
    wait(proc, 100 + waited)
    assert begun.extend(3) == pytest.approx(granted)


def test_who_began_since_counts_and_who_yields_or_has_ended_does_not(
    monkeypatch: pytest.MonkeyPatch, proc: Path
) -> None:
    begun = begin(proc, monkeypatch, 4)
    wait(proc, 1, number=8, nice=5)
    wait(proc, 99, number=9, nice=YIELDING)
    (proc / "7" / "task" / "7" / "stat").unlink()
    assert begun.extend(3) == pytest.approx(3.75)


@pytest.mark.parametrize(("seconds", "kept_to"), [(5.9, True), (6.1, False)])
def test_twice_the_limit_is_too_late_on_any_machine(
    monkeypatch: pytest.MonkeyPatch, proc: Path, seconds: float, kept_to: bool
) -> None:
    begun = begin(proc, monkeypatch, seconds)
    wait(proc, 199)
    assert begun.is_within(3) is kept_to


def test_a_system_that_does_not_count_grants_nothing(proc: Path) -> None:
    assert CpuAllowance().extend(3) == 3


def test_a_process_of_this_machine_is_counted() -> None:
    waits = cpu_allowance._read_waits()
    assert str(os.getpid()) in waits
