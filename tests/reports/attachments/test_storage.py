"""Pictures and recordings that a resident sends along: sealed on their way in, clear about what
was kept, and opened at the desk as an act on record.
"""

import errno
import os
import re
import threading
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from cryptography.fernet import Fernet
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import Error as DatabaseError
from django.db import OperationalError, connection, transaction
from django.test import Client
from lxml import html
from pytest_django import Settings

from core.audit import events
from reports.attachments import filetypes, storage, stream_encryption, upload_handler
from reports.attachments.storage import PendingUpload, Refusal, RefusedError
from reports.models import EvidenceFile, Followup, Receipt
from reports.submission import intake
from reports.submission.intake import ReportSubmission
from tests.support.officers import Person
from tests.support.resident_pages import hidden, hidden_of, send, value, words

SEND = "/theo-doi/tep/"
MARK = b"a mark that must not lie in clear on any disk "
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x02" + MARK
PDF = b"%PDF-1.7\n" + MARK
MB = 1024 * 1024

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _room(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.FILES_DIR = tmp_path / "files"
    monkeypatch.setattr(storage, "RESERVED", 0)


@pytest.fixture
def mine() -> intake.SubmissionResult:
    return intake.submit_report(ReportSubmission(story="Họ gọi."), "a-key-of-the-browser")


def post(client: Client, code: str | None, *sent: tuple[str, bytes], **headers: str) -> Any:
    """Choose these files on the page and press the button."""
    chosen = [SimpleUploadedFile(name, content) for name, content in sent]
    return client.post(SEND, {"code": code, "files": chosen}, headers=headers)


def lines(answer: Any) -> list[str]:
    """What the page says of each file."""
    items = html.document_fromstring(answer.content).xpath("//ul[@class='sent']/li")
    return [" ".join(item.text_content().split()) for item in items]


def on_disk() -> list[Path]:
    from django.conf import settings

    return [path for path in Path(settings.FILES_DIR).rglob("*") if path.is_file()]


def opened(file: EvidenceFile) -> bytes:
    return b"".join(storage.open_original(file))


def multipart(code: str | None, *parts: bytes, end: bytes = b"--x--\r\n") -> bytes:
    """A body made by hand: the code, and parts as they stand."""
    head = f'--x\r\nContent-Disposition: form-data; name="code"\r\n\r\n{code}\r\n'.encode()
    return head + b"".join(b"--x\r\n" + part + b"\r\n" for part in parts) + end


def part(name: bytes, content: bytes, more: bytes = b"") -> bytes:
    head = b'Content-Disposition: form-data; name="files"; ' + name + b"\r\n" + more
    return head + b"\r\n" + content


def post_body(client: Client, body: bytes, **more: Any) -> Any:
    return client.post(SEND, body, content_type="multipart/form-data; boundary=x", **more)


# --- on the page


def test_the_limits_stand_before_the_button(client: Client, mine: intake.SubmissionResult) -> None:
    page = client.post("/theo-doi/", {"code": mine.code})
    assert "Nhiều nhất 5 tệp, mỗi tệp đến 10 MB" in words(page.content)
    form = html.document_fromstring(page.content).xpath(f"//form[@action='{SEND}']")[0]
    assert (form.get("enctype"), form.get("method")) == ("multipart/form-data", "post")
    assert hidden_of(page.content)["code"] == mine.code
    assert "no-store" in page["Cache-Control"]


def test_a_picture_is_kept_and_told(client: Client, mine: intake.SubmissionResult) -> None:
    answer = post(client, mine.code, ("zalo.jpg", JPEG + b"\0" * 2_400_000))
    assert (answer.status_code, lines(answer)) == (200, ["zalo.jpg Đã nhận ảnh 2,3 MB."])
    file = EvidenceFile.objects.get(report=mine.report)
    assert (file.media_type, file.size) == ("image/jpeg", len(JPEG) + 2_400_000)
    assert opened(file) == JPEG + b"\0" * 2_400_000
    assert "Ảnh, 2,3 MB, lúc" in words(answer.content)
    assert "no-store" in answer["Cache-Control"]


def test_each_file_has_its_line(client: Client, mine: intake.SubmissionResult) -> None:
    answer = post(client, mine.code, ("a.jpg", JPEG), ("b.exe", b"MZ" * 20), ("c.pdf", PDF))
    assert lines(answer) == [
        "a.jpg Đã nhận ảnh 1 KB.",
        "b.exe Chưa nhận: đây không phải ảnh, ghi âm hay PDF. Bạn chụp màn hình rồi gửi ảnh đó.",
        "c.pdf Đã nhận bản PDF 1 KB.",
    ]
    assert answer.status_code == 200
    assert len(on_disk()) == EvidenceFile.objects.count() == 2


def test_the_same_file_sent_twice_is_one(client: Client, mine: intake.SubmissionResult) -> None:
    post(client, mine.code, ("a.jpg", JPEG))
    answer = post(client, mine.code, ("b.jpg", JPEG), ("c.jpg", JPEG))
    assert lines(answer) == [
        "b.jpg Đã nhận ảnh 1 KB từ trước, giữ một bản.",
        "c.jpg Đã nhận ảnh 1 KB từ trước, giữ một bản.",
    ]
    assert len(on_disk()) == EvidenceFile.objects.count() == 1


def test_the_same_file_may_belong_to_two_reports(
    client: Client, mine: intake.SubmissionResult
) -> None:
    other = intake.submit_report(ReportSubmission(story="khác"), "another-key-of-one")
    for accepted in (mine, other):
        post(client, accepted.code, ("a.jpg", JPEG))
    assert len(on_disk()) == EvidenceFile.objects.count() == 2


def test_nothing_chosen_is_said(client: Client, mine: intake.SubmissionResult) -> None:
    answer = client.post(SEND, {"code": mine.code})
    assert (answer.status_code, lines(answer)) == (
        422,
        ["Chưa chọn ảnh, bản ghi âm nào. Chọn xong rồi bấm Gửi."],
    )


def test_the_receipt_tells_where_files_are_sent(client: Client) -> None:
    send(client, story="Họ gọi.")
    assert "gửi thêm được ảnh" in words(client.get("/bao-cao/da-nhan/").content)


def test_an_address_typed_by_hand_leads_to_the_code_page(client: Client) -> None:
    assert client.get(SEND)["Location"] == "/theo-doi/"


# --- limits


def test_five_files_and_no_more(client: Client, mine: intake.SubmissionResult) -> None:
    sent = [(f"{number}.jpg", JPEG + bytes([number])) for number in range(50)]
    answer = post(client, mine.code, *sent)
    assert EvidenceFile.objects.count() == len(on_disk()) == 5
    assert lines(answer)[5:] == [
        "Còn 45 cái nữa chưa nhận. Mỗi tin nhận đến 5 ảnh, bản ghi âm, PDF."
    ]
    page = html.document_fromstring(answer.content)
    assert not page.xpath(f"//form[@action='{SEND}']")


def test_the_sixth_of_another_press_is_told(client: Client, mine: intake.SubmissionResult) -> None:
    for number in range(5):
        post(client, mine.code, ("a.jpg", JPEG + bytes([number])))
    answer = post(client, mine.code, ("f.jpg", JPEG + b"f"))
    assert answer.status_code == 422
    assert lines(answer) == ["f.jpg Chưa nhận. Mỗi tin nhận đến 5 ảnh, bản ghi âm, PDF."]
    assert len(on_disk()) == 5


def test_more_files_than_django_counts_are_answered(
    client: Client, mine: intake.SubmissionResult
) -> None:
    parts = [part(b'filename="a.jpg"', JPEG)] * 2001
    answer = post_body(client, multipart(mine.code, *parts))
    assert answer.status_code == 400
    assert "Chưa nhận được ảnh, ghi âm" in words(answer.content)
    assert on_disk() == []


def test_ten_megabytes_are_taken_and_a_byte_more_is_not(
    client: Client, mine: intake.SubmissionResult
) -> None:
    whole, more = JPEG.ljust(10 * MB, b"."), JPEG.ljust(10 * MB + 1, b".")
    answer = post(client, mine.code, ("a.jpg", more), ("b.jpg", whole))
    assert lines(answer) == [
        "a.jpg Nặng quá 10 MB, chưa nhận. Chụp lại nhỏ hơn, hoặc cắt bớt rồi gửi.",
        "b.jpg Đã nhận ảnh 10 MB.",
    ]
    assert len(on_disk()) == 1


def test_of_a_hundred_megabytes_only_ten_are_written(
    client: Client, mine: intake.SubmissionResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []
    seal = stream_encryption.StreamEncryptor.write
    monkeypatch.setattr(
        stream_encryption.StreamEncryptor,
        "write",
        lambda self, data: (written.append(len(data)), seal(self, data)),
    )
    answer = post(client, mine.code, ("film.mp4", b"\0\0\0\x20ftypisom".ljust(100 * MB)))
    assert answer.status_code == 413
    assert "Nặng quá 10 MB" in lines(answer)[0]
    assert sum(written) <= 10 * MB
    assert on_disk() == []


def test_an_endless_body_is_cut_off_and_still_answered(
    client: Client, mine: intake.SubmissionResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_handler, "MAX_READ_BYTES", 11 * MB)
    film = b"\0\0\0\x20ftypisom".ljust(30 * MB)
    body = multipart(mine.code, part(b'filename="film.mp4"', film))
    line = BytesIO(body)
    answer = post_body(client, body, **{"wsgi.input": line})
    assert answer.status_code == 413
    assert "Nặng quá 10 MB" in lines(answer)[0]
    assert line.tell() < 12 * MB


def test_a_thread_is_left_to_those_who_report(
    client: Client, mine: intake.SubmissionResult
) -> None:
    taken = [upload_handler._places.acquire(blocking=False) for _ in range(3)]
    try:
        assert all(taken)
        answer = post(client, mine.code, ("a.jpg", JPEG))
    finally:
        upload_handler._places.release(3)
    assert answer.status_code == 503
    assert "Nhiều người đang gửi cùng lúc. Tin của bạn vẫn còn nguyên" in lines(answer)[0]
    assert on_disk() == []
    assert post(client, mine.code, ("a.jpg", JPEG)).status_code == 200


def test_who_comes_on_top_holds_no_thread_for_long(
    client: Client, mine: intake.SubmissionResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow(BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            time.sleep(0.02)
            return super().read(size)

    monkeypatch.setattr(upload_handler, "_places", threading.BoundedSemaphore(1))
    monkeypatch.setattr(upload_handler, "BUSY_SECONDS", 0.1)
    upload_handler._places.acquire()
    body = multipart(mine.code, part(b'filename="a.jpg"', JPEG.ljust(20 * MB)))
    line = Slow(body)
    answer = post_body(client, body, **{"wsgi.input": line})
    assert "Nhiều người đang gửi cùng lúc" in lines(answer)[0]
    assert line.tell() < 5 * MB


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
    found = filetypes.sniff(head.ljust(filetypes.HEAD, b"\0"))
    assert found
    assert found.media_type == media_type
    assert filetypes.by_media_type(media_type) == found


@pytest.mark.parametrize(
    "content",
    [
        b"<html><script>alert(1)</script>",
        b"PK\x03\x04 docx or apk, who knows",
        b"MZ\x90\0 a program",
        b"PK\x05\x06" + bytes(18),
        b"\x1f\x8b\x08 an archive",
        b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\x7fELF a program",
        b"\xff\xfe\0 text of another kind",
        b"RIFF....AVI LIST",
        b"....ftypavif",
        b" %PDF-1.7 not at its beginning",
        b"GIF99a",
        b"<svg onload=alert(1)>",
        b"\xff",
    ],
)
def test_neither_name_nor_browser_makes_it_a_picture(
    client: Client, mine: intake.SubmissionResult, content: bytes
) -> None:
    answer = client.post(
        SEND,
        {"code": mine.code, "files": SimpleUploadedFile("a.jpg", content, "image/jpeg")},
    )
    assert answer.status_code == 415
    assert "Chưa nhận: đây không phải ảnh" in lines(answer)[0]
    assert on_disk() == []


def test_a_file_of_two_natures_is_what_it_begins_as(
    client: Client, mine: intake.SubmissionResult
) -> None:
    both = JPEG + b"<script>alert(1)</script>PK\x03\x04%PDF-1.7"
    post(client, mine.code, ("both.html", both))
    file = EvidenceFile.objects.get()
    assert (file.media_type, opened(file)) == ("image/jpeg", both)


@pytest.mark.parametrize(
    ("size", "said"), [(1, "1 KB"), (3 * MB // 2, "1,5 MB"), (2 * MB, "2 MB"), (700_000, "684 KB")]
)
def test_sizes_are_said_as_people_read_them(size: int, said: str) -> None:
    assert filetypes.format_size(size) == said.replace(" ", "\u00a0")


# --- hostile forms


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (b'filename="..%2f..%2fetc"', "..%2f..%2fetc "),
        (b'filename="../../etc/passwd"', "passwd "),
        (b'filename="C:\\\\a\\\\b.jpg"', "b.jpg "),
        ('filename="\u202egnp.exe\u202c"'.encode(), "gnp.exe "),
        (b'filename="<b>x</b>.jpg"', "b&gt;.jpg "),
        (b"filename*=UTF-8''%0d%0aSet-Cookie.jpg", "Set-Cookie.jpg "),
        (b'filename="a\x07\x1b[31m\x00b.jpg"', "a[31mb.jpg "),
        (('filename="' + "à" * 400 + '.jpg"').encode(), "à" * 32 + "… "),
    ],
)
def test_a_hostile_name_is_shown_tame(
    client: Client, mine: intake.SubmissionResult, name: bytes, told: str
) -> None:
    answer = post_body(client, multipart(mine.code, part(name, JPEG)))
    assert lines(answer) == [f"{told.replace('&gt;', '>')}Đã nhận ảnh 1 KB."]
    assert b"<b>x" not in answer.content
    assert [path.name for path in on_disk()] == [str(EvidenceFile.objects.get().pk)]


@pytest.mark.parametrize(
    ("sent", "status", "told"),
    [
        (part(b'filename="a.jpg"', b""), 422, "Bên trong không có gì"),
        (part(b'filename=""', JPEG), 422, "Chưa chọn ảnh"),
        (part(b'filename=".."', JPEG), 422, "Chưa chọn ảnh"),
        (part(b'filename="' + b"a" * 1200 + b'"', JPEG), 400, "đứt"),
        (part(b"nothing", JPEG), 422, "Chưa chọn ảnh"),
        (part(b'filename="a.jpg"', b"!", b"Content-Transfer-Encoding: base64\r\n"), 400, "đứt"),
        (b'Content-Disposition: form-data; name="else"; filename="a.jpg"\r\n\r\n' + JPEG, 422, ""),
        (b"no head at all", 422, "Chưa chọn ảnh"),
    ],
)
def test_odd_parts_are_answered_and_leave_nothing(
    client: Client, mine: intake.SubmissionResult, sent: bytes, status: int, told: str
) -> None:
    answer = post_body(client, multipart(mine.code, sent))
    assert answer.status_code == status
    assert told in words(answer.content)
    assert on_disk() == []


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "multipart/form-data; boundary=x"),
        (b"rubbish" * 1000, "multipart/form-data; boundary=x"),
        (b"rubbish", "multipart/form-data"),
        (b"rubbish", "multipart/form-data; boundary=" + "x" * 500),
        (b"code=x", "application/x-www-form-urlencoded"),
        (b"{}", "application/json"),
        (b"\xff\0" * 500, "text/plain"),
    ],
)
def test_rubbish_is_answered_in_our_words(client: Client, body: bytes, kind: str) -> None:
    answer = client.post(SEND, body, content_type=kind)
    assert answer.status_code in {400, 422}
    assert "Mã tin báo" in words(answer.content)
    assert on_disk() == []


def test_a_body_of_untold_length_is_answered(client: Client, mine: intake.SubmissionResult) -> None:
    body = multipart(mine.code, part(b'filename="a.jpg"', JPEG))
    answer = post_body(client, body, headers={"transfer-encoding": "chunked"}, CONTENT_LENGTH="0")
    assert answer.status_code == 400
    assert "Chưa nhận được ảnh, ghi âm" in words(answer.content)


def test_a_body_that_breaks_off_leaves_no_half_file(
    client: Client, mine: intake.SubmissionResult
) -> None:
    """The parser takes what came of the last file for the whole of it."""
    body = multipart(mine.code, part(b'filename="a.jpg"', JPEG * 4000))
    came = {"wsgi.input": BytesIO(body[:100_000]), "CONTENT_LENGTH": str(len(body))}
    answer = post_body(client, body, **came)
    assert answer.status_code == 400
    assert "Tin của bạn vẫn còn nguyên" in words(answer.content)
    assert not EvidenceFile.objects.exists()
    assert on_disk() == []


# --- whose report it is


@pytest.mark.parametrize("code", ["", "7K4M", "7K4M 29QK 8B6X 9WDK"])
def test_a_wrong_code_is_said_before_all_else(client: Client, code: str) -> None:
    answer = post(client, code, ("a.jpg", JPEG))
    assert answer.status_code == 422
    assert "Chưa nhận ảnh, ghi âm: mã chưa đúng Gõ lại mã tin báo" in words(answer.content)
    assert on_disk() == []


def test_a_code_of_nobody_is_asked_for_again(client: Client) -> None:
    stranger = intake.submit_report(ReportSubmission(story="khác"), "another-key-of-one")
    Receipt.objects.filter(report=stranger.report).delete()
    answer = post(client, stranger.code, ("a.jpg", JPEG))
    assert answer.status_code == 422
    assert "Chưa thấy tin nào có mã này" in words(answer.content)
    assert on_disk() == []


# --- words that come along


def post_story(client: Client, code: str, *sent: tuple[str, bytes]) -> Any:
    chosen = [SimpleUploadedFile(name, content) for name, content in sent]
    return client.post(SEND, {"code": code, "files": chosen, "story": "Đây là ảnh biên lai."})


def test_words_that_come_along_are_kept_with_the_files(
    client: Client, mine: intake.SubmissionResult
) -> None:
    answer = post_story(client, mine.code, ("a.jpg", JPEG))
    assert lines(answer) == ["Đã ghi thêm: lời kể.", "a.jpg Đã nhận ảnh 1 KB."]
    assert Followup.objects.get(report=mine.report).story == "Đây là ảnh biên lai."


def test_a_file_that_is_refused_costs_no_words(
    client: Client, mine: intake.SubmissionResult
) -> None:
    answer = post_story(client, mine.code, ("a.exe", b"MZ" * 20))
    assert answer.status_code == 200
    assert "không phải ảnh" in lines(answer)[1]
    assert Followup.objects.get(report=mine.report).story == "Đây là ảnh biên lai."


def test_words_without_a_right_code_are_given_back(client: Client) -> None:
    answer = post_story(client, "7K4M", ("a.jpg", JPEG))
    assert answer.status_code == 422
    assert value(answer.content, "story") == "Đây là ảnh biên lai."
    assert "mã chưa đúng" in words(answer.content)


def test_words_beside_files_that_broke_off_are_given_back(
    client: Client, mine: intake.SubmissionResult
) -> None:
    story = 'Content-Disposition: form-data; name="story"\r\n\r\nĐây là ảnh biên lai.'.encode()
    body = multipart(mine.code, story, part(b'filename="a.jpg"', JPEG * 4000))
    came = {"wsgi.input": BytesIO(body[:100_000]), "CONTENT_LENGTH": str(len(body))}
    answer = post_body(client, body, **came)
    assert answer.status_code == 400
    assert value(answer.content, "story") == "Đây là ảnh biên lai."
    assert value(answer.content, "code") == mine.code
    assert not Followup.objects.exists()


def test_words_before_a_part_that_cannot_be_read_are_given_back(
    client: Client, mine: intake.SubmissionResult
) -> None:
    story = 'Content-Disposition: form-data; name="story"\r\n\r\nĐây là ảnh biên lai.'.encode()
    more = b'Content-Disposition: form-data; name="x"\r\n\r\nx'
    answer = post_body(client, multipart(mine.code, story, *[more] * 2000))
    assert answer.status_code == 400
    assert value(answer.content, "story") == "Đây là ảnh biên lai."


def test_words_that_came_from_another_page_are_given_back(
    client: Client, mine: intake.SubmissionResult
) -> None:
    sent = {"code": mine.code, "story": "Đây là ảnh biên lai."}
    answer = client.post(SEND, sent, headers={"Origin": "https://ke-gian.example"})
    assert answer.status_code == 403
    assert value(answer.content, "story") == "Đây là ảnh biên lai."
    assert value(answer.content, "code") == mine.code
    assert not Followup.objects.exists()


# --- as its sender is told


def test_the_page_tells_the_limits_to_its_script(
    client: Client, mine: intake.SubmissionResult
) -> None:
    post(client, mine.code, ("a.jpg", JPEG))
    page = client.post("/theo-doi/", {"code": mine.code}).content
    (chooser,) = html.document_fromstring(page).xpath("//input[@type='file']")
    assert chooser.get("data-largest") == str(storage.LARGEST)
    assert chooser.get("data-most") == str(storage.MAX_COUNT - 1)
    assert {"image/*", "audio/*", "application/pdf"} <= set(chooser.get("accept").split(","))


def test_the_label_stands_without_the_browsers_own_words(
    client: Client, mine: intake.SubmissionResult
) -> None:
    page = html.document_fromstring(client.post("/theo-doi/", {"code": mine.code}).content)
    (label,) = page.xpath("//label[@for='files']")
    assert "Bấm vào đây để chọn ảnh" in label.text_content()


def test_an_english_page_is_english_to_the_last_line(
    client: Client, mine: intake.SubmissionResult
) -> None:
    sent = [SimpleUploadedFile(name, content) for name, content in (("a.jpg", JPEG), ("b", b"M"))]
    answer = client.post(f"/en{SEND}", {"code": mine.code, "files": sent})
    assert lines(answer) == [
        "a.jpg Received: picture, 1 KB.",
        "b Not taken: this is not a picture, a recording or a PDF. Take a screenshot and send that.",
    ]
    (panel,) = html.document_fromstring(answer.content).xpath("//section[@aria-labelledby='more']")
    assert not re.search("[ăâđêôơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữự]", panel.text_content())


@pytest.mark.parametrize(
    "headers", [{"origin": "https://ke-gian.example"}, {"sec-fetch-site": "cross-site"}]
)
def test_a_foreign_page_cannot_send(
    client: Client, mine: intake.SubmissionResult, headers: dict[str, str]
) -> None:
    answer = post(client, mine.code, ("a.jpg", JPEG), **headers)
    assert answer.status_code == 403
    assert on_disk() == []


def test_an_erased_report_takes_none(client: Client, mine: intake.SubmissionResult) -> None:
    events.log_event("report", mine.report.pk, "erased")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE reports_report SET story = '', claimed_name = '', commune_raw = '',"
            " story_sealed = NULL, contact_sealed = NULL, phrase_sealed = NULL,"
            " contact_index = NULL, erased_at = now()"
        )
    answer = post(client, mine.code, ("a.jpg", JPEG))
    assert lines(answer) == ["a.jpg Tin này đã xóa dữ liệu nên không nhận thêm."]
    assert "Gửi thêm ảnh, ghi âm" not in words(answer.content)
    assert on_disk() == []


