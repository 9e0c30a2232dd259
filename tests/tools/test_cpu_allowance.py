"""Limits in seconds on a machine that others use as well."""

from pathlib import Path

import pytest

from tools import cpu_allowance
from tools.cpu_allowance import CpuAllowance


def crowded(pressure_file: Path, seconds: float) -> None:
    """As Linux writes it: so long somebody waited for a core since the start of the machine."""
    pressure_file.write_text(
        f"some avg10=0.00 avg60=0.00 avg300=0.00 total={seconds * 1e6:.0f}\n"
        "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
    )


@pytest.fixture
def pressure_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "cpu"
    monkeypatch.setattr(cpu_allowance, "PRESSURE", path)
    crowded(path, 100)
    return path


def after(
    monkeypatch: pytest.MonkeyPatch, pressure_file: Path, seconds: float, waited: float
) -> CpuAllowance:
    """A allowance that was begun so long ago."""
    now = [1000.0]
    monkeypatch.setattr(cpu_allowance, "monotonic", lambda: now[0])
    begun = CpuAllowance()
    now[0] += seconds
    crowded(pressure_file, 100 + waited)
    return begun


@pytest.mark.parametrize(("waited", "granted"), [(0, 3.0), (1, 3.75), (4, 6.0), (9, 6.0)])
def test_a_limit_grows_with_the_share_of_time_in_which_somebody_waited(
    monkeypatch: pytest.MonkeyPatch, pressure_file: Path, waited: int, granted: float
) -> None:
    assert after(monkeypatch, pressure_file, 4, waited).extend(3) == pytest.approx(granted)


@pytest.mark.parametrize(("seconds", "kept_to"), [(5.9, True), (6.1, False)])
def test_twice_the_limit_is_too_late_on_any_machine(
    monkeypatch: pytest.MonkeyPatch, pressure_file: Path, seconds: float, kept_to: bool
) -> None:
    assert after(monkeypatch, pressure_file, seconds, waited=99).is_within(3) is kept_to


def test_a_system_that_does_not_count_grants_nothing(pressure_file: Path) -> None:
    pressure_file.unlink()
    assert CpuAllowance().extend(3) == 3
