"""The upload page: what is kept, limits, and what a file is."""

import json
import threading
import time
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from lxml import html

from reports.attachments import filetypes, storage, stream_encryption, upload_handler
from reports.models import EvidenceFile, Report
from tests.support import api_program
from tests.support.evidence_files import (
    JPEG,
    MB,
    PDF,
    SEND,
    Upload,
    count_read,
    expect_nothing_kept,
    lines,
    on_disk,
    opened,
    part,
    post,
    post_parts,
)
from tests.support.resident_pages import (
    RECEIPT,
    TRACK,
    Resident,
    create_resident,
    hidden_of,
    send,
    words,
)

pytestmark = pytest.mark.django_db


# --- on the page


def test_the_limits_stand_before_the_button(upload: Upload, resident: Resident) -> None:
    upload(("a.jpg", JPEG))
    page = resident.post(TRACK)
    assert "Nhiều nhất 5 tệp, mỗi tệp đến 10 MB" in words(page.content)
    tree = html.document_fromstring(page.content)
    (form,) = tree.xpath(f"//form[starts-with(@action, '{SEND}?')]")
    assert (form.get("enctype"), form.get("method")) == ("multipart/form-data", "post")
    assert "Bấm vào đây để chọn ảnh" in form.xpath(".//label[@for='files']")[0].text_content()
    (chooser,) = form.xpath(".//input[@type='file']")
    assert chooser.get("data-largest") == str(storage.MAX_BYTES)
    assert chooser.get("data-most") == str(storage.MAX_COUNT - 1)
    assert {"image/*", "audio/*", "application/pdf"} <= set(chooser.get("accept").split(","))
    assert hidden_of(page.content)["code"] == resident.code
    assert "no-store" in page["Cache-Control"]


def test_the_front_server_hears_of_a_ticket_whether_a_code_was_shown_for_it(
    client: Client, resident: Resident
) -> None:
    page = html.document_fromstring(resident.post(TRACK).content)
    (address,) = page.xpath(f"//form[starts-with(@action, '{SEND}?')]/@action")
    assert client.head(address).status_code == 204
    for forged in (f"{address}x", f"{SEND}?ve=", f"{SEND}?ve={'a' * 16}:1:b"):
        assert client.head(forged).status_code == 403
    assert client.get(address)["Location"] == TRACK


def test_a_picture_is_kept_and_told(upload: Upload, resident: Resident) -> None:
    answer = upload(("zalo.jpg", JPEG + b"\0" * 2_400_000))
    assert (answer.status_code, lines(answer)) == (200, ["zalo.jpg Đã nhận ảnh 2,3 MB."])
    file = EvidenceFile.objects.get(report=resident.report)
    assert (file.media_type, file.size) == ("image/jpeg", len(JPEG) + 2_400_000)
    assert opened(file) == JPEG + b"\0" * 2_400_000
    assert "Ảnh, 2,3 MB, lúc" in words(answer.content)
    assert "no-store" in answer["Cache-Control"]


def test_each_file_has_its_line(upload: Upload) -> None:
    answer = upload(("a.jpg", JPEG), ("b.exe", b"MZ" * 20), ("c.pdf", PDF))
    assert lines(answer) == [
        "a.jpg Đã nhận ảnh 1 KB.",
        "b.exe Chưa nhận: đây không phải ảnh, ghi âm hay PDF. Bạn chụp màn hình rồi gửi ảnh đó.",
        "c.pdf Đã nhận bản PDF 1 KB.",
    ]
    assert answer.status_code == 200
    assert len(on_disk()) == EvidenceFile.objects.count() == 2


def test_the_same_file_sent_twice_is_one_and_may_belong_to_another_report_too(
    upload: Upload, client: Client
) -> None:
    upload(("a.jpg", JPEG))
    answer = upload(("b.jpg", JPEG), ("c.jpg", JPEG))
    assert lines(answer) == [f"{name}.jpg Đã nhận ảnh 1 KB từ trước, giữ một bản." for name in "bc"]
    assert len(on_disk()) == EvidenceFile.objects.count() == 1
    post(client, create_resident(client, story="khác").code, ("a.jpg", JPEG))
    assert len(on_disk()) == EvidenceFile.objects.count() == 2


