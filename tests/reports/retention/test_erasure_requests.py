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
from reports.cases import corrections, deadlines, legal_holds, workflow
from reports.cases.corrections import CorrectedValue
from reports.models import (
    Case,
    Deadline,
    DeadlineNotification,
    ErasureRequest,
    PublicStatement,
    Report,
)
from reports.reference import confirmed_statements
from reports.retention import erasure_requests
from reports.retention.erasure_requests import ErasureRequestError
from reports.submission import intake
from reports.submission.intake import ReportSubmission
from reports.tracking import followups
from reports.tracking.followups import FollowupSubmission
from tests.support.officers import Person, create_officer
from tests.support.resident_pages import words

pytestmark = pytest.mark.django_db
TRACK, ERASE = "/theo-doi/", "/theo-doi/xoa/"
PLAIN = "Công an phải giữ tin này để giải quyết vụ việc"


@pytest.fixture
def mine() -> intake.SubmissionResult:
    contact = {"contact": "0992 000 118", "phrase": "bến Sung, 47"}
    typed = ReportSubmission(story="Họ gọi, dọa bắt.", **contact)
    return intake.submit_report(typed, "a-key-of-the-browser")


@pytest.fixture
def requesting(mine: intake.SubmissionResult) -> Report:
    erasure_requests.request_erasure(mine.report, "Tôi <b>sợ</b> lộ")
    return mine.report


def ask(client: Client, code: str | None, path: str = ERASE, **more: str) -> Any:
    return client.post(path, {"code": code, "sure": "yes", "reason": "Tôi sợ lộ", **more})


def keeping(report: Report, act: str = "keeping") -> str:
    return f"/admin/reports/report/{report.pk}/{act}/"


def version(report: Report) -> int:
    return Case.objects.get(pk=report.pk).version


def refuse(report: Report, by: Person) -> None:
    erasure_requests.refuse_erasure(
        report.pk, by=by.user, version=version(report), reason="Cần giữ."
    )


def test_the_page_offers_all_five(client: Client, mine: intake.SubmissionResult) -> None:
    page = client.post(TRACK, {"code": mine.code}).content.decode()
    for path in ("/theo-doi/them/", "/theo-doi/rut/", "/theo-doi/ban-sao/", ERASE):
        assert f'action="{path}"' in page
    assert "Họ gọi, dọa bắt." in page


def test_it_asks_once_more_before_it_is_written(
    client: Client, mine: intake.SubmissionResult
) -> None:
    answer = client.post(ERASE, {"code": mine.code})
    assert "Xóa rồi không lấy lại được" in words(answer.content)
    assert not ErasureRequest.objects.exists()


@pytest.mark.parametrize(
    ("path", "told", "again"),
    [
        (ERASE, "Đã ghi đề nghị xóa", "Trang đã nhận đề nghị xóa từ trước"),
        ("/en/theo-doi/xoa/", "It is noted that you want", "You have already asked"),
    ],
)
def test_a_wish_is_written_once(
    client: Client, mine: intake.SubmissionResult, path: str, told: str, again: str
) -> None:
    assert told in words(ask(client, mine.code, path).content)
    answer = ask(client, mine.code, path)
    assert again in words(answer.content)
    assert ErasureRequest.objects.get().report == mine.report
    assert f'action="{path}"' not in answer.content.decode()


def test_a_wrong_code_asks_for_nothing(client: Client, mine: intake.SubmissionResult) -> None:
    assert ask(client, "7K4M-29QK-XXXX").status_code == 422
    assert not ErasureRequest.objects.exists()


def test_two_working_days_are_the_officers_clock(requesting: Report, settings: Settings) -> None:
    settings.DEADLINE_RIGHTS_WORKING_DAYS = 2
    deadlines.start_for_new_reports()
    assert deadlines.start_for_requests() == 1
    assert deadlines.start_for_requests() == 0
    clock = Deadline.objects.get(kind="rights")
    assert clock.due_at - clock.started_at > timedelta(days=1)
    Deadline.objects.filter(kind="sort").update(met_at=timezone.now())
    deadlines.send_due_reminders()
    assert Deadline.objects.pending().get() == clock


