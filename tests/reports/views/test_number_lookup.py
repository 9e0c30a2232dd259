"""What a visitor is told of a number."""

import re
from datetime import date, timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from lxml import html
from pytest_django import DjangoAssertNumQueries

from core import rate_limits
from portal.management import reference_data
from reports.extraction import phones
from reports.models import Report
from reports.numbers import lookup
from reports.numbers.lookup import VerdictKind
from reports.views import number_lookup
from tests.support.data_files import read_cases
from tests.support.number_factories import (
    APART,
    KEY,
    NO_FINDING_TODAY,
    NUMBER,
    add_finding,
    file_report,
    fill_indicators,
    look_up,
)
from tests.support.number_lookup_page import CHECK, ask
from tests.support.resident_pages import FOREIGN_ORIGIN, hidden_of, value, words

pytestmark = pytest.mark.django_db


# --- the five states


def test_what_two_officers_found_is_said_with_its_dates(client: Client) -> None:
    add_finding(valid_until=date(2099, 2, 18))
    page = words(ask(client).content)
    assert "Kẻ gian đã dùng số này" in page
    assert f"Công an tỉnh xác nhận ngày {timezone.localdate():%d/%m/%Y}" in page
    assert "có giá trị đến 18/02/2099" in page
    assert "chủ số có thể không hay biết" in page
    assert "Đề nghị xem lại" in page


@NO_FINDING_TODAY
def test_what_is_not_a_finding_today_is_not_said(fields: dict[str, Any]) -> None:
    add_finding(**fields)
    assert look_up().kind == VerdictKind.UNKNOWN


def test_two_people_who_have_nothing_to_do_with_each_other_are_said(client: Client) -> None:
    file_report(0), file_report(1)
    page = words(ask(client).content)
    assert "Đã có người báo, chưa xác minh" in page
    assert f"2 người không liên quan nhau, gần nhất {timezone.localdate():%d/%m/%Y}" in page
    assert "Chưa đủ để nói số này của kẻ gian" in page
    goes = timezone.localdate(timezone.now() - APART) + timedelta(days=60)
    assert f"Ngày {goes:%d/%m/%Y}, nếu không có tin mới" in page


@pytest.mark.parametrize("path", [CHECK, "/en/kiem-tra/"])
def test_one_report_is_answered_like_none(client: Client, path: str) -> None:
    none = ask(client, path=path)
    file_report()
    one = ask(client, path=path)
    assert one.content == none.content
    assert dict(one.headers) | {"Expires": ""} == dict(none.headers) | {"Expires": ""}


def test_none_is_never_called_safe(client: Client) -> None:
    page = ask(client).content
    assert "Chưa đủ tin về số này Không có nghĩa là số này an toàn" in words(page)
    assert "cần từ 2 người không liên quan nhau" in words(page)
    boxes = html.document_fromstring(page).xpath("//*[contains(@class, 'verdict')]/@class")
    assert boxes == ["verdict is-violet"]


def test_an_offices_own_number_may_be_forged(client: Client) -> None:
    reference_data.load_offices()
    page = words(ask(client, "0237 3725725").content)
    assert "Số của Công an tỉnh Thanh Hóa, nhưng có thể bị giả" in page
    assert "Ai gọi đến bằng số này cũng chưa chắc là công an" in page
    assert "140/CAT-PV01" in page


@pytest.mark.parametrize(("number", "sentence"), read_cases("numbers_asked.json", "short_numbers"))
def test_a_short_number_that_everybody_may_dial_says_what_it_is(
    client: Client, number: str, sentence: str
) -> None:
    reference_data.load_offices()
    content = ask(client, number).content
    page = words(content)
    assert f"{sentence}, nhưng có thể bị giả" in page
    assert "Số hiện trên máy vẫn có thể bị giả" in page
    assert "đổi số từng ngày" not in page
    assert "Công an tỉnh Thanh Hóa, nhưng" not in page
    assert (f'href="tel:{number}"' in content.decode()) == (len(number) == 3 and number != "156")


@pytest.mark.parametrize(("typed", "sentence"), read_cases("numbers_asked.json", "odd_forms"))
def test_odd_forms_are_said_as_the_phone_showed_them(
    client: Client, typed: str, sentence: str
) -> None:
    answer = ask(client, typed)
    assert answer.status_code == 200
    assert sentence in words(answer.content)
    assert "0692" not in words(answer.content)
    assert b"<b>x</b>" not in answer.content


@pytest.mark.parametrize("people", [0, 2])
def test_a_foreign_number_is_spaced_and_not_to_be_called_back(client: Client, people: int) -> None:
    for person in range(people):
        file_report(person, "+447700900123")
    page = words(ask(client, "+447700900123").content)
    assert "Bạn đã hỏi +44 7700 900123" in page
    assert "Đây là số nước ngoài. Đừng gọi lại." in page
    assert ("Đã có người báo, chưa xác minh" in page) == (people == 2)


def test_several_numbers_become_buttons(client: Client) -> None:
    page = ask(client, f"{NUMBER} / 0550000456").content.decode()
    assert "Bạn hỏi số nào?" in page
    assert f'name="number" value="{KEY}">0550 000 123' in page
    assert 'value="+84550000456">0550 000 456' in page


def test_a_number_one_digit_from_the_hotline_is_said_and_never_repaired(client: Client) -> None:
    reference_data.load_offices()
    page = words(ask(client, "0373.725.725").content)
    assert "Chưa đủ tin về số này" in page
    assert "0373 725 725" in page
    assert "khác một chữ số với 02373.725.725" in page
    assert "Trang không tự sửa số" in page
    assert page.index("Gần giống số của cơ quan") < page.index("Chưa đủ tin về số này")