def test_nothing_chosen_is_said(resident: Resident) -> None:
    answer = resident.post(SEND)
    assert answer.status_code == 422
    assert lines(answer) == ["Chưa chọn ảnh, bản ghi âm nào. Chọn xong rồi bấm Gửi."]


def test_the_receipt_tells_where_files_are_sent_and_that_address_asks_for_the_code(
    client: Client,
) -> None:
    send(client, story="Họ gọi.")
    assert "Ảnh chụp màn hình, ghi âm, biên lai" in words(client.get(RECEIPT).content)
    assert client.get(SEND)["Location"] == TRACK


# --- limits


def test_five_files_and_no_more(upload: Upload) -> None:
    sent = [(f"{number}.jpg", JPEG + bytes([number])) for number in range(50)]
    answer = upload(*sent)
    assert EvidenceFile.objects.count() == len(on_disk()) == 5
    assert lines(answer)[5:] == [
        "Còn 45 cái nữa chưa nhận. Mỗi tin nhận đến 5 ảnh, bản ghi âm, PDF."
    ]
    page = html.document_fromstring(answer.content)
    assert not page.xpath(f"//form[@action='{SEND}']")
    answer = upload(("f.jpg", JPEG + b"f"))  # the form of a page that was opened before
    assert answer.status_code == 422
    assert lines(answer) == ["f.jpg Chưa nhận. Mỗi tin nhận đến 5 ảnh, bản ghi âm, PDF."]
    assert len(on_disk()) == 5


def test_more_files_than_django_counts_are_answered(resident: Resident) -> None:
    answer = post_parts(resident, *[part(b'filename="a.jpg"', JPEG)] * 2001)
    expect_nothing_kept(answer, 400, "Chưa nhận được ảnh, ghi âm")


def test_ten_megabytes_are_taken_and_a_byte_more_is_not(upload: Upload) -> None:
    whole, more = JPEG.ljust(10 * MB, b"."), JPEG.ljust(10 * MB + 1, b".")
    answer = upload(("a.jpg", more), ("b.jpg", whole))
    assert lines(answer) == [
        "a.jpg Nặng quá 10 MB, chưa nhận. Chụp lại nhỏ hơn, hoặc cắt bớt rồi gửi.",
        "b.jpg Đã nhận ảnh 10 MB.",
    ]
    assert len(on_disk()) == 1


