"""The units that are shipped for machines without containers name processes that there are."""

import configparser
import shutil
import subprocess
from pathlib import Path

import pytest

from ops.process_commands import ROLES

UNITS = Path(__file__).resolve().parents[2] / "ops" / "systemd"


def parse(name: str) -> configparser.ConfigParser:
    unit = configparser.ConfigParser(interpolation=None, strict=True)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read_string((UNITS / name).read_text())
    return unit


def test_the_target_wants_each_role_and_the_watch_over_the_worker() -> None:
    wanted = parse("portal.target")["Unit"]["Wants"].split()
    assert wanted == [*(f"portal@{role}.service" for role in ROLES), "portal-health.timer"]


def test_each_process_starts_as_in_the_image_and_always_again() -> None:
    service = parse("portal@.service")["Service"]
    assert "check --deploy --fail-level ERROR" in service["ExecStartPre"]
    assert service["ExecStart"].endswith("-m ops.process_commands %i 127.0.0.1")
    assert (service["Restart"], service["KillMode"]) == ("always", "mixed")
    assert parse("portal-health.service")["Service"]["ExecStart"].endswith("ops.healthcheck worker")


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_understands_them(tmp_path: Path) -> None:
    for unit in UNITS.iterdir():
        text = unit.read_text().replace("/srv/portal/.venv/bin/python", shutil.which("true") or "")
        (tmp_path / unit.name).write_text(text)
    units = [str(tmp_path / name) for name in ("portal.target", "portal@web.service")]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units],
        capture_output=True,
        text=True,
        check=False,
    )
    complaints = [line for line in done.stderr.splitlines() if str(tmp_path) in line]
    assert complaints == []
