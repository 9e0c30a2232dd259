"""Reading reports again: each once, none forgotten, whatever dies on the way; decisions stay."""

import time
from itertools import count, islice
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from core.models import AuditEvent, OutboxItem
from core.outbox import queue
from core.outbox.queue import MAX_ATTEMPTS, Priority
from reports.cases import workflow
from reports.models import Case, ExtractedFacts, ReprocessingRun
from reports.monitoring.queue_stats import queue_balance
from reports.submission import intake
from reports.tasks import continue_reprocessing
from reports.triage import report_triage, reprocessing
from tests.support import report_factories
from tests.support.concurrency import in_parallel
from tests.support.officers import Person
from tests.support.outbox_factories import expire_lease, leased_item
from tests.support.reprocessing import OLD, list_owed, next_step, read_all, read_under, take_steps

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reprocessing, "BATCH_SIZE", 2)


def rows(table: str) -> list[tuple[Any, ...]]:
    """Return every byte of a table."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT row::text FROM {table} AS row ORDER BY 1")  # noqa: S608
        return list(cursor.fetchall())


def outdated_reports(many: int) -> list[str]:
    """So many reports that were read under old rules, in the order of their ids."""
    return sorted(str(read_under(OLD).pk) for _ in range(many))


def step_of(run: ReprocessingRun) -> OutboxItem:
    """The step that a run has still to take."""
    return OutboxItem.objects.get(task=reprocessing.STEP_TASK, key=str(run.pk), done_at=None)


@pytest.mark.django_db(transaction=True)
def test_a_message_that_takes_long_leaves_the_rest_to_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Limit the time: whoever reaches the broker may name a million items."""
    monkeypatch.setattr(report_triage, "TIMEOUT_SECONDS", 0.0)
    numbers = count(10**9)
    continue_reprocessing(islice(numbers, 1000))  # type: ignore[arg-type]
    assert next(numbers) == 10**9 + 1


# --- which reports


@pytest.mark.parametrize("every", [False, True])
def test_what_was_read_under_other_rules_and_what_was_not_read_is_read_again_or_every_report(
    every: bool,
) -> None:
    old, unread = read_under(OLD), report_factories.report("không đọc được")
    OutboxItem.objects.filter(key=str(unread.pk)).update(failed_at=Now())
    known = read_under(report_triage.RULES_VERSION)
    expected = sorted(str(each.pk) for each in (old, unread, *([known] if every else [])))
    assert reprocessing.start(every=every).total == len(expected)
    take_steps()
    assert sorted(list_owed()) == expected


def test_what_was_read_and_owes_nothing_is_read_again_and_then_there_is_nothing_to_read() -> None:
    robbed, _ = read_under(report_triage.RULES_VERSION), read_under(report_triage.RULES_VERSION)
    OutboxItem.objects.filter(key=str(robbed.pk)).delete()
    assert not queue_balance().balanced
    run = reprocessing.start()
    assert run.total == 1
    read_all()
    assert queue_balance().balanced
    with pytest.raises(reprocessing.NothingToReprocessError):
        reprocessing.start()
    assert ReprocessingRun.objects.get() == run


@pytest.mark.parametrize("is_being_read", [False, True])
def test_what_waits_or_is_being_read_is_not_owed_again(is_being_read: bool) -> None:
    waiting = report_factories.report()
    if is_being_read:
        leased_item(OutboxItem.objects.get())
        assert reprocessing.reprocess_selected([waiting.pk]) == 0
    read_under(OLD)
    assert reprocessing.start().total == 1
    take_steps()
    assert list_owed().count(str(waiting.pk)) == 1


def test_what_failed_the_last_time_is_read_again_whatever_was_read_before() -> None:
    failed, mended = (
        read_under(report_triage.RULES_VERSION),
        read_under(report_triage.RULES_VERSION),
    )
    for report in (failed, mended):
        queue.enqueue(intake.TRIAGE_TASK, report.pk)
    OutboxItem.objects.filter(done_at=None).update(failed_at=Now())
    queue.enqueue(intake.TRIAGE_TASK, mended.pk)
    OutboxItem.objects.filter(done_at=None, failed_at=None).update(done_at=Now())
    assert reprocessing.start().total == 1
    take_steps()
    assert list_owed() == [str(failed.pk)]


