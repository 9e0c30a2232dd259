"""The drill: fill, back up, destroy, restore, compare every row and file. And whatever goes wrong
on the way leaves all as it was.
"""

import json
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.support.disposable_portal import (
    ROOT,
    CommandServer,
    DisposablePortal,
    command_server,
    open_cursor,
    place,
    programs,
)
from tests.faults.support.erasure_probe import new_marks
from tests.faults.support.filled_portal import STORY
from tests.faults.support.future_release import TOMORROW
from tests.support.object_store import Bucket, ObjectStore
from tools.portal_stack import wait_until

pytestmark = [pytest.mark.serial]

ERASED = "SELECT id FROM reports_report WHERE erased_at IS NOT NULL"
OTHERS = "SELECT pid FROM pg_stat_activity WHERE application_name = 'backup'"
TAKE_ONE_IN = f"(cd {ROOT} && {sys.executable} -m tests.faults.support.filled_portal describe >/dev/null </dev/null)"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DisposablePortal]:
    """A portal with something of everything in it. Never changed: others are made like it."""
    with place("filled", tmp_path_factory.mktemp("filled")) as ours:
        ours.run_probe("filled_portal", "fill")
        yield ours


@pytest.fixture(scope="module")
def archive(filled: DisposablePortal) -> Path:
    """The archive of that portal."""
    return filled.back_up()


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandServer]:
    outputs = tmp_path_factory.mktemp("outputs")
    with command_server("burnt", outputs / "burnt", outputs) as ours:
        yield ours


@pytest.fixture
def here(filled: DisposablePortal, commands: CommandServer) -> Iterator[DisposablePortal]:
    """A portal like it, for one test to burn down."""
    with place("burnt", commands.folder / "burnt", like=filled, commands=commands) as ours:
        yield ours


def test_the_drill(here: DisposablePortal, archive: Path) -> None:
    rows, shape, files = here.everything()
    assert all(rows[name] for name in ("reports_extractedfacts", "core_auditevent", "alerts_alert"))
    assert (len(rows["reports_report"]), len(files)) == (301, 10)
    here.burn()
    assert here.rows() == {}
    here.manage("restore", str(archive), "--yes")
    assert here.rows() == rows
    assert here.shape() == shape
    assert here.contents() == files
    assert describe_from_inside(here) == {
        "again": True, "story": STORY, "contact": "0992 000 111", "file": True,
        "balanced": True, "waiting": 151, "due": 151, "next": True,
    }  # fmt: skip


def test_an_archive_of_a_folder_comes_back_into_a_bucket_and_one_of_a_bucket_into_a_folder(
    here: DisposablePortal, archive: Path, object_store: ObjectStore
) -> None:
    files, ours = here.contents(), Bucket(object_store, object_store.make_bucket())
    here.burn()
    here.manage("restore", str(archive), "--yes", EVIDENCE_URL=ours.url)
    assert (ours.versions(), here.contents()) == (sorted(files), {})
    here.manage("backup", "--check", EVIDENCE_URL=ours.url)
    here.burn()
    here.manage("restore", str(here.backups[-1]), "--yes")
    assert here.contents() == files


def describe_from_inside(here: DisposablePortal) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(here.run_probe("filled_portal", "describe"))
    return facts


def test_nothing_of_a_report_can_be_read_in_it(archive: Path) -> None:
    sealed = archive.read_bytes()
    for words in (STORY, "thiếu tá", "0992 000 111", "reports_report", "PGDMP", "manifest"):
        assert words.encode() not in sealed
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600


def test_a_newer_version_migrates_what_it_restores_and_an_older_one_refuses_it(
    here: DisposablePortal, archive: Path
) -> None:
    here.burn()
    here.manage("restore", str(archive), "--yes", **TOMORROW)
    assert here.ask("SELECT tomorrow FROM reports_case") == [7] * 301
    here.manage("backup", **TOMORROW)
    message = here.refused("restore", str(here.backups[-1]), "--yes")
    assert "a newer version of the portal made it, with future_release.0001_tomorrow" in message
    assert here.ask("SELECT tomorrow FROM reports_case") == [7] * 301


