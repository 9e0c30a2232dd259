"""How the code comes to the receipt: the cookie, the same form sent again, and what the page shows."""

from unittest.mock import Mock

import pytest
import time_machine
from django.db import OperationalError
from django.test import Client
from pytest_django import Settings

from reports.models import Report
from tests.support.resident_pages import RECEIPT, REPORT, code_of, hidden, send, words

pytestmark = pytest.mark.django_db

STORY = "Họ xưng công an, bảo tôi chuyển tiền."


def test_answers_to_a_post_are_never_stored(client: Client) -> None:
    for answer in (send(client, story=STORY), send(client), client.get(RECEIPT)):
        assert "no-store" in answer["Cache-Control"]


def test_an_error_page_sets_no_cookie(client: Client) -> None:
    assert not send(client).cookies


def test_the_receipt_cookie_is_short_sealed_and_ours_alone(
    client: Client, settings: Settings
) -> None:
    cookie = send(client, story=STORY).cookies["receipt"]
    code = code_of(client.get(RECEIPT).content)
    assert (cookie["path"], cookie["max-age"]) == ("/bao-cao/", 900)
    assert (cookie["httponly"], cookie["samesite"], cookie["secure"]) == (True, "Lax", "")
    assert code not in cookie.value
    settings.HTTPS = True
    settings.SECURE_SSL_REDIRECT = False
    assert send(client, story=STORY).cookies["receipt"]["secure"]


def test_the_code_is_in_no_address(client: Client) -> None:
    answer = send(client, story=STORY)
    code = code_of(client.get(answer["Location"]).content)
    assert len(code) == 16
    assert code not in answer["Location"]
    assert code.lower() not in str(answer.headers).lower()


def test_the_same_form_twice_is_one_report_with_one_code(client: Client) -> None:
    fields = {**hidden(client), "story": STORY}
    codes = []
    for _ in range(2):
        assert client.post(REPORT, fields).status_code == 303
        codes.append(code_of(client.get(RECEIPT).content))
    assert codes[0] == codes[1]
    assert Report.objects.count() == 1


def test_other_words_under_the_same_key_are_a_further_report(client: Client) -> None:
    fields = hidden(client)
    client.post(REPORT, {**fields, "story": STORY})
    client.post(REPORT, {**fields, "story": STORY + " Họ gọi lại."})
    assert Report.objects.count() == 2


def test_a_later_second_press_is_still_the_same_report(client: Client) -> None:
    with time_machine.travel("2026-11-24 10:00:00+07:00", tick=False):
        fields = {**hidden(client), "story": STORY}
        client.post(REPORT, fields)  # flagged as too fast
    with time_machine.travel("2026-11-24 10:09:00+07:00", tick=False):
        client.post(REPORT, fields)
    assert Report.objects.count() == 1


def test_a_browser_without_cookies_gets_its_code_by_sending_again() -> None:
    fields = {**hidden(Client()), "story": STORY}
    assert Client().post(REPORT, fields).status_code == 303
    assert "Bấm Gửi tin báo lần nữa" in words(Client().get(RECEIPT).content)
    answer = Client().post(REPORT, fields)
    assert answer.status_code == 200
    assert len(code_of(answer.content)) == 16
    assert Report.objects.count() == 1


@pytest.mark.parametrize("cookie", ["", "rubbish", "gAAAAA", "không"])
def test_a_cookie_that_is_not_ours_shows_no_receipt(client: Client, cookie: str) -> None:
    client.cookies["receipt"] = cookie
    answer = client.get(RECEIPT)
    assert answer.status_code == 200
    assert not code_of(answer.content)


def test_the_receipt_is_gone_after_a_quarter_of_an_hour(client: Client) -> None:
    with time_machine.travel("2026-11-24 10:00:00+07:00", tick=False):
        send(client, story=STORY)
    with time_machine.travel("2026-11-24 10:16:00+07:00", tick=False):
        assert not code_of(client.get(RECEIPT).content)


def test_the_receipt_shows_code_number_and_phrase(client: Client) -> None:
    send(client, story=STORY, contact_phone="0550 000 111", callback_phrase="bến Sung, 47")
    page = words(client.get(RECEIPT).content)
    assert Report.objects.get().public_number in page
    assert "“bến Sung, 47”" in page
    assert "Bạn không để lại số" not in page


def test_the_receipt_says_that_nobody_will_ring(client: Client) -> None:
    send(client, story=STORY)
    page = words(client.get(RECEIPT).content)
    assert "Bạn không để lại số" in page
    assert "Câu hẹn của bạn" not in page


def test_the_receipt_promises_no_time_and_no_result(client: Client) -> None:
    send(client, story=STORY)
    page = words(client.get(RECEIPT).content)
    assert "Dự kiến" not in page
    assert "chưa thể hứa trước kết quả" in page


def test_a_database_that_goes_after_the_report_leaves_the_code_on_the_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fields = {**hidden(Client()), "story": STORY}
    Client().post(REPORT, fields)
    monkeypatch.setattr(
        "reports.facts.merged_report.merged_report", Mock(side_effect=OperationalError)
    )
    answer = Client().post(REPORT, fields)
    assert answer.status_code == 200
    assert len(code_of(answer.content)) == 16