def test_a_wish_on_ended_work_makes_it_due_again(requesting: Report, lead: Person) -> None:
    workflow.decide("junk", requesting.pk, by=lead.user, version=1, reason="rác")
    deadlines.start_for_requests()
    case = Case.objects.get(pk=requesting.pk)
    assert case.due_at == Deadline.objects.pending().get().due_at


def wished(mine: intake.SubmissionResult, kind: str = "withdrawal") -> Report:
    """A report of which the reporter wishes something, a minute before its clocks are started."""
    text = FollowupSubmission(kind=kind, story="Tôi nhớ nhầm.")
    followups.submit_followup(mine.report, text, "key-of-a-page-0001")
    deadlines.start_for_new_reports()
    return mine.report


def running() -> list[str]:
    rows = Deadline.objects.pending().order_by("kind")
    return list(rows.values_list("kind", flat=True))


def test_a_wish_to_withdraw_has_the_officers_clock_too(
    mine: intake.SubmissionResult, duty: Person
) -> None:
    report = wished(mine)
    assert [deadlines.start_for_requests() for _ in range(2)] == [1, 0]
    assert Deadline.objects.get(kind="wish").started_at == report.followups.get().received_at
    page = duty.client.get(f"/admin/reports/report/{report.pk}/change/").content.decode()
    assert "Trả lời đề nghị rút, sửa tin" in page


def test_a_wish_that_nobody_answers_is_overdue_as_all_else_is(
    mine: intake.SubmissionResult, lead: Person
) -> None:
    workflow.decide("junk", mine.report.pk, by=lead.user, version=1, reason="rác")
    wished(mine)
    deadlines.start_for_requests()
    due_at = Deadline.objects.pending().get().due_at
    assert Case.objects.get().due_at == due_at
    with time_machine.travel(due_at + timedelta(minutes=1)):
        deadlines.send_due_reminders()
    assert DeadlineNotification.objects.get().stage == DeadlineNotification.Stage.OVERDUE


@pytest.mark.parametrize(
    ("verb", "given", "left"),
    [
        ("ask", {}, ["sort", "wish"]),
        ("note", {}, ["sort", "wish"]),
        ("act", {}, ["tell", "verify", "wish"]),
        ("hand_over", {"unit": "Công an xã Yên Định"}, ["wish"]),
        ("message", {}, ["sort"]),
        ("withdraw", {}, []),
        ("close", {"outcome": "duplicate"}, []),
    ],
)
def test_what_tells_the_reporter_or_ends_the_work_answers_it(
    mine: intake.SubmissionResult, lead: Person, verb: str, given: dict[str, str], left: list[str]
) -> None:
    report = wished(mine)
    deadlines.start_for_requests()
    words = {"reason": "Đã xem đề nghị."} | given
    workflow.decide(verb, report.pk, by=lead.user, version=version(report), **words)
    assert running() == left
    assert deadlines.start_for_requests() == 0


def test_what_was_answered_within_the_minute_starts_no_clock(
    mine: intake.SubmissionResult, lead: Person
) -> None:
    report = wished(mine)
    workflow.decide("message", report.pk, by=lead.user, version=1, reason="Công an đã dừng.")
    assert deadlines.start_for_requests() == 0
    withdrawal = FollowupSubmission(kind="withdrawal", story="Xin rút.")
    followups.submit_followup(report, withdrawal, "key-of-a-page-0002")
    assert deadlines.start_for_requests() == 1


def test_a_correction_holds_at_once_and_waits_for_nobody(mine: intake.SubmissionResult) -> None:
    wished(mine, "correction")
    assert deadlines.start_for_requests() == 0


