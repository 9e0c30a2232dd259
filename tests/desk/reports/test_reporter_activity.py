"""What reporters have done since: answered, withdrawn, sent more, also to ended reports; moved house."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from reports.cases import workflow
from reports.models import Report
from reports.reference import gazetteer
from reports.tracking import followups
from reports.tracking.followups import FollowupSubmission
from tests.support import report_factories
from tests.support.alert_factories import commune
from tests.support.desk_pages import QUEUE, list_reports, page_of, statements, tree, words
from tests.support.messages import add_followup, answered, sent
from tests.support.officers import Person
from tests.support.queue_exports import exported
from tests.support.report_factories import WORDS

pytestmark = pytest.mark.django_db

ANSWERED, FRESH = "?viec=answered", "?viec=fresh"


def ask_reporter(by: Person, story: str = "Họ gọi.") -> Report:
    """A report that waits for its reporter."""
    report = report_factories.report(story)
    workflow.decide("ask", report.pk, by=by.user, version=1, reason="Số tài khoản nhận là gì?")
    return report


def taken(by: Person, story: str = "Họ gọi.") -> Report:
    report = report_factories.report(story)
    workflow.decide("take", report.pk, by=by.user, version=1)
    return report


def say(report: Report, how: str) -> None:
    if how == "message":
        answered(report, "Họ lại gọi.")
    elif how == "file":
        sent(report, b"1")
    else:
        add_followup(report, how, accounts=["1903"])


def row_of(person: Person, report: Report) -> str:
    rows = [row.text_content() for row in tree(person.client.get(QUEUE)).xpath("//table//tr")]
    return next(row for row in rows if report.public_number in row)


def test_who_has_answered_is_a_list_of_its_own(duty: Person) -> None:
    silent, spoken = ask_reporter(duty), ask_reporter(duty, "khác")
    answered(spoken, "Số 1903")
    assert list_reports(duty.client, ANSWERED) == [spoken]
    assert "Đã trả lời" in row_of(duty, spoken)
    assert "Có lời mới" not in row_of(duty, spoken)
    assert "Đã trả lời" not in row_of(duty, silent)
    assert "Người báo đã trả lời (1)" in duty.read_page(QUEUE)


def test_a_message_counts_on_any_open_report_until_somebody_acts(duty: Person) -> None:
    report = taken(duty)
    answered(report, "Họ gọi lại nữa.")
    assert list_reports(duty.client, ANSWERED) == [report]
    assert "Người báo đã trả lời (1)" in duty.read_page(QUEUE)
    workflow.decide("note", report.pk, by=duty.user, version=2, reason="Đã gọi lại.")
    assert list_reports(duty.client, ANSWERED) == []
    assert "Người báo đã trả lời (0)" in duty.read_page(QUEUE)


def said_by(report: Report, way: str, told: str) -> None:
    """Words of the reporter, as a message or as a follow-up."""
    if way == "message":
        followups.submit_reply(report, told, "a-key-of-a-message")
    else:
        followups.submit_followup(
            report, FollowupSubmission(kind=way, story=told), "a-key-of-a-followup"
        )


ONGOING = "Họ đang ép tôi chuyển tiếp 50 triệu, làm sao đây?"
IF_ONGOING = pytest.mark.parametrize(
    ("told", "runs"), [(ONGOING, True), ("Cảm ơn cán bộ.", False)], ids=["ongoing", "over"]
)


@pytest.mark.parametrize("way", ["message", "more", "correction", "withdrawal"])
@IF_ONGOING
def test_later_words_of_who_is_pressed_start_the_call_anew(
    duty: Person, way: str, told: str, runs: bool
) -> None:
    report = report_factories.report("Họ gọi.", happening_now=True)
    workflow.decide("contact", report.pk, by=duty.user, version=1, contact="reached")
    said_by(report, way, told)
    call = report.deadlines.filter(kind="call")
    assert call.pending().exists() is runs
    assert call.exclude(met_at=None).count() == 1


@IF_ONGOING
def test_who_is_pressed_after_the_end_is_called_in_time(
    duty: Person, told: str, runs: bool
) -> None:
    report = report_factories.report("Họ gọi.")
    workflow.decide("close", report.pk, by=duty.user, version=1, outcome="scam", reason="Xong.")
    said_by(report, "message", told)
    assert report.deadlines.pending().filter(kind="call").exists() is runs
    report.case.refresh_from_db()
    assert (report.case.due_at is not None) is runs
    version = report.case.version
    workflow.decide("contact", report.pk, by=duty.user, version=version, contact="reached")
    assert not report.deadlines.pending().exists()


def test_the_end_of_a_call_that_runs_stays(duty: Person) -> None:
    report = report_factories.report("Họ gọi.")
    said_by(report, "more", ONGOING)
    first = report.deadlines.get(kind="call").due_at
    with time_machine.travel(timezone.now() + timedelta(minutes=10)):
        said_by(report, "message", ONGOING)
    assert report.deadlines.get(kind="call").due_at == first


def test_the_same_words_twice_ask_for_one_call(duty: Person) -> None:
    report = report_factories.report("Họ gọi.")
    said_by(report, "more", ONGOING)
    workflow.decide("contact", report.pk, by=duty.user, version=1, contact="reached")
    said_by(report, "more", ONGOING)
    assert not report.deadlines.pending().filter(kind="call").exists()


@pytest.mark.parametrize("how", ["message", "more"])
def test_an_answer_is_listed_until_the_work_goes_on(duty: Person, how: str) -> None:
    report = ask_reporter(duty)
    say(report, how)
    assert list_reports(duty.client, ANSWERED) == [report]
    workflow.decide("message", report.pk, by=duty.user, version=2, reason="Cảm ơn bác.")
    assert list_reports(duty.client, ANSWERED) == [report], "this is no new question"
    workflow.decide("resume", report.pk, by=duty.user, version=3)
    assert list_reports(duty.client, ANSWERED) == []
    workflow.decide("ask", report.pk, by=duty.user, version=4, reason="Của ngân hàng nào?")
    assert list_reports(duty.client, ANSWERED) == []


def test_the_request_to_withdraw_stands_in_its_row(duty: Person) -> None:
    report, other = report_factories.report(), report_factories.report("khác")
    add_followup(report, "withdrawal")
    add_followup(other)
    assert "Đề nghị rút" in row_of(duty, report)
    assert "Đề nghị rút" not in row_of(duty, other)


@pytest.mark.parametrize(("listed", "begin"), [(ANSWERED, ask_reporter), (FRESH, taken)])
def test_a_page_of_them_takes_thirteen_statements_at_most(
    duty: Person, listed: str, begin: Callable[..., Report]
) -> None:
    for number in range(20):
        report = begin(duty, f"tin {number}")
        answered(report, "x")
        add_followup(report, "withdrawal")
    assert len(list_reports(duty.client, listed)) == 20
    assert len(statements(duty.client, QUEUE + listed)) <= 13


@pytest.mark.parametrize("how", ["message", "more", "withdrawal", "file"])
def test_new_words_stand_in_row_and_list_once_work_began(duty: Person, how: str) -> None:
    report, silent = taken(duty), taken(duty, "khác")
    untouched = report_factories.report("mới")
    for each in (report, untouched):
        say(each, how)
    assert list_reports(duty.client, FRESH) == [report]
    assert "Có lời mới" in row_of(duty, report)
    assert "Có lời mới" not in row_of(duty, silent)
    assert "Có lời mới" not in row_of(duty, untouched)


def test_what_a_person_acted_on_is_new_no_more(duty: Person) -> None:
    report = taken(duty)
    say(report, "more")
    workflow.decide("note", report.pk, by=duty.user, version=2, reason="Đã đọc.")
    assert list_reports(duty.client, FRESH) == []
    say(report, "message")
    assert list_reports(duty.client, FRESH) == [report]


def test_a_report_that_was_handed_over_or_ended_is_in_the_list(duty: Person) -> None:
    passed, ended = taken(duty), taken(duty, "khác")
    for report, verb in ((passed, "hand_over"), (ended, "close")):
        workflow.decide(verb, report.pk, by=duty.user, version=2, **WORDS[verb])
    assert list_reports(duty.client, FRESH) == []
    say(passed, "message")
    say(ended, "file")
    assert set(list_reports(duty.client, FRESH)) == {passed, ended}
    assert duty.read_page(QUEUE + FRESH).count(">Có lời mới<") == 2


MOVED_TO = "Xã Kể Sau"


@pytest.fixture
def moved() -> Report:
    """A report from one commune whose reporter corrected it to another."""
    gazetteer.clear_cache()
    commune("xa_dau", "Xã Ban Đầu"), commune("xa_sau", MOVED_TO)
    place = {"commune_raw": "Ban Đầu", "commune_id": "xa_dau", "flags": (gazetteer.AMBIGUOUS,)}
    subject = report_factories.report(**place)
    tell(subject, commune_raw="Kể Sau", commune_id="xa_sau")
    return subject


def tell(subject: Report, **said: Any) -> None:
    report_factories.add_followup(subject, **said)
    report_factories.read_all(subject)


def test_the_queue_and_its_list_say_the_later_place(duty: Person, moved: Report) -> None:
    page = words(duty.client.get(QUEUE))
    assert f"{MOVED_TO} (1)" in page
    assert page.count(MOVED_TO) == 2
    assert "Xã Ban Đầu" not in page


@pytest.mark.parametrize(("chosen", "many"), [("xa_sau", 1), ("xa_dau", 0), ("none", 0)])
def test_the_list_narrows_by_the_later_place(
    duty: Person, moved: Report, chosen: str, many: int
) -> None:
    assert len(list_reports(duty.client, xa=chosen)) == many


def test_the_head_of_a_report_says_it_and_warns_no_more(duty: Person, moved: Report) -> None:
    page = words(duty.client.get(page_of(moved)))
    assert f"{MOVED_TO}, kể sau khi gửi tin" in page
    assert "Tên xã, phường này có mấy nơi." not in page


def test_the_file_says_the_later_place(lead: Person, moved: Report) -> None:
    text = dict(zip(*exported(lead, personal="on", reason="Gửi Công an xã"), strict=True))
    assert (text["Xã, phường"], text["Nơi ở như đã ghi"]) == (MOVED_TO, "Kể Sau")


def test_a_place_that_no_table_knows_is_shown_as_written(duty: Person, moved: Report) -> None:
    tell(moved, commune_raw="Lam Sn", flags=(gazetteer.UNKNOWN,))
    page = words(duty.client.get(QUEUE))
    assert "Lam Sn" in page
    assert MOVED_TO not in page
