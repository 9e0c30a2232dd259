"""What the desk shows of files that were sent along: what the machine found, the picture that was
drawn anew, and the original of a harmful one only behind a warning.
"""

import pytest
from pytest_django import Settings

from core.audit import events
from core.models import OutboxItem
from reports.attachments import storage
from reports.models import EvidenceFile, FileCheck, Report
from tests.support import desk_pages, fake_clamd, images, report_factories, sanitized_copies
from tests.support.desk_pages import words
from tests.support.evidence_files import path_of
from tests.support.officers import Person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("room_for_files")]


def looked_into(content: bytes) -> EvidenceFile:
    return sanitized_copies.looked_into(content).file


def page_of(file: EvidenceFile, way: str = "change", of: Report | None = None) -> str:
    return desk_pages.page_of(of or file.report, way if way == "change" else f"{way}/{file.pk}")


@pytest.fixture
def picture() -> EvidenceFile:
    return looked_into(images.telling_jpeg())


@pytest.fixture
def harmful(settings: Settings) -> EvidenceFile:
    with fake_clamd.running() as running:
        settings.CLAMD_URL = running.url
        return looked_into(images.jpeg() + images.EICAR)


def test_a_file_that_nobody_looked_into_says_so(duty: Person) -> None:
    file = sanitized_copies.store_file(images.jpeg())
    assert "Máy chưa xem" in words(duty.client.get(page_of(file)))


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
    assert said in words(duty.client.get(page_of(looked_into(content))))


def test_a_picture_is_shown_as_we_drew_it(duty: Person, picture: EvidenceFile) -> None:
    assert page_of(picture, "picture") in duty.read_page(page_of(picture))
    answer = duty.client.get(page_of(picture, "picture"))
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["Content-Disposition"] == "inline"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'"
    assert "no-store" in answer["Cache-Control"]
    assert answer.content.startswith(b"\xff\xd8\xff")
    assert images.SECRET not in answer.content


def test_looking_is_on_record_once_a_day(duty: Person, picture: EvidenceFile) -> None:
    for _ in range(3):
        duty.client.get(page_of(picture, "picture"))
    (event,) = events.events_for("report", picture.report_id)
    assert (event.kind, event.actor, event.detail) == ("revealed", duty.user, {"field": "copy"})
    assert "Ảnh kèm theo, bản đã xóa dữ liệu ẩn" in words(duty.client.get(page_of(picture)))


def test_what_an_officer_has_no_right_to_is_not_offered(duty: Person) -> None:
    report = report_factories.triaged("Công an, số tôi 0992 000 118.", contact="0992 000 118")
    sanitized_copies.store_file(images.jpeg(), report)
    acts = ("Hiện số", "Hiện bản gốc", "Tải bản gốc", "Sửa : Kiểu lừa", "Cho máy đọc lại")
    pages = [words(duty.client.get(desk_pages.page_of(report)))]
    for right in ("reveal_contact", "decide_case"):
        duty.revoke(right)
    pages.append(words(duty.client.get(desk_pages.page_of(report))))
    assert [[act for act in acts if act in page] for page in pages] == [[*acts], []]


def test_what_has_no_copy_is_not_found(duty: Person) -> None:
    for file in (sanitized_copies.store_file(images.jpeg()), looked_into(b"%PDF-1.7\n")):
        assert duty.client.get(page_of(file, "picture")).status_code == 404
        assert not events.events_for("report", file.report_id).exists()


def test_a_picture_of_another_report_is_not_found(duty: Person, picture: EvidenceFile) -> None:
    other = page_of(picture, "picture", of=report_factories.report())
    assert duty.client.get(other).status_code == 404


def test_a_lost_copy_is_told_and_made_again_on_a_press(duty: Person, picture: EvidenceFile) -> None:
    copy = FileCheck.objects.get().copy_id
    assert copy
    path_of(copy, storage.COPY_FOLDER).unlink()
    told = "Bản đã xóa dữ liệu ẩn bị mất, bấm Cho máy đọc lại"
    assert told in words(duty.client.get(page_of(picture)))
    assert duty.client.get(page_of(picture, "picture")).status_code == 404
    duty.client.post(desk_pages.page_of(picture.report, "read-again"))
    assert OutboxItem.objects.filter(key=picture.pk, done_at=None).count() == 1


def test_a_harmful_original_comes_behind_a_warning(duty: Person, harmful: EvidenceFile) -> None:
    page = words(duty.client.get(page_of(harmful)))
    assert "Vẫn tải bản gốc có mã độc (ghi nhật ký)" in page
    refused = duty.client.post(page_of(harmful, "file"))
    assert "Tệp này có mã độc" in words(refused)
    assert not events.events_for("report", harmful.report_id).exists()
    answer = duty.client.post(page_of(harmful, "file"), {"harmful": "1"})
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].endswith('-1.bin"')
    assert b"".join(answer.streaming_content).endswith(images.EICAR)
    assert events.events_for("report", harmful.report_id).get().detail["field"] == "file"
