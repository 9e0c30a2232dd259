"""The outbox by itself: who may take an item, when, and how often."""

from datetime import timedelta

import pytest
import time_machine
from django.db import DatabaseError, connection, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from core.outbox import queue as outbox
from core.outbox.queue import JITTER, LEASE, MAX_ATTEMPTS, PAUSES, Claim, Priority
from core.prepared_statements import Prepared, run
from reports.models import OutboxItem
from tests.support.concurrency import in_parallel
from tests.support.outbox_factories import claimed, let_lapse, owed


@pytest.mark.django_db
def test_claim_counts_the_attempt_and_names_the_key() -> None:
    item = owed()
    assert outbox.claim(item.pk) == Claim(item.pk, "k", 1)
    item.refresh_from_db()
    assert item.attempts == 1
    assert item.claimed_until - item.claimed_at == LEASE


@pytest.mark.django_db
def test_claim_is_one_statement(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    item = owed()
    outbox.claim(0)  # what each connection says once
    with django_assert_num_queries(1):
        outbox.claim(item.pk)


@pytest.mark.django_db
@pytest.mark.parametrize("statement", [outbox._CLAIM, outbox._SETTLE])
def test_an_item_is_found_by_its_key_however_deep_the_queue(statement: Prepared) -> None:
    """The planner last saw the index of what waits when it was empty."""
    done = [OutboxItem(task="test.task", key="k", settled_at=Now()) for _ in range(500)]
    OutboxItem.objects.bulk_create(done)
    values = {"item": owed().pk, "attempt": 1, "lease": 1, "most": 5}
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE reports_outboxitem")
        run(cursor, values, statement)
        cursor.execute("EXPLAIN " + statement.execute, values)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "reports_outboxitem_pkey" in plan
    assert "outboxitem_waiting" not in plan


@pytest.mark.django_db(transaction=True)
def test_work_does_not_wait_for_the_disk() -> None:
    claim = claimed(owed())
    with transaction.atomic(), connection.cursor() as cursor:
        outbox.settle(claim)
        cursor.execute("SHOW synchronous_commit")
        assert cursor.fetchone() == ("off",)
    with connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        assert cursor.fetchone() == ("on",)


@pytest.mark.django_db
def test_claimed_item_is_nobody_elses() -> None:
    item = owed()
    claimed(item)
    assert outbox.claim(item.pk) is None


@pytest.mark.django_db
def test_lapsed_claim_is_free_again() -> None:
    item = owed()
    claimed(item)
    let_lapse(item)
    assert claimed(item).attempt == 2


@pytest.mark.django_db
@pytest.mark.parametrize("hours", [-1, 1])
def test_a_worker_whose_clock_is_wrong_holds_to_the_databases(hours: int) -> None:
    item = owed()
    claimed(item)
    with time_machine.travel(timedelta(hours=hours), tick=True):
        assert outbox.claim(item.pk) is None
        let_lapse(item)
        assert claimed(item).attempt == 2


@pytest.mark.django_db
def test_unknown_item_is_not_claimed() -> None:
    assert outbox.claim(404) is None


@pytest.mark.django_db
@pytest.mark.parametrize("end", ["settled_at", "failed_at"])
def test_finished_item_is_not_claimed(end: str) -> None:
    item = owed(**{end: Now()})
    assert outbox.claim(item.pk) is None


@pytest.mark.django_db
def test_item_without_attempts_left_is_not_claimed() -> None:
    item = owed(attempts=MAX_ATTEMPTS)
    assert outbox.claim(item.pk) is None


@pytest.mark.django_db
def test_settle_ends_the_item() -> None:
    item = owed()
    assert outbox.settle(claimed(item))
    item.refresh_from_db()
    assert item.settled_at is not None
    assert item.claimed_until is None
    assert outbox.claim(item.pk) is None


@pytest.mark.django_db
def test_settle_twice_is_told() -> None:
    claim = claimed(owed())
    assert outbox.settle(claim)
    assert not outbox.settle(claim)


@pytest.mark.django_db
def test_a_worker_that_overslept_its_lease_cannot_settle_anothers_claim() -> None:
    item = owed()
    asleep = claimed(item)
    let_lapse(item)
    awake = claimed(item)
    assert not outbox.settle(asleep)
    assert outbox.settle(awake)


@pytest.mark.django_db
def test_a_late_release_does_not_undo_the_next_claim() -> None:
    item = owed()
    asleep = claimed(item)
    let_lapse(item)
    claimed(item)
    outbox.release(asleep, ValueError())
    assert outbox.claim(item.pk) is None


@pytest.mark.django_db
def test_error_gives_the_item_back_with_its_class_alone() -> None:
    item = owed()
    with claimed(item):
        raise ValueError("0550 000 123 said something")
    item.refresh_from_db()
    assert (item.error, item.failed_at) == ("ValueError", None)
    assert claimed(item).attempt == 2


@pytest.mark.django_db
def test_a_worker_told_to_stop_gives_the_item_back_and_stops() -> None:
    item = owed()
    with pytest.raises(SystemExit), claimed(item):
        raise SystemExit
    assert claimed(item).attempt == 2


@pytest.mark.django_db
def test_last_failure_marks_the_item_as_failed() -> None:
    item = owed(attempts=MAX_ATTEMPTS - 1)
    with claimed(item):
        raise KeyError
    item.refresh_from_db()
    assert item.error == "KeyError"
    assert item.failed_at is not None


def rest_after(attempt: int) -> float:
    """Seconds that an item rests, by PostgreSQL's clock, after this attempt has failed."""
    item = owed(attempts=attempt - 1)
    with claimed(item) as claim:
        raise ConnectionError
    assert claim.attempt == attempt
    rest = OutboxItem.objects.annotate(rest=F("due_at") - Now()).get(pk=item.pk).rest
    return float(rest.total_seconds())


@pytest.mark.django_db
def test_each_failure_is_followed_by_a_longer_rest() -> None:
    shortest, longest = JITTER
    for attempt, pause in enumerate(PAUSES, start=1):
        assert pause * shortest - 0.2 < rest_after(attempt) < pause * longest


@pytest.mark.django_db
def test_rests_are_of_unequal_length() -> None:
    assert len({round(rest_after(3), 2) for _ in range(5)}) > 1


def test_the_attempts_outlast_a_short_trouble_of_the_database() -> None:
    assert sum(PAUSES) * JITTER[0] > 30
    assert len(PAUSES) == MAX_ATTEMPTS - 1


@pytest.mark.django_db
def test_a_message_that_comes_early_is_worked_off() -> None:
    """Only a lease holds a claim back: an older copy of the message may come at any time."""
    item = owed()
    with claimed(item):
        raise ConnectionError
    assert OutboxItem.objects.filter(pk=item.pk, due_at__gt=Now()).exists()
    assert outbox.settle(claimed(item))


@pytest.mark.django_db
@pytest.mark.parametrize("hours", [-1, 1])
def test_a_worker_whose_clock_is_wrong_rests_by_the_databases(hours: int) -> None:
    with time_machine.travel(timedelta(hours=hours), tick=True):
        assert 0 < rest_after(1) < PAUSES[0] * JITTER[1]


@pytest.mark.django_db
def test_settled_work_keeps_no_old_error() -> None:
    item = owed()
    with claimed(item):
        raise KeyError
    outbox.settle(claimed(item))
    item.refresh_from_db()
    assert item.error == ""


@pytest.mark.django_db
def test_error_in_the_log_is_its_class(caplog: pytest.LogCaptureFixture) -> None:
    with claimed(owed()):
        raise ValueError("what a resident wrote")
    assert "ValueError" in caplog.text
    assert "resident" not in caplog.text


@pytest.mark.django_db
def test_without_a_database_a_release_is_only_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def lost(*_: object) -> None:
        raise DatabaseError

    claim = claimed(owed())
    monkeypatch.setattr(outbox, "release", lost)
    with claim:
        raise ValueError
    assert "outbox.release_failed" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_on_one_item_one_gets_it() -> None:
    item = owed()
    claims = in_parallel([lambda: outbox.claim(item.pk)] * 8)
    assert len([claim for claim in claims if claim]) == 1
    item.refresh_from_db()
    assert item.attempts == 1


@pytest.mark.django_db(transaction=True)
def test_claim_does_not_wait_for_a_worker_that_is_settling() -> None:
    item = owed()
    claim = claimed(item)
    let_lapse(item)  # slow, but still the one on it
    with transaction.atomic():
        assert outbox.settle(claim)
        (second,) = in_parallel([lambda: outbox.claim(item.pk)])
    assert second is None


@pytest.mark.django_db(transaction=True)
def test_work_that_is_rolled_back_stays_owed() -> None:
    item = owed()
    with claimed(item) as claim, transaction.atomic():
        outbox.settle(claim)
        raise RuntimeError
    item.refresh_from_db()
    assert item.settled_at is None


@pytest.mark.django_db(transaction=True)
def test_attempt_is_counted_before_the_work() -> None:
    """Committed, so that work which kills its worker still runs out of attempts."""
    item = owed()
    claimed(item)
    connection.close()
    assert OutboxItem.objects.get(pk=item.pk).attempts == 1


@pytest.mark.django_db
def test_notify_is_one_statement_on_our_channel() -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        outbox.wake()
    assert [query["sql"] for query in queries] == [
        "SET LOCAL synchronous_commit = off; SELECT pg_notify('outbox', '')"
    ]


def test_of_a_burst_the_relay_is_told_once_in_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[int] = []
    monkeypatch.setattr(outbox, "wake", lambda: rung.append(1))
    monkeypatch.setattr(outbox, "QUIET", 60.0)
    monkeypatch.setattr(outbox._Bell, "rung_at", -60.0)
    for _ in range(3):
        outbox.wake_soon()
    assert len(rung) == 1
    outbox._Bell.rung_at -= 60.0
    outbox.wake_soon()
    assert len(rung) == 2


@pytest.mark.django_db
def test_notify_that_fails_stays_without_effect(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def lost(*_: object) -> None:
        raise DatabaseError("server closed the connection")

    monkeypatch.setattr(connection, "cursor", lost)
    outbox.wake()
    assert "outbox.notify_failed" in caplog.text


@pytest.mark.django_db
def test_enqueued_item_is_waiting_with_nobody_on_it() -> None:
    item = outbox.enqueue("test.task", 7, priority=Priority.URGENT)
    item.refresh_from_db()
    assert (item.task, item.key, item.priority, item.attempts) == (
        "test.task",
        "7",
        Priority.URGENT,
        0,
    )
    assert item.claimed_until is item.settled_at is None
    assert OutboxItem.objects.filter(created_at__lte=Now(), pk=item.pk).exists()
    assert OutboxItem.objects.filter(attempts=F("attempts")).count() == 1
