"""The receipt: what it shows, what it asks back, what it promises and when it says nothing."""

from typing import Any
from unittest.mock import Mock
from urllib.parse import unquote

import pytest
import time_machine
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from lxml import html
from pytest_django import Settings

from reports.models import PublicStatement, Receipt, Report
from reports.submission import form_parser, receipt_codes
from reports.views.receipt import draw_qr_code
from tests.support.report_factories import confirm_statement
from tests.support.resident_pages import RECEIPT, REPORT, code_of, hidden, hidden_of, send, words

pytestmark = pytest.mark.django_db

STORY = "Họ xưng công an, bảo tôi chuyển tiền."
NUMBER = "0992 000 123"
LATER = "/theo-doi/them/"
MARKS = "ăơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốổỗộớờởỡợụủứừửữựỳỵỷỹ"  # not the marks of "Thanh Hóa", "đồng"


@pytest.fixture
def promises(db: None) -> None:
    """Every sentence confirmed."""
    call_command("setup_desk", verbosity=0)
    for statement in PublicStatement.objects.all():
        confirm_statement(statement.pk)


@pytest.fixture(autouse=True)
def _people_take_their_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who sends at once is asked for a sentence, and here everybody does."""
    monkeypatch.setattr(form_parser, "MIN_FILL_SECONDS", 0)


def receipt(client: Client, **fields: Any) -> bytes:
    """The receipt of a report that says this."""
    send(client, **{"story": STORY, **fields})
    return bytes(client.get(RECEIPT).content)


def forms(page: bytes, action: str) -> list[Any]:
    return html.document_fromstring(page).xpath(f"//form[@action='{action}']")


def only_vietnamese(page: bytes) -> set[str]:
    """Words of a page's own part that no English page should hold."""
    (main,) = html.document_fromstring(page).xpath("//main")
    return {word for word in main.text_content().split() if set(word.lower()) & set(MARKS)}


# What it shows


def test_a_phrase_that_is_easy_to_guess_is_told_right_under_it(client: Client) -> None:
    page = receipt(client, contact_phone="0550 000 111", callback_phrase="mật khẩu")
    (phrase,) = html.document_fromstring(page).xpath("//*[@class='phrase']")
    assert "kẻ gian dễ đoán" in phrase.getnext().text_content()


def test_the_square_holds_the_address_and_the_code(client: Client, settings: Settings) -> None:
    settings.PORTAL_URL = "https://baocuocgoi.example.gov.vn"
    page = receipt(client)
    address = f"https://baocuocgoi.example.gov.vn/theo-doi/#{code_of(page)}"
    assert draw_qr_code(address).path in page.decode()


def test_nothing_on_it_needs_a_style_of_its_own(client: Client) -> None:
    page = html.document_fromstring(receipt(client, contact_phone="0550 000 111"))
    assert page.xpath("//@style | //style | //script[not(@src)]") == []


def test_a_text_to_oneself_holds_the_code(client: Client) -> None:
    page = receipt(client)
    (address,) = html.document_fromstring(page).xpath("//a[starts-with(@href, 'sms:?')]/@href")
    assert " ".join(receipt_codes.format_code(code_of(page))) in unquote(address)


def test_each_group_is_spelled_out(client: Client) -> None:
    page = receipt(client)
    for group in receipt_codes.format_code(code_of(page)):
        assert receipt_codes.phonetic_group(group) in page.decode()


def test_the_english_receipt_is_english(client: Client) -> None:
    form = hidden_of(client.get("/en" + REPORT).content)
    answer = client.post("/en" + REPORT, {**form, "story": STORY})
    assert answer["Location"] == "/en" + RECEIPT
    assert answer.cookies["receipt"]["path"] == "/en/bao-cao/"
    page = client.get("/en" + RECEIPT).content
    assert "We have your report" in words(page)
    assert forms(page, "/en" + LATER)
    assert only_vietnamese(page) == set()


def test_the_urgent_english_receipt_is_english(client: Client) -> None:
    form = hidden_of(client.get("/en" + REPORT).content)
    fields = {"story": STORY, "happening_now": "yes", "money_lost": "yes"}
    client.post("/en" + REPORT, {**form, **fields})
    page = client.get("/en" + RECEIPT).content
    assert len(urgent(page)) == 1
    assert only_vietnamese(page) == set()


def test_the_english_report_page_is_english(client: Client) -> None:
    empty = client.post("/en" + REPORT, hidden_of(client.get("/en" + REPORT).content)).content
    assert "1 thing to put right" in words(empty)
    assert only_vietnamese(empty) == set()


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


def test_who_is_still_pressed_reads_first_to_hang_up(client: Client) -> None:
    (note,) = urgent(receipt(client, happening_now="yes"))
    assert "Cúp máy. Đang bị ép thì gọi 113 ngay." in note.text_content()
    assert note.xpath(".//a/@href") == ["tel:113"]
    assert "ngân hàng" not in note.text_content()


def test_who_has_lost_money_reads_first_to_ring_the_bank(client: Client) -> None:
    (note,) = urgent(receipt(client, money_lost="yes"))
    (paragraph,) = note.xpath("p")
    assert paragraph.text_content() == "Gọi ngân hàng của bạn trước. Số ở mặt sau thẻ."
    assert note.xpath(".//a") == []


def test_a_receipt_is_calm_where_nothing_presses(client: Client) -> None:
    assert urgent(receipt(client, money_lost="no")) == []


# What it promises


