"""Where a report stands, for whoever holds its code."""

from datetime import timedelta
from typing import Any
from unittest.mock import Mock

import pytest
import time_machine
from django.db import OperationalError
from django.test import Client
from django.utils import timezone

from alerts.models import Alert
from core.audit import events
from reports.cases import workflow
from reports.models import Campaign, CampaignLink, Case, Receipt, Report
from reports.submission import intake, receipt_codes
from reports.submission.intake import ReportSubmission
from reports.tracking import status_timeline
from tests.support.officers import Person
from tests.support.report_factories import confirm_statement, report
from tests.support.resident_pages import (
    FOREIGN_ORIGIN,
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
Decision = tuple[str, dict[str, str]]
pytestmark = pytest.mark.django_db


def decide(verb: str, report: Report, by: Person, **words_: Any) -> None:
    case = Case.objects.get(report=report)
    workflow.decide(verb, report.pk, by=by.user, version=case.version, **words_)


def test_a_fresh_report_waits_to_be_read(resident: Resident) -> None:
    page = resident.read_status()
    assert "Đã nhận" in page
    assert "Chờ cán bộ đọc" in page
    assert resident.report.public_number in page


def test_a_report_that_was_taken_has_been_read(resident: Resident, duty: Person) -> None:
    decide("take", resident.report, duty)
    page = resident.read_status()
    assert page.index("Đã nhận") < page.index("Cán bộ đã đọc") < page.index("Đang kiểm tra")


@pytest.mark.parametrize(
    ("decision", "sentence"),
    [
        (("ask", {"reason": "Họ gọi lúc mấy giờ?"}), "Chờ bạn trả lời"),
        (("hand_over", {"unit": "Công an xã X", "reason": SECRET}), "đã chuyển đến Công an xã X"),
        (("act", {"reason": SECRET}), "Đã chuyển cơ quan điều tra"),
        (("close", {"outcome": "warned", "reason": SECRET}), "Tin đã góp vào cảnh báo"),
        (("close", {"outcome": "scam", "reason": SECRET}), "Kẻ gian gọi nữa thì cúp máy."),
        (("close", {"outcome": "duplicate", "reason": SECRET}), "Trùng tin bạn đã gửi"),
        (("close", {"outcome": "insufficient", "reason": SECRET}), "Chưa đủ để làm tiếp"),
        (("close", {"outcome": "not_scam", "reason": SECRET}), "Cán bộ thấy không phải lừa đảo"),
        (("junk", {"reason": SECRET}), "Chưa đủ để làm tiếp"),
        (("withdraw", {"reason": SECRET}), "Bạn đã đề nghị rút tin"),
    ],
)
def test_every_decision_has_its_sentence(
    resident: Resident, lead: Person, decision: Decision, sentence: str
) -> None:
    verb, arguments = decision
    decide(verb, resident.report, lead, **arguments)
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
    slip = ("2" if second[0] != "2" else "3") + second[1:]
    typed = f"{first} {slip} {third} {fourth}"
    answer = resident.client.post(TRACK, {"code": typed})
    assert answer.status_code == 422
    assert f"Nhóm thứ hai “{slip}” chưa đúng" in words(answer.content)
    assert value(answer.content, "code") == typed


@pytest.mark.parametrize("code", ["\0", "<b>", "x" * 10_000, "😱"])
def test_what_is_no_code_is_answered(client: Client, code: str) -> None:
    answer = client.post(TRACK, {"code": code})
    assert answer.status_code == 422
    assert "nhóm thứ nhất" in words(answer.content).lower()


@pytest.mark.parametrize("code", ["", "   "])
def test_who_typed_no_code_is_told_so(client: Client, code: str) -> None:
    answer = client.post(TRACK, {"code": code})
    assert answer.status_code == 422
    assert "Bạn chưa gõ mã." in words(answer.content)


def test_a_public_number_is_told_from_a_code(resident: Resident) -> None:
    number = resident.report.public_number
    for typed in (number, number.lower().replace("-", "")):
        answer = resident.client.post(TRACK, {"code": typed})
        assert answer.status_code == 422
        assert "Đây là số tin, không mở được gì." in words(answer.content)


def test_of_a_code_that_ends_early_the_missing_group_is_named(resident: Resident) -> None:
    answer = resident.client.post(TRACK, {"code": receipt_codes.format_code(resident.code)[0]})
    assert answer.status_code == 422
    assert "nhóm thứ hai" in words(answer.content).lower()


def test_a_code_of_nobody_is_answered(resident: Resident) -> None:
    stranger = intake.submit_report(ReportSubmission(story="khác"), "another-key-of-one")
    code = str(stranger.code)
    Receipt.objects.filter(report=stranger.report).delete()
    answer = resident.client.post(TRACK, {"code": code})
    assert answer.status_code == 422
    assert "Chưa thấy tin nào có mã này" in words(answer.content)


def test_a_foreign_page_cannot_look(resident: Resident) -> None:
    answer = resident.client.post(TRACK, {"code": resident.code}, headers=FOREIGN_ORIGIN)
    assert answer.status_code == 403
    assert resident.report.public_number not in words(answer.content)


def test_a_code_in_the_address_opens_nothing(resident: Resident) -> None:
    page = resident.client.get(TRACK, {"code": resident.code}).content.decode()
    assert resident.code not in page
    assert resident.report.public_number not in page


def test_without_a_database_the_code_stays_typed(
    resident: Resident, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipt_codes, "report_for_code", Mock(side_effect=OperationalError))
    answer = resident.client.post(TRACK, {"code": resident.code})
    assert answer.status_code == 503
    assert value(answer.content, "code") == resident.code


def test_who_left_no_number_is_told_that_nobody_rings(client: Client) -> None:
    resident = create_resident(client, story="Họ gọi.")
    assert "sẽ không ai gọi lại" in resident.read_status()


def test_the_receipt_leads_on_to_the_report(client: Client) -> None:
    send(client, story="Họ gọi.")
    code = hidden_of(client.get(RECEIPT).content)["code"]
    assert "Đã nhận" in words(client.post(TRACK, {"code": code}).content)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("When did you send the money?", "en"),
        ("We handed report 26-AAAA to Công an xã Yên Định. Please call them yourself.", "en"),
        ("Bác chuyển tiền lúc mấy giờ?", "vi"),
        ("Bac chuyen tien luc may gio?", "vi"),
        ("Trên máy bác có hiện chữ “Thank you” không ạ?", "vi"),
        ("", "vi"),
    ],
)
def test_a_message_is_read_aloud_in_the_language_of_its_words(text: str, language: str) -> None:
    assert status_timeline._detect_language(text) == language


