"""accepted = done + waiting + failed, and a count that can tell when it is not so."""

import json
from datetime import timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from core import database
from core.audit import events
from core.models import OutboxItem
from core.outbox import queue
from core.outbox.queue import Priority
from reports.models import QueueSnapshot, Report
from reports.monitoring import queue_stats
from reports.monitoring.queue_stats import queue_balance, queue_state
from reports.submission import intake
from reports.submission.intake import ReportSubmission
from tests.support.concurrency import in_parallel

pytestmark = pytest.mark.django_db


def accept(words: str = "Có người xưng công an gọi.") -> Report:
    return intake.submit_report(ReportSubmission(story=words), f"a-key-of-{words}"[:64]).report


def item_of(report: Report) -> OutboxItem:
    return OutboxItem.objects.filter(key=str(report.pk)).latest("id")


def stand(report: Report, **fields: object) -> None:
    OutboxItem.objects.filter(pk=item_of(report).pk).update(**fields)


def age(seconds: int) -> None:
    OutboxItem.objects.update(created_at=Now() - timedelta(seconds=seconds))


def count_minutes_ago(minutes: int) -> None:
    queue_stats.store_queue_balance()
    QueueSnapshot.objects.update(counted_at=Now() - timedelta(minutes=minutes))


def counts() -> tuple[int, int, int, int, bool]:
    """accepted, done, waiting, failed, balanced."""
    now = queue_balance()
    return now.accepted, now.done, now.waiting, now.failed, now.balanced