def test_nothing_is_promised_until_it_is_confirmed(client: Client) -> None:
    page = words(receipt(client, caller_number=NUMBER))
    assert "156" not in page
    assert "VNeID" not in page
    assert "Dự kiến" not in page


@pytest.mark.usefixtures("promises")
def test_the_public_clocks_say_when(client: Client) -> None:
    with time_machine.travel("2026-11-24 14:32:10+07:00", tick=False):
        page = receipt(client)
    # The database's own clock says when the report came.
    report = Report.objects.get()
    assert f"Dự kiến trước {report.received_local:%H:%M} " in words(page)
    assert "Dự kiến trước 17:00 " in words(page)


@pytest.mark.usefixtures("promises")
def test_a_text_for_the_carriers_is_ready_to_send(client: Client) -> None:
    page = receipt(client, caller_number=NUMBER, claimed_office="police", demands=["money"])
    assert "LD (0992000123) (xung cong an, doi chuyen tien)" in words(page)
    assert b'href="sms:156?&amp;body=LD%20' in page
    assert "VNeID" in words(page)


@pytest.mark.usefixtures("promises")
def test_without_a_number_there_is_no_text_for_the_carriers(client: Client) -> None:
    assert "gửi 156" not in words(receipt(client))


# What it asks back, and what may be added


def test_what_is_open_is_asked_in_one_form(client: Client) -> None:
    page = receipt(client, money_lost_vnd="20", contact_phone="0992000")
    question_form = next(form for form in forms(page, LATER) if "money_lost_vnd" in form.fields)
    assert question_form.fields["kind"] == "answer"
    assert question_form.fields["code"] == code_of(page)
    assert len(question_form.fields["submission_key"]) == 32
    assert "contact_phone" in question_form.fields
    assert "Là 20 nghìn hay 20 triệu?" in words(page)


def test_the_same_old_name_in_two_districts_is_asked_about(client: Client) -> None:
    call_command("setup_desk", verbosity=0)
    page = receipt(client, commune="Lam Sơn")
    assert Report.objects.get().commune_id is None
    question_form = next(form for form in forms(page, LATER) if "commune" in form.fields)
    offered = question_form.xpath(".//input[@name='commune']/@value")
    assert {"xa_lam_son", ""} < set(offered)
    assert "Xã Lam Sơn (Thọ Xuân cũ)" in words(page)


def test_many_places_of_one_district_stand_in_a_list(client: Client) -> None:
    call_command("setup_desk", verbosity=0)
    page = html.document_fromstring(receipt(client, commune="huyện Quan Hóa"))
    assert len(page.xpath("//select[@name='commune']/option")) > 6
    assert page.xpath("//input[@name='commune']") == []


def test_what_was_answered_is_asked_no_more(client: Client) -> None:
    page = receipt(client, money_lost_vnd="20", contact_phone="0550 000 111")
    question_form = next(form for form in forms(page, LATER) if "money_lost_vnd" in form.fields)
    answer = {
        **dict(question_form.fields),
        "money_lost_vnd": "20 triệu",
        "callback_phrase": "hai cái bát",
    }
    client.post(LATER, answer)
    page = client.get(RECEIPT).content
    assert "Trang hỏi lại bạn" not in words(page)
    assert "hai cái bát" in words(page)


def test_a_fresh_receipt_looks_for_no_additions(client: Client) -> None:
    send(client, story=STORY)
    with CaptureQueriesContext(connection) as queries:
        client.get(RECEIPT)
    statements = [query["sql"] for query in queries if "reports_followup" in query["sql"]]
    assert len(statements) == 1
    assert "reports_receipt" in statements[0]


def test_nothing_is_asked_when_nothing_is_open(client: Client) -> None:
    assert "Trang hỏi lại bạn" not in words(receipt(client))


def test_who_sends_at_once_has_a_receipt_and_is_asked_for_a_sentence(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(form_parser, "MIN_FILL_SECONDS", 3)
    page = receipt(client)
    assert code_of(page)
    question_form = next(form for form in forms(page, LATER) if form.fields["kind"] == "answer")
    assert "story" in question_form.fields


def test_more_can_be_told_from_the_receipt(client: Client) -> None:
    page = receipt(client)
    (more,) = forms(page, LATER)
    assert (more.fields["kind"], more.fields["code"]) == ("more", code_of(page))
    assert "story" in more.fields


def test_who_left_a_number_can_change_the_phrase(client: Client) -> None:
    page = receipt(client, contact_phone="0550 000 111", callback_phrase="ấm và chảo")
    changed = next(form for form in forms(page, LATER) if "callback_phrase" in form.fields)
    assert changed.fields["kind"] == "correction"
    assert "Đổi câu hẹn" in words(page)


# A code that is no more


def replace(report: Report) -> None:
    """As when an officer has let a new code be fetched."""
    fresh = {"code_hash": b"another" * 4 + b"code", "replaced_at": timezone.now()}
    Receipt.objects.filter(report=report).update(**fresh)


def test_a_replaced_code_is_shown_no_more(client: Client) -> None:
    code = code_of(receipt(client))
    replace(Report.objects.get())
    page = client.get(RECEIPT).content
    assert "Tin này đã có mã mới hơn" in words(page)
    assert code not in page.decode()


def test_a_report_sent_again_tells_that_its_code_was_replaced(client: Client) -> None:
    fields = {**hidden(client), "story": STORY}
    client.post(REPORT, fields)
    replace(Report.objects.get())
    answer = client.post(REPORT, fields)
    assert answer.status_code == 200
    assert "Tin này đã có mã mới hơn" in words(answer.content)
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
