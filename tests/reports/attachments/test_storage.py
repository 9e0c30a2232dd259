"""Evidence files on the disk: encrypted on their way in, whole, and never without their row."""

import errno
import os
import re
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.fernet import Fernet
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, transaction
from django.test import Client
from pytest_django import Settings

from core.models import OutboxItem
from reports.attachments import storage, stream_encryption
from reports.attachments.storage import PendingUpload
from reports.models import EvidenceFile
from tests.support.database_contents import refused_by_database
from tests.support.evidence_files import (
    JPEG,
    MARK,
    MB,
    Upload,
    encrypt_stream,
    expect_nothing_kept,
    lines,
    on_disk,
    opened,
    path_of,
)
from tests.support.resident_pages import Resident, hidden, send, value

pytestmark = pytest.mark.django_db


# --- on the disk


def test_nothing_lies_in_clear_while_it_comes_nor_afterwards(
    upload: Upload, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    seen: list[tuple[int, bool]] = []
    finish = PendingUpload.finish

    def finish_and_search(draft: PendingUpload) -> None:
        matches = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
        seen.append((sum(map(len, matches)), any(MARK in content for content in matches)))
        finish(draft)

    monkeypatch.setattr(PendingUpload, "finish", finish_and_search)
    upload(("tôi.jpg", JPEG * 100_000))
    assert seen[0][0] > 4 * MB  # it was looked at in the middle
    assert not seen[0][1]
    assert not any(MARK in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    file = EvidenceFile.objects.get()
    assert "tôi".encode() not in bytes(file.name_sealed or b"")


def test_a_file_and_its_folders_are_their_owners_alone(upload: Upload) -> None:
    upload(("a.jpg", JPEG))
    (path,) = on_disk()
    assert path == path_of(EvidenceFile.objects.get().pk)
    assert path.parent.name == path.name[:2]
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_row_is_written_when_its_file_lies_there(
    upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    def note_kind(descriptor: int) -> None:
        order.append("folder" if Path(f"/proc/self/fd/{descriptor}").is_dir() else "file")

    order: list[str] = []
    monkeypatch.setattr(os, "fsync", note_kind)
    put = PendingUpload.put
    monkeypatch.setattr(PendingUpload, "put", lambda draft: (put(draft), order.append("named"))[0])
    save = EvidenceFile.save
    monkeypatch.setattr(
        EvidenceFile, "save", lambda self, **how: (order.append("row"), save(self, **how))[1]
    )
    upload(("a.jpg", JPEG))
    after = order[order.index("file") + 1 :]
    assert after in (["folder", "named", "row"], ["folder", "folder", "named", "row"])


DOORS: dict[str, tuple[Any, str]] = {
    "begin": (storage, "_check_free_space"),
    "write": (stream_encryption.StreamEncryptor, "write"),
    "finish": (stream_encryption.StreamEncryptor, "finish"),
    "settle": (Path, "rename"),
    "row": (EvidenceFile, "save"),
    "removal": (storage.FolderStorage, "delete"),
}
IO_ERROR = OSError(errno.EIO, "x")


def fail(monkeypatch: pytest.MonkeyPatch, step: str, trouble: Exception) -> None:
    """Nothing comes of what this step asks of the disk or the database."""

    def refuse(*_: Any, **__: Any) -> None:
        raise trouble

    monkeypatch.setattr(*DOORS[step], refuse)


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
@pytest.mark.parametrize("step", ["begin", "write", "finish", "settle"])
def test_a_full_disk_costs_the_file_and_says_so(
    upload: Upload, client: Client, monkeypatch: pytest.MonkeyPatch, step: str, number: int
) -> None:
    fail(monkeypatch, step, OSError(number, "x"))
    told = "a.jpg Máy chủ hết chỗ, chưa nhận được. Tin của bạn vẫn còn nguyên. Gửi lại sau ít phút."
    expect_nothing_kept(upload(("a.jpg", JPEG)), 503, told)
    assert send(client, story="Họ gọi nữa.").status_code == 303


def test_files_leave_the_database_its_room(upload: Upload, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "RESERVED_BYTES", 1 << 62)
    expect_nothing_kept(upload(("a.jpg", JPEG)), 503, "a.jpg Máy chủ hết chỗ")


@pytest.mark.parametrize(("step", "trouble"), [("finish", IO_ERROR), ("row", OperationalError())])
def test_another_trouble_is_not_called_full_and_leaves_neither_file_nor_a_look_at_it(
    upload: Upload, monkeypatch: pytest.MonkeyPatch, step: str, trouble: Exception
) -> None:
    fail(monkeypatch, step, trouble)
    expect_nothing_kept(upload(("a.jpg", JPEG)), 503, "a.jpg Máy chủ chưa ghi được")
    assert not OutboxItem.objects.filter(task=storage.SCAN_TASK).exists()


@pytest.mark.parametrize(("step", "trouble"), [("settle", IO_ERROR), ("row", OperationalError())])
def test_a_file_that_the_disk_does_not_let_go_is_no_error_of_the_page(
    upload: Upload, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
    step: str, trouble: Exception,
) -> None:  # fmt: skip
    fail(monkeypatch, step, trouble)
    fail(monkeypatch, "removal", OSError(errno.EROFS, "x"))
    answer = upload(("a.jpg", JPEG))
    assert answer.status_code == 503
    assert "Máy chủ chưa ghi được" in lines(answer)[0]
    assert "file.remove_failed" in caplog.text
    assert "EROFS" in caplog.text


def test_where_commit_itself_fails_the_file_stays(
    upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server may have committed before the line broke; a row must have its file."""
    leave = transaction.Atomic.__exit__

    def lost(self: Any, *how: Any) -> None:
        leave(self, *how)
        raise OperationalError

    with monkeypatch.context() as broken:
        broken.setattr(transaction.Atomic, "__exit__", lost)
        results = lines(upload(("a.jpg", JPEG)))
    assert "Máy chủ chưa ghi được" in results[0]
    assert opened(EvidenceFile.objects.get()) == JPEG
    assert "từ trước" in lines(upload(("a.jpg", JPEG)))[0]


def test_drafts_of_killed_processes_are_swept(upload: Upload) -> None:
    left, fresh = PendingUpload("a.jpg"), PendingUpload("b.jpg")
    for draft in (left, fresh):
        draft.open()
        draft.write(JPEG)
    os.utime(left.path, (0, 0))
    upload(("c.jpg", JPEG))
    assert not left.path.exists()
    assert fresh.path.exists()
    for draft in (left, fresh):
        draft.delete()


def test_log_lines_hold_neither_names_nor_codes(
    upload: Upload, resident: Resident, caplog: pytest.LogCaptureFixture
) -> None:
    upload(("bà Tư.jpg", JPEG), ("bà Tư.exe", b"MZ" * 20), ("0", b""))
    assert "unknown_type" in caplog.text
    assert not re.search(rf"bà Tư|{resident.code}|{resident.report.public_number}", caplog.text)


def test_no_other_page_takes_a_file(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "not there"))
    body = {**hidden(client), "story": "Họ gọi.", "x": SimpleUploadedFile("x", b"." * 3 * MB)}
    answer = client.post("/bao-cao/", body)
    assert answer.status_code == 413
    assert value(answer.content, "story") == "Họ gọi."


# --- sealed

CHUNK = stream_encryption.CHUNK_BYTES


def unsealed(data: bytes, identity: UUID) -> bytes:
    return b"".join(stream_encryption.decrypt_stream(BytesIO(data), identity))


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_what_was_sealed_opens_byte_for_byte_and_in_no_other_place(size: int) -> None:
    content, identity = os.urandom(size), uuid4()
    assert unsealed(encrypt_stream(content, identity), identity) == content
    with pytest.raises(stream_encryption.DecryptionError):
        unsealed(encrypt_stream(content, identity), uuid4())


def test_it_opens_under_an_older_key_and_not_without_it(settings: Settings) -> None:
    identity = uuid4()
    data = encrypt_stream(JPEG, identity)
    new = Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = (new, *settings.FIELD_ENCRYPTION_KEYS)
    assert unsealed(data, identity) == JPEG
    assert encrypt_stream(JPEG, identity)[1:9] != data[1:9]
    settings.FIELD_ENCRYPTION_KEYS = (new,)
    with pytest.raises(stream_encryption.DecryptionError):
        unsealed(data, identity)


_SEALED_CHUNK = CHUNK + 16
WRONGS: dict[str, Callable[[bytearray], bytes | bytearray]] = {
    "a bit": lambda data: data[:100] + bytes([data[100] ^ 1]) + data[101:],
    "cut in a chunk": lambda data: data[:-5],
    "cut between chunks": lambda data: data[: 9 + _SEALED_CHUNK],
    "cut to its head": lambda data: data[:9],
    "nothing": lambda _: b"",
    "more": lambda data: data + b"x",
    "twice": lambda data: data + data[9:],
    "chunks in another order": lambda data: (
        data[:9]
        + data[9 + _SEALED_CHUNK : 9 + 2 * _SEALED_CHUNK]
        + data[9 : 9 + _SEALED_CHUNK]
        + data[9 + 2 * _SEALED_CHUNK :]
    ),
    "another format": lambda data: b"\x02" + data[1:],
    "another key's name": lambda data: data[:1] + b"\xff" * 8 + data[9:],
}


@pytest.mark.parametrize("wrong", WRONGS)
def test_what_was_touched_does_not_open(wrong: str) -> None:
    identity = uuid4()
    data = encrypt_stream(os.urandom(2 * CHUNK + 5), identity)
    with pytest.raises(stream_encryption.DecryptionError):
        unsealed(bytes(WRONGS[wrong](data)), identity)


# --- rows


def test_a_row_cannot_be_changed_or_removed(upload: Upload) -> None:
    upload(("a.jpg", JPEG))
    for act in ("UPDATE reports_evidencefile SET size = 1", "DELETE FROM reports_evidencefile"):
        refused_by_database(act)
