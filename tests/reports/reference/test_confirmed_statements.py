"""Sentences and numbers that no page shows before an officer has confirmed them."""

from unittest.mock import Mock

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection
from django.test import Client
from django.utils import translation

from core.errors import ActionError
from reports.cases import replies
from reports.facts import merged_report
from reports.models import BankHotline, PublicStatement
from reports.numbers import findings
from reports.reference import confirmed_statements
from reports.views.report import carrier_report_sms
from tests.support import report_factories
from tests.support.officers import Person
from tests.support.report_factories import confirm_statement
from tests.support.resident_pages import create_resident, send, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def no_fine(reference_rows: None) -> PublicStatement:
    return PublicStatement.objects.get(codename="no_fine")


def test_a_sentence_is_said_once_confirmed_in_the_language_of_the_page_and_without_a_database(
    no_fine: PublicStatement,
) -> None:
    assert confirmed_statements.statements() == {}
    confirm_statement(no_fine.pk)
    assert set(confirmed_statements.statements()) == {"no_fine"}
    assert confirmed_statements.statements()["no_fine"].text == "Cúp máy không ai phạt."
    with translation.override("en"):
        in_english = confirmed_statements.statements()["no_fine"].text
    assert in_english == "You will not be fined for hanging up."
    confirmed_statements._statements.expires_at = 0.0
    with connection.execute_wrapper(Mock(side_effect=OperationalError)):
        assert "no_fine" in confirmed_statements.statements()


def test_setup_leaves_what_the_officers_wrote(no_fine: PublicStatement) -> None:
    PublicStatement.objects.filter(pk=no_fine.pk).update(text="Lời khác.")
    call_command("setup_desk", verbosity=0)
    assert PublicStatement.objects.get(pk=no_fine.pk).text == "Lời khác."


@pytest.mark.usefixtures("reference_rows")
def test_there_is_no_bank_until_officers_fill_the_table() -> None:
    assert BankHotline.objects.count() == 0
    assert confirmed_statements.bank_hotlines() == ()


def bank(name: str, number: str) -> None:
    """A line that two officers have confirmed."""
    BankHotline.objects.create(
        name=name, number=number, source="mặt sau thẻ", verified_on="2026-11-05"
    )
    confirmed_statements.clear_cache()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Tôi chuyển từ thẻ VCB của tôi sang MB Bank.", ["MB Bank", "Vietcombank"]),
        ("ck tu vietcombank", ["Vietcombank"]),
        ("ngân hàng ngoại thương", ["Vietcombank"]),
        ("Tôi chuyển qua ngân hàng Bắc Sơn.", ["Ngân hàng Bắc Sơn"]),
        ("Tôi gửi ở Agribank, không ai gọi.", []),
        ("vcbx mbank", []),
        ("", []),
    ],
)
def test_a_bank_is_found_by_whatever_people_call_it(text: str, named: list[str]) -> None:
    bank("Vietcombank", "1900 000 111")
    bank("MB Bank", "1900 000 112")
    bank("Ngân hàng Bắc Sơn", "1900 000 113")
    assert [each.name for each in confirmed_statements.banks_named_in(text)] == named


@pytest.mark.parametrize(
    ("number", "dial"), [("1900 000 111", "1900000111"), ("*1900.00-11#", "*19000011%23")]
)
def test_a_line_is_dialled_without_its_blanks(number: str, dial: str) -> None:
    assert BankHotline(number=number).dial == dial


@pytest.mark.usefixtures("reference_rows")
def test_who_lost_money_reads_the_number_of_the_bank_they_named(client: Client) -> None:
    story = "Tôi vừa chuyển 35 triệu từ Vietcombank cho họ."
    card, other = "Số ở mặt sau thẻ.", "Ngân hàng khác thì số ở mặt sau thẻ."
    resident = create_resident(client, story=story, money_lost=True)
    send(client, story=story, money_lost="yes")
    pages = [
        lambda: client.post("/that-hay-gia/", {"story": story}),
        lambda: client.get("/bao-cao/da-nhan/"),
        lambda: client.post("/theo-doi/", {"code": resident.code}, follow=True),
    ]
    for read in pages:
        page = words(read().content)
        assert card in page
        assert other not in page
    bank("Vietcombank", "1900 000 111")
    for read in pages:
        content = read().content
        assert b'<a href="tel:1900000111">1900 000 111</a>' in content
        assert other in words(content)


@pytest.mark.usefixtures("reference_rows")
def test_a_banks_line_is_told_as_its_own_and_never_as_a_scammers(
    client: Client, duty: Person
) -> None:
    report = report_factories.report("Họ xưng ngân hàng.", caller_number="1900 000 111")
    merged = merged_report.merged_report(report)
    assert carrier_report_sms(merged)
    assert replies.has_unpublished_number("Gọi 1900 000 111.")
    bank("Vietcombank", "1900 000 111")
    page = words(client.post("/kiem-tra/", {"number": "1900 000 111"}).content)
    assert "Số gấp của Vietcombank, nhưng có thể bị giả" in page
    assert carrier_report_sms(merged) is None
    assert not replies.has_unpublished_number("Gọi 1900 000 111.")
    with pytest.raises(ActionError, match="ngân hàng"):
        findings.parse_finding_subject("1900 000 111")
