"""The relay: what it gives to the broker, in what order, and what a broken broker costs."""

import contextlib
import json
import socket
import threading
import time
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
import redis
from celery import Celery
from django.conf import settings
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now

from core import backoff
from core.backoff import Backoff
from core.models import OutboxItem
from core.outbox import queue, relay
from core.outbox.queue import LEASE, MAX_ATTEMPTS, Priority
from core.outbox.relay import (
    AT_BROKER,
    BATCH_SIZE,
    IDLE_BATCH,
    IDLE_WINDOW,
    WINDOW,
    BrokerError,
    OutboxRelay,
    Query,
    TaskMessage,
)
from portal.celery import app
from reports.models import FloodSample
from reports.tasks import on_worker_ready
from tests.support.outbox_factories import leased_item, outbox_item

pytestmark = pytest.mark.django_db(transaction=True)


class Sent(NamedTuple):
    """A message as it lies at the broker."""

    task: str
    items: list[int]
    priority: int


class Valkey:
    """The test's own look into the broker."""

    def __init__(self) -> None:
        self.client = redis.Redis.from_url(settings.REDIS_URL)
        self.client.flushdb()

    def waiting(self) -> list[Sent]:
        """All messages, in the order in which a worker would get them."""
        return self._load_messages(and_take=False)

    def items(self) -> list[int]:
        return [item for sent in self.waiting() for item in sent.items]

    def take(self) -> list[int]:
        """Take everything away at once, as busy workers would."""
        return [item for sent in self._load_messages(and_take=True) for item in sent.items]

    def _load_messages(self, *, and_take: bool) -> list[Sent]:
        look = self.client.pipeline(transaction=True)
        for key in ("celery", *(f"celery\x06\x16{step}" for step in (3, 6, 9))):
            look.lrange(key, 0, -1)
        if and_take:
            look.flushdb()
        lists = look.execute()[:4]
        return [_sent(json.loads(raw)) for messages in lists for raw in reversed(messages)]


def _sent(message: dict[str, Any]) -> Sent:
    args = json.loads(b64decode(message["body"]))[0]
    return Sent(message["headers"]["task"], args[0], message["properties"]["priority"])


@pytest.fixture
def valkey(monkeypatch: pytest.MonkeyPatch) -> Iterator[Valkey]:
    """A live broker, to which a relay on a busy machine may give more than 50 ms."""
    monkeypatch.setattr(relay, "BROKER_TIMEOUT_SECONDS", 5.0)
    broker = Valkey()
    yield broker
    broker.client.flushdb()
    broker.client.close()


@pytest.fixture
def our_relay(valkey: Valkey) -> Iterator[OutboxRelay]:
    ours = OutboxRelay(app)
    with ours.connected():
        yield ours
    ours.close()


def relay_to(url: str) -> OutboxRelay:
    other = Celery("other", broker=url, set_as_current=False)
    return OutboxRelay(other)


@pytest.fixture
def frozen_broker(tmp_path: Path) -> Iterator[str]:
    """The address of a broker that accepts and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        yield f"redis://127.0.0.1:{listening.getsockname()[1]}/0"


def let_hand_over_lapse() -> None:
    OutboxItem.objects.update(due_at=F("due_at") - LEASE)


def until(true: Callable[[], bool], seconds: float = 5.0) -> bool:
    """Wait for something to become true."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def test_an_item_goes_out_by_the_name_of_its_task(our_relay: OutboxRelay, valkey: Valkey) -> None:
    item = outbox_item()
    assert our_relay.dispatch_due() == 1
    assert valkey.waiting() == [Sent("test.task", [item.pk], AT_BROKER[Priority.USUAL])]


def test_a_message_holds_keys_and_nothing_of_a_report(
    our_relay: OutboxRelay, valkey: Valkey
) -> None:
    OutboxItem.objects.create(task="test.task", key="a key of somebody")
    our_relay.dispatch_due()
    (raw,) = valkey.client.lrange(f"celery\x06\x16{AT_BROKER[Priority.USUAL]}", 0, -1)
    assert b"somebody" not in raw
    assert b"somebody" not in b64decode(json.loads(raw)["body"])


