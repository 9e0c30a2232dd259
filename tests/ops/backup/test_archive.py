"""An archive gives back what went in, or nothing: whatever was done to it on the way."""

import io
import json
import tarfile
from collections.abc import Iterator
from typing import IO, Any
from unittest.mock import Mock

import pyrage
import pytest

from core.keys import generate_backup_key, parse_backup_key
from ops.backup import archive
from ops.backup.archive import BackupError, Manifest

KEY = generate_backup_key()
ABOUT = {
    "taken_at": "2026-01-31T02:15:00+00:00",
    "migrations": ["reports.0001_initial"],
    "rows": {"reports_report": 1},
}
STORY = "Ông ta xưng là thiếu tá và bắt tôi chuyển tiền."
CONTENTS = {"database/000001": STORY.encode() * 3000, "files/a b/ảnh": b"\x00\xff", "files/c": b""}
SEALED = 64 * 1024 + 16  # a chunk of age, with its tag


def entries() -> Iterator[tuple[str, IO[bytes]]]:
    for name, data in CONTENTS.items():
        yield name, io.BytesIO(data)


def manifest() -> Manifest:
    return Manifest(**ABOUT, members={})  # type: ignore[arg-type]


def sealed() -> bytes:
    target = io.BytesIO()
    archive.write_archive(target, KEY, entries(), manifest())
    return target.getvalue()


class Kept(io.BytesIO):
    """A file whose bytes can be looked at when it has been closed."""

    def close(self) -> None:
        self.seek(0)


def opened(data: bytes, key: str = KEY) -> tuple[Manifest, dict[str, bytes]]:
    placed: dict[str, Kept] = {}
    read = archive.read_archive(io.BytesIO(data), key, lambda name: placed.setdefault(name, Kept()))
    return read, {name: file.getvalue() for name, file in placed.items()}


WHOLE = sealed()
BODY = WHOLE.index(b"\n", WHOLE.index(b"\n---") + 1) + 1 + 16  # behind header and nonce


def forged(inside: dict[str, bytes], **told: Any) -> bytes:
    """A tar that was sealed with our key, by other code than ours."""
    text = json.dumps(manifest()._asdict() | told).encode()
    return age(tarred(inside | {archive.MANIFEST: text}))


