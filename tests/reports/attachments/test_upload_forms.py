"""Hostile upload forms, whose report it is, and words that come along."""

import re
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection
from django.test import Client
from lxml import html

from core.audit import events
from reports.attachments import storage
from reports.models import EvidenceFile, Followup, Receipt
from reports.submission import intake
from reports.submission.intake import ReportSubmission
from tests.support.evidence_files import (
    JPEG,
    SEND,
    Upload,
    lines,
    multipart,
    on_disk,
    part,
    post,
    post_body,
)
from tests.support.resident_pages import value, words

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
    upload: Upload, client: Client, mine: intake.SubmissionResult
) -> None:
    upload(("a.jpg", JPEG))
    page = client.post("/theo-doi/", {"code": mine.code}).content
    (chooser,) = html.document_fromstring(page).xpath("//input[@type='file']")
    assert chooser.get("data-largest") == str(storage.MAX_BYTES)
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
def test_a_foreign_page_cannot_send(upload: Upload, headers: dict[str, str]) -> None:
    answer = upload(("a.jpg", JPEG), **headers)
    assert answer.status_code == 403
    assert on_disk() == []


def test_an_erased_report_takes_none(upload: Upload, mine: intake.SubmissionResult) -> None:
    events.log_event("report", mine.report.pk, "erased")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE reports_report SET story = '', claimed_name = '', commune_raw = '',"
            " story_sealed = NULL, contact_sealed = NULL, phrase_sealed = NULL,"
            " contact_index = NULL, erased_at = now()"
        )
    answer = upload(("a.jpg", JPEG))
    assert lines(answer) == ["a.jpg Tin này đã xóa dữ liệu nên không nhận thêm."]
    assert "Gửi thêm ảnh, ghi âm" not in words(answer.content)
    assert on_disk() == []


def test_without_a_database_nothing_is_left(
    upload: Upload, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reports.submission import receipt_codes

    def broken(_: str) -> None:
        raise OperationalError

    monkeypatch.setattr(receipt_codes, "report_for_code", broken)
    answer = upload(("a.jpg", JPEG))
    assert answer.status_code == 503
    assert "Tin của bạn vẫn còn nguyên" in words(answer.content)
    assert on_disk() == []
