"""The outbox by itself: who may take an item, when, and how often."""

from datetime import timedelta
from typing import Any
from unittest.mock import Mock

import pytest
import time_machine
from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from psycopg2.errors import DeadlockDetected, LockNotAvailable
from pytest_django import DjangoAssertNumQueries

from core.database import BY_INDEX, PreparedStatement, execute_pipeline
from core.models import OutboxItem
from core.outbox import queue
from core.outbox.queue import JITTER, LEASE, MAX_ATTEMPTS, RETRY_DELAYS, Lease, Priority
from tests.support.concurrency import in_parallel
from tests.support.outbox_factories import expire_lease, leased_item, outbox_item

pytestmark = pytest.mark.django_db


def test_claim_is_one_statement_that_counts_the_attempt_and_names_the_key(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    item = outbox_item()
    queue.acquire_lease(0)  # what each connection says once
    with django_assert_num_queries(1):
        assert queue.acquire_lease(item.pk) == Lease(item.pk, "k", 1)
    item.refresh_from_db()
    assert item.attempts == 1
    assert item.leased_until - item.leased_at == LEASE


@pytest.mark.parametrize("statement", [queue._LEASE_SQL, queue._MARK_DONE_SQL])
def test_an_item_is_found_by_its_key_however_deep_the_queue(statement: PreparedStatement) -> None:
    """The planner last saw the index of what waits when it was empty."""
    done = [OutboxItem(task="test.task", key="k", done_at=Now()) for _ in range(500)]
    OutboxItem.objects.bulk_create(done)
    values = {"items": [outbox_item().pk], "attempts": [1], "lease": 1, "most": 5, "counted": 1}
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE core_outboxitem")
        execute_pipeline(cursor, values, BY_INDEX, statement)
        cursor.execute("EXPLAIN " + statement.execute, values)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "core_outboxitem_pkey" in plan
    assert "outboxitem_waiting" not in plan


@pytest.mark.django_db(transaction=True)
def test_work_does_not_wait_for_the_disk() -> None:
    lease = leased_item(outbox_item())
    with transaction.atomic(), connection.cursor() as cursor:
        queue.mark_done(lease)
        cursor.execute("SHOW synchronous_commit")
        assert cursor.fetchone() == ("off",)
    with connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        assert cursor.fetchone() == ("on",)


@pytest.mark.parametrize("hours", [-1, 0, 1])
def test_a_claim_is_nobody_elses_until_it_lapses_by_the_databases_clock(hours: int) -> None:
    item = outbox_item()
    leased_item(item)
    with time_machine.travel(timedelta(hours=hours), tick=True):
        assert queue.acquire_lease(item.pk) is None
        expire_lease(item)
        assert leased_item(item).attempt == 2


@pytest.mark.parametrize(
    "state", [{"done_at": Now()}, {"failed_at": Now()}, {"attempts": MAX_ATTEMPTS}]
)
def test_an_item_that_is_over_is_not_claimed(state: dict[str, Any]) -> None:
    assert queue.acquire_lease(outbox_item(**state).pk) is None
    assert queue.acquire_lease(404) is None


def test_an_item_is_marked_done_once_and_not_given_back() -> None:
    lease = leased_item(item := outbox_item())
    assert queue.mark_done(lease)
    assert not queue.mark_done(lease)
    queue.release_for_retry(lease, ValueError())
    item.refresh_from_db()
    assert item.done_at is not None
    assert (item.leased_until, item.error, item.failed_at) == (None, "", None)


def test_a_worker_that_overslept_its_lease_cannot_settle_or_release_anothers_claim() -> None:
    item = outbox_item()
    asleep = leased_item(item)
    expire_lease(item)
    awake = leased_item(item)
    queue.release_for_retry(asleep, ValueError())
    assert queue.acquire_lease(item.pk) is None
    assert not queue.mark_done(asleep)
    assert queue.mark_done(awake)


def test_error_gives_the_item_back_with_its_class_alone_until_it_is_done(
    caplog: pytest.LogCaptureFixture,
) -> None:
    item = outbox_item()
    with leased_item(item):
        raise ValueError("0550 000 123 said something")
    assert "ValueError" in caplog.text
    assert "test_queue.py:" in caplog.text
    assert "0550" not in caplog.text
    item.refresh_from_db()
    assert (item.error, item.failed_at) == ("ValueError", None)
    second = leased_item(item)
    assert second.attempt == 2
    queue.mark_done(second)
    item.refresh_from_db()
    assert item.error == ""


def test_a_worker_told_to_stop_gives_the_item_back_and_stops() -> None:
    item = outbox_item()
    with pytest.raises(SystemExit), leased_item(item):
        raise SystemExit
    assert leased_item(item).attempt == 2


@pytest.mark.parametrize("lost", [LockNotAvailable, DeadlockDetected])
def test_a_lock_that_others_held_counts_no_attempt_not_even_the_last(lost: type[Exception]) -> None:
    item = outbox_item(attempts=MAX_ATTEMPTS - 1)
    with leased_item(item):
        raise OperationalError from lost()
    item.refresh_from_db()
    assert (item.attempts, item.failed_at, item.leased_until) == (MAX_ATTEMPTS - 1, None, None)
    assert item.due_at > item.created_at


def test_last_failure_marks_the_item_as_failed() -> None:
    item = outbox_item(attempts=MAX_ATTEMPTS - 1)
    with leased_item(item):
        raise KeyError
    item.refresh_from_db()
    assert item.error == "KeyError"
    assert item.failed_at is not None


def rest_after(attempt: int) -> float:
    """Seconds that an item rests, by PostgreSQL's clock, after this attempt has failed."""
    item = outbox_item(attempts=attempt - 1)
    with leased_item(item) as lease:
        raise ConnectionError
    assert lease.attempt == attempt
    rest = OutboxItem.objects.annotate(rest=F("due_at") - Now()).get(pk=item.pk).rest
    return float(rest.total_seconds())


def test_each_failure_is_followed_by_a_longer_rest_and_two_are_never_equal() -> None:
    shortest, longest = JITTER
    for attempt, pause in enumerate(RETRY_DELAYS, start=1):
        assert pause * shortest - 0.2 < rest_after(attempt) < pause * longest
    assert len({round(rest_after(3), 2) for _ in range(5)}) > 1


def test_the_attempts_outlast_a_short_trouble_of_the_database() -> None:
    assert sum(RETRY_DELAYS) * JITTER[0] > 30
    assert len(RETRY_DELAYS) == MAX_ATTEMPTS - 1


def test_a_message_that_comes_early_is_worked_off() -> None:
    """Only a lease holds a worker back: an older copy of the message may come at any time."""
    item = outbox_item()
    with leased_item(item):
        raise ConnectionError
    assert OutboxItem.objects.filter(pk=item.pk, due_at__gt=Now()).exists()
    assert queue.mark_done(leased_item(item))


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_worker_whose_clock_is_wrong_rests_by_the_databases(hours: int) -> None:
    with time_machine.travel(timedelta(hours=hours), tick=True):
        assert 0 < rest_after(1) < RETRY_DELAYS[0] * JITTER[1]


def test_without_a_database_a_release_is_only_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    lease = leased_item(outbox_item())
    monkeypatch.setattr(queue, "release_for_retry", Mock(side_effect=DatabaseError))
    with lease:
        raise ValueError
    assert "outbox.release_failed" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_on_one_item_one_gets_it() -> None:
    item = outbox_item()
    leases = in_parallel([lambda: queue.acquire_lease(item.pk)] * 8)
    assert len([lease for lease in leases if lease]) == 1
    item.refresh_from_db()
    assert item.attempts == 1


@pytest.mark.django_db(transaction=True)
def test_claim_does_not_wait_for_a_worker_that_is_settling() -> None:
    item = outbox_item()
    lease = leased_item(item)
    expire_lease(item)  # slow, but still the one on it
    with transaction.atomic():
        assert queue.mark_done(lease)
        (second,) = in_parallel([lambda: queue.acquire_lease(item.pk)])
    assert second is None


@pytest.mark.django_db(transaction=True)
def test_work_that_is_rolled_back_stays_owed() -> None:
    item = outbox_item()
    with leased_item(item) as lease, transaction.atomic():
        queue.mark_done(lease)
        raise RuntimeError
    item.refresh_from_db()
    assert item.done_at is None


@pytest.mark.django_db(transaction=True)
def test_attempt_is_counted_before_the_work() -> None:
    """Committed, so that work which kills its worker still runs out of attempts."""
    item = outbox_item()
    leased_item(item)
    connection.close()
    assert OutboxItem.objects.get(pk=item.pk).attempts == 1


def test_notify_is_one_statement_on_our_channel() -> None:
    with CaptureQueriesContext(connection) as queries:
        queue.notify()
    assert [query["sql"] for query in queries] == [
        "SET LOCAL synchronous_commit = off; SELECT pg_notify('outbox', '')"
    ]


def test_of_a_burst_the_relay_is_told_once_in_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    notify = Mock()
    monkeypatch.setattr(queue, "notify", notify)
    monkeypatch.setattr(queue, "NOTIFY_INTERVAL_SECONDS", 60.0)
    monkeypatch.setattr(queue.NotifyThrottle, "notified_at", -60.0)
    for _ in range(3):
        queue.notify_throttled()
    assert notify.call_count == 1
    queue.NotifyThrottle.notified_at -= 60.0
    queue.notify_throttled()
    assert notify.call_count == 2


def test_notify_that_fails_stays_without_effect(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(connection, "cursor", Mock(side_effect=DatabaseError))
    queue.notify()
    assert "outbox.notify_failed" in caplog.text


def test_enqueued_items_are_waiting_with_nobody_on_them() -> None:
    queue.enqueue("test.task", 7, priority=Priority.URGENT)
    queue.enqueue_all("test.task", [1, "b"], priority=Priority.USUAL)
    waiting = OutboxItem.objects.filter(
        task="test.task", attempts=0, leased_until=None, done_at=None, created_at__lte=Now()
    )
    assert list(waiting.order_by("id").values_list("key", "priority")) == [
        ("7", Priority.URGENT),
        ("1", Priority.USUAL),
        ("b", Priority.USUAL),
    ]


def test_a_failure_gives_back_its_own_item_alone() -> None:
    behind = outbox_item()
    failed, other = leased_item(outbox_item()), leased_item(behind)
    queue.release_for_retry(failed, ValueError())
    behind.refresh_from_db()
    assert behind.leased_until
    assert behind.error == ""
    assert queue.mark_done(other)
