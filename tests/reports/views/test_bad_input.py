"""Whatever is typed into the report is taken, and the receipt says what is not clear."""

from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from reports.models import Report
from tests.support.resident_pages import RECEIPT, code_of, send, words

pytestmark = pytest.mark.django_db

STORY = "Họ xưng công an."
FIELDS = (
    "caller_number", "claimed_office", "claimed_name", "story", "demands", "channel",
    "happening_now", "money_lost", "money_lost_vnd", "commune", "contact_phone",
    "callback_phrase", "on_behalf", "submission_key", "website",
)  # fmt: skip
HOSTILE = {
    "markup": "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "template": "{{ settings.SECRET_KEY }}{% load x %} {typed} %(typed)s %s",
    "control signs": "a\x01\x07\x0b\x1b[31m\x7f\u202e\u2066\ufeffb",
    "nul": "a\0b",
    "too long": "dài lắm " * 20_000,
    "digits without end": "9" * 50_000,
    "lines": "\r\n" * 3_000 + "x",
    "emoji": "😱" * 500,
    "other digits": "\u0660\u0661\u0662 \u0967\u0968 \uff10\uff19\uff19\uff12",
    "a fraction of a sign": "²³½",
    "spaces": "\u00a0\u2003 \t",
}


@pytest.fixture
def _communes(db: None) -> None:
    call_command("setup_desk", verbosity=0)


def said_on_receipt(client: Client, **fields: Any) -> str:
    assert send(client, **{"story": STORY, **fields}).status_code == 303
    return words(client.get(RECEIPT).content)


@pytest.mark.parametrize("what", HOSTILE)
def test_no_field_refuses_anything(client: Client, what: str) -> None:
    for field in FIELDS:
        said = {"story": STORY, "caller_number": "0992 000 123", field: HOSTILE[what]}
        assert send(client, **said).status_code == 303, field
        answer = client.get(RECEIPT)
        assert (answer.status_code, len(code_of(answer.content))) == (200, 16), field
        assert b"<script>alert" not in answer.content
        assert len(answer.content) < 60_000
    assert Report.objects.count() == len(FIELDS)


@pytest.mark.usefixtures("_communes")
@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("caller_number", "0992 000 123; 0550 000 124", "có vẻ là mấy số"),
        ("caller_number", "099200012345678", "thừa chữ số"),
        ("money_lost_vnd", "-5 triệu", "Trang chưa hiểu “-5 triệu”"),
        ("money_lost_vnd", "99999999999999999999 đồng", "Trang chưa hiểu"),
        ("money_lost_vnd", "900 tỷ", "chín trăm tỷ đồng"),
        ("money_lost_vnd", "20", "Là 20 nghìn hay 20 triệu?"),
        ("money_lost_vnd", "sang năm mới mất", "Trang chưa hiểu"),
        ("commune", "Lam Sn", "Chưa tìm thấy “Lam Sn”"),
        ("commune", "<b>Lam Sơn", "Chưa tìm thấy “<b>Lam Sơn”"),
        ("contact_phone", "không có máy", "chưa có số nào"),
        ("contact_phone", "0550 000 111 0550 000 112", "có vẻ là hai số"),
        ("contact_phone", "12345", "mới có 5 chữ số"),
        ("story", "thẻ 4111 1111 1111 1111 của tôi", "giống số thẻ"),
    ],
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