def test_what_cannot_be_trusted_is_refused_before_anything_is_touched(
    here: DisposablePortal, archive: Path, tmp_path: Path
) -> None:
    before, whole = here.everything(), archive.read_bytes()
    middle = len(whole) // 2
    altered = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
    bad = tmp_path / "bad.tar.age"
    for data in (altered, whole[:-1], STORY.encode()):
        bad.write_bytes(data)
        message = here.refused("restore", str(bad), "--yes", "--discard-newer")
        assert message.startswith(
            "CommandError: bad.tar.age: it is damaged, cut short or no archive"
        )
        assert "\n" not in message
    assert here.everything() == before


def test_to_check_an_archive_takes_its_key_and_no_database(
    here: DisposablePortal, archive: Path, tmp_path: Path
) -> None:
    other = here.manage("backup", "--new-key").strip()
    message = here.refused("restore", "--check", str(archive), BACKUP_KEY=other)
    assert "BACKUP_KEY does not open it" in message
    key, nowhere = tmp_path / "key", "postgres://portal@127.0.0.1:1/none"
    key.write_text(f"{here.env['BACKUP_KEY']}\n")
    env = {"BACKUP_KEY": "", "BACKUP_KEY_FILE": str(key), "DATABASE_URL": nowhere}
    message = here.manage("restore", "--check", str(archive), **env)
    assert message.startswith("Whole: taken 20")
    assert message.strip().endswith("reports: 301, files: 10")


def test_nothing_is_replaced_unasked_and_no_report_file_or_act_that_came_since(
    here: DisposablePortal, archive: Path
) -> None:
    describe_from_inside(here)  # which takes one more in
    before = here.everything()
    done = here.run("manage.py", "restore", str(archive))
    assert done.returncode == 1
    assert "database burnt" in done.stdout
    assert "reports: 302" in done.stdout
    assert "Nothing was changed" in done.stderr
    assert "1 reports here are not in it" in here.refused("restore", str(archive), "--yes")
    assert here.everything() == before
    here.ask(
        "INSERT INTO reports_evidencefile (id, report_id, media_type, size, sha256)"
        " SELECT gen_random_uuid(), id, 'image/png', 1, 'x' FROM reports_report LIMIT 1"
    )
    here.ask(
        "INSERT INTO core_auditevent (subject_type, subject_id, kind, detail)"
        " VALUES ('report', '1', 'noted', '{}'), ('report', '1', 'closed', '{}')"
    )
    message = here.refused("restore", str(archive), "--yes")
    assert "  1 reports, 1 files, 2 acts on record here are not in it" in message
    here.manage("restore", str(archive), "--yes", "--discard-newer")
    assert len(here.ask("SELECT id FROM reports_report")) == 301
    assert len(here.ask("SELECT id FROM reports_evidencefile")) == 10


def test_a_portal_that_runs_is_not_replaced_under_its_feet(
    here: DisposablePortal, archive: Path
) -> None:
    with open_cursor(here.database):
        message = here.refused("restore", str(archive), "--yes")
        assert "1 others are connected (portal): stop web, relay, worker and beat" in message
        here.manage("restore", str(archive), "--yes", "--while-in-use")


@pytest.mark.parametrize(
    "instead",
    [
        {"pg_restore": '"$REAL" "$@" | head -n -60; exit 1'},
        {"pg_restore": "cat >/dev/null; exit 0"},
        {"psql": 'head -c 300000 | "$REAL" "$@"; exit 2'},
    ],
    ids=["pg_restore dies", "pg_restore writes nothing", "psql dies"],
)
def test_a_restore_that_fails_leaves_the_old_state(
    here: DisposablePortal, archive: Path, tmp_path: Path, instead: dict[str, str]
) -> None:
    before = here.everything()
    here.refused("restore", str(archive), "--yes", PG_BIN=programs(tmp_path / "bin", **instead))
    assert here.everything() == before
    assert not list(here.files.glob(".*"))


