"""Reading reports again: each once, none forgotten, whatever dies on the way; decisions stay."""

import os
import signal
import subprocess
import sys
import time
from io import StringIO
from itertools import count, islice
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext

from core.audit import events
from core.models import AuditEvent, OutboxItem
from core.outbox import queue
from core.outbox.queue import MAX_ATTEMPTS, Priority
from reports.cases import workflow
from reports.management.commands import reprocess_reports
from reports.models import Case, ExtractedFacts, Report, ReprocessingRun
from reports.monitoring.queue_stats import queue_balance
from reports.submission import intake
from reports.tasks import continue_reprocessing
from reports.triage import reprocessing, service
from tests.support import report_factories
from tests.support.concurrency import in_parallel
from tests.support.officers import Person
from tests.support.outbox_factories import expire_lease, leased_item

OLD = "2020-01"


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reprocessing, "BATCH_SIZE", 2)


def read_under(rules: str, story: str = "Có người gọi.", **typed: Any) -> Report:
    """A report whose triage is done, under these rules."""
    report = report_factories.report(story, **typed)
    report_factories.add_facts(report, rules_version=rules)
    OutboxItem.objects.filter(key=str(report.pk)).update(done_at=Now())
    return report


def owed() -> list[str]:
    """The reports that wait to be read, in the order in which they were owed."""
    waiting = OutboxItem.objects.filter(task=intake.TRIAGE, done_at=None, failed_at=None)
    return list(waiting.order_by("id").values_list("key", flat=True))


def next_step() -> OutboxItem | None:
    return OutboxItem.objects.filter(task=reprocessing.STEP, done_at=None, failed_at=None).first()


def take_steps(most: int = 100) -> int:
    """What the machine does with the steps that wait; how many there were."""
    for taken in range(most):
        item = next_step()
        if item is None:
            return taken
        reprocessing.process_items([item.pk])
    return most


def read_all() -> None:
    """What the machine does with everything that waits."""
    take_steps()
    waiting = OutboxItem.objects.filter(task=intake.TRIAGE, done_at=None, failed_at=None)
    service.process_items(waiting.order_by("id").values_list("pk", flat=True))


def run_command(*arguments: str) -> str:
    output = StringIO()
    call_command("reprocess_reports", *arguments, stdout=output)
    return output.getvalue()


def rows(table: str) -> list[tuple[Any, ...]]:
    """Every byte of a table."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT row::text FROM {table} AS row ORDER BY 1")  # noqa: S608
        return list(cursor.fetchall())


@pytest.mark.django_db(transaction=True)
def test_a_message_that_takes_long_leaves_the_rest_to_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever reaches the broker may name a million items and set the time limit as he likes."""
    monkeypatch.setattr(service, "TIMEOUT_SECONDS", 0.0)
    named = count(10**9)
    asked = islice(named, 1000)
    continue_reprocessing(asked)  # type: ignore[arg-type]
    assert next(named) == 10**9 + 1


# --- which reports


@pytest.mark.django_db
def test_what_was_read_under_other_rules_and_what_was_not_read_is_read_again() -> None:
    old, unread = read_under(OLD), report_factories.report("không đọc được")
    OutboxItem.objects.filter(key=str(unread.pk)).update(failed_at=Now())
    read_under(service.RULES_VERSION)
    assert reprocessing.start().total == 2
    take_steps()
    assert sorted(owed()) == sorted([str(old.pk), str(unread.pk)])


@pytest.mark.django_db
def test_every_report_is_read_again_where_that_is_asked() -> None:
    for rules in (OLD, service.RULES_VERSION):
        read_under(rules)
    assert reprocessing.start(every=True).total == 2
    take_steps()
    assert len(owed()) == 2


@pytest.mark.django_db
def test_what_was_read_and_owes_nothing_is_read_again_and_the_count_balances() -> None:
    robbed, _ = read_under(service.RULES_VERSION), read_under(service.RULES_VERSION)
    OutboxItem.objects.filter(key=str(robbed.pk)).delete()
    assert not queue_balance().balanced
    assert run_command("--no-wait").startswith("1 report will be read again")
    read_all()
    assert queue_balance().balanced
    assert "Nothing to do" in run_command()


@pytest.mark.django_db
def test_what_waits_already_is_not_owed_twice() -> None:
    waiting = report_factories.report()
    read_under(OLD)
    assert reprocessing.start().total == 1
    take_steps()
    assert owed().count(str(waiting.pk)) == 1


