"""accepted = done + waiting + failed, and a count that can tell when it is not so."""

import json
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db.models.functions import Now
from pytest_django import DjangoAssertNumQueries

from reports import intake, outbox, stats
from reports.intake import Typed
from reports.models import OutboxItem, Report
from reports.stats import QueueBalance, queue_balance

pytestmark = pytest.mark.django_db


def accept(words: str = "Có người xưng công an gọi.") -> Report:
    return intake.accept(Typed(story=words), f"a-key-of-{words}"[:64]).report


def item_of(report: Report) -> OutboxItem:
    return OutboxItem.objects.filter(key=str(report.pk)).latest("id")


def status(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    call_command("queue_status", *arguments)
    return capsys.readouterr().out


def test_an_empty_portal_balances() -> None:
    assert queue_balance() == QueueBalance(0, 0, 0, 0, 0.0)
    assert queue_balance().balanced


def test_each_report_is_counted_where_its_item_stands() -> None:
    done, failed, _ = accept("một"), accept("hai"), accept("ba")
    OutboxItem.objects.filter(pk=item_of(done).pk).update(settled_at=Now())
    OutboxItem.objects.filter(pk=item_of(failed).pk).update(failed_at=Now())
    balance = queue_balance()
    assert (balance.accepted, balance.done, balance.waiting, balance.failed) == (3, 1, 1, 1)
    assert balance.balanced


def test_an_item_removed_by_hand_is_told() -> None:
    accept("một")
    item_of(accept("hai")).delete()
    assert not queue_balance().balanced


def test_a_removed_item_is_not_made_up_for_by_a_stray_one() -> None:
    item_of(accept()).delete()
    outbox.enqueue(intake.TRIAGE, "018f0000-0000-7000-8000-000000000000")
    assert not queue_balance().balanced


def test_only_the_latest_item_of_a_report_counts() -> None:
    report = accept()
    OutboxItem.objects.update(failed_at=Now())
    outbox.enqueue(intake.TRIAGE, report.pk)
    balance = queue_balance()
    assert (balance.waiting, balance.failed, balance.balanced) == (1, 0, True)


def test_other_tasks_are_not_reports() -> None:
    report = accept()
    outbox.enqueue("alerts.deliver", report.pk)
    assert queue_balance().waiting == 1


def test_the_oldest_waiting_is_timed_by_the_database() -> None:
    accept()
    OutboxItem.objects.update(created_at=Now() - timedelta(seconds=90))
    assert queue_balance().oldest_waiting_s == pytest.approx(90, abs=5)


def test_the_count_is_one_statement(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """One statement sees one snapshot."""
    accept()
    with django_assert_num_queries(1):
        queue_balance()


def test_json_has_the_agreed_names(capsys: pytest.CaptureFixture[str]) -> None:
    accept()
    told = json.loads(status(capsys, "--json"))
    assert 0 <= told.pop("oldest_waiting_s") < 60
    assert told == {"accepted": 1, "done": 0, "waiting": 1, "failed": 0, "balanced": True}


def test_json_says_when_it_does_not_balance(capsys: pytest.CaptureFixture[str]) -> None:
    item_of(accept()).delete()
    assert json.loads(status(capsys, "--json"))["balanced"] is False


def test_people_read_words(capsys: pytest.CaptureFixture[str]) -> None:
    item_of(accept()).delete()
    assert "NOT BALANCED" in status(capsys)


def test_late_work_is_told_in_numbers_alone(caplog: pytest.LogCaptureFixture) -> None:
    accept("chuyện của một người")
    OutboxItem.objects.update(created_at=Now() - timedelta(seconds=stats.LATE_AFTER + 5))
    assert stats.warn_if_late()
    assert "queue.late" in caplog.text
    assert "chuyện" not in caplog.text


def test_prompt_work_is_not_worth_a_line(caplog: pytest.LogCaptureFixture) -> None:
    accept()
    assert not stats.warn_if_late()
    assert not caplog.records