@pytest.mark.parametrize("above", ["word", "hold"])
def test_a_correction_waits_where_an_officers_word_or_a_hold_stands_above_it(
    mine: intake.SubmissionResult, lead: Person, above: str
) -> None:
    report = wished(mine, "correction")
    if above == "hold":
        legal_holds.place_hold(report.pk, by=lead.user, reason="Công văn 12")
    else:
        right = CorrectedValue("ongoing", True)
        corrections.correct_fact(report.pk, by=lead.user, version=1, right=right, reason="Đã gọi.")
    assert deadlines.start_for_requests() == 1
    assert "wish" in running()


def test_the_desk_shows_it_and_a_lead_erases(
    client: Client, mine: intake.SubmissionResult, requesting: Report, lead: Person, duty: Person
) -> None:
    deadlines.start_for_new_reports()
    deadlines.start_for_requests()
    page = duty.client.get(f"/admin/reports/report/{requesting.pk}/change/").content.decode()
    assert "Người báo đề nghị xóa dữ liệu" in page
    assert "&lt;b&gt;sợ" in lead.client.get(keeping(requesting)).content.decode()
    fields = {"version": version(requesting)}
    assert duty.client.post(keeping(requesting, "grant-erasure"), fields).status_code == 403
    assert lead.client.post(keeping(requesting, "grant-erasure"), fields).status_code == 303
    requesting.refresh_from_db()
    assert requesting.erased_at
    assert (Case.objects.get().status, Case.objects.get().due_at) == ("withdrawn", None)
    page = words(client.post(TRACK, {"code": mine.code}).content)
    assert "Dữ liệu của tin này đã xóa lúc" in page
    assert "Họ gọi, dọa bắt." not in page


def test_the_desk_reads_a_wish_without_what_says_whose_it_is(
    mine: intake.SubmissionResult, lead: Person
) -> None:
    erasure_requests.request_erasure(
        mine.report, "Đừng gọi 0992.000.118 nữa, căn cước 038012345678"
    )
    page = lead.client.get(keeping(mine.report)).content.decode()
    assert "Đừng gọi [số người báo] nữa, căn cước [số giấy tờ]" in page


def test_it_is_refused_in_words_that_the_reporter_reads(
    client: Client, mine: intake.SubmissionResult, requesting: Report, duty: Person
) -> None:
    deadlines.start_for_new_reports()
    deadlines.start_for_requests()
    fields = {"version": version(requesting), "reason": "Tin của bạn giống chín tin khác, cần giữ."}
    assert duty.client.post(keeping(requesting, "refuse-erasure"), fields).status_code == 303
    page = words(client.post(TRACK, {"code": mine.code}).content)
    assert "chưa xóa được. Lý do ở phần trao đổi" in page
    assert "giống chín tin khác" in page
    assert f'action="{ERASE}"' in client.post(TRACK, {"code": mine.code}).content.decode()
    assert not Deadline.objects.pending().filter(kind="rights").exists()


@pytest.fixture
def refused(requesting: Report, duty: Person) -> Report:
    refuse(requesting, duty)
    return requesting


def take_up(report: Report, by: Person, reason: str = "Giữ không cần nữa") -> Any:
    fields = {"version": version(report), "reason": reason}
    return by.client.post(keeping(report, "take-up-erasure"), fields)


def test_a_lead_takes_a_refused_wish_up_and_another_erases(refused: Report, lead: Person) -> None:
    assert "Xem lại đề nghị này" in lead.client.get(keeping(refused)).content.decode()
    assert take_up(refused, lead).status_code == 303
    assert Deadline.objects.pending().filter(kind="rights").exists()
    assert events.events_for("report", refused.pk).get(kind="wish_taken_up").actor == lead.user
    page = lead.client.get(keeping(refused)).content.decode()
    assert "Giữ không cần nữa" in page
    assert "Xóa toàn bộ" not in page
    other = create_officer("chi.huy.hai", "lead")
    erasure_requests.grant_erasure(refused.pk, by=other, version=version(refused))
    refused.refresh_from_db()
    assert refused.erased_at