def test_of_a_hundred_megabytes_only_ten_are_written(
    upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    seal = stream_encryption.StreamEncryptor.write
    monkeypatch.setattr(
        stream_encryption.StreamEncryptor,
        "write",
        lambda self, data: (written.append(len(data)), seal(self, data)),
    )
    answer = upload(("film.mp4", b"\0\0\0\x20ftypisom".ljust(100 * MB)))
    expect_nothing_kept(answer, 413, "film.mp4 Nặng quá 10 MB")
    assert sum(written) <= 10 * MB


def test_an_endless_body_is_cut_off_and_still_answered(
    resident: Resident, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_handler, "MAX_READ_BYTES", 11 * MB)
    film = b"\0\0\0\x20ftypisom".ljust(30 * MB)
    answer = post_parts(resident, part(b'filename="film.mp4"', film))
    expect_nothing_kept(answer, 413, "film.mp4 Nặng quá 10 MB")
    assert count_read(answer) < 12 * MB


def test_a_thread_is_left_to_those_who_report(upload: Upload) -> None:
    taken = [upload_handler._slots.acquire(blocking=False) for _ in range(3)]
    try:
        assert all(taken)
        answer = upload(("a.jpg", JPEG))
    finally:
        upload_handler._slots.release(3)
    told = "a.jpg Nhiều người đang gửi cùng lúc. Tin của bạn vẫn còn nguyên"
    expect_nothing_kept(answer, 503, told)
    assert upload(("a.jpg", JPEG)).status_code == 200


def test_who_comes_on_top_holds_no_thread_for_long(
    resident: Resident, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            time.sleep(0.02)
            return super().read(size)

    monkeypatch.setattr(upload_handler, "_slots", threading.BoundedSemaphore(1))
    monkeypatch.setattr(upload_handler, "BUSY_READ_SECONDS", 0.1)
    upload_handler._slots.acquire()
    answer = post_parts(resident, part(b'filename="a.jpg"', JPEG.ljust(20 * MB)), line=Slow)
    assert "Nhiều người đang gửi cùng lúc" in lines(answer)[0]
    assert count_read(answer) < 5 * MB


@pytest.mark.parametrize("slots", ["_slots", "_program_slots"])
def test_a_program_waits_before_its_files_are_read_and_leaves_residents_their_slots(
    monkeypatch: pytest.MonkeyPatch, upload: Upload, slots: str
) -> None:
    program = api_program.register()
    program.send(story="Người ta gọi.")
    monkeypatch.setattr(upload_handler, slots, threading.BoundedSemaphore(1))
    with getattr(upload_handler, slots):
        answer = program.send_files(Report.objects.get(source="api"), ("a.jpg", JPEG))
        assert (answer.status_code, json.loads(answer.content)["code"]) == (503, "file_busy")
        assert upload(("a.jpg", JPEG)).status_code == {"_slots": 503}.get(slots, 200)


# --- what a file is


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (b"\xff\xd8\xff\xe1", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"RIFF\x10\x0a\0\0WEBPVP8 ", "image/webp"),
        (b"GIF89a", "image/gif"),
        (b"\0\0\0\x18ftypheic", "image/heic"),
        (b"\0\0\0\x18ftypmif1", "image/heic"),
        (b"%PDF-1.4\n", "application/pdf"),
        (b"ID3\x04\0", "audio/mpeg"),
        (b"\xff\xfb\x90\x64", "audio/mpeg"),
        (b"\0\0\0\x20ftypM4A ", "audio/mp4"),
        (b"\0\0\0\x18ftypmp42", "video/mp4"),
        (b"\0\0\0\x20ftypisom", "video/mp4"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0", "video/quicktime"),
        (b"\0\0\0\x18ftyp3gp4", "audio/3gpp"),
        (b"#!AMR\n", "audio/amr"),
        (b"OggS\0\x02", "audio/ogg"),
        (b"RIFF\x24\x08\0\0WAVEfmt ", "audio/wav"),
    ],
)
def test_the_first_bytes_tell_what_it_is(head: bytes, media_type: str) -> None:
    file_type = filetypes.sniff(head.ljust(filetypes.HEAD_BYTES, b"\0"))
    assert file_type
    assert file_type.media_type == media_type
    assert filetypes.by_media_type(media_type) == file_type


@pytest.mark.parametrize(
    "content",
    [
        b"PK\x05\x06" + bytes(18),
        b"\x1f\x8b\x08 an archive",
        b"\x7fELF a program",
        b"\xff\xfe\0 text of another kind",
        b"RIFF....AVI LIST",
        b"....ftypavif",
        b" %PDF-1.7 not at its beginning",
        b"GIF99a",
        b"\xff",
    ],
)
def test_neither_name_nor_browser_makes_it_a_picture(resident: Resident, content: bytes) -> None:
    answer = resident.post(SEND, files=SimpleUploadedFile("a.jpg", content, "image/jpeg"))
    expect_nothing_kept(answer, 415, "a.jpg Chưa nhận: đây không phải ảnh")


@pytest.mark.parametrize(
    ("size", "said"), [(1, "1 KB"), (3 * MB // 2, "1,5 MB"), (2 * MB, "2 MB"), (700_000, "684 KB")]
)
def test_sizes_are_said_as_people_read_them(size: int, said: str) -> None:
    assert filetypes.format_size(size) == said.replace(" ", "\u00a0")