@pytest.mark.django_db
def test_what_failed_the_last_time_is_read_again_whatever_was_read_before() -> None:
    failed, mended = read_under(service.RULES_VERSION), read_under(service.RULES_VERSION)
    for report in (failed, mended):
        queue.enqueue(intake.TRIAGE, report.pk)
    OutboxItem.objects.filter(done_at=None).update(failed_at=Now())
    queue.enqueue(intake.TRIAGE, mended.pk)
    OutboxItem.objects.filter(done_at=None, failed_at=None).update(done_at=Now())
    assert reprocessing.start().total == 1
    take_steps()
    assert owed() == [str(failed.pk)]


@pytest.mark.django_db
def test_what_is_erased_is_left_in_peace() -> None:
    report = read_under(OLD, "Bà Tư ở xóm Trên kể lại.")
    erase(report)
    assert reprocessing.count(every=True) == 0
    assert reprocessing.reprocess_selected([report.pk]) == 0
    assert owed() == []


@pytest.mark.django_db
def test_what_is_erased_and_owes_nothing_is_left_in_peace_too() -> None:
    report = read_under(service.RULES_VERSION)
    OutboxItem.objects.filter(key=str(report.pk)).delete()
    assert reprocessing.count() == 1
    erase(report)
    ExtractedFacts.objects.filter(report=report).update(rules_version=service.RULES_VERSION)
    assert reprocessing.count() == 0


def erase(report: Report) -> None:
    """As an erasure that is on record blanks a report."""
    events.log_event("report", report.pk, "erased")
    blank = {"story": "", "claimed_name": "", "commune_raw": "", "erased_at": Now()}
    sealed = {"story_sealed": None, "contact_sealed": None, "phrase_sealed": None}
    Report.objects.filter(pk=report.pk).update(**blank, **sealed, contact_index=None)


@pytest.mark.django_db
def test_a_report_erased_while_it_waits_is_read_as_it_is_now() -> None:
    """Nothing crashes, and no word of it comes back."""
    report = read_under(OLD, "Bà Tư ở xóm Trên kể lại.")
    reprocessing.start()
    take_steps()
    erase(report)
    read_all()
    assert "ba tu" not in ExtractedFacts.objects.get().search_text
    assert not OutboxItem.objects.exclude(error="").exists()


@pytest.mark.django_db
def test_nothing_to_read_starts_no_run() -> None:
    read_under(service.RULES_VERSION)
    with pytest.raises(reprocessing.NothingToReprocessError):
        reprocessing.start()
    assert not ReprocessingRun.objects.exists()


# --- step by step


@pytest.mark.django_db
def test_reports_are_owed_in_batches_in_the_order_of_their_ids() -> None:
    reports = sorted(str(read_under(OLD).pk) for _ in range(5))
    run = reprocessing.start()
    for expected in (2, 4, 5):
        take_steps(1)
        assert owed() == reports[:expected]
    run.refresh_from_db()
    assert (run.enqueued, run.total, next_step()) == (5, 5, None)
    assert run.finished_at is not None


@pytest.mark.django_db
def test_a_step_stands_behind_what_it_owes_and_all_of_it_behind_fresh_reports() -> None:
    """So the queue stays short, however many reports there are."""
    for _ in range(4):
        read_under(OLD)
    reprocessing.start()
    take_steps(1)
    fresh = report_factories.report("vừa gửi")
    line = OutboxItem.objects.filter(done_at=None).order_by("priority", "id")
    assert [item.task for item in line] == [intake.TRIAGE] * 3 + [reprocessing.STEP]
    assert line[0].key == str(fresh.pk)
    assert {item.priority for item in line[1:]} == {Priority.IDLE}


@pytest.mark.django_db(transaction=True)
def test_a_step_that_breaks_in_the_middle_leaves_nothing_and_is_taken_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reports = sorted(str(read_under(OLD).pk) for _ in range(5))
    run = reprocessing.start()
    take_steps(1)
    with monkeypatch.context() as broken:
        broken.setattr(reprocessing, "_owe_step", lambda _: {}["no more"])
        take_steps(1)
    run.refresh_from_db()
    assert (owed(), run.enqueued) == (reports[:2], 2)
    OutboxItem.objects.update(due_at=Now())
    take_steps()
    assert owed() == reports


@pytest.mark.django_db(transaction=True)
def test_a_step_whose_process_is_killed_is_taken_again() -> None:
    """Kill -9 after the batch is written and before it is committed."""
    reports = sorted(str(read_under(OLD).pk) for _ in range(5))
    reprocessing.start()
    take_steps(1)
    item = next_step()
    assert item
    assert die_in_the_middle_of(item) == -signal.SIGKILL
    assert owed() == reports[:2]
    expire_lease(item)
    take_steps()
    assert owed() == reports