@pytest.mark.parametrize(
    ("typed", "near"),
    [
        ("02373.725.726", ["02373.725.725"]),
        ("0237.725.725", ["02373.725.725"]),
        ("023737 25 7255", ["02373.725.725"]),
        ("114", []),
    ],
)
def test_any_office_has_neighbours_and_no_short_number(typed: str, near: list[str]) -> None:
    reference_data.load_offices()
    assert [each.number for each in look_up(typed).similar_office_numbers] == near


def test_every_flag_of_the_reader_has_a_public_sentence() -> None:
    # Meaningless to the reader, or shown elsewhere on the page.
    unexplained = {
        "empty", "like_hotline", "several", "unlisted_range", "zero_after_84", "zero_for_plus",
        "zero_missing",
    }  # fmt: skip
    assert {*lookup.ODD, *lookup.HOW_PARSED, *unexplained} == set(phones.FLAG_REASONS_VI)


# --- closed and quick


def test_a_look_up_takes_seven_statements_at_most_whatever_is_found_and_writes_nothing(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    reference_data.load_offices()
    add_finding()
    for number in range(4):
        file_report(number)
    ask(client)  # what officers have confirmed is kept a minute
    for number in (NUMBER, "0550000124", "số ẩn", "02373.725.725", "113"):
        with django_assert_max_num_queries(7) as seen:
            ask(client, number)
        verbs = {query["sql"].split(maxsplit=1)[0] for query in seen.captured_queries}
        assert verbs == {"SELECT", "WITH"}


def explain(statements: list[str], part: str) -> str:
    """Return the plan of the one look-up among these that has this part."""
    named = (sql for sql in statements if part in sql and 'FROM "reports_indicator"' in sql)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {next(named)}")
        return "\n".join(row[0] for row in cursor.fetchall())


def test_among_thousands_the_indexes_answer() -> None:
    fill_indicators("number", "caller", "+84{}")
    with CaptureQueriesContext(connection) as seen, connection.cursor() as cursor:
        cursor.execute("ANALYZE reports_report, reports_indicator")
        look_up()
    statements = [query["sql"] for query in seen.captured_queries]
    own = explain(statements, f"\"key\" = '{KEY}'")
    alike = explain(statements, "LIKE '+84550000%'")
    assert len(re.findall(r"Index Scan (?:using|on) indicator_", own)) == 1
    assert "indicator_range" in alike
    assert "Seq Scan on reports_indicator" not in own + alike


def test_the_number_stays_out_of_address_log_and_cache(
    client: Client, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = ask(client)
    assert "private" in answer["Cache-Control"]
    assert "Location" not in answer
    assert not answer.cookies
    assert "Vary" not in answer or "Cookie" not in answer["Vary"]
    logged = caplog.text + "".join(capsys.readouterr())
    assert NUMBER not in logged
    assert KEY not in logged
    assert KEY.encode() not in client.get(CHECK, {"number": NUMBER}).content


@pytest.mark.parametrize("typed", ["", "   ", "9" * 5000])
def test_an_empty_or_endless_field_is_answered(client: Client, typed: str) -> None:
    answer = ask(client, typed)
    assert answer.status_code == 422
    assert len(answer.content) < 40_000


def test_a_foreign_page_cannot_ask(client: Client) -> None:
    answer = client.post(CHECK, {"number": NUMBER}, headers=FOREIGN_ORIGIN)
    assert answer.status_code == 403
    assert value(answer.content, "number") == NUMBER


def test_who_asks_without_end_is_asked_to_wait_and_told_what_to_do(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limits, "consume", lambda limit, _: limit.name != "check")
    answer = ask(client)
    assert answer.status_code == 429
    assert "Chờ 10 phút" in words(answer.content)
    assert "cúp máy" in words(answer.content)
    assert value(answer.content, "number") == NUMBER


@pytest.mark.usefixtures("enforced")
def test_only_a_look_up_takes_from_the_window(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(number_lookup, "LOOKUPS", rate_limits.Window("check", 1))
    for typed in ("", "9" * 5000, f"{NUMBER} 0550000124"):
        assert ask(client, typed).status_code in {200, 422}
    assert [ask(client).status_code for _ in range(2)] == [200, 429]


def test_without_a_database_the_number_stays_typed(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookup, "lookup_number", Mock(side_effect=OperationalError))
    answer = ask(client)
    assert answer.status_code == 503
    assert value(answer.content, "number") == NUMBER


def test_the_report_page_takes_the_number_over_without_an_address(client: Client) -> None:
    page = ask(client).content
    answer = client.post("/bao-cao/", {"prefill_number": hidden_of(page)["prefill_number"]})
    assert answer.status_code == 200
    assert value(answer.content, "caller_number") == "0550 000 123"
    assert (
        "no-store" not in answer["Cache-Control"]
    )  # as of the answer it comes from: Back finds it
    assert not Report.objects.exists()


@pytest.mark.parametrize("number", [NUMBER, "02373.725.725", "+84069 234 5678"])
def test_the_page_is_light(client: Client, number: str) -> None:
    reference_data.load_offices()
    add_finding()
    for person in range(4):
        file_report(person, claimed_office="bank")
    answer = client.post(CHECK, {"number": number}, headers={"Accept-Encoding": "gzip"})
    sheet = client.get("/static/css/portal.css", headers={"Accept-Encoding": "gzip"})
    assert len(answer.getvalue()) + len(sheet.getvalue()) <= 12_000
