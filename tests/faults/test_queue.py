"""What kills the queue's processes makes a report late, never lost and never read twice."""

import os
import signal
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg2
import pytest
from django.db import connection

from reports.models import Facts, OutboxItem
from reports.outbox import MAX_ATTEMPTS
from reports.stats import queue_balance
from tests.faults.floor import (
    POISON,
    Floor,
    accept,
    children_of,
    floor,
    let_leases_lapse,
    until,
)

pytestmark = [pytest.mark.serial, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def stage(transactional_db: None) -> Iterator[Floor]:
    """Valkey, relay and worker, all up."""
    with floor() as ours:
        ours.start_relay()
        ours.start_worker()
        yield ours


@contextmanager
def facts_locked() -> Iterator[None]:
    """Nobody can write facts meanwhile: a worker stops in the middle of its task."""
    here = connection.get_connection_params()
    other = psycopg2.connect(dbname=here["dbname"], user=here["user"], host=here["host"])
    with other.cursor() as cursor:
        cursor.execute("LOCK TABLE reports_facts IN ACCESS EXCLUSIVE MODE")
        yield
    other.rollback()
    other.close()


def claimed() -> bool:
    return OutboxItem.objects.exclude(claimed_until=None).exists()


def assert_each_read_once(reports: int) -> None:
    assert Facts.objects.count() == reports
    balance = queue_balance()
    assert (balance.accepted, balance.done, balance.balanced) == (reports, reports, True)


def seconds_to_triage() -> float:
    started = time.monotonic()
    report = accept()
    assert until(lambda: Facts.objects.filter(report=report).exists())
    return time.monotonic() - started


def test_receipt_to_triaged_takes_less_than_a_tenth_of_a_second(stage: Floor) -> None:
    seconds_to_triage()  # connections and tables of words are warm after the first
    seconds_to_triage()
    assert statistics.median(seconds_to_triage() for _ in range(9)) < 0.1


def test_a_worker_killed_in_the_middle_of_a_task(stage: Floor) -> None:
    with facts_locked():
        accept()
        assert until(claimed)
        for pid in children_of(stage.children["worker"]):
            os.kill(pid, signal.SIGKILL)
    let_leases_lapse()
    assert until(stage.drained)
    assert_each_read_once(1)
    assert OutboxItem.objects.get().attempts >= 2


def test_all_workers_killed_and_started_again(stage: Floor) -> None:
    with facts_locked():
        for _ in range(20):
            accept()
        assert until(claimed)
        stage.kill("worker")
    stage.start_worker()
    let_leases_lapse()
    assert until(stage.drained)
    assert_each_read_once(20)


def test_the_relay_killed_and_started_again(stage: Floor) -> None:
    stage.kill("relay")
    for _ in range(5):
        accept()
    assert not claimed()
    stage.start_relay()
    assert until(stage.drained)
    assert_each_read_once(5)


def test_a_story_that_kills_its_worker_gives_way_to_the_next(transactional_db: None) -> None:
    with floor() as stage:
        stage.start_relay()
        stage.start_worker("tests.faults.poisoned")
        poison, behind = accept(POISON), accept()
        assert until(lambda: Facts.objects.filter(report=behind).exists())
        item = OutboxItem.objects.get(key=str(poison.pk))

        def used_up() -> bool:
            let_leases_lapse()
            item.refresh_from_db()
            return item.failed_at is not None

        assert until(used_up)
    assert (item.attempts, item.error) == (MAX_ATTEMPTS, "WorkerLost")
    assert queue_balance().failed == 1
    assert queue_balance().balanced


def test_delivered_many_times_is_read_once(stage: Floor) -> None:
    """While no worker takes them, the same keys go to the broker again and again."""
    stage.kill("worker")
    for _ in range(10):
        accept()
        let_leases_lapse()
        time.sleep(0.02)
    stage.start_worker()
    assert until(stage.drained)
    assert_each_read_once(10)
    assert set(OutboxItem.objects.values_list("attempts", flat=True)) == {1}
