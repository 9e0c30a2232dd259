"""An archive that is finished is nobody's to write over."""

import fcntl
from pathlib import Path

import pytest

from portal import backups
from portal.archive import ArchiveError


def test_a_backup_that_was_finished_while_ours_began_stays_whole(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Theirs gets its name, and gives up its lock, between our opening the draft and our lock."""
    theirs, draft, lock = tmp_path / "theirs.age", tmp_path / backups.DRAFT, fcntl.flock
    draft.write_bytes(b"an archive")

    def late(file: int, how: int) -> None:
        draft.rename(theirs)
        lock(file, how)

    monkeypatch.setattr(fcntl, "flock", late)
    with pytest.raises(ArchiveError, match="another backup"), backups._drafted(tmp_path / "ours"):
        pass
    assert theirs.read_bytes() == b"an archive"
    assert [path.name for path in tmp_path.iterdir()] == ["theirs.age"]


def test_a_draft_that_a_killed_backup_left_is_written_anew(tmp_path: Path) -> None:
    (tmp_path / backups.DRAFT).write_bytes(b"half of an older one")
    with backups._drafted(tmp_path / "ours") as draft:
        draft.write(b"all")
    assert (tmp_path / "ours").read_bytes() == b"all"
