"""Evidence in a bucket of a real object store: as in the folder, and what its store may do to it."""

import time
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from cryptography.fernet import Fernet
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from core.audit import events
from core.models import OutboxItem
from reports.attachments import sanitized_copies, storage
from reports.attachments.storage import COPY_FOLDER, PendingUpload, name_of
from reports.models import EvidenceFile, FileCheck, Followup
from reports.retention import destruction_requests, erasure, purge
from tests.support import images
from tests.support.evidence_files import JPEG, MARK, SEND, Upload, lines, on_disk, opened, path_of
from tests.support.object_store import Bucket, ObjectStore, choose
from tests.support.resident_pages import Resident, send
from tests.support.sanitized_copies import copy_of, owed, store_file
from tools.portal_stack import wait_until

pytestmark = pytest.mark.django_db
NOT_WRITTEN = "Máy chủ chưa ghi được. Tin của bạn vẫn còn nguyên. Gửi lại sau ít phút."


def drawn(file: EvidenceFile) -> FileCheck:
    sanitized_copies.process_items([owed(file).pk])
    return FileCheck.objects.get(file=file)


def orphan(folder: str = "") -> str:
    """A file whose row was never written, as a killed process leaves it."""
    draft = PendingUpload("a.jpg")
    draft.open()
    draft.write(JPEG)
    draft.finish()
    draft.put(folder)
    draft.delete()
    return name_of(draft.id, folder)


def sweep(*names: str) -> int:
    """Sweep where these lie."""
    parts = {int(name.split("/")[-2], 16) for name in names}
    return sum(map(purge.sweep_files, parts))


def test_what_is_sent_lies_sealed_in_the_bucket_alone_and_is_drawn_there(
    upload: Upload, bucket: Bucket
) -> None:
    picture = images.jpeg() + MARK * 90_000
    assert "Đã nhận ảnh 3,9 MB" in lines(upload(("a.jpg", picture)))[0]
    assert "từ trước" in lines(upload(("a.jpg", picture)))[0]
    file = EvidenceFile.objects.get()
    check = drawn(file)
    assert check.copy_id
    assert on_disk() == []
    assert bucket.versions() == sorted([name_of(file.pk), name_of(check.copy_id, COPY_FOLDER)])
    with storage.open_sealed(file.pk) as sealed:
        assert MARK not in sealed.read()
    assert opened(file) == picture
    assert copy_of(check)[:2] == b"\xff\xd8"


def test_what_is_erased_leaves_no_version_and_no_mark_of_it(
    upload: Upload, bucket: Bucket, resident: Resident
) -> None:
    upload(("a.jpg", images.jpeg()))
    file = EvidenceFile.objects.get()
    check = drawn(file)
    storage.reencrypt(file.pk)  # a change of keys leaves no version under the old one
    assert len(bucket.versions()) == 2
    where = {"Bucket": bucket.name, "Key": name_of(file.pk)}
    bucket.store.client.put_object(**where, Body=b"an older hand")
    bucket.store.client.delete_object(**where)
    assert len(bucket.versions()) == 4
    with pytest.raises(storage.DecryptionError):
        opened(file)
    assert not sanitized_copies.is_copy_lost(check)
    erasure.erase(resident.report.pk, cause="asked")
    item = OutboxItem.objects.get(task=erasure.REMOVE_TASK)
    destruction_requests.process_items([item.pk])
    assert bucket.versions() == []
    item.refresh_from_db()
    assert item.done_at


