"""The receipt: how its code comes to it, what it shows, promises and asks back."""

from typing import Any
from unittest.mock import Mock
from urllib.parse import unquote

import pytest
import time_machine
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from lxml import html
from pytest_django import Settings

from core.qr_codes import draw_qr_code
from reports.models import PublicStatement, Receipt, Report
from reports.submission import form_parser, receipt_codes
from tests.support.language import vietnamese_words
from tests.support.report_factories import confirm_statement
from tests.support.resident_pages import (
    RECEIPT,
    REPORT,
    code_of,
    hidden,
    hidden_of,
    read_receipt,
    send,
    words,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("people_take_their_time")]

STORY = "Họ xưng công an, bảo tôi chuyển tiền."
NUMBER = "0992 000 123"
LATER = "/theo-doi/them/"


@pytest.fixture
def promises(reference_rows: None) -> None:
    """Every sentence confirmed."""
    for statement in PublicStatement.objects.all():
        confirm_statement(statement.pk)


def forms(page: bytes, action: str) -> list[Any]:
    return html.document_fromstring(page).xpath(f"//form[@action='{action}']")


def form_with(page: bytes, field: str) -> Any:
    """The form that sends more about the report and has this field."""
    return next(form for form in forms(page, LATER) if field in form.fields)


# How its code comes to it


def test_what_was_taken_is_never_stored_and_what_was_refused_by_its_browser_alone(
    client: Client,
) -> None:
    taken, empty = send(client, story=STORY), send(client)
    for answer in (taken, client.get(RECEIPT)):
        assert "no-store" in answer["Cache-Control"]
    assert empty["Cache-Control"] == "private, no-cache"  # the back button finds it
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