@pytest.mark.parametrize(
    ("killed", "rows_there"),
    [
        ({"pg_restore": "kill -9 $PPID"}, False),
        ({"psql": '"$REAL" "$@"; kill -9 $PPID; exit'}, True),
    ],
    ids=["before COMMIT", "between COMMIT and files"],
)
def test_after_kill_9_of_a_restore_the_same_command_again_finishes_it(
    here: DisposablePortal, archive: Path, tmp_path: Path, killed: dict[str, str], rows_there: bool
) -> None:
    whole = here.everything()
    here.burn()
    tools = programs(tmp_path / "bin", **killed)
    assert here.run("manage.py", "restore", str(archive), "--yes", PG_BIN=tools).returncode == -9
    assert wait_until(lambda: not here.ask(f"{OTHERS} AND datname = '{here.database}'"))
    assert bool(here.rows()) is rows_there
    here.manage("restore", str(archive), "--yes")
    assert here.everything() == whole


def test_a_report_that_comes_in_at_the_last_moment_stops_the_restore(
    here: DisposablePortal, archive: Path, tmp_path: Path
) -> None:
    tools = programs(tmp_path / "bin", psql=TAKE_ONE_IN)
    message = here.refused("restore", str(archive), "--yes", PG_BIN=tools)
    assert message.endswith("there are other reports, files or acts than a moment ago: start again")
    assert len(here.ask("SELECT id FROM reports_report")) == 302


def test_a_backup_that_fails_leaves_no_archive_and_overwrites_none(
    here: DisposablePortal, archive: Path, tmp_path: Path
) -> None:
    half = '"$REAL" "$@" | head -c 90000; echo "pg_dump: error: the disk is on fire" >&2; exit 1'
    tools = programs(tmp_path / "bin", pg_dump=half)
    assert here.refused("backup", PG_BIN=tools) == "CommandError: the disk is on fire"
    words = ["sh", "-c", 'ulimit -f 64; exec "$0" manage.py backup', sys.executable]
    full = subprocess.run(
        words, cwd=ROOT, env=here.env, capture_output=True, text=True, check=False
    )
    assert full.returncode == 1
    assert full.stderr.strip().endswith("cannot be written: File too large")
    assert here.backups == []
    before = archive.read_bytes()
    assert "is there already" in here.refused("backup", str(archive))
    assert archive.read_bytes() == before


def test_what_kill_9_left_is_in_nobodys_way(here: DisposablePortal) -> None:
    (here.folder / "backups").mkdir()
    (here.folder / "backups" / ".backup.draft").write_bytes(b"half" * 1000)
    (here.files / ".restored" / "ab").mkdir(parents=True)
    (here.files / ".restored" / "ab" / "half").write_bytes(b"half")
    here.manage("backup", "--check")
    [archive] = here.backups
    (here.files / "sent since").write_bytes(b"")
    here.manage("restore", str(archive), "--yes")
    assert not list(here.files.glob(".*"))
    assert len(here.contents()) == 10


def test_published_pages_that_are_kept_as_files_come_back_too(here: DisposablePortal) -> None:
    page = here.folder / "static-pages" / "canh-bao" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_bytes(b"<!doctype html>")
    archive = here.back_up()
    page.write_bytes(b"altered")
    (page.parent / "later.html").touch()
    here.manage("restore", str(archive), "--yes")
    assert page.read_bytes() == b"<!doctype html>"
    assert list(page.parent.iterdir()) == [page]


def test_passwords_reach_the_programs_in_their_environment_alone(
    here: DisposablePortal, tmp_path: Path
) -> None:
    note = f'echo "$@" >>{tmp_path}/words; echo "$PGPASSWORD" >>{tmp_path}/passwords'
    tools = programs(tmp_path / "bin", pg_dump=note, psql=note, pg_restore=note)
    url = here.env["DATABASE_URL"].replace("portal@", "portal:b%40d%20password@")
    here.manage("backup", PG_BIN=tools, DATABASE_URL=url)
    here.manage("restore", str(here.backups[-1]), "--yes", PG_BIN=tools, DATABASE_URL=url)
    assert "password" not in (tmp_path / "words").read_text()
    passwords = (tmp_path / "passwords").read_text().splitlines()
    assert sorted(passwords) == ["", *["b@d password"] * 2]  # pg_restore connects to nothing


