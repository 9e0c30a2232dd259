"""An archive is never overwritten; a restore keeps what it replaces, and counts what it would lose."""

import fcntl
import os
import time
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import Mock

import pytest
from django.core.management import CommandError
from django.utils import timezone
from pytest_django import Settings

from core.audit import events
from ops.backup import backup, pg_dump
from ops.backup.archive import BackupError
from reports.attachments import storage


def test_a_backup_that_was_finished_while_ours_began_stays_whole(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Theirs gets its name, and gives up its lock, between our opening the draft and our lock."""
    theirs, draft, lock = tmp_path / "theirs.age", tmp_path / backup.DRAFT, fcntl.flock
    draft.write_bytes(b"an archive")

    def late(file: int, how: int) -> None:
        draft.rename(theirs)
        lock(file, how)

    monkeypatch.setattr(fcntl, "flock", late)
    with pytest.raises(BackupError, match="another backup"), backup._draft_of(tmp_path / "ours"):
        pass
    assert theirs.read_bytes() == b"an archive"
    assert [path.name for path in tmp_path.iterdir()] == ["theirs.age"]


@pytest.fixture
def folder(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where files lie; of a restore only what it does with them."""
    settings.DATA_DIR, settings.FILES_DIR = tmp_path, tmp_path / "files"
    monkeypatch.setattr(pg_dump, "restore_dump", lambda *_: None)
    monkeypatch.setattr(backup, "call_command", lambda *_, **__: None)
    monkeypatch.setattr(backup, "Redis", lambda **_: SimpleNamespace(flushdb=lambda: None))
    return tmp_path / "files"


def put(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


def restore(folder: Path) -> None:
    """The same archive again, laid out beside what it would replace."""
    put(folder / backup.NEW / "ab" / "one", "restored")
    backup.restore_archive(
        cast("Any", SimpleNamespace(dump=None, manifest=SimpleNamespace(rows={}))), {}
    )


def replaced(folder: Path) -> set[str]:
    return {path.read_text() for path in (folder / backup.OLD).rglob("*") if path.is_file()}


def test_what_is_replaced_is_kept_until_migrate_has_succeeded(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(folder / "ab" / "one", "from before")
    with monkeypatch.context() as broken:
        broken.setattr(backup, "call_command", Mock(side_effect=CommandError))
        with pytest.raises(BackupError, match=r"then remove \.replaced"):
            restore(folder)
    assert replaced(folder) == {"from before"}
    restore(folder)
    assert {str(path.relative_to(folder)) for path in folder.rglob("*")} == {"ab", "ab/one"}
    assert (folder / "ab" / "one").read_text() == "restored"


@pytest.mark.parametrize("renames", [0, 1, 2])
def test_what_a_killed_restore_put_aside_is_there_for_the_next(
    folder: Path, monkeypatch: pytest.MonkeyPatch, renames: int
) -> None:
    put(folder / "ab" / "one", "from before")
    put(folder / "cd" / "two", "from before, too")
    seen: list[set[str]] = []
    monkeypatch.setattr(
        backup,
        "call_command",
        lambda name, **_: name == "setup_desk" and seen.append(replaced(folder)),
    )
    with monkeypatch.context() as broken:
        broken.setattr(Path, "rename", _dying(renames))
        with pytest.raises(KeyboardInterrupt):
            restore(folder)
    restore(folder)
    assert seen[-1] >= {"from before", "from before, too"}
    assert not (folder / backup.OLD).exists()
    assert {path.name for path in folder.iterdir()} == {"ab"}


def test_copies_are_in_no_archive_and_owed_anew(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(folder / "ab" / "one", "an original")
    put(folder / storage.COPY_FOLDER / "cd" / "two", "a copy")
    assert [name for name, _ in backup._files("files", folder)] == ["files/ab/one"]
    called: list[str] = []
    monkeypatch.setattr(backup, "call_command", lambda name, **_: called.append(name))
    restore(folder)
    assert called == ["migrate", "setup_desk", "reapply_erasures", "scan_files"]


def _dying(after: int) -> Any:
    """`Path.rename` of a process that is killed after so many."""
    left, rename = iter(range(after)), Path.rename

    def once(path: Path, target: Path) -> Path:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return rename(path, target)

    return once


def test_a_whole_archive_lets_the_old_ones_go_but_never_the_newest(
    settings: Settings, tmp_path: Path
) -> None:
    assert settings.BACKUP_KEEP_DAYS == 30
    old, young, newest = (tmp_path / f"portal-{name}.tar.age" for name in "abc")
    other = tmp_path / "note.txt"
    for path, days in ((old, 31), (young, 29), (newest, 40), (other, 400)):
        path.write_bytes(b"x")
        os.utime(path, (0, time.time() - days * 86_400))
    assert backup.delete_expired(tmp_path, newest) == [old]
    assert sorted(tmp_path.iterdir()) == [other, young, newest]
    settings.BACKUP_KEEP_DAYS = 0
    assert backup.delete_expired(tmp_path, newest) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("archived", "hours", "lost"),
    [
        ({"core_auditevent": 1}, 1, {}),
        ({"core_auditevent": 0}, 1, {"acts on record": 1}),
        ({}, 1, {"acts on record": 1}),
        ({"core_auditevent": 7}, -1, {"acts on record": 1}),
    ],
    ids=["it is in it", "there are more", "its table is newer", "it is later"],
)
def test_an_act_is_lost_by_number_or_by_time(
    archived: dict[str, int], hours: int, lost: dict[str, int]
) -> None:
    events.log_event("report", 1, "closed")
    rows = backup.count_rows()
    assert rows == {"reports_report": 0, "reports_evidencefile": 0, "core_auditevent": 1}
    taken_at: datetime = timezone.now() + timedelta(hours=hours)
    assert backup.count_unarchived_rows(rows, archived, taken_at) == lost
