"""Reading reports again, from the desk: who may, what is said before and after, how far it is."""

from typing import Any
from unittest.mock import Mock

import pytest
from django.db import DatabaseError, InterfaceError
from django.db.models.functions import Now
from django.test import Client

from core.models import AuditEvent, OutboxItem
from core.outbox.queue import Priority
from reports.cases import workflow
from reports.models import Case, ExtractedFacts, Report, ReprocessingRun
from reports.tracking import status_timeline
from reports.triage import report_triage, reprocessing
from tests.support import report_factories
from tests.support.desk_pages import QUEUE, page_of, press, tree, words
from tests.support.officers import Person
from tests.support.reprocessing import OLD, list_owed, read_all, read_under, take_steps

pytestmark = pytest.mark.django_db

RUNS = "/admin/reports/reprocessingrun/"
START = f"{RUNS}start/"


def again(person: Person, report: Report) -> Any:
    """Press “Cho máy đọc lại” on a report's page."""
    return person.client.post(page_of(report, "read-again"), follow=True)


def choose(client: Client, *reports: Report, **more: Any) -> Any:
    """Tick these reports in the list and have them read again."""
    chosen = {"action": "reprocess_selected", "index": 0}
    chosen["_selected_action"] = [report.pk for report in reports]
    return client.post(f"{QUEUE}?viec=all", chosen | more, follow=True)


def test_before_it_starts_the_page_says_how_many_and_what_stays(lead: Person) -> None:
    for _ in range(2):
        read_under(OLD)
    read_under(report_triage.RULES_VERSION)
    text = words(lead.client.get(START))
    for part in ("Máy sẽ đọc lại 2 tin", "Quyết định, ghi chú, lời kể", "giữ nguyên",
                 "Tin mới gửi đến vẫn được đọc trước", "Bắt đầu đọc lại 2 tin"):  # fmt: skip
        assert part in text
    assert not ReprocessingRun.objects.exists()


def test_a_lead_starts_a_run_on_record_that_the_machine_carries_to_its_end(lead: Person) -> None:
    read_under(OLD)
    response = lead.client.post(START, follow=True)
    assert response.redirect_chain == [(RUNS, 303)]
    assert "Đã bắt đầu đọc lại 1 tin" in words(response)
    run, event = ReprocessingRun.objects.get(), AuditEvent.objects.get()
    assert (event.subject_type, event.subject_id) == ("reprocessing_run", str(run.pk))
    assert (event.kind, event.actor, run.actor) == ("reprocessing_started", lead.user, lead.user)
    assert "Bắt đầu một lượt đọc lại tin" in lead.read_page("/admin/core/auditevent/")
    read_all()
    assert ExtractedFacts.objects.get().rules_version == report_triage.RULES_VERSION
    assert "Đã đọc xong: 1 trên 1 tin" in words(lead.client.get(RUNS))


def test_a_second_press_says_that_one_is_going_on(lead: Person) -> None:
    read_under(OLD)
    lead.client.post(START)
    assert "Đang có một lượt đọc lại rồi." in words(lead.client.post(START, follow=True))
    assert "Đang có một lượt đọc lại" in words(lead.client.get(START))
    assert ReprocessingRun.objects.count() == 1


def test_nothing_to_read_is_said_before_and_after(lead: Person) -> None:
    read_under(report_triage.RULES_VERSION)
    assert "không có gì phải đọc lại" in words(lead.client.get(START))
    assert "không có gì phải đọc lại" in words(lead.client.post(START, follow=True))


def test_the_page_shows_how_far_a_run_is(lead: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reprocessing, "BATCH_SIZE", 2)
    for _ in range(4):
        read_under(OLD)
    lead.client.post(START)
    take_steps(1)
    first, second = OutboxItem.objects.filter(task="reports.triage", priority=Priority.IDLE)
    report_triage.process_items([first.pk])
    OutboxItem.objects.filter(pk=second.pk).update(failed_at=Now())
    page = lead.client.get(RUNS)
    (bar,) = tree(page).iter("progress")
    assert (bar.get("value"), bar.get("max"), bar.text) == ("2", "4", "1 trên 4 tin")
    assert "Đã giao máy đọc 2 tin; 1 tin máy không đọc được" in words(page)