def test_what_happens_during_a_backup_is_wholly_in_it_or_not_at_all(
    here: DisposablePortal, tmp_path: Path
) -> None:
    here.manage("backup", PG_BIN=programs(tmp_path / "bin", pg_dump=TAKE_ONE_IN))
    assert len(here.ask("SELECT id FROM reports_report")) == 302
    here.manage("restore", str(here.backups[-1]), "--yes", "--discard-newer")
    assert len(here.ask("SELECT id FROM reports_report")) == 301


def a_file(here: DisposablePortal) -> Path:
    return next(path for path in sorted(here.files.rglob("*")) if path.is_file())


def test_a_lost_file_is_told_with_an_exit_code_and_costs_no_archive(here: DisposablePortal) -> None:
    gone = a_file(here)
    gone.unlink()
    done = here.run("manage.py", "backup", "--check")
    assert done.returncode == 3
    assert done.stderr == (
        f"not in it, though the database names it: file {gone.name}\n"
        "CommandError: the archive lacks 1 lost files\n"
    )
    [archive] = here.backups
    assert f"Written: {archive}" in done.stdout


def test_a_file_that_was_erased_meanwhile_is_not_lost(
    here: DisposablePortal, tmp_path: Path
) -> None:
    gone = a_file(here)
    [report] = here.ask(f"SELECT report_id FROM reports_evidencefile WHERE id = '{gone.name}'")  # noqa: S608
    (tmp_path / "erase.sql").write_text(
        "INSERT INTO core_auditevent (subject_type, subject_id, kind, detail)"  # noqa: S608
        f" VALUES ('report', '{report}', 'erased', '{{}}');"
        "UPDATE reports_evidencefile SET erased_at = now(), name_sealed = NULL"
        f" WHERE report_id = '{report}';"
    )
    erase = (
        f'"${{REAL%pg_dump}}psql" -qf {tmp_path}/erase.sql {here.env["DATABASE_URL"]} && rm {gone}'
    )
    tools = programs(tmp_path / "bin", pg_dump=erase)
    assert "Written: " in here.manage("backup", PG_BIN=tools)
    assert not gone.exists()


def test_what_was_erased_after_the_backup_does_not_come_back_with_it(
    here: DisposablePortal, tmp_path: Path
) -> None:
    """The list of what was erased lies beside the database, and outlives it."""
    marks = new_marks()
    (tmp_path / "marks.json").write_text(json.dumps(marks))
    here.run_probe("erasure_probe", "fill", str(tmp_path / "marks.json"))
    assert marks["story"] in str(here.rows())
    archive = here.back_up()
    here.run_probe("erasure_probe", "erase")
    after = here.ask(ERASED)
    here.burn()
    here.manage("restore", str(archive), "--yes")
    assert here.ask(ERASED) == after != []
    assert marks["story"] not in str(here.rows())


def peak_memory(here: DisposablePortal, *words: str) -> int:
    """The most that a command held at once, in bytes."""
    process = subprocess.Popen([sys.executable, "manage.py", *words], cwd=ROOT, env=here.env)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return used.ru_maxrss * 1024


def test_memory_does_not_grow_with_what_is_kept(here: DisposablePortal) -> None:
    small = peak_memory(here, "backup")
    kept = next(
        path for path in here.files.rglob("*") if path.is_file()
    )  # an archive has no other files
    os.truncate(kept, 300 * 1024 * 1024)
    large = peak_memory(here, "backup", str(here.folder / "large.tar.age"))
    checked = peak_memory(here, "restore", "--check", str(here.folder / "large.tar.age"))
    assert (here.folder / "large.tar.age").stat().st_size > 300 * 1024 * 1024
    assert max(large, checked) - small < 20 * 1024 * 1024