def test_the_question_stands_first_and_an_answer_ends_the_waiting(
    resident: Resident, duty: Person
) -> None:
    decide("ask", resident.report, duty, reason="Họ gọi lúc mấy giờ?")
    page = resident.read_status()
    assert page.index("Họ gọi lúc mấy giờ?") < page.index("Tin đang ở đâu")
    assert "Chờ bạn trả lời" in page
    assert duty.user.username not in page
    answer = words(resident.post(REPLY, text="Lúc 9 giờ.").content)
    assert "Đã nhận câu trả lời của bạn lúc" in answer
    assert "Chờ bạn trả lời" not in answer
    assert "Lúc 9 giờ." in answer


def test_a_second_question_waits_again(resident: Resident, duty: Person) -> None:
    decide("ask", resident.report, duty, reason="Họ gọi lúc mấy giờ?")
    resident.post(REPLY, text="Lúc 9 giờ.")
    case = Case.objects.get(report=resident.report)
    workflow.decide("resume", resident.report.pk, by=duty.user, version=case.version)
    decide("ask", resident.report, duty, reason="Số nào?")
    assert "Chờ bạn trả lời" in resident.read_status()


def test_what_the_desk_tells_after_the_answer_asks_nothing(
    resident: Resident, duty: Person
) -> None:
    decide("ask", resident.report, duty, reason="Họ gọi lúc mấy giờ?")
    resident.post(REPLY, text="Lúc 9 giờ.")
    decide("message", resident.report, duty, reason="Cảm ơn bạn.")
    page = resident.read_status()
    assert "Cảm ơn bạn." in page
    assert "Chờ bạn trả lời" not in page
    assert "Đã nhận câu trả lời của bạn lúc" in page