def test_without_a_database_nothing_is_left(
    client: Client, mine: intake.SubmissionResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reports.submission import receipt_codes

    def broken(_: str) -> None:
        raise OperationalError

    monkeypatch.setattr(receipt_codes, "report_for_code", broken)
    answer = post(client, mine.code, ("a.jpg", JPEG))
    assert answer.status_code == 503
    assert "Tin của bạn vẫn còn nguyên" in words(answer.content)
    assert on_disk() == []


# --- on the disk


def test_nothing_lies_in_clear_while_it_comes_nor_afterwards(
    client: Client, mine: intake.SubmissionResult, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    seen: list[tuple[int, bool]] = []
    finish = PendingUpload.finish

    def finish_and_search(draft: PendingUpload) -> None:
        found = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
        seen.append((sum(map(len, found)), any(MARK in content for content in found)))
        finish(draft)

    monkeypatch.setattr(PendingUpload, "finish", finish_and_search)
    post(client, mine.code, ("tôi.jpg", JPEG * 100_000))
    assert seen[0][0] > 4 * MB  # it was looked at in the middle
    assert not seen[0][1]
    assert not any(MARK in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())
    file = EvidenceFile.objects.get()
    assert "tôi".encode() not in bytes(file.name_sealed or b"")


def test_a_file_and_its_folders_are_their_owners_alone(
    client: Client, mine: intake.SubmissionResult
) -> None:
    post(client, mine.code, ("a.jpg", JPEG))
    (path,) = on_disk()
    assert path == storage.path_of(EvidenceFile.objects.get().pk)
    assert path.parent.name == path.name[:2]
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_a_row_is_written_when_its_file_lies_there(
    client: Client, mine: intake.SubmissionResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: order.append(_what(descriptor)))
    settle = PendingUpload.rename_into_place
    monkeypatch.setattr(
        PendingUpload, "settle", lambda draft: (settle(draft), order.append("named"))[0]
    )
    save = EvidenceFile.save
    monkeypatch.setattr(
        EvidenceFile, "save", lambda self, **how: (order.append("row"), save(self, **how))[1]
    )
    post(client, mine.code, ("a.jpg", JPEG))
    assert order[-4:] == ["file", "folder", "named", "row"] or order[-5:] == [
        "file",
        "folder",
        "folder",
        "named",
        "row",
    ]


def _what(descriptor: int) -> str:
    return "folder" if Path(f"/proc/self/fd/{descriptor}").is_dir() else "file"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
@pytest.mark.parametrize("step", ["begin", "write", "finish", "settle"])
def test_a_full_disk_costs_the_file_and_says_so(
    client: Client,
    mine: intake.SubmissionResult,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    number: int,
) -> None:
    _fail(monkeypatch, step, number)
    answer = post(client, mine.code, ("a.jpg", JPEG))
    assert answer.status_code == 503
    assert lines(answer) == [
        "a.jpg Máy chủ hết chỗ, chưa nhận được. Tin của bạn vẫn còn nguyên. Gửi lại sau ít phút."
    ]
    assert on_disk() == []
    assert not EvidenceFile.objects.exists()
    assert send(client, story="Họ gọi nữa.").status_code == 303


def _fail(monkeypatch: pytest.MonkeyPatch, step: str, number: int) -> None:
    """The disk refuses what this step asks of it."""

    def refuse(*_: Any) -> None:
        raise OSError(number, "x")

    doors: dict[str, tuple[Any, str]] = {
        "begin": (storage, "_leave_room"),
        "write": (stream_encryption.StreamEncryptor, "write"),
        "finish": (stream_encryption.StreamEncryptor, "finish"),
        "settle": (Path, "rename"),
    }
    monkeypatch.setattr(*doors[step], refuse)


def test_another_trouble_of_the_disk_is_not_called_full(
    client: Client, mine: intake.SubmissionResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    _fail(monkeypatch, "finish", errno.EIO)
    answer = post(client, mine.code, ("a.jpg", JPEG))
    assert "Máy chủ chưa ghi được" in lines(answer)[0]
    assert on_disk() == []


def test_files_leave_the_database_its_room(
    client: Client, mine: intake.SubmissionResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "RESERVED", 1 << 62)
    assert "Máy chủ hết chỗ" in lines(post(client, mine.code, ("a.jpg", JPEG)))[0]
    assert on_disk() == []


def _refuse_row(*_: Any, **__: Any) -> None:
    raise OperationalError


def test_a_row_that_fails_takes_its_file_along(
    client: Client, mine: intake.SubmissionResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EvidenceFile, "save", _refuse_row)
    answer = post(client, mine.code, ("a.jpg", JPEG))
    assert "Máy chủ chưa ghi được" in lines(answer)[0]
    assert on_disk() == []


@pytest.mark.parametrize("step", ["settle", "the row"])
def test_a_file_that_the_disk_does_not_let_go_is_no_error_of_the_page(
    client: Client,
    mine: intake.SubmissionResult,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    step: str,
) -> None:
    def read_only(*_: Any, **__: Any) -> None:
        raise OSError(errno.EROFS, "x")

    if step == "settle":
        _fail(monkeypatch, step, errno.EIO)
    else:
        monkeypatch.setattr(EvidenceFile, "save", _refuse_row)
    monkeypatch.setattr(Path, "unlink", read_only)
    answer = post(client, mine.code, ("a.jpg", JPEG))
    assert (answer.status_code, "Máy chủ chưa ghi được" in lines(answer)[0]) == (503, True)
    assert "file.not_removed" in caplog.text
    assert "EROFS" in caplog.text


def test_where_commit_itself_fails_the_file_stays(
    client: Client, mine: intake.SubmissionResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server may have committed before the line broke; a row must have its file."""
    leave = transaction.Atomic.__exit__

    def lost(self: Any, *how: Any) -> None:
        leave(self, *how)
        raise OperationalError

    with monkeypatch.context() as broken:
        broken.setattr(transaction.Atomic, "__exit__", lost)
        told = lines(post(client, mine.code, ("a.jpg", JPEG)))
    assert "Máy chủ chưa ghi được" in told[0]
    assert opened(EvidenceFile.objects.get()) == JPEG
    assert "từ trước" in lines(post(client, mine.code, ("a.jpg", JPEG)))[0]


def test_drafts_of_killed_processes_are_swept(
    client: Client, mine: intake.SubmissionResult
) -> None:
    left, fresh = PendingUpload("a.jpg"), PendingUpload("b.jpg")
    for draft in (left, fresh):
        draft.open()
        draft.write(JPEG)
    os.utime(left.path, (0, 0))
    post(client, mine.code, ("c.jpg", JPEG))
    assert not left.path.exists()
    assert fresh.path.exists()
    for draft in (left, fresh):
        draft.delete()


def test_log_lines_hold_neither_names_nor_codes(
    client: Client, mine: intake.SubmissionResult, caplog: pytest.LogCaptureFixture
) -> None:
    post(client, mine.code, ("bà Tư.jpg", JPEG), ("bà Tư.exe", b"MZ" * 20), ("0", b""))
    assert "unknown_type" in caplog.text
    assert not re.search(rf"bà Tư|{mine.code}|{mine.report.public_number}", caplog.text)


def test_no_other_page_takes_a_file(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "not there"))
    body = {**hidden(client), "story": "Họ gọi.", "x": SimpleUploadedFile("x", b"." * 3 * MB)}
    answer = client.post("/bao-cao/", body)
    assert answer.status_code == 413
    assert value(answer.content, "story") == "Họ gọi."


# --- sealed


def sealed(content: bytes, identity: UUID) -> bytearray:
    target = BytesIO()
    sealer = stream_encryption.StreamEncryptor(target, identity)
    sealer.write(content)
    sealer.finish()
    return bytearray(target.getvalue())


def unsealed(data: bytes, identity: UUID) -> bytes:
    return b"".join(stream_encryption.decrypt_stream(BytesIO(data), identity))


@pytest.mark.parametrize(
    "size",
    [
        0,
        1,
        stream_encryption.CHUNK - 1,
        stream_encryption.CHUNK,
        stream_encryption.CHUNK + 1,
        3 * stream_encryption.CHUNK,
    ],
)
def test_what_was_sealed_opens_byte_for_byte(size: int) -> None:
    content, identity = os.urandom(size), uuid4()
    assert unsealed(sealed(content, identity), identity) == content


def test_it_opens_under_an_older_key_and_not_without_it(settings: Settings) -> None:
    identity = uuid4()
    data = sealed(JPEG, identity)
    new = Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = (new, *settings.FIELD_ENCRYPTION_KEYS)
    assert unsealed(data, identity) == JPEG
    assert sealed(JPEG, identity)[1:9] != data[1:9]
    settings.FIELD_ENCRYPTION_KEYS = (new,)
    with pytest.raises(stream_encryption.DecryptionError):
        unsealed(data, identity)


_SEALED_CHUNK = stream_encryption.CHUNK + 16
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
    data = sealed(os.urandom(2 * stream_encryption.CHUNK + 5), identity)
    with pytest.raises(stream_encryption.DecryptionError):
        unsealed(bytes(WRONGS[wrong](data)), identity)


def test_a_sealed_file_opens_in_no_other_place() -> None:
    with pytest.raises(stream_encryption.DecryptionError):
        unsealed(sealed(JPEG, uuid4()), uuid4())


# --- rows


def test_a_row_cannot_be_changed_or_removed(client: Client, mine: intake.SubmissionResult) -> None:
    post(client, mine.code, ("a.jpg", JPEG))
    for act in ("UPDATE reports_evidencefile SET size = 1", "DELETE FROM reports_evidencefile"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(act)


def test_a_refused_draft_says_why() -> None:
    draft = PendingUpload("a.jpg")
    draft.open()
    with pytest.raises(RefusedError) as refused:
        draft.finish()
    assert refused.value.why == Refusal.EMPTY
    draft.delete()


# --- at the desk


@pytest.fixture
def sent(client: Client, mine: intake.SubmissionResult) -> EvidenceFile:
    post(client, mine.code, ("giấy nợ.pdf", PDF), ("a.jpg", JPEG * 10_000))
    return EvidenceFile.objects.get(media_type="image/jpeg")


def desk(answer: Any) -> str:
    """What an officer reads; the desk's pages do not name their encoding."""
    return words(answer.content.decode())


def original_of(file: EvidenceFile) -> str:
    return f"/admin/reports/report/{file.report_id}/file/{file.pk}/"


def page_of(file: EvidenceFile) -> str:
    return f"/admin/reports/report/{file.report_id}/change/"


def test_the_desk_lists_files_by_what_they_are(duty: Person, sent: EvidenceFile) -> None:
    page = desk(duty.client.get(page_of(sent)))
    assert "Tài liệu kèm theo (2)" in page
    assert "Dấu kiểm tệp (SHA-256)" in page
    assert re.search(r"Ảnh, \d+ KB image/jpeg", page)
    assert bytes(sent.sha256).hex()[:12] in page
    assert "giấy nợ" not in page


def test_an_original_is_an_attachment_that_nothing_runs_in(
    duty: Person, sent: EvidenceFile
) -> None:
    answer = duty.client.post(original_of(sent))
    assert b"".join(answer.streaming_content) == JPEG * 10_000
    number = [file.pk for file in storage.files_of_report(sent.report)].index(sent.pk) + 1
    name = f"{sent.report.public_number}-{number}.jpg"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
    assert answer["Content-Type"] == "image/jpeg"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert "no-store" in answer["Cache-Control"]
    assert answer["Content-Length"] == str(sent.size)


def test_opening_is_on_record_before_the_file_is_given(duty: Person, sent: EvidenceFile) -> None:
    duty.client.post(original_of(sent))
    (event,) = events.events_for("report", sent.report_id)
    assert (event.kind, event.actor, event.detail["what"]) == ("revealed", duty.user, "file")
    assert "Xem dữ liệu cá nhân: Bản gốc tài liệu kèm theo; số " in desk(
        duty.client.get(page_of(sent))
    )


def test_who_may_not_reveal_is_refused_on_record(duty: Person, sent: EvidenceFile) -> None:
    group = duty.user.groups.get()
    group.permissions.remove(group.permissions.get(codename="reveal_contact"))
    assert "Tải bản gốc" not in desk(duty.client.get(page_of(sent)))
    assert duty.client.post(original_of(sent)).status_code == 403
    assert events.events_for("report", sent.report_id).get().kind == "refused"


def test_a_forged_press_opens_nothing(duty: Person, sent: EvidenceFile) -> None:
    forger = Client(enforce_csrf_checks=True)
    forger.cookies = duty.client.cookies
    assert forger.post(original_of(sent)).status_code == 403
    assert [event.kind for event in events.events_for("report", sent.report_id)] == ["refused"]


def test_without_its_key_an_original_is_told_and_not_given(
    duty: Person, sent: EvidenceFile, settings: Settings
) -> None:
    settings.FIELD_ENCRYPTION_KEYS = (Fernet.generate_key().decode(),)
    assert "Không mở được bản gốc" in desk(duty.client.post(original_of(sent)))


def test_a_link_opens_nothing(duty: Person, client: Client, sent: EvidenceFile) -> None:
    assert duty.client.get(original_of(sent)).status_code == 405
    assert client.post(original_of(sent)).status_code == 302
    assert not events.events_for("report", sent.report_id).exists()


def test_a_file_of_another_report_is_not_there(duty: Person, sent: EvidenceFile) -> None:
    other = intake.submit_report(ReportSubmission(story="khác"), "another-key-of-one").report
    answer = duty.client.post(f"/admin/reports/report/{other.pk}/file/{sent.pk}/")
    assert answer.status_code == 404


@pytest.mark.parametrize("harm", ["lost", "cut", "another"])
def test_an_original_that_is_not_whole_is_said_and_not_given(
    duty: Person, sent: EvidenceFile, harm: str
) -> None:
    path = storage.path_of(sent.pk)
    match harm:
        case "lost":
            path.unlink()
        case "cut":
            path.write_bytes(path.read_bytes()[:-20])
        case "another":
            path.write_bytes(bytes(sealed(PDF, sent.pk)))
    answer = duty.client.post(original_of(sent))
    assert "Không mở được bản gốc" in desk(answer)
    assert MARK not in answer.content