def status(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    call_command("queue_status", *arguments)
    return capsys.readouterr().out


def test_each_report_is_counted_where_its_item_stands_and_a_removed_item_is_told() -> None:
    assert counts() == (0, 0, 0, 0, True)
    done, failed, waiting = accept("một"), accept("hai"), accept("ba")
    stand(done, done_at=Now())
    stand(failed, failed_at=Now())
    assert counts() == (3, 1, 1, 1, True)
    item_of(waiting).delete()
    assert counts() == (3, 1, 0, 1, False)


@pytest.mark.parametrize("key", ["018f0000-0000-7000-8000-000000000000", "no report's key"])
def test_a_removed_item_is_not_made_up_for_by_a_stray_one(key: str) -> None:
    item_of(accept()).delete()
    queue.enqueue(intake.TRIAGE_TASK, key)
    assert counts() == (1, 0, 0, 0, False)


@pytest.mark.parametrize(
    ("again", "expected"),
    [
        ({}, (1, 0, 1, 0, True)),
        ({"done_at": Now()}, (1, 1, 0, 0, True)),
        ({"failed_at": Now()}, (1, 0, 0, 1, True)),
    ],
    ids=["waiting", "done", "failed"],
)
@pytest.mark.parametrize("first", [{"done_at": Now()}, {"failed_at": Now()}, {}])
def test_only_the_latest_item_of_a_report_counts(
    first: dict[str, Any], again: dict[str, Any], expected: tuple[int, int, int, int, bool]
) -> None:
    report = accept()
    stand(report, **first)
    queue.enqueue(intake.TRIAGE_TASK, report.pk, priority=Priority.IDLE)
    stand(report, **again)
    assert counts() == expected
    now = queue_state()
    assert (now.waiting, now.failed) == expected[2:4]


def test_a_report_erased_to_its_shell_still_counts() -> None:
    report = accept("một")
    stand(report, done_at=Now())
    events.log_event("report", report.pk, "erased", by=None)
    Report.objects.filter(pk=report.pk).update(story="", story_sealed=None, erased_at=Now())
    assert counts() == (1, 1, 0, 0, True)


def test_other_tasks_are_not_reports() -> None:
    report = accept()
    queue.enqueue("alerts.deliver", report.pk)
    assert (queue_balance().waiting, queue_state().waiting) == (1, 1)


def test_the_oldest_waiting_is_timed_by_the_database_and_late_by_its_setting(
    settings: Settings,
) -> None:
    accept()
    age(90)
    assert queue_balance().oldest_waiting_s == pytest.approx(90, abs=5)
    assert queue_state().oldest_waiting_s == pytest.approx(90, abs=5)
    for seconds, late in ((60, 1), (120, 0)):
        settings.QUEUE_ALARM_AFTER_SECONDS = seconds
        assert queue_state().late == late


@pytest.mark.django_db(transaction=True)
def test_the_count_sees_one_moment_and_writes_nothing() -> None:
    report = accept()
    with database.read_snapshot() as cursor:
        cursor.execute("SELECT count(*) FROM core_outboxitem")
        in_parallel([lambda: OutboxItem.objects.all().delete()])
        cursor.execute("SELECT count(*) FROM core_outboxitem")
        assert cursor.fetchone() == (1,)
        with pytest.raises(DatabaseError, match="read-only"):
            queue.enqueue(intake.TRIAGE_TASK, report.pk)
        connection.set_rollback(True)


@pytest.mark.django_db(transaction=True)
def test_the_count_has_its_own_time_and_gives_it_back() -> None:
    def allowed() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SHOW statement_timeout")
            return str(cursor.fetchone()[0])

    usual = allowed()
    with database.read_snapshot():
        assert allowed() == f"{database.READ_TIMEOUT_SECONDS}s"
    assert allowed() == usual


def test_the_whole_count_is_kept_with_its_time_in_the_place_of_the_one_before() -> None:
    assert queue_state().tally is None
    stand(accept("một"), done_at=Now())
    queue_stats.store_queue_balance()
    accept("hai")
    queue_stats.store_queue_balance()
    accept("ba")
    now = queue_state()
    assert QueueSnapshot.objects.get().accepted == 2
    assert now.tally is not None
    assert (now.tally.accepted, now.tally.done, now.waiting) == (2, 1, 2)
    assert now.tally_age_s == pytest.approx(0, abs=5)
    assert not now.tally_old


def test_nobody_counts_when_the_count_is_old_and_there_is_something_to_count(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert not queue_state().tally_is_late
    count_minutes_ago(16)
    assert queue_state().tally_old
    assert not queue_state().tally_is_late
    accept()
    assert queue_state().tally_is_late
    count_minutes_ago(14)
    assert not queue_state().tally_is_late
    QueueSnapshot.objects.all().delete()  # where nobody ever counted, from the first report on
    assert not queue_state().tally_is_late
    monkeypatch.setattr(queue_stats, "STALE_AFTER_SECONDS", 0)
    assert queue_state().tally_is_late


def test_what_was_asked_ten_times_at_once_is_counted_once() -> None:
    for _ in range(10):
        accept(str(_))
        queue_stats.store_queue_balance_if_due()
    assert QueueSnapshot.objects.get().accepted == 1
    QueueSnapshot.objects.update(counted_at=Now() - timedelta(minutes=5))
    queue_stats.store_queue_balance_if_due()
    assert QueueSnapshot.objects.get().accepted == 10


def test_a_count_that_cannot_be_kept_is_told_all_the_same(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(type(QueueSnapshot.objects), "bulk_create", Mock(side_effect=DatabaseError))
    accept()
    assert queue_stats.store_queue_balance().accepted == 1
    assert "queue_balance.store_failed" in caplog.text


def test_re_reading_may_wait_its_turn() -> None:
    report = accept()
    stand(report, done_at=Now())
    queue.enqueue(intake.TRIAGE_TASK, report.pk, priority=Priority.IDLE)
    age(3600)
    now = queue_state()
    assert (now.waiting, now.late, now.oldest_prompt_s) == (1, 0, 0)


def test_how_it_stands_is_one_statement_that_does_not_read_every_item() -> None:
    items = (OutboxItem(task=intake.TRIAGE_TASK, key=str(n), done_at=Now()) for n in range(5000))
    OutboxItem.objects.bulk_create(items)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE core_outboxitem")
    with CaptureQueriesContext(connection) as queries:
        queue_state()
    (query,) = queries.captured_queries
    plan = plan_of(query["sql"])
    assert "Scan using outboxitem_waiting" in plan
    assert "Scan using outboxitem_failed" in plan
    assert "Seq Scan on core_outboxitem" not in plan
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # the reports of a test are too few
    plan = plan_of(query["sql"])
    assert "Index Only Scan Backward using report_newest" in plan
    assert plan.count("on reports_report ") == 1


def plan_of(question: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {question}")
        return "\n".join(line for (line,) in cursor.fetchall())


def test_what_is_stuck_is_listed_the_longest_ago_first() -> None:
    reports = [accept(str(number)) for number in range(4)]
    for report in reports[:3]:
        stand(report, failed_at=Now())
    queue.enqueue(intake.TRIAGE_TASK, reports[1].pk)
    stand(reports[0], key="no report's key")
    assert queue_stats.failed_reports() == [reports[2].pk]


def test_the_command_keeps_its_count_and_says_it_in_words_and_in_json_with_the_agreed_names(
    capsys: pytest.CaptureFixture[str],
) -> None:
    report = accept()
    answer = json.loads(status(capsys, "--json"))
    assert 0 <= answer.pop("oldest_waiting_s") < 60
    assert answer == {"accepted": 1, "done": 0, "waiting": 1, "failed": 0, "balanced": True}
    assert QueueSnapshot.objects.get().accepted == 1
    item_of(report).delete()
    assert json.loads(status(capsys, "--json"))["balanced"] is False
    assert "NOT BALANCED" in status(capsys)


@pytest.mark.parametrize("wrong", ["late", "failed", "unbalanced", "uncounted"])
def test_a_check_fails_where_something_is_wrong(wrong: str) -> None:
    report = accept()
    call_command("queue_status", "--check")
    if wrong == "late":
        age(240)
    elif wrong == "failed":
        stand(report, failed_at=Now())
    elif wrong == "unbalanced":
        item_of(report).delete()
    else:
        count_minutes_ago(16)
    with pytest.raises(SystemExit) as ended:
        call_command("queue_status", "--check")
    assert ended.value.code == 1


def test_a_check_counts_where_nobody_did_and_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    accept()
    count_minutes_ago(16)
    with pytest.raises(SystemExit):
        call_command("queue_status", "--check")
    assert "nobody had counted" in capsys.readouterr().err
    call_command("queue_status", "--check")
    assert "nobody had counted" not in capsys.readouterr().err


@pytest.mark.django_db(transaction=True)
def test_a_check_says_that_the_database_takes_no_rows(capsys: pytest.CaptureFixture[str]) -> None:
    accept()
    with connection.cursor() as cursor:
        cursor.execute("SET default_transaction_read_only = on")
        try:
            with pytest.raises(CommandError, match="takes no rows: it is read-only") as ended:
                call_command("queue_status", "--check")
        finally:
            cursor.execute("RESET default_transaction_read_only")
    assert ended.value.returncode == 3
    assert "accepted 1" in capsys.readouterr().out


def test_what_cannot_be_counted_is_neither_good_nor_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = Mock(side_effect=DatabaseError("words of a row"))
    monkeypatch.setattr(queue_stats, "queue_balance", refused)
    with pytest.raises(CommandError, match=r"DatabaseError$") as ended:
        call_command("queue_status", "--json")
    assert ended.value.returncode == 3
