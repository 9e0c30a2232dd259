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


def test_answers_to_a_post_are_never_stored_and_an_error_sets_no_cookie(client: Client) -> None:
    taken, empty = send(client, story=STORY), send(client)
    for answer in (taken, empty, client.get(RECEIPT)):
        assert "no-store" in answer["Cache-Control"]
    assert not empty.cookies


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
    with time_machine.travel("2026-11-24 10:00:00+07:00", tick=False):
        fields = {**hidden(client), "story": STORY}
    codes = set()
    for at in ("2026-11-24 10:00:00+07:00", "2026-11-24 10:09:00+07:00"):  # the first is too fast
        with time_machine.travel(at, tick=False):
            assert client.post(REPORT, fields).status_code == 303
            codes.add(code_of(client.get(RECEIPT).content))
    assert [len(code) for code in codes] == [16]
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
