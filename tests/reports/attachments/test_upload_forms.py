"""Hostile upload forms, whose report it is, and words that come along."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError
from django.test import Client
from lxml import html

from reports.models import EvidenceFile, Followup, Receipt
from reports.submission import receipt_codes
from tests.support import report_factories
from tests.support.evidence_files import (
    JPEG,
    SEND,
    Upload,
    expect_nothing_kept,
    lines,
    on_disk,
    part,
    post,
    post_parts,
    text_part,
)
from tests.support.resident_pages import FOREIGN_ORIGIN, Resident, value, words

pytestmark = pytest.mark.django_db


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
def test_a_hostile_name_is_shown_tame(resident: Resident, name: bytes, told: str) -> None:
    answer = post_parts(resident, part(name, JPEG))
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
    resident: Resident, sent: bytes, status: int, told: str
) -> None:
    expect_nothing_kept(post_parts(resident, sent), status, told)


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


def test_a_body_of_untold_length_is_answered(resident: Resident) -> None:
    sent = part(b'filename="a.jpg"', JPEG)
    answer = post_parts(resident, sent, HTTP_TRANSFER_ENCODING="chunked", CONTENT_LENGTH="0")
    expect_nothing_kept(answer, 400, "Chưa nhận được ảnh, ghi âm")


def test_a_body_that_breaks_off_leaves_no_half_file(resident: Resident) -> None:
    """The parser takes what came of the last file for the whole of it."""
    answer = post_parts(resident, part(b'filename="a.jpg"', JPEG * 4000), cut=100_000)
    expect_nothing_kept(answer, 400, "Tin của bạn vẫn còn nguyên")


# --- whose report it is


@pytest.mark.parametrize("code", ["", "7K4M", "7K4M 29QK 8B6X 9WDK"])
def test_a_wrong_code_is_said_before_all_else(client: Client, code: str) -> None:
    answer = post(client, code, ("a.jpg", JPEG))
    expect_nothing_kept(answer, 422, "Chưa nhận ảnh, ghi âm: mã chưa đúng Gõ lại mã tin báo")


def test_a_code_of_nobody_is_asked_for_again(upload: Upload) -> None:
    Receipt.objects.all().delete()
    expect_nothing_kept(upload(("a.jpg", JPEG)), 422, "Chưa thấy tin nào có mã này")


# --- words that come along


STORY = "Đây là ảnh biên lai."


def post_story(resident: Resident, name: str, content: bytes, **more: Any) -> Any:
    return resident.post(SEND, files=[SimpleUploadedFile(name, content)], story=STORY, **more)


@pytest.mark.parametrize(
    ("content", "told"),
    [(JPEG, "Đã nhận ảnh 1 KB."), (b"MZ" * 20, "Chưa nhận: đây không phải ảnh")],
)
def test_words_that_come_along_are_kept_whether_the_file_is_or_not(
    resident: Resident, content: bytes, told: str
) -> None:
    answer = post_story(resident, "a.jpg", content)
    assert answer.status_code == 200
    assert lines(answer)[0] == "Đã ghi thêm: lời kể."
    assert lines(answer)[1].startswith(f"a.jpg {told}")
    assert Followup.objects.get(report=resident.report).story == STORY


GIVEN_BACK: dict[str, tuple[int, Callable[[Resident], Any]]] = {
    "another page": (403, lambda by: post_story(by, "a.jpg", JPEG, headers=FOREIGN_ORIGIN)),
    "broken off": (
        400,
        lambda by: post_parts(
            by, text_part("story", STORY), part(b'filename="a.jpg"', JPEG * 4000), cut=100_000
        ),
    ),
    "too many parts": (
        400,
        lambda by: post_parts(by, text_part("story", STORY), *[text_part("x", "x")] * 2000),
    ),
    "wrong code": (422, lambda by: post_story(replace(by, code="7K4M"), "a.jpg", JPEG)),
}


@pytest.mark.parametrize(("status", "send"), GIVEN_BACK.values(), ids=GIVEN_BACK)
def test_words_beside_files_that_did_not_come_are_given_back(
    resident: Resident, status: int, send: Callable[[Resident], Any]
) -> None:
    answer = send(resident)
    assert answer.status_code == status
    assert value(answer.content, "story") == STORY
    assert value(answer.content, "code") == ("7K4M" if status == 422 else resident.code)
    assert on_disk() == []
    assert not Followup.objects.exists()


# --- as its sender is told


def test_an_english_page_is_english_to_the_last_line(resident: Resident) -> None:
    sent = [SimpleUploadedFile("a.jpg", JPEG), SimpleUploadedFile("b", b"M")]
    answer = resident.post(f"/en{SEND}", files=sent)
    assert lines(answer) == [
        "a.jpg Received: picture, 1 KB.",
        "b Not received: this is not a picture, recording or PDF. Take a screenshot and send that instead.",
    ]
    (panel,) = html.document_fromstring(answer.content).xpath("//details[.//input[@type='file']]")
    assert not re.search("[ăâđêôơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữự]", panel.text_content())


def test_an_erased_report_takes_none(upload: Upload, resident: Resident) -> None:
    report_factories.erase(resident.report)
    answer = upload(("a.jpg", JPEG))
    assert lines(answer) == ["a.jpg Tin này đã xóa dữ liệu nên không nhận thêm."]
    assert "Gửi thêm ảnh, ghi âm" not in words(answer.content)
    assert on_disk() == []


def test_without_a_database_nothing_is_left(
    upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: str) -> None:
        raise OperationalError

    monkeypatch.setattr(receipt_codes, "report_for_code", broken)
    expect_nothing_kept(upload(("a.jpg", JPEG)), 503, "Tin của bạn vẫn còn nguyên")