def test_what_the_desk_tells_before_the_answer_leaves_the_question_open(
    resident: Resident, duty: Person
) -> None:
    decide("ask", resident.report, duty, reason="Họ gọi lúc mấy giờ?")
    decide("message", resident.report, duty, reason="Nhớ áng chừng cũng được.")
    page = resident.read_status()
    assert page.index("Họ gọi lúc mấy giờ?") < page.index("Tin đang ở đâu")
    assert "Chờ bạn trả lời" in page


def promise(codename: str, amount: int) -> None:
    confirm_statement(codename, text="Dự kiến trước {time}.", amount=amount)


def test_a_promise_is_shown_once_it_is_confirmed(resident: Resident) -> None:
    assert "Dự kiến" not in resident.read_status()
    promise("first_look", 24)
    promise("told_where", 3)
    assert resident.read_status().count("Dự kiến trước") == 2


def test_a_wish_to_withdraw_is_answered_by_a_day_until_it_is(
    resident: Resident, lead: Person
) -> None:
    promise("withdraw_answer", 2)
    assert "Dự kiến" not in resident.read_status()
    assert "Dự kiến trước 17:00" in words(resident.post(WITHDRAW, sure="yes").content)
    version = Case.objects.get(report=resident.report).version
    workflow.decide(
        "withdraw", resident.report.pk, by=lead.user, version=version, reason="Người báo rút."
    )
    assert "Dự kiến" not in resident.read_status()


def test_a_promise_that_was_missed_is_owned_up_to(resident: Resident) -> None:
    promise("first_look", 1)
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        page = resident.read_status()
    assert "Tin này chậm hơn dự kiến" in page
    assert "Dự kiến trước" not in page


@pytest.fixture
def wave(db: None) -> Campaign:
    return Campaign.objects.create(code="Đ-26-K4M", title="Giả danh điện lực")


def link(wave: Campaign, *reports: Report) -> None:
    fields = {"kind": "same_number", "strength": 1, "reason": "căn cứ kín"}
    for each in reports:
        CampaignLink.objects.create(report_id=each.pk, campaign=wave, **fields)


@pytest.mark.parametrize(("others", "is_counted"), [(4, False), (5, True)])
def test_a_wave_is_counted_only_where_it_points_at_nobody(
    resident: Resident, wave: Campaign, others: int, is_counted: bool
) -> None:
    link(wave, resident.report, *(report(f"Chuyện {each}") for each in range(others)))
    page = resident.read_status()
    assert "Giả danh điện lực" in page
    assert ("Cùng đợt có" in page) is is_counted
    assert "căn cứ kín" not in page
    assert "Chuyện" not in page


@pytest.mark.parametrize(
    "decided",
    [
        {"status": "junk"},
        {"status": "withdrawn"},
        {"status": "closed", "outcome": "duplicate"},
        {"status": "closed", "outcome": "not_scam"},
    ],
)
def test_what_is_no_report_of_the_wave_is_not_counted_in_it(
    resident: Resident, wave: Campaign, decided: dict[str, str]
) -> None:
    others = [report(f"Chuyện {each}") for each in range(6)]
    link(wave, resident.report, *others)
    assert "Cùng đợt có 6 tin khác" in resident.read_status()
    Case.objects.filter(report=others[0]).update(**decided)
    assert "Cùng đợt có 5 tin khác" in resident.read_status()


def test_an_act_that_was_refused_is_no_look(resident: Resident, duty: Person) -> None:
    events.log_event("report", resident.report.pk, "refused", by=duty.user, verb="junk")
    assert "Cán bộ đã đọc" not in resident.read_status()
    events.log_event("report", resident.report.pk, "revealed", by=duty.user, what="contact")
    assert "Cán bộ đã đọc" in resident.read_status()


def test_no_warning_that_is_not_in_force_is_shown(resident: Resident, wave: Campaign) -> None:
    link(wave, resident.report)
    Alert.objects.create(slug="nhap", title="Bản nháp", short_title="Nháp", campaign=wave)
    assert "Bản nháp" not in resident.read_status()