def test_what_ails_the_count_keeps_nothing_from_the_broker(
    our_relay: OutboxRelay, valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ails(query: Query) -> bool:
        return bool(query("SELECT 1 FROM no_such_table", None))

    monkeypatch.setattr(our_relay, "first", ails)
    item = outbox_item()
    assert our_relay.dispatch_due() == 1
    assert valkey.items() == [item.pk]


def test_a_report_that_came_since_the_count_waits_a_moment_for_the_next(
    our_relay: OutboxRelay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "UNCOUNTED", 60)
    crowd = FloodSample.objects.create(report_id=uuid4(), origin_digests=[])
    OutboxItem.objects.create(task="test.task", key=str(crowd.pk))
    assert our_relay.dispatch_due() == 0
    FloodSample.objects.update(received_at=F("received_at") - timedelta(seconds=60))
    assert our_relay.dispatch_due() == 1


def test_what_the_count_leaves_is_looked_at_soon(
    our_relay: OutboxRelay, monkeypatch: pytest.MonkeyPatch
) -> None:
    our_relay.dispatch_due()
    assert not our_relay.woken
    monkeypatch.setattr(our_relay, "first", lambda _: True)
    our_relay.dispatch_due()
    assert our_relay.woken


def test_an_item_goes_out_once_within_its_lease(our_relay: OutboxRelay, valkey: Valkey) -> None:
    outbox_item()
    our_relay.dispatch_due()
    assert our_relay.dispatch_due() == 0
    assert len(valkey.waiting()) == 1


def test_an_item_goes_out_again_after_its_lease(our_relay: OutboxRelay, valkey: Valkey) -> None:
    item = outbox_item()
    our_relay.dispatch_due()
    valkey.client.flushdb()
    let_hand_over_lapse()
    assert our_relay.dispatch_due() == 1
    assert valkey.items() == [item.pk]


def test_an_item_in_a_workers_hands_is_left_alone(our_relay: OutboxRelay) -> None:
    leased_item(outbox_item())
    assert our_relay.dispatch_due() == 0


def test_finished_items_are_left_alone(our_relay: OutboxRelay) -> None:
    outbox_item(done_at=Now())
    outbox_item(failed_at=Now())
    assert our_relay.dispatch_due() == 0


def test_urgent_items_go_first_and_overtake_at_the_broker(
    our_relay: OutboxRelay, valkey: Valkey
) -> None:
    first = outbox_item()
    our_relay.dispatch_due()
    second, urgent = outbox_item(), outbox_item(priority=Priority.URGENT)
    our_relay.dispatch_due()
    assert valkey.items() == [urgent.pk, first.pk, second.pk]
    assert valkey.waiting()[0].priority == AT_BROKER[Priority.URGENT]


def test_urgent_items_are_taken_before_a_deep_queue(our_relay: OutboxRelay, valkey: Valkey) -> None:
    """More waits than the window holds, and the urgent one came last."""
    deep = range(2 * WINDOW * BATCH_SIZE)
    OutboxItem.objects.bulk_create(OutboxItem(task="test.task", key=str(key)) for key in deep)
    urgent = outbox_item(priority=Priority.URGENT)
    our_relay.dispatch_due()
    assert valkey.items()[0] == urgent.pk


def test_a_deep_queue_shares_messages(our_relay: OutboxRelay, valkey: Valkey) -> None:
    items = [outbox_item().pk for _ in range(2 * BATCH_SIZE)]
    our_relay.dispatch_due()
    assert valkey.items() == items
    assert 2 <= len(valkey.waiting()) < len(items)


def test_a_few_items_spread_over_workers(our_relay: OutboxRelay, valkey: Valkey) -> None:
    outbox_item()
    outbox_item()
    our_relay.dispatch_due()
    assert len(valkey.waiting()) == 2


def test_items_of_two_tasks_never_share_a_message(our_relay: OutboxRelay, valkey: Valkey) -> None:
    for number in range(40):
        OutboxItem.objects.create(task=f"test.{number % 2}", key=str(number))
    our_relay.dispatch_due()
    assert {sent.task for sent in valkey.waiting()} == {"test.0", "test.1"}
    assert len(valkey.items()) == 40


def test_the_window_at_the_broker_is_bounded(our_relay: OutboxRelay, valkey: Valkey) -> None:
    OutboxItem.objects.bulk_create(
        OutboxItem(task="test.task", key=str(number)) for number in range(3 * WINDOW * BATCH_SIZE)
    )
    for _ in range(6):
        our_relay.dispatch_due()
    assert len(valkey.waiting()) <= WINDOW + relay.SPREAD
    assert our_relay.limited


def test_without_workers_nothing_piles_up_lease_after_lease(
    our_relay: OutboxRelay, valkey: Valkey
) -> None:
    OutboxItem.objects.bulk_create(
        OutboxItem(task="test.task", key=str(number)) for number in range(100)
    )
    for _ in range(3 * WINDOW):
        our_relay.dispatch_due()
        let_hand_over_lapse()
    assert len(valkey.waiting()) <= WINDOW + relay.SPREAD


def test_a_full_take_says_that_there_may_be_more(our_relay: OutboxRelay) -> None:
    deep = range(WINDOW * BATCH_SIZE + 1)
    OutboxItem.objects.bulk_create(OutboxItem(task="test.task", key=str(key)) for key in deep)
    assert our_relay.dispatch_due() == WINDOW * BATCH_SIZE
    assert our_relay.limited


def test_a_drained_queue_is_not_limited(our_relay: OutboxRelay) -> None:
    outbox_item()
    our_relay.dispatch_due()
    assert not our_relay.limited


def idle(number: int) -> list[int]:
    """So many items that may wait until nothing else does."""
    keys = range(number)
    items = [OutboxItem(task="test.task", key=str(k), priority=Priority.IDLE) for k in keys]
    return [item.pk for item in OutboxItem.objects.bulk_create(items)]


def test_idle_items_take_a_small_part_of_the_window(our_relay: OutboxRelay, valkey: Valkey) -> None:
    waiting = idle(5_000)
    for _ in range(5):
        our_relay.dispatch_due()
    sent = valkey.waiting()
    assert valkey.items() == waiting[: IDLE_WINDOW * IDLE_BATCH]
    assert {(each.priority, len(each.items)) for each in sent} == {
        (AT_BROKER[Priority.IDLE], IDLE_BATCH)
    }
    assert our_relay.limited


def test_a_fresh_report_goes_past_thousands_of_idle_items(
    our_relay: OutboxRelay, valkey: Valkey
) -> None:
    idle(5_000)
    our_relay.dispatch_due()
    fresh, urgent = outbox_item(), outbox_item(priority=Priority.URGENT)
    assert our_relay.dispatch_due() == 2
    assert valkey.items()[:2] == [urgent.pk, fresh.pk]


def test_idle_items_wait_while_a_burst_lies_at_the_broker(
    our_relay: OutboxRelay, valkey: Valkey
) -> None:
    burst = [outbox_item().pk for _ in range(IDLE_WINDOW)]
    our_relay.dispatch_due()
    waiting = idle(IDLE_BATCH)
    assert our_relay.dispatch_due() == 0
    assert valkey.take() == burst
    assert our_relay.dispatch_due() == IDLE_BATCH
    assert valkey.items() == waiting


def test_idle_items_follow_one_another_without_waiting_for_the_sweep(
    our_relay: OutboxRelay, valkey: Valkey
) -> None:
    waiting, seen = idle(10 * IDLE_WINDOW * IDLE_BATCH), []
    for _ in range(11):
        our_relay.dispatch_due()
        seen += valkey.take()
    assert seen == waiting
    our_relay.dispatch_due()
    assert not our_relay.limited


def test_sweep_fails_what_killed_its_last_worker(our_relay: OutboxRelay) -> None:
    poison, behind = outbox_item(attempts=MAX_ATTEMPTS, leased_until=Now()), outbox_item()
    assert our_relay.dispatch_all_due() == 1
    poison.refresh_from_db()
    behind.refresh_from_db()
    assert poison.error == "WorkerLost"
    assert poison.failed_at is not None
    assert behind.due_at > behind.created_at


def test_sweep_leaves_the_last_attempt_its_lease(our_relay: OutboxRelay) -> None:
    item = outbox_item(attempts=MAX_ATTEMPTS - 1)
    leased_item(item)
    our_relay.dispatch_all_due()
    item.refresh_from_db()
    assert item.failed_at is None


def test_two_relays_hand_an_item_over_once(our_relay: OutboxRelay, valkey: Valkey) -> None:
    items = [outbox_item().pk for _ in range(30)]
    second = OutboxRelay(app)
    with second.connected():
        threads = [threading.Thread(target=each.dispatch_all_due) for each in (our_relay, second)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    second.close()
    assert sorted(valkey.items()) == items


def test_a_worker_starts_with_an_empty_broker_and_all_of_it_to_come(
    our_relay: OutboxRelay, valkey: Valkey
) -> None:
    """Whatever lay there, and of whatever kind; what rests after a failure rests on."""
    handed, begun, _resting = (
        outbox_item(),
        outbox_item(),
        outbox_item(attempts=1, due_at=Now() + LEASE),
    )
    our_relay.dispatch_due()
    leased_item(begun)
    valkey.client.set(f"celery\x06\x16{AT_BROKER[Priority.IDLE]}", "no list")
    valkey.client.hset("unacked", "x", "no JSON")
    valkey.client.zadd("unacked_index", {"x": 0})
    on_worker_ready()
    assert not valkey.client.exists("unacked", "unacked_index")
    assert valkey.items() == []
    our_relay.dispatch_due()
    assert valkey.items() == [handed.pk]


def test_a_worker_starts_without_a_broker(
    frozen_broker: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Handed over, it may be lost: it is due at once."""
    item = outbox_item(due_at=Now() + LEASE)
    started = time.monotonic()
    relay.purge_and_requeue(Celery("other", broker=frozen_broker, set_as_current=False))
    assert time.monotonic() - started < 1
    assert "relay.broker_not_emptied" in caplog.text
    assert OutboxItem.objects.filter(pk=item.pk, due_at__lte=Now()).exists()


def test_a_refused_broker_costs_little_and_loses_nothing() -> None:
    item = outbox_item()
    ours = relay_to("redis://127.0.0.1:1/0")
    with ours.connected():
        started = time.monotonic()
        assert ours.dispatch_due() == 0
        assert time.monotonic() - started < 0.5
    ours.close()
    item.refresh_from_db()
    assert OutboxItem.objects.filter(pk=item.pk, due_at__lte=Now()).exists()


def test_a_frozen_broker_costs_less_than_a_second(frozen_broker: str) -> None:
    outbox_item()
    ours = relay_to(frozen_broker)
    with ours.connected():
        started = time.monotonic()
        for _ in range(100):
            ours.dispatch_due()
        assert time.monotonic() - started < 1
    ours.close()


def test_a_frozen_unix_socket_costs_less_than_a_second(tmp_path: Path) -> None:
    path = tmp_path / "s"
    outbox_item()
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen(0)
        ours = relay_to(f"redis+socket://{path}?virtual_host=0")
        with ours.connected():
            started = time.monotonic()
            for _ in range(100):
                ours.dispatch_due()
            assert time.monotonic() - started < 1


def test_what_a_broker_did_not_take_goes_out_when_it_is_back(
    our_relay: OutboxRelay, valkey: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The broker fails at the third message: two are out, two are given back."""
    items = [outbox_item().pk for _ in range(4)]
    answers = iter([None, None, BrokerError("TimeoutError")])
    publish = our_relay.broker.publish

    def failing(message: TaskMessage) -> None:
        if error := next(answers):
            raise error
        publish(message)

    with monkeypatch.context() as patched:
        patched.setattr(our_relay.broker, "publish", failing)
        assert our_relay.dispatch_due() == 2
    our_relay.broker_pause.reset()
    assert our_relay.dispatch_due() == 2
    assert valkey.items() == items


def test_a_broker_out_of_reach_is_asked_ever_more_rarely() -> None:
    pause, lefts = Backoff("test"), []
    for _ in range(8):
        pause.record_failure("ConnectionError")
        lefts.append(pause.remaining_seconds)
    for left, middle in zip(lefts, [0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0, 2.0], strict=True):
        assert middle * backoff.JITTER[0] - 0.01 < left <= middle * backoff.JITTER[1]
    assert len({round(left, 3) for left in lefts[5:]}) > 1
    pause.reset()
    assert pause.remaining_seconds == 0


def test_a_long_trouble_fills_no_log(caplog: pytest.LogCaptureFixture) -> None:
    pause = Backoff("test.trouble")
    for _ in range(1000):
        pause.record_failure("ConnectionError")
    assert caplog.text.count("test.trouble") == 10  # the 1st, 2nd, 4th … 512th


@dataclass
class Refusing:
    """A broker that hangs up on everybody, and counts them."""

    port: int
    asked: int = 0


@pytest.fixture
def refusing_broker() -> Iterator[Refusing]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        broker = Refusing(listening.getsockname()[1])

        def hang_up() -> None:
            with contextlib.suppress(OSError):
                while True:
                    listening.accept()[0].close()
                    broker.asked += 1

        thread = threading.Thread(target=hang_up)
        thread.start()
        yield broker
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_a_dead_broker_is_asked_once_a_pause(refusing_broker: Refusing) -> None:
    outbox_item()
    ours = relay_to(f"redis://127.0.0.1:{refusing_broker.port}/0")
    end = time.monotonic() + 1.0
    with ours.connected():
        while time.monotonic() < end:  # as NOTIFYs of a burst would wake it
            ours.dispatch_due()
            time.sleep(0.001)
    ours.close()
    assert 3 <= ours.broker_pause.failures <= 5
    assert refusing_broker.asked == ours.broker_pause.failures


@pytest.fixture
def serving(valkey: Valkey) -> Iterator[OutboxRelay]:
    """The relay at work in a thread of its own, past its first sweep."""
    first = outbox_item()
    ours = OutboxRelay(app)
    thread = threading.Thread(target=ours.run)
    thread.start()
    assert until(lambda: valkey.items() == [first.pk])
    valkey.client.flushdb()
    yield ours
    ours.stop()
    thread.join(timeout=5)
    assert not thread.is_alive()


def cut_the_relays_connection() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = %s AND datname = current_database()",
            [queue.CHANNEL],
        )


@pytest.mark.usefixtures("serving")
def test_a_notify_wakes_the_relay_at_once(valkey: Valkey) -> None:
    item = outbox_item()
    queue.notify()
    assert until(lambda: valkey.items() == [item.pk], 1.5)  # the sweep comes after two


def test_what_came_in_the_quiet_after_a_notify_goes_out_when_it_is_over(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, valkey: Valkey
) -> None:
    monkeypatch.setattr(relay, "SWEEP", 60.0)
    monkeypatch.setattr(relay, "NOTIFY_INTERVAL_SECONDS", 0.5)
    request.getfixturevalue("serving")
    first = outbox_item()
    queue.notify()
    assert until(lambda: valkey.items() == [first.pk])
    second = outbox_item()
    assert until(lambda: second.pk in valkey.items(), 1.0)


@pytest.mark.usefixtures("serving")
def test_the_sweep_finds_what_a_lost_notify_left(valkey: Valkey) -> None:
    item = outbox_item()
    assert until(lambda: valkey.items() == [item.pk], relay.SWEEP + 1)


@pytest.mark.usefixtures("serving")
def test_the_relay_comes_back_after_its_connection_is_cut(valkey: Valkey) -> None:
    cut_the_relays_connection()
    item = outbox_item()
    queue.notify()
    assert until(lambda: valkey.items() == [item.pk])


def test_a_database_without_tables_is_asked_ever_more_rarely(
    valkey: Valkey, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Before the first migration: connecting works, and nothing else."""
    monkeypatch.setattr(relay, "_LEASE_SQL", "SELECT FROM no_such_table")
    ours = OutboxRelay(app)
    thread = threading.Thread(target=ours.run)
    thread.start()
    time.sleep(1.2)
    ours.stop()
    thread.join(timeout=5)
    assert 2 <= caplog.text.count("relay.database_lost") <= 4
    assert "UndefinedTable" in caplog.text


@pytest.mark.usefixtures("serving")
def test_a_full_window_goes_on_without_waiting_for_the_sweep(valkey: Valkey) -> None:
    """A worker that takes everything at once: what lies behind the window follows quickly."""
    items = range(3 * WINDOW * BATCH_SIZE)
    OutboxItem.objects.bulk_create(OutboxItem(task="test.task", key=str(key)) for key in items)
    queue.notify()
    started, seen = time.monotonic(), 0
    while seen < len(items):
        seen += len(valkey.take())
        assert time.monotonic() - started < relay.SWEEP
