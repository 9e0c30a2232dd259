"""What a reporter may do with the code alone: read, correct, withdraw, take a copy, be erased."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from core.audit import events
from reports.cases import deadlines, legal_holds
from reports.models import Case, Deadline, DeadlineNotification, ErasureRequest, Report
from reports.retention import erasure_requests
from reports.retention.erasure_requests import ErasureRequestError
from tests.support import report_factories
from tests.support.desk_pages import page_of
from tests.support.officers import Person, create_officer
from tests.support.resident_pages import TRACK, Resident, create_resident, words

pytestmark = pytest.mark.django_db
ERASE = "/theo-doi/xoa/"


@pytest.fixture
def resident(client: Client, db: None) -> Resident:
    return create_resident(client, story="Họ gọi, dọa bắt.", contact="0992 000 118")


@pytest.fixture
def requesting(resident: Resident) -> Report:
    erasure_requests.request_erasure(resident.report, "Tôi <b>sợ</b> lộ")
    return resident.report


def ask(resident: Resident, path: str = ERASE) -> str:
    return words(resident.post(path, sure="yes", reason="Tôi sợ lộ").content)


def version(report: Report) -> int:
    return Case.objects.get(pk=report.pk).version


def press(by: Person, report: Report, act: str, **typed: Any) -> int:
    """Press a button of the page about keeping and erasing; return the status."""
    fields = {"version": version(report), **typed}
    return by.client.post(page_of(report, act), fields).status_code


def retention_page(by: Person, report: Report) -> str:
    return by.client.get(page_of(report, "keeping")).content.decode()


def refuse(report: Report, by: Person) -> None:
    erasure_requests.refuse_erasure(
        report.pk, by=by.user, version=version(report), reason="Cần giữ."
    )


def test_the_page_offers_all_five_and_asks_once_more_before_a_request_is_written(
    resident: Resident,
) -> None:
    page = resident.post(TRACK).content.decode()
    for path in ("/theo-doi/them/", "/theo-doi/rut/", "/theo-doi/ban-sao/", ERASE):
        assert f'action="{path}"' in page
    assert "Họ gọi, dọa bắt." in page
    asked = resident.post(ERASE).content.decode()
    assert "Xóa rồi không lấy lại được" in asked
    for path in ("/theo-doi/", "/theo-doi/ban-sao/"):
        assert f'formaction="{path}"' in asked
        assert resident.post(path, reason="Tôi sợ lộ", submission_key="k" * 16).status_code == 200
    assert not ErasureRequest.objects.exists()


@pytest.mark.parametrize(
    ("path", "told", "again"),
    [
        (ERASE, "Đã ghi đề nghị xóa", "Trang đã nhận đề nghị xóa từ trước"),
        ("/en/theo-doi/xoa/", "We have recorded your request to erase", "You have already asked"),
    ],
)
def test_a_request_is_written_once(resident: Resident, path: str, told: str, again: str) -> None:
    assert told in ask(resident, path)
    assert again in ask(resident, path)
    assert ErasureRequest.objects.get().report == resident.report
    assert f'action="{path}"' not in resident.post(path, sure="yes").content.decode()


def test_a_wrong_code_asks_for_nothing(resident: Resident) -> None:
    assert resident.post(ERASE, code="7K4M-29QK-XXXX", sure="yes").status_code == 422
    assert not ErasureRequest.objects.exists()


def test_two_working_days_are_the_officers_deadline(requesting: Report, settings: Settings) -> None:
    settings.DEADLINE_REQUEST_WORKING_DAYS = 2
    deadlines.start_for_new_reports()
    assert deadlines.start_for_requests() == 1
    assert deadlines.start_for_requests() == 0
    deadline = Deadline.objects.get(kind="erasure_answer")
    assert deadline.due_at - deadline.started_at > timedelta(days=1)
    Deadline.objects.filter(kind="classify").update(met_at=timezone.now())
    deadlines.send_due_reminders()
    assert Deadline.objects.pending().get() == deadline


def test_a_request_on_ended_work_makes_it_due_again(requesting: Report, lead: Person) -> None:
    report_factories.decide("junk", requesting, lead)
    deadlines.start_for_requests()
    case = Case.objects.get(pk=requesting.pk)
    assert case.due_at == Deadline.objects.pending().get().due_at


def requested(resident: Resident, kind: str = "withdrawal") -> Report:
    """A report of which the reporter requests something, a minute before its deadlines start."""
    report_factories.add_followup(resident.report, kind=kind, story="Tôi nhớ nhầm.")
    deadlines.start_for_new_reports()
    return resident.report


def running() -> list[str]:
    rows = Deadline.objects.pending().order_by("kind")
    return list(rows.values_list("kind", flat=True))


def test_a_withdrawal_has_the_officers_deadline_too(resident: Resident, duty: Person) -> None:
    report = requested(resident)
    assert [deadlines.start_for_requests() for _ in range(2)] == [1, 0]
    deadline = Deadline.objects.get(kind="followup_answer")
    assert deadline.started_at == report.followups.get().received_at
    page = duty.client.get(page_of(report)).content.decode()
    assert "Trả lời đề nghị rút, sửa tin" in page


def test_a_request_that_nobody_answers_is_overdue_as_all_else_is(
    resident: Resident, lead: Person
) -> None:
    report_factories.decide("junk", resident.report, lead)
    requested(resident)
    deadlines.start_for_requests()
    due_at = Deadline.objects.pending().get().due_at
    assert Case.objects.get().due_at == due_at
    with time_machine.travel(due_at + timedelta(minutes=1)):
        deadlines.send_due_reminders()
    assert DeadlineNotification.objects.get().stage == DeadlineNotification.Stage.OVERDUE


@pytest.mark.parametrize(
    ("verb", "left"),
    [
        ("ask", ["classify", "followup_answer"]),
        ("note", ["classify", "followup_answer"]),
        ("act", ["followup_answer", "notify", "verify"]),
        ("hand_over", ["followup_answer", "unit_answer", "unit_receipt"]),
        ("message", ["classify"]),
        ("withdraw", []),
        ("close", []),
    ],
)
def test_what_tells_the_reporter_or_ends_the_work_answers_it(
    resident: Resident, lead: Person, verb: str, left: list[str]
) -> None:
    report = requested(resident)
    deadlines.start_for_requests()
    report_factories.decide(verb, report, lead)
    assert running() == left
    assert deadlines.start_for_requests() == 0


def test_what_was_answered_within_the_minute_starts_no_deadline(
    resident: Resident, lead: Person
) -> None:
    report = requested(resident)
    report_factories.decide("message", report, lead)
    assert deadlines.start_for_requests() == 0
    report_factories.add_followup(report, kind="withdrawal", story="Xin rút.")
    assert deadlines.start_for_requests() == 1


def test_a_correction_holds_at_once_and_waits_for_nobody(resident: Resident) -> None:
    requested(resident, "correction")
    assert deadlines.start_for_requests() == 0


@pytest.mark.parametrize("above", ["word", "hold"])
def test_a_correction_waits_where_an_officers_word_or_a_hold_stands_above_it(
    resident: Resident, lead: Person, above: str
) -> None:
    report = requested(resident, "correction")
    if above == "hold":
        legal_holds.place_hold(report.pk, by=lead.user, reason="Công văn 12")
    else:
        report_factories.correct(report, lead, "ongoing", True)
    assert deadlines.start_for_requests() == 1
    assert "followup_answer" in running()


def test_the_desk_shows_it_and_a_lead_erases(
    resident: Resident, requesting: Report, lead: Person, duty: Person
) -> None:
    deadlines.start_for_new_reports()
    deadlines.start_for_requests()
    page = duty.client.get(page_of(requesting)).content.decode()
    assert "Người báo đề nghị xóa dữ liệu" in page
    assert "&lt;b&gt;sợ" in retention_page(lead, requesting)
    assert 'name="sure" required' in retention_page(lead, requesting)
    assert press(duty, requesting, "grant-erasure") == 403
    assert press(lead, requesting, "grant-erasure") == 303
    requesting.refresh_from_db()
    assert requesting.erased_at
    assert (Case.objects.get().status, Case.objects.get().due_at) == ("withdrawn", None)
    assert "Dữ liệu của tin này đã xóa lúc" in resident.read_status()
    told = resident.read_status()
    assert "Dữ liệu đã xóa theo đề nghị của bạn." in told
    for untrue in ("Họ gọi, dọa bắt.", "Bạn đã đề nghị rút tin", "Bạn không để lại số"):
        assert untrue not in told


def test_the_desk_reads_a_request_without_what_says_whose_it_is(
    resident: Resident, lead: Person
) -> None:
    words = "Đừng gọi 0992.000.118 nữa, căn cước 038012345678"
    erasure_requests.request_erasure(resident.report, words)
    page = retention_page(lead, resident.report)
    assert "Đừng gọi [số người báo] nữa, căn cước [số giấy tờ]" in page


def test_it_is_refused_in_words_that_the_reporter_reads(
    resident: Resident, requesting: Report, duty: Person
) -> None:
    deadlines.start_for_new_reports()
    deadlines.start_for_requests()
    reason = "Tin của bạn giống chín tin khác, cần giữ."
    assert press(duty, requesting, "refuse-erasure", reason=reason) == 303
    assert "chưa xóa được. Lý do ở phần trao đổi" in resident.read_status()
    assert "giống chín tin khác" in resident.read_status()
    assert f'action="{ERASE}"' in resident.post(TRACK).content.decode()
    assert not Deadline.objects.pending().filter(kind="erasure_answer").exists()


@pytest.fixture
def refused(requesting: Report, duty: Person) -> Report:
    refuse(requesting, duty)
    return requesting


def reopen(report: Report, by: Person, reason: str = "Giữ không cần nữa") -> int:
    return press(by, report, "take-up-erasure", reason=reason)


def test_a_lead_reopens_a_refused_request_and_another_erases(
    resident: Resident, refused: Report, lead: Person
) -> None:
    assert "Xem lại đề nghị này" in retention_page(lead, refused)
    assert reopen(refused, lead) == 303
    assert "Đề nghị xóa của bạn đang được xem lại." in resident.read_status()
    assert Deadline.objects.pending().filter(kind="erasure_answer").exists()
    rows = events.events_for("report", refused.pk)
    assert rows.get(kind="erasure_request_reopened").actor == lead.user
    page = retention_page(lead, refused)
    assert "Giữ không cần nữa" in page
    assert "Xóa toàn bộ" not in page
    other = create_officer("chi.huy.hai", "lead")
    erasure_requests.grant_erasure(refused.pk, by=other, version=version(refused))
    refused.refresh_from_db()
    assert refused.erased_at


def test_who_reopened_a_request_does_not_erase(refused: Report, lead: Person) -> None:
    reopen(refused, lead)
    with pytest.raises(ErasureRequestError, match=r"^same$"):
        erasure_requests.grant_erasure(refused.pk, by=lead.user, version=version(refused))
    granted = {"outcome": "granted", "decided_by": lead.user, "decided_at": timezone.now()}
    with pytest.raises(IntegrityError), transaction.atomic():
        ErasureRequest.objects.update(**granted)


def test_what_was_not_refused_is_not_reopened(
    requesting: Report, lead: Person, duty: Person, auditor: Person
) -> None:
    assert reopen(requesting, lead) == 409
    refuse(requesting, duty)
    assert reopen(requesting, lead, reason=" ") == 409
    assert reopen(requesting, auditor) == 403
    legal_holds.place_hold(requesting.pk, by=lead.user, reason="Công văn 12")
    assert reopen(requesting, lead) == 409
    assert not ErasureRequest.objects.open().exists()


@pytest.mark.parametrize("against", ["held", "crime_report"])
def test_a_hold_or_a_case_stands_above_it(requesting: Report, lead: Person, against: str) -> None:
    if against == "held":
        legal_holds.place_hold(requesting.pk, by=lead.user, reason="Công văn 12")
    else:
        report_factories.decide("act", requesting, lead)
    page = retention_page(lead, requesting)
    assert "Công an phải giữ tin này để giải quyết vụ việc" in page
    assert "Xóa toàn bộ" not in page
    assert press(lead, requesting, "grant-erasure") == 409
    with pytest.raises(ErasureRequestError, match=rf"^{against}$"):
        erasure_requests.grant_erasure(requesting.pk, by=lead.user, version=version(requesting))
    assert ErasureRequest.objects.open().exists()


def test_the_reporter_is_told_in_their_language(lead: Person) -> None:
    english = report_factories.report("They called.", language="en")
    erasure_requests.request_erasure(english, "")
    legal_holds.place_hold(english.pk, by=lead.user, reason="Công văn 12")
    assert "The police must keep this report" in retention_page(lead, english)


def test_an_answer_to_nothing_is_none(resident: Resident, lead: Person) -> None:
    with pytest.raises(ErasureRequestError, match=r"^closed$"):
        erasure_requests.grant_erasure(resident.report.pk, by=lead.user, version=1)
    assert not Report.objects.exclude(erased_at=None).exists()


def test_who_looked_at_an_older_page_erases_nothing(requesting: Report, lead: Person) -> None:
    report_factories.decide("note", requesting, lead)
    assert press(lead, requesting, "grant-erasure", version=1) == 409
    assert not Report.objects.exclude(erased_at=None).exists()


def test_the_promise_is_told_once_it_is_confirmed(resident: Resident) -> None:
    text = "Dự kiến trả lời trước {time}."
    report_factories.confirm_statement("erase_answer", text=text, amount=2)
    assert "Dự kiến trả lời trước 17:00" in ask(resident)


def test_nobody_fills_the_table(resident: Resident, lead: Person) -> None:
    for _ in range(erasure_requests.MAX_REQUESTS):
        assert erasure_requests.request_erasure(resident.report, "x")
        refuse(resident.report, lead)
    assert not erasure_requests.request_erasure(resident.report, "x")