def test_what_is_erased_is_left_in_peace_also_where_it_owes_nothing() -> None:
    report = read_under(OLD, "Bà Tư ở xóm Trên kể lại.")
    report_factories.erase(report)
    assert reprocessing.count(every=True) == 0
    assert reprocessing.reprocess_selected([report.pk]) == 0
    assert list_owed() == []
    ExtractedFacts.objects.filter(report=report).update(rules_version=report_triage.RULES_VERSION)
    OutboxItem.objects.filter(key=str(report.pk)).delete()
    assert reprocessing.count() == 0


def test_a_report_erased_while_it_waits_is_read_as_it_is_now() -> None:
    report = read_under(OLD, "Bà Tư ở xóm Trên kể lại.")
    reprocessing.start()
    take_steps()
    report_factories.erase(report)
    read_all()
    assert "ba tu" not in ExtractedFacts.objects.get().search_text
    assert not OutboxItem.objects.exclude(error="").exists()


# --- step by step


def test_reports_are_owed_in_batches_in_the_order_of_their_ids() -> None:
    reports = outdated_reports(5)
    run = reprocessing.start()
    for expected in (2, 4, 5):
        take_steps(1)
        assert list_owed() == reports[:expected]
    run.refresh_from_db()
    assert (run.enqueued, run.total, next_step()) == (5, 5, None)
    assert run.finished_at is not None


def test_a_step_stands_behind_what_it_owes_and_all_of_it_behind_fresh_reports() -> None:
    outdated_reports(4)
    reprocessing.start()
    take_steps(1)
    fresh = report_factories.report("vừa gửi")
    line = OutboxItem.objects.filter(done_at=None).order_by("priority", "id")
    assert [item.task for item in line] == [intake.TRIAGE_TASK] * 3 + [reprocessing.STEP_TASK]
    assert line[0].key == str(fresh.pk)
    assert {item.priority for item in line[1:]} == {Priority.IDLE}


@pytest.mark.django_db(transaction=True)
def test_a_step_that_breaks_in_the_middle_leaves_nothing_and_is_taken_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reports = outdated_reports(5)
    run = reprocessing.start()
    take_steps(1)
    with monkeypatch.context() as broken:
        broken.setattr(reprocessing, "_enqueue_step", lambda _: {}["no more"])
        take_steps(1)
    run.refresh_from_db()
    assert (list_owed(), run.enqueued) == (reports[:2], 2)
    OutboxItem.objects.update(due_at=Now())
    take_steps()
    assert list_owed() == reports


@pytest.mark.django_db(transaction=True)
def test_a_step_delivered_twice_owes_nothing_twice() -> None:
    reports = outdated_reports(4)
    item = step_of(reprocessing.start())
    continue_reprocessing([item.pk, item.pk])
    assert list_owed() == reports[:2]


@pytest.mark.django_db(transaction=True)
def test_a_step_that_overslept_owes_nothing() -> None:
    outdated_reports(4)
    item = step_of(reprocessing.start())
    asleep = leased_item(item)
    expire_lease(item)
    leased_item(item)
    with asleep:
        reprocessing.enqueue_batch(asleep)
    assert list_owed() == []


@pytest.mark.django_db(transaction=True)
def test_two_steps_of_one_run_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    reports = outdated_reports(6)
    run = reprocessing.start()
    queue.enqueue(reprocessing.STEP_TASK, run.pk)
    items = list(OutboxItem.objects.filter(task=reprocessing.STEP_TASK))
    enqueue_step = reprocessing._enqueue_step
    slow = lambda run: (time.sleep(0.3), enqueue_step(run))  # noqa: E731
    monkeypatch.setattr(reprocessing, "_enqueue_step", slow)
    in_parallel([lambda item=item: reprocessing.process_items([item.pk]) for item in items])
    run.refresh_from_db()
    assert (list_owed(), run.enqueued) == (reports[:4], 4)