def test_who_took_a_wish_up_does_not_erase(refused: Report, lead: Person) -> None:
    take_up(refused, lead)
    with pytest.raises(ErasureRequestError, match=r"^same$"):
        erasure_requests.grant_erasure(refused.pk, by=lead.user, version=version(refused))
    granted = {"outcome": "granted", "decided_by": lead.user, "decided_at": timezone.now()}
    with pytest.raises(IntegrityError), transaction.atomic():
        ErasureRequest.objects.update(**granted)


def test_the_reporter_reads_that_it_is_looked_at_again(
    client: Client, mine: intake.SubmissionResult, refused: Report, lead: Person
) -> None:
    take_up(refused, lead)
    page = words(client.post(TRACK, {"code": mine.code}).content)
    assert "Đề nghị xóa của bạn đang được xem lại." in page


def test_what_was_not_refused_is_not_taken_up(
    requesting: Report, lead: Person, duty: Person, auditor: Person
) -> None:
    assert take_up(requesting, lead).status_code == 409
    refuse(requesting, duty)
    assert take_up(requesting, lead, reason=" ").status_code == 409
    assert take_up(requesting, auditor).status_code == 403
    legal_holds.place_hold(requesting.pk, by=lead.user, reason="Công văn 12")
    assert take_up(requesting, lead).status_code == 409
    assert not ErasureRequest.objects.open().exists()


@pytest.mark.parametrize("against", ["held", "crime"])
def test_a_hold_or_a_case_stands_above_it(requesting: Report, lead: Person, against: str) -> None:
    if against == "held":
        legal_holds.place_hold(requesting.pk, by=lead.user, reason="Công văn 12")
    else:
        workflow.decide("act", requesting.pk, by=lead.user, version=1, reason="gửi CQĐT")
    page = lead.client.get(keeping(requesting)).content.decode()
    assert PLAIN in page
    assert "Xóa toàn bộ" not in page
    fields = {"version": version(requesting)}
    assert lead.client.post(keeping(requesting, "grant-erasure"), fields).status_code == 409
    with pytest.raises(ErasureRequestError, match=rf"^{against}$"):
        erasure_requests.grant_erasure(requesting.pk, by=lead.user, version=version(requesting))
    assert ErasureRequest.objects.open().exists()


def test_the_reporter_is_told_in_their_language(lead: Person) -> None:
    typed = ReportSubmission(story="They called.", language="en")
    english = intake.submit_report(typed, "another-key-000").report
    erasure_requests.request_erasure(english, "")
    legal_holds.place_hold(english.pk, by=lead.user, reason="Công văn 12")
    page = lead.client.get(keeping(english)).content.decode()
    assert "The police must keep this report" in page


def test_an_answer_to_nothing_is_none(mine: intake.SubmissionResult, lead: Person) -> None:
    with pytest.raises(ErasureRequestError, match=r"^closed$"):
        erasure_requests.grant_erasure(mine.report.pk, by=lead.user, version=1)
    mine.report.refresh_from_db()
    assert mine.report.erased_at is None


def test_who_looked_at_an_older_page_erases_nothing(requesting: Report, lead: Person) -> None:
    workflow.decide("note", requesting.pk, by=lead.user, version=1, reason="x")
    assert lead.client.post(keeping(requesting, "grant-erasure"), {"version": 1}).status_code == 409
    requesting.refresh_from_db()
    assert requesting.erased_at is None


def test_the_promise_is_told_once_it_is_confirmed(
    client: Client, mine: intake.SubmissionResult, lead: Person
) -> None:
    text = {"title": "x", "text": "Dự kiến trả lời trước {time}.", "text_en": "x", "amount": 2}
    row = PublicStatement.objects.create(codename="erase_answer", **text)
    confirmed_statements.publish_statement(row, lead.user)
    confirmed_statements.clear_cache()
    assert "Dự kiến trả lời trước 17:00" in words(ask(client, mine.code).content)


def test_nobody_fills_the_table(mine: intake.SubmissionResult, lead: Person) -> None:
    for _ in range(erasure_requests.MAX_REQUESTS):
        assert erasure_requests.request_erasure(mine.report, "x")
        refuse(mine.report, lead)
    assert not erasure_requests.request_erasure(mine.report, "x")
