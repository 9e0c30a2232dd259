"""The card of a typed number, account or link."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from desk.numbers import card
from reports.models import Office, OfficeNumber
from tests.support import campaign_factories, report_factories
from tests.support.desk_pages import words
from tests.support.number_factories import KEY, NUMBER, add_finding, file_report, proposed
from tests.support.officers import Person, create_officer, log_in

pytestmark = pytest.mark.django_db

CARD = "/admin/reports/numberfinding/card/"
STORY = (
    "Họ bảo chuyển vào số tài khoản 19031234567890 rồi mở trang https://vi-du.example/nop-phat ."
)


def read_card(client: Client, text: str) -> str:
    response = client.post(CARD, {"text": text})
    assert response.status_code == 200
    return words(response) if response.content.strip() else ""


def test_the_card_says_how_many_reports_name_a_number_their_campaign_and_the_finding(
    duty: Person, lead: Person
) -> None:
    campaign = campaign_factories.campaign("Đ-26-ABC")
    for each in (file_report(0), file_report(1)):
        campaign_factories.add_to_campaign(each, campaign)
    assert "2 tin đã nêu" in read_card(duty.client, "0550 000 123")
    add_finding()
    page = read_card(duty.client, NUMBER)
    assert "Kẻ gian đã dùng" in page
    assert "Đ-26-ABC" in page
    assert "2 người báo độc lập" in page


def test_a_proposed_finding_is_called_doubt_and_not_confirmed(duty: Person) -> None:
    proposed(duty)
    page = read_card(duty.client, NUMBER)
    assert "Nghi vấn Kẻ gian đã dùng: đề nghị" in page
    assert "Xác nhận " not in page


def test_a_unit_counts_its_own_reports_and_who_has_no_unit_none(duty: Person, lead: Person) -> None:
    unit = report_factories.unit()
    own, _ = file_report(0), file_report(1)
    report_factories.decide("assign_unit", own, lead, unit=unit.name)
    member = log_in(report_factories.create_unit_officer(unit))
    assert "1 tin đã nêu" in read_card(member, NUMBER)
    assert "2 tin đã nêu" in read_card(duty.client, NUMBER)
    alone = read_card(log_in(create_officer("chua", "unit")), NUMBER)
    assert ("Chưa có tin nào nêu" in alone, "mới nhất" in alone) == (True, False)


def test_a_proposed_finding_is_shown_only_to_who_may_read_findings(duty: Person) -> None:
    proposed(duty)
    duty.revoke("view_numberfinding")
    assert "Nghi vấn" not in read_card(duty.client, NUMBER)


def test_a_real_service_number_may_still_be_faked(duty: Person) -> None:
    card = read_card(duty.client, "113")
    assert "Số thật" in card
    assert "Số hiện trên máy vẫn có thể bị giả." in card


def test_the_number_of_an_office_and_one_beside_it_are_told_apart(duty: Person) -> None:
    office = Office.objects.create(codename="mau", name="Điện lực Mẫu")
    fields = {"number": "0550 000 123", "key": KEY, "source": "x", "verified_on": "2026-11-05"}
    OfficeNumber.objects.create(office=office, **fields)
    assert "Số công bố Điện lực Mẫu" in read_card(duty.client, NUMBER)
    assert "Gần giống số công bố 0550 000 123" in read_card(duty.client, "0550000124")


@pytest.mark.parametrize("text", ["1903 1234 567 890", "https://vi-du.example/nop-phat?a=1"])
def test_accounts_and_links_have_the_same_card(duty: Person, text: str) -> None:
    report_factories.triaged(STORY)
    assert "1 tin đã nêu" in read_card(duty.client, text)


@pytest.mark.parametrize("text", ["", "0550", "sầm sơn", "\0", "26-ABCD-EFGH"])
def test_what_is_no_number_has_no_card(duty: Person, text: str) -> None:
    assert read_card(duty.client, text) == ""


def test_hostile_text_is_cut_and_escaped(duty: Person) -> None:
    page = duty.client.post(CARD, {"text": "<script>1</script>0550000123" + "9" * 50_000})
    assert "<script" not in page.content.decode()
    assert len(page.content) < 5_000


def test_a_card_takes_eleven_statements_over_a_bounded_number_of_reports(
    duty: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(card, "MAX_MENTIONS", 2)
    campaign = campaign_factories.campaign("Đ-26-ABC")
    for number in range(3):
        campaign_factories.add_to_campaign(file_report(number), campaign)
    assert "Hơn 2 tin đã nêu" in read_card(duty.client, NUMBER)
    with CaptureQueriesContext(connection) as queries:
        card.load_card(NUMBER, duty.user)
    assert len(queries) <= 11
