"""Limits in seconds on a machine that others use as well."""

from pathlib import Path

import pytest

from bench import pace
from bench.pace import Pace


def crowded(kept: Path, seconds: float) -> None:
    """As Linux writes it: so long somebody waited for a core since the start of the machine."""
    kept.write_text(
        f"some avg10=0.00 avg60=0.00 avg300=0.00 total={seconds * 1e6:.0f}\n"
        "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"
    )


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "cpu"
    monkeypatch.setattr(pace, "PRESSURE", path)
    crowded(path, 100)
    return path


def after(monkeypatch: pytest.MonkeyPatch, kept: Path, seconds: float, waited: float) -> Pace:
    """A pace that was begun so long ago."""
    now = [1000.0]
    monkeypatch.setattr(pace, "monotonic", lambda: now[0])
    begun = Pace()
    now[0] += seconds
    crowded(kept, 100 + waited)
    return begun


@pytest.mark.parametrize(("waited", "granted"), [(0, 3.0), (1, 3.75), (4, 6.0), (9, 6.0)])
def test_a_limit_grows_with_the_share_of_time_in_which_somebody_waited(
    monkeypatch: pytest.MonkeyPatch, kept: Path, waited: int, granted: float
) -> None:
    assert after(monkeypatch, kept, 4, waited).grants(3) == pytest.approx(granted)


@pytest.mark.parametrize(("seconds", "kept_to"), [(5.9, True), (6.1, False)])
def test_twice_the_limit_is_too_late_on_any_machine(
    monkeypatch: pytest.MonkeyPatch, kept: Path, seconds: float, kept_to: bool
) -> None:
    assert after(monkeypatch, kept, seconds, waited=99).keeps(3) is kept_to


def test_a_system_that_does_not_count_grants_nothing(kept: Path) -> None:
    kept.unlink()
    assert Pace().grants(3) == 3
