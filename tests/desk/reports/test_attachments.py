"""What the desk shows of files that were sent along: what the machine found, the picture that was
drawn anew, and the original of a harmful one only behind a warning.
"""

from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from core.audit import events
from core.models import OutboxItem
from reports.attachments import sanitized_copies, storage
from reports.attachments.storage import PendingUpload
from reports.models import EvidenceFile, FileCheck
from tests.support import fake_clamd, images, report_factories
from tests.support.officers import Person
from tests.support.resident_pages import words

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _room(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.FILES_DIR = tmp_path / "files"
    settings.CLAMD_URL = ""
    monkeypatch.setattr(storage, "RESERVED_BYTES", 0)


def sent(content: bytes) -> EvidenceFile:
    draft = PendingUpload("a.jpg")
    draft.open()
    draft.write(content)
    draft.finish()
    storage.store(draft, report_factories.report())
    return EvidenceFile.objects.get(pk=draft.id)


def looked_into(content: bytes) -> EvidenceFile:
    file = sent(content)
    sanitized_copies.process_items(
        OutboxItem.objects.filter(key=file.pk).values_list("pk", flat=True)
    )
    return file


@pytest.fixture
def picture() -> EvidenceFile:
    return looked_into(images.telling_jpeg())


@pytest.fixture
def harmful(settings: Settings) -> EvidenceFile:
    with fake_clamd.running() as running:
        settings.CLAMD_URL = running.url
        return looked_into(images.jpeg() + images.EICAR)


def page_of(officer: Person, file: EvidenceFile) -> str:
    return words(page_bytes(officer, file).decode())


def page_bytes(officer: Person, file: EvidenceFile) -> bytes:
    page = officer.client.get(f"/admin/reports/report/{file.report_id}/change/")
    return bytes(page.content)


def picture_of(file: EvidenceFile) -> str:
    return f"/admin/reports/report/{file.report_id}/picture/{file.pk}/"


def original_of(file: EvidenceFile) -> str:
    return f"/admin/reports/report/{file.report_id}/file/{file.pk}/"


def test_a_file_that_nobody_looked_into_says_so(duty: Person) -> None:
    assert "Máy chưa xem" in page_of(duty, sent(images.jpeg()))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (images.jpeg(), "Chưa quét mã độc Có bản đã xóa dữ liệu ẩn"),
        (images.png_of(30_000, 30_000), "Chưa quét mã độc Ảnh có quá nhiều điểm"),
        (b"\xff\xd8\xff\xe0" + b"." * 90, "Chưa quét mã độc Ảnh hỏng, không mở được"),
        (b"%PDF-1.7\n", "Chưa quét mã độc Không phải ảnh"),
    ],
)
def test_the_desk_says_what_came_of_looking(duty: Person, content: bytes, said: str) -> None:
    assert said in page_of(duty, looked_into(content))


def test_a_picture_is_shown_as_we_drew_it(duty: Person, picture: EvidenceFile) -> None:
    assert picture_of(picture) in page_bytes(duty, picture).decode()
    answer = duty.client.get(picture_of(picture))
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["Content-Disposition"] == "inline"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'"
    assert "no-store" in answer["Cache-Control"]
    assert answer.content.startswith(b"\xff\xd8\xff")
    assert images.SECRET not in answer.content


def test_looking_is_on_record_once_a_day(duty: Person, picture: EvidenceFile) -> None:
    for _ in range(3):
        duty.client.get(picture_of(picture))
    (event,) = events.events_for("report", picture.report_id)
    assert (event.kind, event.actor, event.detail) == ("revealed", duty.user, {"what": "copy"})
    assert "Ảnh kèm theo, bản đã xóa dữ liệu ẩn" in page_of(duty, picture)


def test_who_may_not_reveal_sees_no_picture(duty: Person, picture: EvidenceFile) -> None:
    duty.revoke("reveal_contact")
    assert "<img" not in page_bytes(duty, picture).decode()
    assert duty.client.get(picture_of(picture)).status_code == 403


def test_a_stranger_sees_no_picture(client: Client, picture: EvidenceFile) -> None:
    assert client.get(picture_of(picture)).status_code == 302


def test_what_has_no_copy_is_not_found(duty: Person) -> None:
    for file in (sent(images.jpeg()), looked_into(b"%PDF-1.7\n")):
        assert duty.client.get(picture_of(file)).status_code == 404
        assert not events.events_for("report", file.report_id).exists()


def test_a_picture_of_another_report_is_not_found(duty: Person, picture: EvidenceFile) -> None:
    other = report_factories.report()
    answer = duty.client.get(f"/admin/reports/report/{other.pk}/picture/{picture.pk}/")
    assert answer.status_code == 404


def test_a_lost_copy_is_told_and_made_again_on_a_press(duty: Person, picture: EvidenceFile) -> None:
    copy = FileCheck.objects.get().copy_id
    assert copy
    storage.path_of(copy, storage.COPY_FOLDER).unlink()
    assert "Bản đã xóa dữ liệu ẩn bị mất, bấm Cho máy đọc lại" in page_of(duty, picture)
    assert duty.client.get(picture_of(picture)).status_code == 404
    duty.client.post(f"/admin/reports/report/{picture.report_id}/read-again/")
    assert OutboxItem.objects.filter(key=picture.pk, done_at=None).count() == 1


def test_a_harmful_original_is_given_only_behind_a_warning(
    duty: Person, harmful: EvidenceFile
) -> None:
    assert "Vẫn tải bản gốc có mã độc (ghi nhật ký)" in page_of(duty, harmful)
    refused = duty.client.post(original_of(harmful))
    assert "Tệp này có mã độc" in words(refused.content.decode())
    assert not events.events_for("report", harmful.report_id).exists()
    answer = duty.client.post(original_of(harmful), {"harmful": "1"})
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].endswith('-1.bin"')
    assert b"".join(answer.streaming_content).endswith(images.EICAR)
    assert events.events_for("report", harmful.report_id).get().detail["what"] == "file"