_DIE = """
import os, signal, sys, django
django.setup()
from reports.triage import reprocessing
reprocessing.BATCH_SIZE = 2
reprocessing._owe_step = lambda run: os.kill(os.getpid(), signal.SIGKILL)
reprocessing.process_items([int(sys.argv[1])])
"""


def die_in_the_middle_of(item: OutboxItem) -> int:
    here = connection.get_connection_params()
    database = f"postgresql://{here['user']}@/{here['dbname']}?host={here['host']}"
    env = os.environ | {"DATABASE_URL": database, "DJANGO_SETTINGS_MODULE": "portal.settings"}
    return subprocess.run(
        [sys.executable, "-c", _DIE, str(item.pk)], env=env, check=False
    ).returncode


@pytest.mark.django_db(transaction=True)
def test_a_step_delivered_twice_owes_nothing_twice() -> None:
    for _ in range(4):
        read_under(OLD)
    reprocessing.start()
    item = next_step()
    assert item
    continue_reprocessing([item.pk, item.pk])
    assert len(owed()) == 2


@pytest.mark.django_db(transaction=True)
def test_a_step_that_overslept_owes_nothing() -> None:
    for _ in range(4):
        read_under(OLD)
    reprocessing.start()
    item = next_step()
    assert item
    asleep = leased_item(item)
    expire_lease(item)
    leased_item(item)
    with asleep:
        reprocessing.enqueue_batch(asleep)
    assert owed() == []


@pytest.mark.django_db(transaction=True)
def test_two_steps_of_one_run_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each goes on where the other has come to, and each report is owed once."""
    reports = sorted(str(read_under(OLD).pk) for _ in range(6))
    run = reprocessing.start()
    queue.enqueue(reprocessing.STEP, run.pk)
    items = list(OutboxItem.objects.filter(task=reprocessing.STEP))
    owe_step = reprocessing._owe_step
    monkeypatch.setattr(reprocessing, "_owe_step", lambda run: (time.sleep(0.3), owe_step(run)))
    in_parallel([lambda item=item: reprocessing.process_items([item.pk]) for item in items])
    run.refresh_from_db()
    assert (owed(), run.enqueued) == (reports[:4], 4)


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
    assert OutboxItem.objects.filter(task=reprocessing.STEP).count() == 1


@pytest.mark.django_db
def test_a_run_whose_step_ran_out_of_attempts_goes_on_when_somebody_says_so() -> None:
    read_under(OLD)
    run = reprocessing.start()
    OutboxItem.objects.filter(task=reprocessing.STEP).update(failed_at=Now(), attempts=MAX_ATTEMPTS)
    assert reprocessing.progress(run).stands_still
    assert reprocessing.resume(run)
    assert not reprocessing.resume(run)
    take_steps()
    assert len(owed()) == 1


@pytest.mark.django_db
def test_a_batch_is_one_statement_however_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """No report comes into Python's memory."""
    monkeypatch.setattr(reprocessing, "BATCH_SIZE", 1000)
    for _ in range(20):
        read_under(OLD)
    reprocessing.start()
    with CaptureQueriesContext(connection) as queries:
        take_steps()
    assert len([sql for sql in queries if "reports_report" in sql["sql"]]) == 1


# --- what is left alone


@pytest.mark.django_db
def test_no_decision_and_no_evidence_is_touched(duty: Person) -> None:
    report = read_under(OLD, "Họ xưng công an, đòi chuyển tiền.", caller_number="0550 000 123")
    read_under(OLD, "Họ xưng công an, đòi chuyển tiền.", caller_number="0550 000 123")
    workflow.junk(report.pk, by=duty.user, version=1, reason="Thử")
    tables = ("reports_case", "core_auditevent", "reports_report", "reports_receipt")
    before = {table: rows(table) for table in tables}
    reprocessing.start()
    started = rows("core_auditevent")
    read_all()
    assert {table: rows(table) for table in tables} == before | {"core_auditevent": started}
    assert set(before["core_auditevent"]) < set(started)
    facts = ExtractedFacts.objects.get(report=report)
    assert (facts.scenario, facts.rules_version) == ("police_case", service.RULES_VERSION)
    assert Case.objects.get(report=report).status == Case.Status.JUNK


@pytest.mark.django_db
def test_the_equation_balances_at_every_step() -> None:
    for _ in range(3):
        read_under(OLD)
    reprocessing.start()
    while next_step():
        take_steps(1)
        assert queue_balance().balanced
    read_all()
    assert (queue_balance().done, queue_balance().balanced) == (3, True)


@pytest.mark.django_db
def test_a_report_that_is_being_read_is_not_owed_again() -> None:
    report = report_factories.report()
    leased_item(OutboxItem.objects.get())
    assert reprocessing.reprocess_selected([report.pk]) == 0
    assert reprocessing.count() == 0