def test_of_two_who_store_one_name_at_once_the_later_one_stays(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    store: Any = storages["evidence-bucket"]
    store.save("aa/one", ContentFile(b"older"))
    list_versions = store._list_versions

    def list_once_another_has_stored(name: str) -> Any:
        bucket.store.client.put_object(Bucket=bucket.name, Key=name, Body=b"later")
        return list_versions(name)

    monkeypatch.setattr(store, "_list_versions", list_once_another_has_stored)
    store.save("aa/one", ContentFile(b"sooner"))
    with store.open("aa/one") as file:
        assert file.read() == b"later"
    assert len(bucket.versions()) == 2  # the later one erases the sooner


@pytest.mark.parametrize("how", ["killed", "frozen"])
def test_while_the_store_is_away_words_are_taken_and_files_refused_soon(
    resident: Resident, bucket: Bucket, settings: Settings, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:  # fmt: skip
    # In a test's transaction PostgreSQL waits no longer than fifteen seconds.
    monkeypatch.setattr("core.bucket_storage.READ_TIMEOUT_SECONDS", 1.0)
    choose(settings, bucket.url)
    names = ("a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg")
    files = [SimpleUploadedFile(name, JPEG + name.encode() * 90_000) for name in names]
    form = {"code": resident.code, "files": files, "story": "Họ gọi nữa."}
    with bucket.store.away(how):
        began = time.monotonic()
        answer = resident.client.post(SEND, form)
        assert time.monotonic() - began < 14
        assert [line for line in lines(answer) if NOT_WRITTEN in line] == lines(answer)[-5:]
        assert send(Client(), story="Họ lại gọi.").status_code == 303
    assert Followup.objects.get().story == "Họ gọi nữa."
    assert (EvidenceFile.objects.count(), on_disk()) == (0, [])

    def takes_it_again() -> bool:
        storages["evidence-bucket"]._left_alone_until = 0.0  # some seconds go by
        answer = resident.client.post(SEND, {"code": resident.code, "files": files[0].open()})
        return "Đã nhận ảnh" in lines(answer)[0]

    assert wait_until(takes_it_again)


def test_with_a_wrong_key_clock_or_no_bucket_the_file_is_refused_and_the_log_says_why(
    upload: Upload, object_store: ObjectStore, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    wrong = {
        "SignatureDoesNotMatch": object_store.url("evidence", "wrong"),
        "NoSuchBucket": object_store.url("not-there"),
    }
    for code, url in wrong.items():
        choose(settings, url)
        assert NOT_WRITTEN in lines(upload(("a.jpg", JPEG)))[0]
        assert f"EIO {code}" in caplog.text
    choose(settings, object_store.url(object_store.make_bucket()))
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        assert NOT_WRITTEN in lines(upload(("a.jpg", JPEG)))[0]
    assert "EIO RequestTimeTooSkewed" in caplog.text
    assert not EvidenceFile.objects.exists()


# --- sweeping


@pytest.mark.parametrize("kind", ["folder", "bucket"])
def test_what_no_row_names_is_swept_wherever_it_lies_and_what_a_row_erased_too(
    resident: Resident, bucket: Bucket, settings: Settings, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:  # fmt: skip
    settings.EVIDENCE_STORE = kind
    kept, gone = (store_file(JPEG + bytes([n]), resident.report) for n in range(2))
    keys = settings.FIELD_ENCRYPTION_KEYS
    settings.FIELD_ENCRYPTION_KEYS = (Fernet.generate_key().decode(),)
    theirs = orphan(), orphan(COPY_FOLDER)  # of another portal that was given the same bucket
    settings.FIELD_ENCRYPTION_KEYS = keys
    names = [name_of(kept.pk), name_of(gone.pk), orphan(), orphan(COPY_FOLDER), *theirs]
    events.log_event("report", resident.report.pk, "file_taken_back", file=str(gone.pk))
    EvidenceFile.objects.filter(pk=gone.pk).update(erased_at=timezone.now(), name_sealed=None)
    assert sweep(*names) == 0  # one may get its row this minute
    monkeypatch.setattr(purge, "MIN_ORPHAN_SECONDS", -5)
    assert sweep(*names) == 3
    left = {"bucket": bucket.versions(), "folder": on_disk()}
    assert {place: len(names) for place, names in left.items() if names} == {kind: 3}
    assert opened(kept)


def test_a_database_that_knows_no_file_takes_none_away(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    """A portal started with an empty database by mistake, and its first report."""
    monkeypatch.setattr(purge, "MIN_ORPHAN_SECONDS", -5)
    monkeypatch.setattr(purge, "MAX_CLOCK_SKEW_SECONDS", -5)
    left = orphan()
    assert sweep(left) == 0
    send(client, story="Họ gọi.")
    assert sweep(left) == 0
    assert bucket.versions() == [left]


# --- moving


def move(target: str, **options: Any) -> str:
    out = StringIO()
    call_command("move_evidence", to=target, stdout=out, **options)
    return out.getvalue()


@pytest.mark.parametrize(("source", "target"), [("folder", "bucket"), ("bucket", "folder")])
def test_files_move_killed_or_not_and_open_all_the_while(
    bucket: Bucket, settings: Settings, monkeypatch: pytest.MonkeyPatch, source: str, target: str
) -> None:
    settings.EVIDENCE_STORE = source
    contents = [images.jpeg() + bytes([number]) for number in range(3)]
    files = [store_file(content) for content in contents]
    check = drawn(files[0])
    settings.EVIDENCE_STORE = target
    assert move(target, dry_run=True) == "To be moved: 3. Nowhere to be found: 0.\n"
    left, delete = iter(range(1)), type(storages[f"evidence-{source}"]).delete

    def die(store: Any, name: str) -> None:
        """Of a process that is killed when its second file is there twice."""
        if next(left, None) is None:
            raise KeyboardInterrupt
        delete(store, name)

    with monkeypatch.context() as dying:
        dying.setattr(type(storages[f"evidence-{source}"]), "delete", die)
        with pytest.raises(KeyboardInterrupt):
            move(target)
        assert [opened(file) for file in files] == contents
    assert "moved files: " in move(target)
    assert [opened(file) for file in files] == contents
    assert copy_of(check)
    assert (len(bucket.versions()), len(on_disk())) == {"bucket": (4, 0), "folder": (0, 4)}[target]
    assert move(target) == "To be moved: 0. Nowhere to be found: 0.\n"


def test_what_is_damaged_stays_what_is_lost_is_counted_and_all_else_moves(
    bucket: Bucket, settings: Settings
) -> None:
    settings.EVIDENCE_STORE = "folder"
    whole, damaged, lost = (store_file(JPEG + bytes([n])) for n in range(3))
    path = path_of(damaged.pk)
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    path_of(lost.pk).unlink()
    settings.EVIDENCE_STORE = "bucket"
    out = StringIO()
    with pytest.raises(CommandError, match="1 stay where they are"):
        call_command("move_evidence", to="bucket", stdout=out)
    assert "Nowhere to be found: 1." in out.getvalue()
    assert bucket.versions() == [name_of(whole.pk)]
    assert on_disk() == [path]


def test_a_move_is_refused_the_wrong_way_and_ends_when_the_store_does(
    bucket: Bucket, settings: Settings, object_store: ObjectStore
) -> None:
    settings.EVIDENCE_STORE = "folder"
    file = store_file(JPEG)
    with pytest.raises(CommandError, match="New files go to the folder"):
        move("bucket")
    settings.EVIDENCE_STORE = "bucket"
    with object_store.away("killed"), pytest.raises(CommandError, match="EndpointConnectionError"):
        move("bucket")
    assert on_disk() == [path_of(file.pk)]
