"""What kills the queue's processes makes a report late, never lost and never read twice."""

import os
import signal
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import psycopg2
import pytest
import redis
from django.db import connection
from django.db.models.functions import Now

from core.models import OutboxItem
from core.outbox import queue
from core.outbox.queue import MAX_ATTEMPTS, Priority
from core.outbox.relay import SWEEP_INTERVAL_SECONDS
from ops.local_services import VALKEY_SOCKET
from reports.models import ExtractedFacts
from reports.monitoring.queue_stats import queue_balance
from reports.submission.intake import TRIAGE_TASK
from reports.triage import report_triage, reprocessing
from tests.faults.support.forged_messages import FORGED
from tests.faults.support.queue_processes import (
    POISON,
    QueueProcesses,
    accept,
    children_of,
    let_leases_lapse,
    others_of_the_database,
    queue_processes,
)
from tools.cpu_allowance import CpuAllowance
from tools.portal_stack import wait_until

pytestmark = [pytest.mark.alone, pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module")
def floor(django_db_setup: None) -> Iterator[QueueProcesses]:
    """A Valkey for all."""
    with queue_processes() as processes:
        yield processes


@pytest.fixture
def processes(floor: QueueProcesses, transactional_db: None) -> Iterator[QueueProcesses]:
    """Valkey, empty, for a test that starts processes of its own."""
    floor.clear()
    yield floor
    floor.clear()


@pytest.fixture
def stage(floor: QueueProcesses, transactional_db: None) -> QueueProcesses:
    """Valkey, relay and worker, all up: those of the test before where they are left."""
    if not floor.is_running("relay"):
        floor.start_relay()
    if not floor.is_running("worker"):
        floor.start_worker()
    return floor


@contextmanager
def facts_locked() -> Iterator[None]:
    """Nobody can write facts meanwhile: a worker stops in the middle of its task."""
    here = connection.get_connection_params()
    other = psycopg2.connect(dbname=here["dbname"], user=here["user"], host=here["host"])
    with other.cursor() as cursor:
        cursor.execute("LOCK TABLE reports_extractedfacts IN ACCESS EXCLUSIVE MODE")
        yield
    other.rollback()
    other.close()


def leased() -> bool:
    return OutboxItem.objects.exclude(leased_until=None).exists()


def assert_each_read_once(reports: int) -> None:
    assert ExtractedFacts.objects.count() == reports
    balance = queue_balance()
    assert (balance.accepted, balance.done, balance.balanced) == (reports, reports, True)


def seconds_to_triage() -> float:
    started = time.monotonic()
    report = accept()
    assert wait_until(lambda: ExtractedFacts.objects.filter(report=report).exists())
    return time.monotonic() - started


def test_receipt_to_triaged_takes_less_than_a_tenth_of_a_second(stage: QueueProcesses) -> None:
    seconds_to_triage()  # connections and tables of words are warm after the first
    seconds_to_triage()
    allowance = CpuAllowance()
    assert statistics.median(seconds_to_triage() for _ in range(9)) < allowance.extend(0.1)


def test_a_worker_killed_in_the_middle_of_a_task(stage: QueueProcesses) -> None:
    with facts_locked():
        accept()
        assert wait_until(leased)
        for pid in children_of(stage.children["worker"]):
            os.kill(pid, signal.SIGKILL)
    let_leases_lapse()
    assert wait_until(stage.drained)
    assert_each_read_once(1)
    assert OutboxItem.objects.get().attempts >= 2


def test_the_relay_killed_and_started_again(stage: QueueProcesses) -> None:
    stage.kill("relay")
    for _ in range(5):
        accept()
    assert not leased()
    stage.start_relay()
    assert wait_until(stage.drained)
    assert_each_read_once(5)


def test_a_story_that_kills_its_worker_gives_way_to_the_next(processes: QueueProcesses) -> None:
    processes.start_relay()
    processes.start_worker("tests.faults.support.poisoned_worker")
    poison, behind = accept(POISON), accept()
    assert wait_until(lambda: ExtractedFacts.objects.filter(report=behind).exists())
    item = OutboxItem.objects.get(key=str(poison.pk))

    def used_up() -> bool:
        let_leases_lapse()
        item.refresh_from_db()
        return item.failed_at is not None

    assert wait_until(used_up)
    assert (item.attempts, item.error) == (MAX_ATTEMPTS, "WorkerLost")
    assert queue_balance().failed == 1
    assert queue_balance().balanced


def test_a_poison_in_a_message_takes_no_attempt_from_its_neighbours(
    processes: QueueProcesses,
) -> None:
    """What was leased together with the poison is read alone once that lease lapses, as is the poison,
    in the first attempt of each.
    """
    reports = [accept(POISON if number == 9 else "lành") for number in range(20)]
    poison = str(reports[9].pk)
    processes.start_worker("tests.faults.support.poisoned_worker")
    processes.start_relay()
    assert wait_until(lambda: queue.CHANNEL in others_of_the_database())

    def is_read() -> bool:
        together = OutboxItem.objects.filter(attempts=0, leased_until__gt=Now())
        together.update(leased_until=Now())  # of one read alone the slow would be read twice
        return ExtractedFacts.objects.count() == 19

    assert wait_until(is_read, seconds=10)
    with redis.Redis(unix_socket_path=str(processes.folder / VALKEY_SOCKET)) as broker:
        assert wait_until(lambda: not broker.hlen("unacked"))
    assert OutboxItem.objects.get(key=poison).attempts >= 1
    others = OutboxItem.objects.exclude(key=poison)
    assert set(others.values_list("attempts", "failed_at")) == {(1, None)}
    assert not others.filter(done_at=None).exists()


def test_two_relays_at_once_send_each_report_once(processes: QueueProcesses) -> None:
    processes.start_worker()
    for name in ("relay", "second relay"):
        processes.start_relay(name)
    for _ in range(100):
        accept()
    assert wait_until(processes.drained)
    assert_each_read_once(100)
    assert set(OutboxItem.objects.values_list("attempts", flat=True)) == {1}


def test_a_fresh_report_does_not_wait_behind_a_rereading_of_thousands(
    stage: QueueProcesses,
) -> None:
    again = [accept() for _ in range(20)]
    assert wait_until(stage.drained)
    OutboxItem.objects.bulk_create(
        OutboxItem(task=TRIAGE_TASK, key=str(report.pk), priority=Priority.IDLE)
        for _ in range(250)
        for report in again
    )
    idle = OutboxItem.objects.filter(priority=Priority.IDLE, done_at=None)
    assert wait_until(lambda: idle.count() < 5_000)
    allowance = CpuAllowance()
    assert statistics.median(seconds_to_triage() for _ in range(5)) < allowance.extend(1)
    before = idle.count()
    assert before > 1_000, "the re-reading was over too early to be in anybody's way"
    assert wait_until(lambda: idle.count() < before), "the re-reading goes on"


@pytest.mark.parametrize("hours", ["-1", "1"])
def test_relay_and_worker_whose_clocks_are_wrong(
    processes: QueueProcesses, hours: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They dispatch, lease and mark done, and hold to a lease that their own clock calls over."""
    leased = OutboxItem.objects.filter(key=str(accept().pk))
    assert queue.acquire_lease(leased.get().pk)
    leased.update(leased_until=Now() + timedelta(minutes=1))
    monkeypatch.setitem(processes.env, "CLOCK_HOURS", hours)
    processes.start(
        "relay", [sys.executable, "-m", "tests.faults.support.skewed_clock", "run_outbox_relay"]
    )
    processes.start_worker("tests.faults.support.skewed_clock")
    for _ in range(4):
        accept()
    assert wait_until(lambda: ExtractedFacts.objects.count() == 4)
    time.sleep(SWEEP_INTERVAL_SECONDS + 0.5)
    assert (leased.get().attempts, leased.get().done_at) == (1, None)
    let_leases_lapse()
    assert wait_until(processes.drained)
    assert_each_read_once(5)
    assert sorted(OutboxItem.objects.values_list("attempts", flat=True)) == [1, 1, 1, 1, 2]
    assert OutboxItem.objects.filter(done_at__gt=Now() - timedelta(minutes=1)).count() == 5


def test_a_run_of_rereading_goes_on_after_its_worker_is_killed(stage: QueueProcesses) -> None:
    for number in range(60):
        accept(f"Chuyện thứ {number}, họ xưng công an.")
    assert wait_until(stage.drained)
    ExtractedFacts.objects.update(rules_version="2020-01")
    reprocessed = ExtractedFacts.objects.filter(rules_version=report_triage.RULES_VERSION)
    run = reprocessing.start()
    assert wait_until(reprocessed.exists)
    stage.kill("worker")
    let_leases_lapse()
    stage.start_worker()
    assert wait_until(lambda: reprocessing.progress(run).is_over)
    assert reprocessed.count() == 60
    again = OutboxItem.objects.filter(task=TRIAGE_TASK, priority=Priority.IDLE)
    assert again.exclude(done_at=None).count() == 60 == again.count()
    assert queue_balance().balanced


def test_what_lies_at_the_broker_many_times_is_read_once_and_as_soon_as_a_worker_starts(
    stage: QueueProcesses,
) -> None:
    """While no worker takes them, the same keys go to the broker again and again. A worker begins
    with an empty broker, and nobody waits for a lease.
    """
    stage.kill("worker")
    for _ in range(6):  # at most 21 messages: the broker's window has room for each
        accept()
        let_leases_lapse()
        time.sleep(0.02)
    handed_over = OutboxItem.objects.filter(due_at__gt=Now())
    assert wait_until(lambda: handed_over.count() == 6)
    stage.start_worker()
    allowance = CpuAllowance()
    assert wait_until(stage.drained)
    assert allowance.is_within(5)
    assert_each_read_once(6)
    assert set(OutboxItem.objects.values_list("attempts", flat=True)) == {1}


def test_whatever_is_forged_at_the_broker_the_next_report_is_read(
    processes: QueueProcesses,
) -> None:
    """Some of it ends the worker; the next one finds it gone. The first report finds the worker
    ready: it listens to nobody before.
    """
    processes.start_relay()
    processes.start_worker()
    with redis.Redis(unix_socket_path=str(processes.folder / VALKEY_SOCKET)) as broker:
        for number, forge in enumerate((redis.Redis.ping, *FORGED), start=1):
            forge(broker)
            time.sleep(0.5)  # for the worker to meet it
            accept()
            assert wait_until(processes.drained, seconds=120), forge.__name__
            assert_each_read_once(number)