def tarred(inside: dict[str, bytes], kind: bytes = tarfile.REGTYPE, **said: str) -> bytes:
    """A tar of members of a kind, in whose headers all is said as it is."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for name, data in inside.items():
            member = tarfile.TarInfo(name)
            member.type, member.size = kind, len(data)
            member.pax_headers = {"path": name, **said}
            tar.addfile(member, io.BytesIO(data))
    return plain.getvalue()


def age(plain: bytes) -> bytes:
    """Sealed with our key, whatever it is."""
    recipient = pyrage.x25519.Identity.from_str(KEY).to_public()
    return bytes(pyrage.encrypt(plain, [recipient]))


def refused(data: bytes, key: str = KEY) -> str:
    """Return the one line with which it is refused."""
    with pytest.raises(BackupError) as raised:
        opened(data, key)
    return str(raised.value)


def test_it_gives_back_what_went_in_and_what_was_told() -> None:
    told, placed = opened(WHOLE)
    assert placed == CONTENTS
    assert told == manifest()._replace(members={name: len(data) for name, data in CONTENTS.items()})


def test_nothing_of_it_can_be_read_or_compared_with_another_of_the_same_things() -> None:
    for word in (b"thi\xe1\xba\xbfu t\xc3\xa1", b"files/", b"database", b"manifest", b"taken_at"):
        assert word not in WHOLE
    assert STORY.encode()[:8] not in WHOLE
    assert sealed()[BODY:][:1000] != WHOLE[BODY:][:1000]


# In loops, not parameters: age varies the length of its header.
def test_one_bit_altered_anywhere_is_refused() -> None:
    for place in [*range(0, BODY, 7), *range(BODY, len(WHOLE), 1999), len(WHOLE) - 1]:
        altered = bytearray(WHOLE)
        altered[place] ^= 1
        assert refused(bytes(altered)).count("\n") == 0


def test_one_cut_short_is_refused() -> None:
    ends_of_chunks = range(BODY, len(WHOLE), SEALED)
    for length in [0, 1, 100, BODY - 16, *ends_of_chunks, *range(BODY, len(WHOLE), 9973)]:
        assert "cut short" in refused(WHOLE[:length])
    assert "cut short" in refused(WHOLE[:-1])


@pytest.mark.parametrize("order", ["ba", "a", "aab", "b", "abb", ""])
def test_chunks_moved_repeated_or_missing_are_refused(order: str) -> None:
    head, body = WHOLE[:BODY], WHOLE[BODY:]
    chunks = {"a": body[:SEALED], "b": body[SEALED : 2 * SEALED]}
    rest = body[2 * SEALED :]
    assert opened(head + chunks["a"] + chunks["b"] + rest)
    assert refused(head + b"".join(chunks[one] for one in order) + rest)


@pytest.mark.parametrize(
    "tail", [b"\0", b"\n", bytes(SEALED), WHOLE], ids=["zero", "line", "chunk", "archive"]
)
def test_one_with_something_behind_it_is_refused(tail: bytes) -> None:
    assert refused(WHOLE + tail)


def test_another_key_is_refused_by_name() -> None:
    assert "BACKUP_KEY does not open it" in refused(WHOLE, generate_backup_key())


@pytest.mark.parametrize(
    "key", ["", "nonsense", KEY[:-1], KEY + "X"], ids=["none", "other", "short", "long"]
)
def test_what_is_no_key_is_called_so(key: str) -> None:
    assert parse_backup_key(key) is None
    assert "BACKUP_KEY is missing or is not an age key" in refused(WHOLE, key)


@pytest.mark.parametrize("data", [b"", b"hello", b"\x1f\x8b" * 5000, STORY.encode()])
def test_another_file_is_refused(data: bytes) -> None:
    assert "no archive at all" in refused(data)
    assert "no archive of the portal" in refused(age(data))


@pytest.mark.parametrize(
    "members",
    [{}, {"files/x": 5}, {"files/x": 4, "files/y": 0}, {"files/y": 4}],
    ids=["not listed", "other size", "one missing", "other name"],
)
def test_what_its_manifest_does_not_say_is_refused(members: dict[str, int]) -> None:
    good = forged({"files/x": b"here"}, members={"files/x": 4})
    assert opened(good)[1] == {"files/x": b"here"}
    assert "not what its manifest lists" in refused(forged({"files/x": b"here"}, members=members))


def test_a_name_that_comes_twice_is_refused() -> None:
    text = json.dumps(manifest()._asdict() | {"members": {"files/x": 4}}).encode()
    twice = tarred({"files/x": b"one."})[: 4 * tarfile.BLOCKSIZE]  # without its end
    assert refused(age(twice + tarred({"files/x": b"two.", archive.MANIFEST: text})))


def test_a_format_of_another_time_is_refused_by_its_number() -> None:
    assert "its format is 2, this version of the portal reads 1" in refused(forged({}, format=2))


@pytest.mark.parametrize(
    "name",
    ["../outside", "files/../../outside", "/outside", "//outside", "files//tmp/outside",
     "files/./here", "./files/here", "files/..", "files", ".", "", "files/he\0re"],
)  # fmt: skip
def test_a_name_that_could_lead_elsewhere_is_never_placed(name: str) -> None:
    placed: list[str] = []

    def place(name: str) -> IO[bytes]:
        placed.append(name)
        return Kept()

    hostile = forged({name: b"here"}, members={name: 4})
    with pytest.raises(BackupError, match="no archive of the portal"):
        archive.read_archive(io.BytesIO(hostile), KEY, place)
    assert placed == []


@pytest.mark.parametrize(
    "manifest",
    [
        b"[" * 100_000,
        b"[]",
        b"{}",
        b'{"format": 1, "members": {}}',
        b'{"format": 1, "about": {}, "members": {}}',
        json.dumps(manifest()._asdict() | {"more": 1}).encode(),
        json.dumps(manifest()._asdict() | {"format": "1"}).encode(),
        json.dumps(manifest()._asdict() | {"format": True}).encode(),
        b"\xff",
    ],
)
def test_a_manifest_of_another_shape_is_none(manifest: bytes) -> None:
    assert "no archive of the portal" in refused(age(tarred({archive.MANIFEST: manifest})))


def test_a_manifest_that_memory_might_not_hold_is_neither_read_nor_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = forged({})
    assert opened(whole)[1] == {}
    monkeypatch.setattr(archive, "MAX_MANIFEST_BYTES", 40)
    assert "bytes, more than 40" in refused(whole)
    with pytest.raises(BackupError, match="bytes, more than 40"):
        sealed()


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, b"3"])
def test_what_is_no_plain_file_is_no_member(kind: bytes) -> None:
    assert "no archive of the portal" in refused(age(tarred({"files/x": b""}, kind)))


HOLE = {"GNU.sparse.map": "0,0", "GNU.sparse.size": str(2**30)}  # a member that is all hole
NO_MAP = {"GNU.sparse.map": "a,b"}


@pytest.mark.parametrize("said", [HOLE, NO_MAP], ids=["hole", "no map"])
def test_a_member_with_holes_is_never_placed(said: dict[str, str]) -> None:
    hostile = age(tarred({"files/x": b""}, **said))
    with pytest.raises(BackupError, match="no archive of the portal"):
        archive.read_archive(io.BytesIO(hostile), KEY, pytest.fail)


def test_headers_without_end_are_refused_in_one_line() -> None:
    header = tarfile.TarInfo.create_pax_global_header({"comment": "again"})
    assert "no archive of the portal" in refused(age(header * 2000))


NO_SPACE = OSError(28, "No space left on device")


class Shrinking(io.BytesIO):
    """A file that is shorter than it was when its size was taken."""

    def seek(self, place: int, whence: int = 0, /) -> int:
        return super().seek(place, whence) + (5 if whence else 0)


def test_what_the_entries_raise_is_what_the_writer_hears() -> None:
    short = ("files/short", Shrinking(b"short"))
    with pytest.raises(BackupError, match="files/short became shorter"):
        archive.write_archive(io.BytesIO(), KEY, [short], manifest())


def test_a_target_that_takes_no_more_says_why() -> None:
    full = Mock(write=Mock(side_effect=NO_SPACE))
    with pytest.raises(BackupError, match=r"cannot be written: No space left on device$"):
        archive.write_archive(full, KEY, entries(), manifest())


def test_a_place_that_takes_no_more_ends_the_reading() -> None:
    with pytest.raises(OSError, match="No space left"):
        archive.read_archive(io.BytesIO(WHOLE), KEY, Mock(side_effect=NO_SPACE))
