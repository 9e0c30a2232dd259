"""What a visitor is told of an account or a link, and of a card that does not belong here."""

import logging

import pytest
from django.test import Client
from pytest_django import Settings

from tests.support.language import vietnamese_words
from tests.support.number_factories import add_finding
from tests.support.number_lookup_page import CHECK, ask
from tests.support.resident_pages import hidden_of, value, words

CARD = "9704 2292 1234 5678"
ACCOUNT = "0992000456789"
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "typed", ["0011004567890", "Vietcombank 0011004567890", "1012345678", "0123456789012"]
)
def test_an_account_is_answered_as_an_account(client: Client, typed: str) -> None:
    page = words(ask(client, typed).content)
    assert "Chưa đủ tin về tài khoản này Không có nghĩa là an toàn." in page
    for told in ("nước ngoài", "Đừng gọi lại", "Dài hơn", "Không có số điện thoại nào"):
        assert told not in page


def test_what_two_officers_found_is_said_with_its_dates_and_names_no_holder(client: Client) -> None:
    add_finding(kind="account", key=ACCOUNT, bank="BIDV")
    page = words(ask(client, ACCOUNT).content)
    assert "Kẻ gian đã dùng tài khoản này Công an tỉnh xác nhận ngày" in page
    assert f"Ghi nhận của công an: BIDV {ACCOUNT}." in page
    assert "Cùng dãy số ở ngân hàng khác là tài khoản khác." in page
    assert "chủ tài khoản có thể không hay biết" in page
    assert "Chưa đủ tin" in words(ask(client, f"ACB {ACCOUNT}").content)


def test_a_link_that_imitates_is_told_without_any_report_and_cannot_be_pressed(
    client: Client,
) -> None:
    content = ask(client, "https://dichvucong-thanhhoa.top/nop").content
    assert "Đường link nhái nơi thật" in words(content)
    assert "không thuộc đuôi .gov.vn" in words(content)
    assert "dichvucong-thanhhoa[.]top/nop" in words(content)
    assert b'href="https://dichvucong' not in content


def test_a_finding_on_a_host_is_told_of_its_pages(client: Client) -> None:
    add_finding(kind="link", key="nhai.example")
    page = words(ask(client, "http://vao.nhai.example/x").content)
    assert "Kẻ gian đã dùng trang này" in page
    assert "Ghi nhận của công an: nhai[.]example." in page


def test_an_address_of_the_state_is_not_called_safe(client: Client) -> None:
    page = words(ask(client, "https://dichvucong.gov.vn").content)
    assert "Đuôi .gov.vn là của cơ quan nhà nước" in page
    assert "Tự gõ địa chỉ, đừng bấm." in page


@pytest.mark.parametrize("typed", ["Vietcombank 0992000456789", "https://vi-du.example/nop"])
def test_it_goes_along_to_a_report_and_to_a_dispute(client: Client, typed: str) -> None:
    key = typed.rpartition(" ")[2].removeprefix("https://")
    page = ask(client, typed).content
    report = client.post("/bao-cao/", {"prefill_number": "", "story": hidden_of(page)["story"]})
    assert key in value(report.content, "story")
    add_finding(kind="link" if "http" in typed else "account", key=key.partition("/")[0])
    page = ask(client, typed).content.decode()
    form = page[page.index('action="/kiem-tra/xem-lai/"') :]
    assert key in form[: form.index("</form>")]


@pytest.mark.parametrize("path", [CHECK, "/en/kiem-tra/", "/kiem-tra/xem-lai/"])
def test_a_card_is_refused_with_a_sentence_and_stands_nowhere(
    client: Client, caplog: pytest.LogCaptureFixture, path: str
) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = client.post(path, {"number": f"thẻ {CARD}"})
    assert answer.status_code == 422
    assert "1234 5678" not in answer.content.decode() + caplog.text
    assert ("Đây là số thẻ." in words(answer.content)) or path.startswith("/en/")


def test_a_card_in_a_message_is_neither_shown_again_nor_carried_to_a_report(client: Client) -> None:
    answer = client.post("/that-hay-gia/", {"story": f"họ hỏi số thẻ {CARD} của tôi và mã otp"})
    assert "Trong lời bạn ghi có số thẻ." in words(answer.content)
    assert "1234 5678" not in answer.content.decode()
    assert "họ hỏi số thẻ •••• của tôi" in value(answer.content, "story")


@pytest.mark.parametrize(("typed", "sentence"), [
    (f"chuyển vào stk {ACCOUNT} BIDV", "kẻ gian đã dùng tài khoản này"),
    ("bấm vào https://nhai.example/x", "kẻ gian đã dùng trang này"),
])  # fmt: skip
def test_a_finding_makes_a_message_plain(client: Client, typed: str, sentence: str) -> None:
    add_finding(kind="account", key=ACCOUNT, bank="BIDV")
    add_finding(kind="link", key="nhai.example")
    page = words(client.post("/that-hay-gia/", {"story": typed}).content)
    assert "Có dấu hiệu lừa đảo rõ" in page
    assert f"Công an tỉnh đã xác nhận: {sentence}." in page


@pytest.mark.parametrize("typed", [ACCOUNT, "https://dichvucong-th.top"])
def test_the_english_answer_speaks_no_vietnamese(client: Client, typed: str) -> None:
    assert vietnamese_words(ask(client, typed, path="/en/kiem-tra/").content) == []


def test_the_page_is_light(client: Client, settings: Settings) -> None:
    add_finding(kind="account", key=ACCOUNT, bank="BIDV")
    answer = client.post(CHECK, {"number": ACCOUNT}, headers={"Accept-Encoding": "gzip"})
    sheet = client.get("/static/css/portal.css", headers={"Accept-Encoding": "gzip"})
    assert len(answer.getvalue()) + len(sheet.getvalue()) <= 12_000
