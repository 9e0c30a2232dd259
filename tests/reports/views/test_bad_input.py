"""Whatever is typed or sent as a report gets an answer, and the receipt says what is not clear."""

import json
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from reports.models import Report
from reports.views.form_errors import BUSY, ONLY_SHORT, REFUSAL, FormError
from tests.support.data_files import read_cases
from tests.support.resident_pages import RECEIPT, REPORT, code_of, hidden, send, value, words

pytestmark = pytest.mark.django_db

STORY = "Họ xưng công an."
FORM = "application/x-www-form-urlencoded"
FIELDS = (
    "caller_number", "claimed_office", "claimed_name", "story", "demands", "channel",
    "happening_now", "money_lost", "money_lost_vnd", "commune", "contact_phone",
    "callback_phrase", "on_behalf", "submission_key", "website",
)  # fmt: skip
HOSTILE = {
    "markup": "<script>alert(1)</script>{{ settings.SECRET_KEY }}{% load x %} {typed} %(typed)s %s",
    "nul": "a\0b",
    "too long": "dài lắm " * 20_000,
    "digits without end": "9" * 50_000,
    "lines": "\r\n" * 3_000 + "x",
    "other digits": "\u0660\u0661\u0662 \u0967\u0968 \uff10\uff19\uff19\uff12 ²³½",
    "spaces": "\u00a0\u2003 \t",
}


def said_on_receipt(client: Client, **fields: Any) -> str:
    assert send(client, **{"story": STORY, **fields}).status_code == 303
    return words(client.get(RECEIPT).content)


@pytest.mark.parametrize("what", HOSTILE)
def test_no_field_refuses_anything(client: Client, what: str) -> None:
    for field in FIELDS:
        fields = {"story": STORY, "caller_number": "0992 000 123", field: HOSTILE[what]}
        assert send(client, **fields).status_code == 303, field
        answer = client.get(RECEIPT)
        assert (answer.status_code, len(code_of(answer.content))) == (200, 16), field
        assert b"<script>alert" not in answer.content
        assert len(answer.content) < 60_000
    assert Report.objects.count() == len(FIELDS)


@pytest.mark.usefixtures("reference_rows")
@pytest.mark.parametrize(
    ("field", "typed", "sentence"), read_cases("clarifying_questions.json", "receipts")
)
def test_what_is_not_clear_is_said_on_the_receipt(
    client: Client, field: str, typed: str, sentence: str
) -> None:
    assert sentence in said_on_receipt(client, **{field: typed})


def test_everything_bad_at_once_still_counts_once(client: Client) -> None:
    page = said_on_receipt(
        client,
        caller_number="1 2 3, 0992000123 / 0550000124",
        money_lost_vnd="nhiều",
        commune="ở nhà",
        contact_phone="x",
        callback_phrase="\u202e",
    )
    assert page.count("Gửi câu trả lời") == 1
    assert Report.objects.count() == 1


def test_nul_is_replaced_and_said(client: Client) -> None:
    assert send(client, story="trước\0sau").status_code == 303
    report = Report.objects.get()
    assert report.story == "trước\ufffdsau"
    assert "chars_replaced" in report.flags


@pytest.mark.parametrize(
    ("typed", "kind", "kept"),
    [("x%ED%A0%80y%ff", FORM, "x\ufffd"), ("abc", f"{FORM}; charset=iso-8859-1", "abc")],
)
def test_what_is_no_text_of_ours_is_kept_as_far_as_it_goes(
    client: Client, typed: str, kind: str, kept: str
) -> None:
    body = f"story={typed}&form_token={hidden(client)['form_token']}"
    assert client.post(REPORT, body, content_type=kind).status_code == 303
    assert Report.objects.get().story.startswith(kept)


def test_a_body_that_is_far_too_large_is_read_past_and_answered(client: Client) -> None:
    body = b"story=" + b"x" * 6_000_000
    line = BytesIO(body)
    answer = client.post(REPORT, body, content_type=FORM, **{"wsgi.input": line})
    assert answer.status_code == 413
    assert "Quay lại" in words(answer.content)
    assert line.tell() == len(body)


def test_a_body_over_the_limit_comes_back_with_its_text(client: Client) -> None:
    story = "dài " * 500_000
    answer = send(client, story=story, caller_number="0550 000 123")
    assert answer.status_code == 413
    assert "1,5 triệu ký tự" in words(answer.content)
    assert value(answer.content, "story") == story
    assert not Report.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"story": "a" * 1_490_000},
        {"lạ": "x", "is_staff": "yes"},
        {"files": SimpleUploadedFile("anh.jpg", b"\xff\xd8")},
    ],
    ids=["just under the limit", "fields that nobody knows", "a file"],
)
def test_what_is_much_or_unknown_is_taken(client: Client, fields: dict[str, Any]) -> None:
    assert send(client, **{"story": STORY, **fields}).status_code == 303


def test_too_many_fields_give_the_text_back(client: Client) -> None:
    fields = {**hidden(client), "story": STORY} | {f"f{n}": "x" for n in range(3000)}
    body = "&".join(f"{name}={value}" for name, value in fields.items())
    answer = client.post(REPORT, body, content_type=FORM)
    assert answer.status_code == 413
    assert value(answer.content, "story") == STORY


def test_a_broken_multipart_body_is_answered(client: Client) -> None:
    answer = client.post(REPORT, b"rubbish", content_type="multipart/form-data; boundary=")
    assert answer.status_code == 400
    assert "không đọc được" in words(answer.content)


def test_a_body_without_its_length_is_not_taken_for_an_empty_form(client: Client) -> None:
    """As gunicorn hands over what a client sends in chunks."""
    fields = {**hidden(client), "story": STORY}
    answer = client.post(REPORT, fields, headers={"Transfer-Encoding": "chunked"})
    assert answer.status_code == 411
    assert "không đọc được" in words(answer.content)
    assert "Chưa gửi được" in words(answer.content)


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "nonsense"])
def test_a_body_of_another_kind_is_an_empty_page(client: Client, kind: str) -> None:
    answer = client.post(REPORT, json.dumps({"story": STORY}), content_type=kind)
    assert answer.status_code == 422


@pytest.mark.parametrize("why", [BUSY, ONLY_SHORT])
def test_a_long_text_that_is_not_taken_is_given_back_with_whom_to_ring(
    client: Client, why: FormError
) -> None:
    story = "Họ gọi tôi. " * 9000
    answer = client.post("/bao-cao/", {**hidden(client), "story": story}, **{REFUSAL: why})
    assert answer.status_code == why.status
    assert value(answer.content, "story") == story
    assert str(why.text)[:20] in words(answer.content)
    assert "02373.725.725" in words(answer.content)
    assert 'href="tel:113"' in answer.content.decode()
    assert not Report.objects.exists()
