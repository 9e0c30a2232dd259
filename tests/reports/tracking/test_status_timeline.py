"""Where a report stands, for whoever holds its code."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from alerts.models import Alert
from core.audit import events
from reports.models import Campaign, CampaignLink, Case, Report
from reports.submission import receipt_codes
from reports.tracking import status_timeline
from tests.support.data_files import read_cases
from tests.support.officers import Person
from tests.support.report_factories import SET_ASIDE, confirm_statement, decide, report
from tests.support.resident_pages import (
    RECEIPT,
    TRACK,
    Resident,
    create_resident,
    hidden_of,
    send,
    value,
    words,
)

REPLY, WITHDRAW = "/theo-doi/tra-loi/", "/theo-doi/rut/"
SECRET = "chỉ cán bộ biết"
QUESTION = "Họ gọi lúc mấy giờ?"
pytestmark = pytest.mark.django_db


def test_a_report_waits_to_be_read_until_it_is_taken(resident: Resident, duty: Person) -> None:
    page = resident.read_status()
    assert resident.report.public_number in page
    assert page.index("Đã nhận") < page.index("Chờ cán bộ đọc")
    decide("take", resident.report, duty)
    page = resident.read_status()
    assert page.index("Đã nhận") < page.index("Cán bộ đã đọc") < page.index("Đang kiểm tra")


@pytest.mark.parametrize(("verb", "fields", "sentence"), read_cases("tracking.json", "decisions"))
def test_every_decision_has_its_sentence(
    resident: Resident, lead: Person, verb: str, fields: dict[str, str], sentence: str
) -> None:
    decide(verb, resident.report, lead, reason=SECRET, **fields)
    page = resident.read_status()
    assert sentence in page
    assert SECRET not in page
    assert lead.user.username not in page


def test_neither_code_nor_phrase_nor_contact_is_shown(resident: Resident) -> None:
    answer = resident.client.post(TRACK, {"code": resident.code})
    page = answer.content.decode()
    assert resident.code not in words(answer.content)  # hidden fields have it, to send more
    assert "bến Sung" not in page
    assert "0550000111" not in page
    assert "no-store" in answer["Cache-Control"]


def test_a_slip_names_its_group_and_keeps_what_was_typed(resident: Resident) -> None:
    first, second, third, fourth = receipt_codes.format_code(resident.code)
    mistyped = ("2" if second[0] != "2" else "3") + second[1:]
    typed = f"{first} {mistyped} {third} {fourth}"
    answer = resident.client.post(TRACK, {"code": typed})
    assert answer.status_code == 422
    assert f"Nhóm thứ hai “{mistyped}” chưa đúng" in words(answer.content)
    assert value(answer.content, "code") == typed


@pytest.mark.parametrize(
    ("code", "sentence"),
    [*read_cases("tracking.json", "opens_nothing"), ("x" * 10_000, "nhóm thứ nhất")],
)
def test_what_opens_nothing_is_answered_with_the_reason(
    resident: Resident, code: str, sentence: str
) -> None:
    number, unknown_code = resident.report.public_number, receipt_codes.generate_code()
    typed = code.format(code=resident.code, number=number, unknown_code=unknown_code)
    answer = resident.client.post(TRACK, {"code": typed})
    assert answer.status_code == 422
    assert sentence.lower() in words(answer.content).lower()


def test_a_code_in_the_address_opens_nothing(resident: Resident) -> None:
    page = resident.client.get(TRACK, {"code": resident.code}).content.decode()
    assert resident.code not in page
    assert resident.report.public_number not in page


def test_who_left_no_number_is_told_that_nobody_rings(client: Client) -> None:
    resident = create_resident(client, story="Họ gọi.")
    assert "sẽ không ai gọi lại" in resident.read_status()


def test_the_receipt_leads_on_to_the_report(client: Client) -> None:
    send(client, story="Họ gọi.")
    code = hidden_of(client.get(RECEIPT).content)["code"]
    assert "Đã nhận" in words(client.post(TRACK, {"code": code}, follow=True).content)


@pytest.mark.parametrize(("text", "language"), read_cases("tracking.json", "languages"))
def test_a_message_is_read_aloud_in_the_language_of_its_words(text: str, language: str) -> None:
    assert status_timeline._detect_language(text) == language


@pytest.mark.parametrize("told", ["", "Nhớ áng chừng cũng được."])
def test_the_question_stands_first_whatever_else_the_desk_tells_and_an_answer_ends_the_waiting(
    resident: Resident, duty: Person, told: str
) -> None:
    decide("ask", resident.report, duty, reason=QUESTION)
    if told:
        decide("message", resident.report, duty, reason=told)
    page = resident.read_status()
    assert page.index(QUESTION) < page.index("Tin đang ở đâu")
    assert "Chờ bạn trả lời" in page
    assert duty.user.username not in page
    answer = words(resident.post(REPLY, text="Lúc 9 giờ.").content)
    assert "Đã nhận câu trả lời của bạn lúc" in answer
    assert "Chờ bạn trả lời" not in answer
    assert "Lúc 9 giờ." in answer


def test_after_the_answer_a_word_of_the_desk_asks_nothing_and_a_second_question_waits_again(
    resident: Resident, duty: Person
) -> None:
    decide("ask", resident.report, duty, reason=QUESTION)
    resident.post(REPLY, text="Lúc 9 giờ.")
    decide("message", resident.report, duty, reason="Cảm ơn bạn.")
    page = resident.read_status()
    assert "Cảm ơn bạn." in page
    assert "Chờ bạn trả lời" not in page
    assert "Đã nhận câu trả lời của bạn lúc" in page
    decide("resume", resident.report, duty)
    decide("ask", resident.report, duty, reason="Số nào?")
    assert "Chờ bạn trả lời" in resident.read_status()


def promise(codename: str, amount: int) -> None:
    confirm_statement(codename, text="Dự kiến trước {time}.", amount=amount)


def test_a_promise_is_shown_once_it_is_confirmed(resident: Resident) -> None:
    assert "Dự kiến" not in resident.read_status()
    promise("first_review", 24)
    promise("notified_unit", 3)
    assert resident.read_status().count("Dự kiến trước") == 2


def test_a_request_to_withdraw_is_answered_by_a_day_until_it_is(
    resident: Resident, lead: Person
) -> None:
    promise("withdraw_answer", 2)
    assert "Dự kiến" not in resident.read_status()
    assert "Dự kiến trước 17:00" in words(resident.post(WITHDRAW, sure="yes").content)
    decide("withdraw", resident.report, lead, reason="Người báo rút.")
    assert "Dự kiến" not in resident.read_status()


def test_a_promise_that_was_missed_is_owned_up_to(resident: Resident) -> None:
    promise("first_review", 1)
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        page = resident.read_status()
    assert "Tin này chậm hơn dự kiến" in page
    assert "Dự kiến trước" not in page


@pytest.fixture
def campaign(db: None) -> Campaign:
    return Campaign.objects.create(code="Đ-26-K4M", title="Giả danh điện lực")


def link(campaign: Campaign, *reports: Report) -> None:
    fields = {"kind": "same_number", "strength": 1, "reason": "căn cứ kín"}
    for each in reports:
        CampaignLink.objects.create(report_id=each.pk, campaign=campaign, **fields)


@pytest.mark.parametrize(("others", "is_counted"), [(4, False), (5, True)])
def test_a_campaign_is_counted_only_where_it_points_at_nobody(
    resident: Resident, campaign: Campaign, others: int, is_counted: bool
) -> None:
    link(campaign, resident.report, *(report(f"Chuyện {each}") for each in range(others)))
    page = resident.read_status()
    assert "Giả danh điện lực" in page
    assert ("Cùng đợt có" in page) is is_counted
    assert "căn cứ kín" not in page
    assert "Chuyện" not in page


@SET_ASIDE
def test_what_is_no_report_of_the_wave_is_not_counted_in_it(
    resident: Resident, campaign: Campaign, decided: dict[str, str]
) -> None:
    others = [report(f"Chuyện {each}") for each in range(6)]
    link(campaign, resident.report, *others)
    assert "Cùng đợt có 6 tin khác" in resident.read_status()
    Case.objects.filter(report=others[0]).update(**decided)
    assert "Cùng đợt có 5 tin khác" in resident.read_status()


def test_an_act_that_was_refused_is_no_look(resident: Resident, duty: Person) -> None:
    events.log_event("report", resident.report.pk, "refused", by=duty.user, verb="junk")
    assert "Cán bộ đã đọc" not in resident.read_status()
    events.log_event("report", resident.report.pk, "revealed", by=duty.user, field="contact")
    assert "Cán bộ đã đọc" in resident.read_status()


def test_no_warning_that_is_not_in_force_is_shown(resident: Resident, campaign: Campaign) -> None:
    link(campaign, resident.report)
    Alert.objects.create(slug="nhap", title="Bản nháp", short_title="Nháp", campaign=campaign)
    assert "Bản nháp" not in resident.read_status()