@pytest.mark.django_db(transaction=True)
def test_two_starts_at_once_are_one_run() -> None:
    read_under(OLD)

    def begin() -> str:
        try:
            return str(reprocessing.start().pk)
        except reprocessing.RunInProgressError as error:
            return f"under way: {error.run.pk}"

    (run,) = {answer.split()[-1] for answer in in_parallel([begin] * 4)}
    assert ReprocessingRun.objects.get().pk == int(run)
    assert OutboxItem.objects.filter(task=reprocessing.STEP_TASK).count() == 1


def test_a_run_whose_step_ran_out_of_attempts_goes_on_when_somebody_says_so() -> None:
    read_under(OLD)
    run = reprocessing.start()
    steps = OutboxItem.objects.filter(task=reprocessing.STEP_TASK)
    steps.update(failed_at=Now(), attempts=MAX_ATTEMPTS)
    assert reprocessing.progress(run).stands_still
    assert reprocessing.resume(run)
    assert not reprocessing.resume(run)
    take_steps()
    assert len(list_owed()) == 1


def test_a_batch_is_one_statement_however_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reprocessing, "BATCH_SIZE", 1000)
    outdated_reports(20)
    reprocessing.start()
    with CaptureQueriesContext(connection) as queries:
        take_steps()
    assert len([sql for sql in queries if "reports_report" in sql["sql"]]) == 1


# --- what is left alone


def test_no_decision_and_no_evidence_is_touched(duty: Person) -> None:
    report = read_under(OLD, "Họ xưng công an, đòi chuyển tiền.", caller_number="0550 000 123")
    read_under(OLD, "Họ xưng công an, đòi chuyển tiền.", caller_number="0550 000 123")
    workflow.decide("junk", report.pk, by=duty.user, version=1, reason="Thử")
    tables = ("reports_case", "core_auditevent", "reports_report", "reports_receipt")
    before = {table: rows(table) for table in tables}
    reprocessing.start()
    started = rows("core_auditevent")
    read_all()
    assert {table: rows(table) for table in tables} == before | {"core_auditevent": started}
    assert set(before["core_auditevent"]) < set(started)
    facts = ExtractedFacts.objects.get(report=report)
    assert (facts.scenario, facts.rules_version) == ("police_case", report_triage.RULES_VERSION)
    assert Case.objects.get(report=report).status == Case.Status.JUNK


def test_the_equation_balances_at_every_step() -> None:
    outdated_reports(3)
    reprocessing.start()
    while next_step():
        take_steps(1)
        assert queue_balance().balanced
    read_all()
    assert (queue_balance().done, queue_balance().balanced) == (3, True)


# --- one report


def test_one_report_is_read_again_with_the_usual_priority_and_on_record(duty: Person) -> None:
    report = read_under(report_triage.RULES_VERSION)
    assert reprocessing.reprocess_selected([report.pk], by=duty.user) == 1
    item = OutboxItem.objects.latest("id")
    assert (item.task, item.priority) == (intake.TRIAGE_TASK, Priority.USUAL)
    assert item.key == str(report.pk)
    event = AuditEvent.objects.get()
    assert (event.kind, event.actor, event.subject_id) == ("reprocessed", duty.user, str(report.pk))


# --- how far it is


def test_progress_tells_what_is_owed_read_and_unreadable_and_reads_no_report() -> None:
    outdated_reports(4)
    run = reprocessing.start()
    take_steps(1)
    first, second = OutboxItem.objects.filter(priority=Priority.IDLE, task=intake.TRIAGE_TASK)
    report_triage.process_items([first.pk])
    OutboxItem.objects.filter(pk=second.pk).update(failed_at=Now())
    with CaptureQueriesContext(connection) as queries:
        progress = reprocessing.progress(run)
    assert progress == reprocessing.RunProgress(4, 2, 1, 1, False, False)
    assert not [sql for sql in queries if "reports_report" in sql["sql"]]
    reprocessing.reprocess_selected([second.key])
    read_all()
    assert reprocessing.progress(run) == reprocessing.RunProgress(4, 4, 4, 0, False, True)
