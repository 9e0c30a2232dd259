"""What came of a report is read by its reporter, dated; nothing that others reported, nothing secret."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from reports.cases import documents, workflow
from reports.models import BankLetter, Case, NumberFinding, Report
from reports.tracking import results
from tests.support import alert_factories, report_factories
from tests.support.campaign_factories import add_to_campaign, campaign
from tests.support.number_factories import KEY, NUMBER
from tests.support.officers import Person
from tests.support.report_factories import decide
from tests.support.resident_pages import Resident, create_resident

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate().strftime("%d/%m/%Y")
LETTER: dict[str, Any] = {
    "bank": "Vietcombank", "account": "0011004567890", "holder": "NGUYEN VAN B",
    "amount_vnd": 90_000_000, "transferred_when": "12:45", "text": "Đề nghị tạm dừng giao dịch.",
}  # fmt: skip


def send_letter(report: Report, by: Person) -> BankLetter:
    version = Case.objects.get(report=report).version
    return workflow.issue_bank_letter(report.pk, by=by.user, version=version, words=LETTER)


def confirm_number(duty: Person, lead: Person, **changes: Any) -> None:
    now = timezone.now()
    values = {
        "key": KEY, "number": NUMBER, "finding": "confirmed", "reason": "căn cứ kín",
        "valid_until": timezone.localdate() + timedelta(days=30), "proposed_by": duty.user,
        "confirmed_by": lead.user, "confirmed_at": now,
    }  # fmt: skip
    NumberFinding.objects.create(**values | changes)


def test_money_that_a_bank_holds_is_told_with_the_trick_that_follows(
    resident: Resident, lead: Person
) -> None:
    letter = send_letter(resident.report, lead)
    assert "Ngân hàng" not in resident.read_status().partition("Tin của bạn đã giúp")[2][:200]
    documents.record_answer(letter, lead.user, frozen_vnd=12_000_000, answer="lời kín")
    page = resident.read_status()
    assert "Ngân hàng đã giữ lại 12.000.000 đồng. Ai đòi phí trước" in page
    assert f"{TODAY}Ngân hàng đã giữ lại" in page
    assert [word for word in ("lời kín", "Vietcombank", "0011004567890") if word in page] == []


@pytest.mark.parametrize("held", [None, 0])
def test_a_thief_who_holds_the_code_reads_of_no_letter_that_holds_nothing(
    resident: Resident, lead: Person, held: int | None
) -> None:
    before = resident.read_status()
    letter = send_letter(resident.report, lead)
    if held is not None:
        documents.record_answer(letter, lead.user, frozen_vnd=held, answer="không còn")
    page = resident.read_status()
    assert [page.count(word) for word in ("công văn", "giữ lại")] == [
        before.count(word) for word in ("công văn", "giữ lại")
    ]


@pytest.mark.parametrize(
    ("changes", "is_told"),
    [
        ({}, True),
        ({"confirmed_by": None, "confirmed_at": None}, False),
        ({"finding": "cleared"}, False),
        ({"withdrawn_at": timezone.now()}, False),
        ({"key": "+84550000124"}, False),
        ({"confirmed_at": timezone.now() - timedelta(days=9)}, False),
    ],
    ids=["confirmed", "proposed", "cleared", "withdrawn", "another number", "known before"],
)
def test_a_number_is_told_where_the_police_confirmed_it_since(
    resident: Resident, duty: Person, lead: Person, changes: dict[str, Any], is_told: bool
) -> None:
    report_factories.number(resident.report, KEY)
    confirm_number(duty, lead, **changes)
    page = resident.read_status()
    assert ("Công an xác nhận kẻ gian đã dùng số 0550 000 123" in page) is is_told
    assert "căn cứ kín" not in page


def test_a_hand_over_is_dated_and_so_is_its_receipt(resident: Resident, lead: Person) -> None:
    decide("hand_over", resident.report, lead)
    page = resident.read_status()
    assert f"{TODAY}Tin đã chuyển đến Công an xã Yên Định." in page
    assert "đã nhận tin." not in page
    decide("receive_on_paper", resident.report, lead)
    assert "Công an xã Yên Định đã nhận tin." in resident.read_status()
    decide("reopen", resident.report, lead)
    assert "Tin đã chuyển đến" not in resident.read_status()


def test_a_warning_about_the_wave_is_linked_and_dated(resident: Resident, lead: Person) -> None:
    wave = campaign("Đ-26-K4M")
    add_to_campaign(resident.report, wave)
    assert "Tin của bạn giúp được gì" in resident.read_status()
    revision = alert_factories.issued(campaign=wave)
    page = resident.read_status()
    assert "Tin của bạn đã giúp" in page
    assert f"{TODAY}Đợt này đã có cảnh báo cho mọi người: {revision.frozen_content.title}" in page


@pytest.mark.parametrize(
    ("verb", "words", "sentence"),
    [
        ("close", {"outcome": "scam"}, "Tin được đếm trong số liệu chung"),
        ("close", {"outcome": "not_scam"}, "Chưa có việc gì thêm từ tin này"),
        ("close", {"outcome": "duplicate"}, "Chưa có việc gì thêm từ tin này"),
        ("take", {}, ""),
        ("junk", {}, ""),
    ],
)
def test_a_decided_report_of_which_nothing_came_says_what_is_true(
    resident: Resident, lead: Person, verb: str, words: dict[str, str], sentence: str
) -> None:
    decide(verb, resident.report, lead, **words)
    page = resident.read_status()
    every = ("Tin được đếm trong số liệu chung", "Chưa có việc gì thêm từ tin này")
    assert [each for each in every if each in page] == [each for each in [sentence] if each]


def test_nothing_is_told_of_an_erased_report(
    resident: Resident, duty: Person, lead: Person
) -> None:
    report_factories.number(resident.report, KEY)
    confirm_number(duty, lead)
    erased = report_factories.erase(resident.report)
    assert results.load_results(erased, Case.objects.get(report=erased)).rows == ()


def test_a_sum_is_written_as_english_writes_it(client: Client, lead: Person) -> None:
    reporter = create_resident(client, story="They called.", language="en")
    letter = send_letter(reporter.report, lead)
    documents.record_answer(letter, lead.user, frozen_vnd=12_000_000, answer="")
    page = client.post("/en/theo-doi/", {"code": reporter.code}).content.decode()
    assert "12,000,000" in page