# --- one report


@pytest.mark.django_db
def test_one_report_is_read_again_with_the_usual_priority_and_on_record(duty: Person) -> None:
    report = read_under(service.RULES_VERSION)
    assert reprocessing.reprocess_selected([report.pk], by=duty.user) == 1
    item = OutboxItem.objects.latest("id")
    assert (item.task, item.key, item.priority) == (intake.TRIAGE, str(report.pk), Priority.USUAL)
    event = AuditEvent.objects.get()
    assert (event.kind, event.actor, event.subject_id) == ("reread", duty.user, str(report.pk))


@pytest.mark.django_db
def test_a_report_that_failed_is_no_longer_failed_when_it_is_read_again() -> None:
    report = report_factories.report()
    OutboxItem.objects.update(failed_at=Now())
    assert run_command("--report", report.public_number.lower()).startswith(report.public_number)
    read_all()
    assert (queue_balance().failed, queue_balance().done) == (0, 1)


@pytest.mark.django_db
def test_a_report_is_named_by_its_number_or_its_id() -> None:
    report = read_under(OLD)
    assert "will be read again" in run_command("--report", str(report.pk))
    assert "waits" in run_command("--report", report.public_number)
    with pytest.raises(CommandError, match="No such report"):
        run_command("--report", "26-XXXX-XXXX")


@pytest.mark.django_db
def test_an_erased_report_has_nothing_left_to_read() -> None:
    report = read_under(OLD)
    erase(report)
    with pytest.raises(CommandError, match="erased"):
        run_command("--report", str(report.pk))


# --- how far it is


@pytest.mark.django_db
def test_progress_tells_what_is_owed_read_and_unreadable() -> None:
    for _ in range(4):
        read_under(OLD)
    run = reprocessing.start()
    take_steps(1)
    first, second = OutboxItem.objects.filter(priority=Priority.IDLE, task=intake.TRIAGE)
    service.process_items([first.pk])
    OutboxItem.objects.filter(pk=second.pk).update(failed_at=Now())
    assert reprocessing.progress(run) == reprocessing.RunProgress(4, 2, 1, 1, False, False)
    reprocessing.reprocess_selected([second.key])
    read_all()
    assert reprocessing.progress(run) == reprocessing.RunProgress(4, 4, 4, 0, False, True)


@pytest.mark.django_db
def test_progress_reads_no_report() -> None:
    read_under(OLD)
    run = reprocessing.start()
    with CaptureQueriesContext(connection) as queries:
        reprocessing.progress(run)
    assert not [sql for sql in queries if "reports_report" in sql["sql"]]


@pytest.mark.django_db
def test_the_command_starts_and_leaves_the_rest_to_the_machine() -> None:
    read_under(OLD)
    assert "1 report will be read again" in run_command("--no-wait")
    read_all()
    assert ExtractedFacts.objects.get().rules_version == service.RULES_VERSION
    assert "Nothing to do" in run_command()


@pytest.mark.django_db
def test_a_second_command_shows_the_run_that_is_going_on() -> None:
    read_under(OLD)
    run_command("--no-wait")
    assert "under way since" in run_command("--no-wait")
    assert ReprocessingRun.objects.count() == 1


@pytest.mark.django_db
def test_the_command_watches_until_all_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        read_under(OLD)
    monkeypatch.setattr(reprocess_reports, "sleep", lambda _: read_all())
    lines = run_command().splitlines()
    assert "0/3 read, 0 put in line" in lines[1]
    assert "3/3 read, 3 put in line, 0 failed" in lines[-2]
    assert lines[-1] == "All were read."


@pytest.mark.django_db
def test_ctrl_c_ends_the_watching_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(_: float) -> None:
        raise KeyboardInterrupt

    read_under(OLD)
    monkeypatch.setattr(reprocess_reports, "sleep", pressed)
    assert "No longer watching" in run_command()
    read_all()
    assert ExtractedFacts.objects.get().rules_version == service.RULES_VERSION


def test_a_line_tells_pace_and_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = count(100.0, 10.0)
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    watch = reprocess_reports.Watch(reprocessing.RunProgress(1000, 300, 0, 0, False, False))
    watch.update(reprocessing.RunProgress(1000, 300, 195, 5, False, False))
    line = watch.line(time.monotonic())
    assert (
        line
        == "[####--------------------] 195/1000 read, 300 put in line, 5 failed, 10/s, 0:01:20 left"
    )


def test_a_run_that_does_not_move_says_so() -> None:
    watch = reprocess_reports.Watch(reprocessing.RunProgress(10, 0, 0, 0, False, False))
    assert "nothing moves" in watch.line(watch.since + reprocess_reports.STALL_SECONDS + 1)
