"""What reporters have done since, in the queue: answered, withdrawn, sent more, also to ended reports."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from lxml import html

from reports.cases import workflow
from reports.models import Report
from reports.tracking import followups
from reports.tracking.followups import FollowupSubmission
from tests.desk.reports.test_messages import added, answered, sent
from tests.support import report_factories
from tests.support.desk_pages import QUEUE, list_reports, statements
from tests.support.officers import Person

pytestmark = pytest.mark.django_db

ANSWERED, FRESH = "?viec=answered", "?viec=fresh"


def ask_reporter(by: Person, story: str = "Họ gọi.") -> Report:
    """A report that waits for its reporter."""
    report = report_factories.report(story)
    workflow.decide("ask", report.pk, by=by.user, version=1, reason="Số tài khoản nhận là gì?")
    return report


def row_of(person: Person, report: Report) -> str:
    page = html.document_fromstring(person.client.get(QUEUE).content.decode())
    return next(
        row.text_content()
        for row in page.xpath("//table//tr")
        if report.public_number in row.text_content()
    )


def test_who_has_answered_is_a_list_of_its_own(duty: Person) -> None:
    silent, spoken = ask_reporter(duty), ask_reporter(duty, "khác")
    answered(spoken, "Số 1903")
    assert list_reports(duty.client, ANSWERED) == [spoken]
    assert "Đã trả lời" in row_of(duty, spoken)
    assert "Đã trả lời" not in row_of(duty, silent)
    assert "Người báo đã trả lời (1)" in duty.client.get(QUEUE).content.decode()


def test_a_message_counts_on_any_open_report_until_somebody_acts(duty: Person) -> None:
    report = report_factories.report("Họ gọi.")
    workflow.decide("take", report.pk, by=duty.user, version=1)
    answered(report, "Họ gọi lại nữa.")
    assert list_reports(duty.client, ANSWERED) == [report]
    assert "Người báo đã trả lời (1)" in duty.client.get(QUEUE).content.decode()
    workflow.decide("note", report.pk, by=duty.user, version=2, reason="Đã gọi lại.")
    assert list_reports(duty.client, ANSWERED) == []
    assert "Người báo đã trả lời (0)" in duty.client.get(QUEUE).content.decode()


def said_by(report: Report, way: str, told: str) -> None:
    """Words of the reporter, as a message or as an addition."""
    if way == "message":
        followups.submit_reply(report, told, "a-key-of-a-message")
    else:
        followups.submit_followup(
            report, FollowupSubmission(kind=way, story=told), "a-key-of-an-addition"
        )


PRESSED = "Họ đang ép tôi chuyển tiếp 50 triệu, làm sao đây?"


@pytest.mark.parametrize("way", ["message", "more", "correction", "withdrawal"])
@pytest.mark.parametrize(("told", "runs"), [(PRESSED, True), ("Cảm ơn cán bộ.", False)])
def test_later_words_of_who_is_pressed_start_the_look_anew(
    duty: Person, way: str, told: str, runs: bool
) -> None:
    report = report_factories.report("Họ gọi.", happening_now=True)
    workflow.decide("take", report.pk, by=duty.user, version=1)
    said_by(report, way, told)
    look = report.deadlines.filter(kind="look")
    assert look.pending().exists() is runs
    assert look.exclude(met_at=None).count() == 1


@pytest.mark.parametrize(("told", "runs"), [(PRESSED, True), ("Cảm ơn cán bộ.", False)])
def test_who_is_pressed_after_the_end_is_looked_at_in_time(
    duty: Person, told: str, runs: bool
) -> None:
    report = report_factories.report("Họ gọi.")
    workflow.decide("close", report.pk, by=duty.user, version=1, outcome="scam", reason="Xong.")
    said_by(report, "message", told)
    assert report.deadlines.pending().filter(kind="look").exists() is runs
    report.case.refresh_from_db()
    assert (report.case.due_at is not None) is runs
    version = report.case.version
    workflow.decide("message", report.pk, by=duty.user, version=version, reason="Dập máy ngay.")
    assert not report.deadlines.pending().exists()


def test_the_end_of_a_look_that_runs_stays(duty: Person) -> None:
    report = report_factories.report("Họ gọi.")
    said_by(report, "more", PRESSED)
    first = report.deadlines.get(kind="look").due_at
    with time_machine.travel(timezone.now() + timedelta(minutes=10)):
        said_by(report, "message", PRESSED)
    assert report.deadlines.get(kind="look").due_at == first


def test_the_same_words_twice_ask_for_one_look(duty: Person) -> None:
    report = report_factories.report("Họ gọi.")
    said_by(report, "more", PRESSED)
    workflow.decide("take", report.pk, by=duty.user, version=1)
    said_by(report, "more", PRESSED)
    assert not report.deadlines.pending().filter(kind="look").exists()


def test_what_was_added_since_is_an_answer_too(duty: Person) -> None:
    report = ask_reporter(duty)
    added(report, accounts=["1903"])
    assert list_reports(duty.client, ANSWERED) == [report]


def test_who_was_asked_again_is_waited_for_again(duty: Person) -> None:
    report = ask_reporter(duty)
    answered(report, "Số 1903")
    workflow.decide("resume", report.pk, by=duty.user, version=2)
    workflow.decide("ask", report.pk, by=duty.user, version=3, reason="Của ngân hàng nào?")
    assert list_reports(duty.client, ANSWERED) == []


def test_what_the_desk_tells_after_an_answer_is_no_new_question(duty: Person) -> None:
    report = ask_reporter(duty)
    answered(report, "Số 1903")
    workflow.decide("message", report.pk, by=duty.user, version=2, reason="Cảm ơn bác.")
    assert list_reports(duty.client, ANSWERED) == [report]


def test_an_answer_that_nobody_waits_for_is_not_in_the_list(duty: Person) -> None:
    report = ask_reporter(duty)
    answered(report, "Số 1903")
    workflow.decide("resume", report.pk, by=duty.user, version=2)
    assert list_reports(duty.client, ANSWERED) == []


def test_the_wish_to_withdraw_stands_in_its_row(duty: Person) -> None:
    report, other = report_factories.report(), report_factories.report("khác")
    added(report, "withdrawal")
    added(other)
    assert "Đề nghị rút" in row_of(duty, report)
    assert "Đề nghị rút" not in row_of(duty, other)


def test_a_page_of_answers_takes_thirteen_statements_at_most(duty: Person) -> None:
    for number in range(20):
        report = ask_reporter(duty, f"tin {number}")
        answered(report, "x")
        added(report, "withdrawal")
    assert len(list_reports(duty.client, ANSWERED)) == 20
    assert len(statements(duty.client, QUEUE + ANSWERED)) <= 13


def taken(by: Person, story: str = "Họ gọi.") -> Report:
    report = report_factories.report(story)
    workflow.decide("take", report.pk, by=by.user, version=1)
    return report


def say(report: Report, how: str) -> None:
    if how == "message":
        answered(report, "Họ lại gọi.")
    elif how == "withdrawal":
        added(report, how)
    elif how == "addition":
        added(report, accounts=["1903"])
    else:
        sent(report, b"1")


@pytest.mark.parametrize("how", ["message", "addition", "withdrawal", "file"])
def test_new_words_stand_in_their_row_and_list(duty: Person, how: str) -> None:
    report, other = taken(duty), taken(duty, "khác")
    say(report, how)
    assert list_reports(duty.client, FRESH) == [report]
    assert "Có lời mới" in row_of(duty, report)
    assert "Có lời mới" not in row_of(duty, other)


def test_what_a_person_acted_on_is_new_no_more(duty: Person) -> None:
    report = taken(duty)
    say(report, "addition")
    workflow.decide("note", report.pk, by=duty.user, version=2, reason="Đã đọc.")
    assert list_reports(duty.client, FRESH) == []
    say(report, "message")
    assert list_reports(duty.client, FRESH) == [report]


def test_a_report_that_was_handed_over_or_ended_is_in_the_list(duty: Person) -> None:
    passed, ended = taken(duty), taken(duty, "khác")
    unit = {"unit": "Công an xã", "reason": "Đúng địa bàn."}
    workflow.decide("hand_over", passed.pk, by=duty.user, version=2, **unit)
    outcome = {"outcome": "duplicate", "reason": "Trùng."}
    workflow.decide("close", ended.pk, by=duty.user, version=2, **outcome)
    assert list_reports(duty.client, FRESH) == []
    say(passed, "message")
    say(ended, "file")
    assert set(list_reports(duty.client, FRESH)) == {passed, ended}
    page = duty.client.get(QUEUE + FRESH).content.decode()
    assert page.count(">Có lời mới<") == 2


def test_what_nobody_has_touched_has_no_new_words(duty: Person) -> None:
    report = report_factories.report()
    say(report, "file")
    assert list_reports(duty.client, FRESH) == []
    assert "Có lời mới" not in row_of(duty, report)


def test_an_answer_is_called_an_answer(duty: Person) -> None:
    report = ask_reporter(duty)
    say(report, "message")
    assert "Đã trả lời" in row_of(duty, report)
    assert "Có lời mới" not in row_of(duty, report)


def test_the_list_takes_no_more_statements_than_the_others(duty: Person) -> None:
    for number in range(20):
        say(taken(duty, f"tin {number}"), "message")
    assert len(list_reports(duty.client, FRESH)) == 20
    assert len(statements(duty.client, QUEUE + FRESH)) <= 13
