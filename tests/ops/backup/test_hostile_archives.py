"""An archive that was made with the right key and means ill is refused in one line, before anything
lies outside the folder where archives are laid out.
"""

import io
import json
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from core.keys import generate_backup_key
from ops.backup import archive, backup
from ops.backup.archive import BackupError, Manifest

ABOUT: dict[str, Any] = {
    "taken_at": "2026-01-31T02:15:00+00:00",
    "migrations": ["reports.0001_initial"],
    "rows": {"reports_report": 0},
}


@pytest.fixture(autouse=True)
def home(settings: Settings, tmp_path: Path) -> Path:
    """A DATA_DIR of one's own, with a key."""
    settings.DATA_DIR, settings.FILES_DIR = tmp_path / "home", tmp_path / "home" / "files"
    settings.BACKUP_KEY = generate_backup_key()
    settings.FILES_DIR.mkdir(parents=True)
    return tmp_path / "home"


def made(home: Path, *names: str, **told: Any) -> Path:
    """An archive of members whose content is `here`."""
    target, key = home.parent / "hostile.tar.age", backup.settings.BACKUP_KEY
    entries = [(name, io.BytesIO(b"here")) for name in names]
    with target.open("wb") as file:
        archive.write_archive(file, key, entries, Manifest(**ABOUT | told, members={}))
    return target


def lying(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def refused(source: Path) -> str:
    """The one line with which both commands refuse it; nothing of it stays."""
    before = lying(source.parent)
    said = []
    for options in ({"check": True}, {"yes": True}):
        with pytest.raises(CommandError) as raised:
            call_command("restore", str(source), stdout=io.StringIO(), **options)
        said.append(str(raised.value))
    assert said[0] == said[1]
    assert "\n" not in said[0]
    assert lying(source.parent) == before
    return said[0]


def test_a_good_one_is_laid_out_and_goes_again(home: Path) -> None:
    with backup.extract_verified(made(home, "database/000001", "files/ab/one")) as archived:
        assert (home / "files/.restored/ab/one").read_text() == "here"
        assert archived.manifest.rows == {"reports_report": 0}
    assert lying(home) == {"files"}


@pytest.mark.parametrize("place", ["files/{}/evil", "files/../{}/evil", "{}/evil", "files"])
def test_no_member_lies_outside(home: Path, place: str) -> None:
    outside = home.parent / "outside"
    outside.mkdir()
    said = refused(made(home, place.format(outside)))
    assert "no archive of the portal" in said
    assert lying(outside) == set()


@pytest.mark.parametrize("second", sorted(backup.PASSING))
def test_no_member_lies_where_a_restore_does_its_work(home: Path, second: str) -> None:
    assert f"it holds 'files/{second}/one'" in refused(made(home, f"files/{second}/one"))
    assert f"it holds 'files/{second}'" in refused(made(home, f"files/{second}"))


def test_what_the_portal_does_not_know_is_named_in_one_line(home: Path) -> None:
    assert r"it holds 'pic\ntures/\u1ea3nh'" in refused(made(home, "pic\ntures/ảnh"))


def test_a_name_that_came_by_all_checks_still_lies_nowhere_else(home: Path) -> None:
    with pytest.raises(BackupError, match="would lie elsewhere"):
        backup._stage("files/a/../../evil", io.BytesIO())
    assert lying(home) == {"files"}


@pytest.mark.parametrize("kind", ["file", "link", "dead link", "folder"])
def test_whatever_lies_in_the_way_is_cleared(home: Path, kind: str) -> None:
    way, other = home / "files" / backup.NEW, home.parent / "other"
    other.mkdir()
    (other / "kept").touch()
    {
        "file": way.touch,
        "link": lambda: way.symlink_to(other),
        "dead link": lambda: way.symlink_to("nowhere"),
        "folder": lambda: (way / "ab").mkdir(parents=True),
    }[kind]()
    with backup.extract_verified(made(home, "files/ab/one")):
        assert lying(way) == {"ab", "ab/one"}
    assert (lying(home), lying(other)) == ({"files"}, {"kept"})


MALFORMED: list[dict[str, Any]] = [
    {"taken_at": None},
    {"taken_at": 7},
    {"taken_at": "yesterday"},
    {"taken_at": "2026-01-31T02:15:00"},
    {"migrations": None},
    {"migrations": "reports.0001_initial"},
    {"migrations": [7]},
    {"migrations": ["a\nb"]},
    {"rows": None},
    {"rows": [["reports_report", 1]]},
    {"rows": {}},
    {"rows": {"reports_case": 1}},
    *({"rows": {"reports_report": count}} for count in ("1", "0 OR true", 1.0, True, None, -1)),
    {"rows": {"reports_report": 2**63}},
]


@pytest.mark.parametrize("told", MALFORMED, ids=str)
def test_what_its_manifest_tells_has_its_types(home: Path, told: dict[str, Any]) -> None:
    assert "no archive of the portal" in refused(made(home, **told))


@pytest.mark.parametrize("lacking", Manifest._fields)
def test_nothing_that_a_manifest_tells_may_be_missing(lacking: str) -> None:
    whole = Manifest(**ABOUT, members={})._asdict()
    assert archive.parse_manifest(json.dumps(whole).encode())
    del whole[lacking]
    with pytest.raises(BackupError, match="no archive of the portal"):
        archive.parse_manifest(json.dumps(whole).encode())


@pytest.mark.parametrize(
    "table", ["", "a b", "a$$; SELECT 1; --", 'a"b', "a\\!id", "a\nb", "public.a", "a" * 64]
)
def test_a_tables_name_needs_no_quoting(home: Path, table: str) -> None:
    said = refused(made(home, rows={"reports_report": 0, table: 0}))
    assert said.startswith("hostile.tar.age: a table's name is not letters, digits and _: ")


def test_a_table_that_could_not_come_back_is_told_when_the_backup_is_made(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = SimpleNamespace(
        taken_at=datetime.fromisoformat(ABOUT["taken_at"]),
        column=lambda _: [],
        count_rows=lambda: {"reports_report": 0, "copy of 2026": 1},
    )
    monkeypatch.setattr(backup.pg_dump, "export_snapshot", lambda: nullcontext(moment))
    with pytest.raises(BackupError, match="'copy of 2026'"):
        backup.create_backup(home / "one.tar.age")
    assert lying(home) == {"files"}