def test_the_same_form_twice_is_one_report_with_one_code(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(form_parser, "MIN_FILL_SECONDS", 3)
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
def test_a_cookie_of_another_shows_no_receipt(client: Client, cookie: str) -> None:
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


# What it shows


def test_it_shows_number_and_phrase_and_promises_no_result(client: Client) -> None:
    page = words(read_receipt(client, contact_phone="0550 000 111", callback_phrase="bến Sung, 47"))
    assert Report.objects.get().public_number in page
    assert "“bến Sung, 47”" in page
    assert "Bạn không để lại số" not in page
    assert "chưa thể hứa trước kết quả" in page


def test_who_left_no_number_is_told_that_nobody_will_ring(client: Client) -> None:
    page = words(read_receipt(client))
    assert "Bạn không để lại số" in page
    assert "Câu hẹn của bạn" not in page


def test_a_phrase_that_is_easy_to_guess_is_told_right_under_it(client: Client) -> None:
    page = read_receipt(client, contact_phone="0550 000 111", callback_phrase="mật khẩu")
    (phrase,) = html.document_fromstring(page).xpath("//*[@class='phrase']")
    assert "kẻ gian dễ đoán" in phrase.getnext().text_content()


def test_the_code_is_spelled_out_drawn_as_a_square_and_ready_to_be_sent_to_oneself(
    client: Client, settings: Settings
) -> None:
    settings.PORTAL_URL = "https://baocuocgoi.example.gov.vn"
    page = read_receipt(client)
    code = code_of(page)
    square = draw_qr_code(f"https://baocuocgoi.example.gov.vn/theo-doi/#{code}")
    assert square.path in page.decode()
    groups = receipt_codes.format_code(code)
    for group in groups:
        assert receipt_codes.phonetic_group(group) in page.decode()
    (address,) = html.document_fromstring(page).xpath("//a[starts-with(@href, 'sms:?')]/@href")
    assert " ".join(groups) in unquote(address)


def test_nothing_on_it_needs_a_style_of_its_own(client: Client) -> None:
    page = html.document_fromstring(read_receipt(client, contact_phone="0550 000 111"))
    assert page.xpath("//@style | //style | //script[not(@src)]") == []


def test_the_english_receipt_is_english(client: Client) -> None:
    form = hidden_of(client.get("/en" + REPORT).content)
    told = {"story": STORY, "happening_now": "yes", "money_lost": "yes"}
    answer = client.post("/en" + REPORT, form | told)
    assert answer["Location"] == "/en" + RECEIPT
    assert answer.cookies["receipt"]["path"] == "/en/bao-cao/"
    page = client.get("/en" + RECEIPT).content
    assert "We have your report" in words(page)
    assert forms(page, "/en" + LATER)
    assert len(urgent(page)) == 2
    assert vietnamese_words(page) == []


def test_an_empty_report_is_told_so_in_english(client: Client) -> None:
    empty = client.post("/en" + REPORT, hidden_of(client.get("/en" + REPORT).content)).content
    assert "1 thing to correct" in words(empty)
    assert vietnamese_words(empty) == []


def test_without_a_database_the_code_still_stands_there(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(client, story=STORY)
    monkeypatch.setattr(receipt_codes, "report_for_code", Mock(side_effect=OperationalError))
    answer = client.get(RECEIPT)
    assert answer.status_code == 200
    assert len(code_of(answer.content)) == 16


# What cannot wait


def urgent(page: bytes) -> list[Any]:
    """The red note above the code."""
    return html.document_fromstring(page).xpath(
        "//*[contains(@class, 'note is-red')][following::ul[@class='code']]"
    )


def test_who_reports_an_ongoing_call_reads_first_to_hang_up(client: Client) -> None:
    (note,) = urgent(read_receipt(client, happening_now="yes"))
    assert "Cúp máy. Đang bị ép thì gọi 113 ngay." in note.text_content()
    assert note.xpath(".//a/@href") == ["tel:113"]
    assert "ngân hàng" not in note.text_content()


def test_who_has_lost_money_reads_first_to_ring_the_bank(client: Client) -> None:
    (note,) = urgent(read_receipt(client, money_lost="yes"))
    first, *_, last = (step.text_content() for step in note.xpath(".//li"))
    assert first.startswith("Gọi ngân hàng của bạn trước. Số ở mặt sau thẻ.")
    assert last.startswith("Đây là tin bạn báo cho công an, chưa phải đơn tố giác.")
    assert note.xpath(".//a") == []


def test_a_receipt_is_calm_where_nothing_presses(client: Client) -> None:
    assert urgent(read_receipt(client, money_lost="no")) == []


# What it promises


def test_nothing_is_promised_until_it_is_confirmed(client: Client) -> None:
    page = words(read_receipt(client, caller_number=NUMBER))
    assert "156" not in page
    assert "VNeID" not in page
    assert "Dự kiến" not in page


@pytest.mark.usefixtures("promises")
def test_the_public_clocks_say_when(client: Client) -> None:
    with time_machine.travel("2026-11-24 14:32:10+07:00", tick=False):
        page = read_receipt(client)
    # The database's own clock says when the report came.
    report = Report.objects.get()
    assert f"Dự kiến trước {report.received_local:%H:%M} " in words(page)
    assert "Dự kiến trước 17:00 " in words(page)


@pytest.mark.usefixtures("promises")
def test_a_text_for_the_carriers_is_ready_to_send_where_there_is_a_number(client: Client) -> None:
    page = read_receipt(client, caller_number=NUMBER, claimed_office="police", demands=["money"])
    assert "LD (0992000123) (xung cong an, doi chuyen tien)" in words(page)
    assert b'href="sms:156?&amp;body=LD%20' in page
    assert "VNeID" in words(page)
    assert "gửi 156" in words(page)
    assert "gửi 156" not in words(read_receipt(client))


# What it asks back, and what may be added


def test_what_is_open_is_asked_in_one_form(client: Client) -> None:
    page = read_receipt(client, money_lost_vnd="20", contact_phone="0992000")
    asked = form_with(page, "money_lost_vnd").fields
    assert (asked["kind"], asked["code"]) == ("answer", code_of(page))
    assert len(asked["submission_key"]) == 32
    assert "contact_phone" in asked
    assert "Là 20 nghìn hay 20 triệu?" in words(page)


@pytest.mark.usefixtures("reference_rows")
def test_many_places_of_one_district_stand_in_a_list(client: Client) -> None:
    page = html.document_fromstring(read_receipt(client, commune="huyện Quan Hóa"))
    assert len(page.xpath("//select[@name='commune']/option")) > 6
    assert page.xpath("//input[@name='commune']") == []


def test_what_was_answered_is_asked_no_more(client: Client) -> None:
    page = read_receipt(client, money_lost_vnd="20", contact_phone="0550 000 111")
    answers = {"money_lost_vnd": "20 triệu", "callback_phrase": "hai cái bát"}
    client.post(LATER, dict(form_with(page, "money_lost_vnd").fields) | answers)
    page = client.get(RECEIPT).content
    assert "Hỏi lại cho rõ" not in words(page)
    assert "hai cái bát" in words(page)


def test_a_fresh_receipt_looks_for_no_followups_and_asks_nothing(client: Client) -> None:
    send(client, story=STORY)
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(RECEIPT)
    assert "Hỏi lại cho rõ" not in words(answer.content)
    statements = [query["sql"] for query in queries if "reports_followup" in query["sql"]]
    assert len(statements) == 1
    assert "reports_receipt" in statements[0]


def test_who_sends_at_once_has_a_receipt_and_is_asked_for_a_sentence(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(form_parser, "MIN_FILL_SECONDS", 3)
    page = read_receipt(client)
    assert code_of(page)
    asked = [form.fields for form in forms(page, LATER) if form.fields["kind"] == "answer"]
    assert "story" in asked[0]


def test_more_can_be_told_from_the_receipt(client: Client) -> None:
    page = read_receipt(client)
    (more,) = forms(page, LATER)
    assert (more.fields["kind"], more.fields["code"]) == ("more", code_of(page))
    assert "story" in more.fields


def test_who_left_a_number_can_change_the_phrase(client: Client) -> None:
    page = read_receipt(client, contact_phone="0550 000 111", callback_phrase="ấm và chảo")
    assert form_with(page, "callback_phrase").fields["kind"] == "correction"
    assert "Kể thêm, đổi câu hẹn" in words(page)


# A code that is no more


def test_a_replaced_code_is_shown_no_more_by_the_receipt_or_the_form_sent_again(
    client: Client,
) -> None:
    fields = {**hidden(client), "story": STORY}
    client.post(REPORT, fields)
    code = code_of(client.get(RECEIPT).content)
    # As when an officer has let a new code be fetched.
    Receipt.objects.update(code_hash=b"another" * 4 + b"code", replaced_at=timezone.now())
    for answer in (client.get(RECEIPT), client.post(REPORT, fields)):
        assert answer.status_code == 200
        assert "Tin này đã có mã mới hơn" in words(answer.content)
        assert code not in answer.content.decode()
    assert Report.objects.count() == 1


def test_a_code_that_cannot_be_shown_never_gives_way_to_another_reports(client: Client) -> None:
    fields = {**hidden(client), "story": STORY}
    client.post(REPORT, fields)
    first = Report.objects.get()
    send(client, story="Một cuộc gọi khác.")  # its cookie lies in the browser now
    Receipt.objects.filter(report=first).update(derived_with="gone")
    page = words(client.post(REPORT, fields).content)
    assert first.public_number in page
    assert "không hiện lại được mã" in page