def test_a_run_that_stands_still_says_so_and_goes_on_at_a_press(lead: Person) -> None:
    read_under(OLD)
    lead.client.post(START)
    OutboxItem.objects.filter(task=reprocessing.STEP_TASK).update(failed_at=Now())
    assert "Đang đứng yên" in words(lead.client.get(RUNS))
    assert "Đã cho máy làm tiếp." in words(lead.client.post(START, follow=True))
    assert AuditEvent.objects.latest("id").kind == "reprocessing_resumed"
    take_steps()
    assert len(list_owed()) == 1


@pytest.mark.parametrize("trouble", [DatabaseError, InterfaceError])
def test_a_count_that_takes_too_long_is_told(
    trouble: type[Exception], lead: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reprocessing, "count", Mock(side_effect=trouble))
    assert "Chưa đếm được" in words(lead.client.get(START))
    assert "Chưa bắt đầu được" in words(lead.client.post(START, follow=True))


def test_an_officer_has_one_report_read_again_and_the_decision_stays(duty: Person) -> None:
    report = read_under(OLD, "Họ xưng công an, đòi chuyển tiền.")
    workflow.decide("junk", report.pk, by=duty.user, version=1, reason="Thử")
    before = Case.objects.values().get()
    response = again(duty, report)
    assert response.redirect_chain == [(page_of(report), 303)]
    assert "Máy sẽ đọc lại 1 tin" in words(response)
    read_all()
    assert ExtractedFacts.objects.get().rules_version == report_triage.RULES_VERSION
    assert Case.objects.values().get() == before
    assert "Cho máy đọc lại" in words(duty.client.get(page_of(report)))


def test_what_failed_is_read_at_a_press_and_what_waits_is_owed_once(duty: Person) -> None:
    report = report_factories.report()
    assert "đang chờ máy đọc" in words(again(duty, report))
    assert (len(list_owed()), AuditEvent.objects.count()) == (1, 0)
    OutboxItem.objects.update(failed_at=Now())
    again(duty, report)
    read_all()
    assert ExtractedFacts.objects.get().report == report


def test_an_erased_report_offers_nothing_to_read(duty: Person) -> None:
    report = read_under(OLD)
    report_factories.erase(report)
    assert "Cho máy đọc lại" not in words(duty.client.get(page_of(report)))
    again(duty, report)
    assert list_owed() == []


def test_to_the_reporter_nobody_has_read_what_the_machine_reads_again(duty: Person) -> None:
    report = read_under(OLD)
    again(duty, report)
    conversation = status_timeline.conversation(report)
    steps = status_timeline.progress_steps(report, Case.objects.get(report=report), conversation)
    assert [step.word for step in steps] == ["Đã nhận", "Chờ cán bộ đọc"]


def test_a_colleague_is_not_told_of_it_as_of_a_decision(duty: Person) -> None:
    report = read_under(OLD)
    press(duty.client, report, "take")
    again(duty, report)
    text = words(press(duty.client, report, "note", version=1))
    assert "nhận xử lý." in text
    assert "vừa xử lý tin này" in text


def test_a_lead_has_chosen_reports_read_again(lead: Person) -> None:
    first, second, _ = (read_under(report_triage.RULES_VERSION) for _ in range(3))
    assert "Máy sẽ đọc lại 2 tin" in words(choose(lead.client, first, second))
    assert set(list_owed()) == {str(first.pk), str(second.pk)}
    assert set(AuditEvent.objects.values_list("kind", "actor")) == {("reprocessed", lead.user.pk)}


def test_too_many_at_once_are_refused(lead: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desk.reports.reprocessing.MAX_BATCH", 1)
    reports = [read_under(OLD) for _ in range(3)]
    assert "nhiều nhất 1 tin" in words(choose(lead.client, *reports[:2]))
    assert "nhiều nhất 1 tin" in words(choose(lead.client, reports[0], select_across="1"))
    assert list_owed() == []


def test_a_duty_officer_is_not_offered_to_have_many_read_again(duty: Person) -> None:
    report = read_under(OLD)
    assert 'value="reprocess_selected"' not in duty.read_page(QUEUE)
    choose(duty.client, report)
    assert list_owed() == []
