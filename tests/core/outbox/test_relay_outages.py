"""The relay while broker or database are away, and what wakes it."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.db import connection
from django.db.models.functions import Now

from core.models import OutboxItem
from core.outbox import queue, relay
from core.outbox.broker import TIMEOUT_SECONDS, WINDOW, BrokerError, TaskMessage
from core.outbox.relay import BATCH_SIZE, Backoff, OutboxRelay
from portal.celery import app
from reports import tasks as _reports_tasks  # noqa: F401  # every Celery has them then
from reports.models import ExtractedFacts
from tests.support import report_factories
from tests.support.outbox_factories import fill_queue, outbox_item
from tests.support.relay_broker import Valkey, relay_to
from tools.portal_stack import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
THREE_PAUSES = (0.1 + 0.2 + 0.4) * relay.JITTER[0]  # at the least, in seconds


@pytest.fixture
def refused_broker() -> str:
    return "redis://127.0.0.1:1/0"


@pytest.fixture
def frozen_unix_broker(tmp_path: Path) -> Iterator[str]:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        listening.listen(0)
        yield f"redis+socket://{tmp_path}/s?virtual_host=0"


@pytest.mark.parametrize("broker", ["refused_broker", "frozen_broker", "frozen_unix_broker"])
def test_a_broker_that_is_away_costs_less_than_a_second_and_loses_nothing(
    request: pytest.FixtureRequest, broker: str
) -> None:
    item = outbox_item()
    running = relay_to(request.getfixturevalue(broker))
    with running.connected():
        started = time.monotonic()
        for _ in range(100):
            assert running.dispatch_due() == 0
        seconds = time.monotonic() - started
    assert running.broker_pause.failures * TIMEOUT_SECONDS < 1
    assert seconds < 4  # a hundred such waits are five
    running.close()
    assert OutboxItem.objects.filter(pk=item.pk, due_at__lte=Now()).exists()


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
        assert middle * relay.JITTER[0] - 0.01 < left <= middle * relay.JITTER[1]
    assert len({round(left, 3) for left in lefts[5:]}) > 1
    pause.reset()
    assert pause.remaining_seconds == 0


def test_a_long_trouble_fills_no_log(caplog: pytest.LogCaptureFixture) -> None:
    pause = Backoff("test.trouble")
    for _ in range(1000):
        pause.record_failure("ConnectionError")
    assert caplog.text.count("test.trouble") == 10  # the 1st, 2nd, 4th … 512th


def test_what_a_broker_does_not_take_for_long_the_relay_does_itself(
    refused_broker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reports are read, one message after the other; work that breaks keeps none from its turn."""
    monkeypatch.setattr(relay, "BROKER_PATIENCE_SECONDS", 0.2)
    reports = [report_factories.report(story) for story in ("a", "b")]
    broken = outbox_item()  # of a task that nobody knows
    running = relay_to(refused_broker)
    with running.connected():
        assert running.dispatch_due() == 0
        assert wait_until(lambda: running.dispatch_due() == 3)
    running.close()
    assert {each.report for each in ExtractedFacts.objects.all()} == set(reports)
    waiting = OutboxItem.objects.filter(done_at=None, failed_at=None)
    assert [each.pk for each in waiting] == [broken.pk]


@dataclass
class Refusing:
    """A broker that closes every connection, and counts them."""

    port: int
    calls: int = 0


@pytest.fixture
def refusing_broker() -> Iterator[Refusing]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        broker = Refusing(listening.getsockname()[1])

        def hang_up() -> None:
            with contextlib.suppress(OSError):
                while True:
                    listening.accept()[0].close()
                    broker.calls += 1

        thread = threading.Thread(target=hang_up)
        thread.start()
        yield broker
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_a_dead_broker_is_asked_once_a_pause(refusing_broker: Refusing) -> None:
    outbox_item()
    running = relay_to(f"redis://127.0.0.1:{refusing_broker.port}/0")
    started = time.monotonic()
    with running.connected():
        while running.broker_pause.failures < 4:  # as NOTIFYs of a burst would wake it
            running.dispatch_due()
            time.sleep(0.001)
    running.close()
    assert time.monotonic() - started > THREE_PAUSES
    assert wait_until(lambda: refusing_broker.calls == 4)


@pytest.fixture
def rare_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    """What goes out now was found by other means."""
    monkeypatch.setattr(relay, "SWEEP_INTERVAL_SECONDS", 300.0)


@pytest.fixture
def serving(valkey: Valkey) -> Iterator[OutboxRelay]:
    """The relay at work in a thread of its own, past its first sweep."""
    first = outbox_item()
    running = OutboxRelay(app)
    thread = threading.Thread(target=running.run)
    thread.start()
    assert wait_until(lambda: valkey.items() == [first.pk])
    valkey.client.flushdb()
    yield running
    running.stop()
    thread.join(timeout=5)
    assert not thread.is_alive()


@pytest.mark.usefixtures("rare_sweep", "serving")
def test_a_notify_wakes_the_relay_at_once(valkey: Valkey) -> None:
    item = outbox_item()
    queue.notify()
    assert wait_until(lambda: valkey.items() == [item.pk])


@pytest.mark.usefixtures("rare_sweep")
def test_what_came_in_the_quiet_after_a_notify_goes_out_when_it_is_over(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, valkey: Valkey
) -> None:
    monkeypatch.setattr(relay, "NOTIFY_INTERVAL_SECONDS", 0.5)
    request.getfixturevalue("serving")
    first = outbox_item()
    queue.notify()
    assert wait_until(lambda: valkey.items() == [first.pk])
    second = outbox_item()
    assert wait_until(lambda: second.pk in valkey.items())


@pytest.mark.usefixtures("serving")
def test_the_sweep_finds_what_a_lost_notify_left(valkey: Valkey) -> None:
    item = outbox_item()
    assert wait_until(lambda: valkey.items() == [item.pk])


@pytest.mark.usefixtures("serving")
def test_the_relay_comes_back_after_its_connection_is_cut(valkey: Valkey) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name LIKE %s AND datname = current_database()",
            [f"{queue.CHANNEL}@%"],
        )
    item = outbox_item()
    queue.notify()
    assert wait_until(lambda: valkey.items() == [item.pk])


def test_a_database_without_tables_is_asked_ever_more_rarely(
    valkey: Valkey, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Before the first migration: connecting works, and nothing else."""
    monkeypatch.setattr(relay, "_LEASE_SQL", "SELECT FROM no_such_table")
    running, started = OutboxRelay(app), time.monotonic()
    thread = threading.Thread(target=running.run)
    thread.start()
    assert wait_until(lambda: caplog.text.count("relay.database_lost") == 3)  # the 1st, 2nd, 4th
    assert time.monotonic() - started > THREE_PAUSES
    running.stop()
    thread.join()
    assert "UndefinedTable" in caplog.text


@pytest.mark.usefixtures("rare_sweep", "serving")
def test_a_full_window_goes_on_without_waiting_for_the_sweep(valkey: Valkey) -> None:
    """A worker that takes everything at once: what lies behind the window follows quickly."""
    items, taken = fill_queue(3 * WINDOW * BATCH_SIZE), list[int]()
    queue.notify()

    def is_taken() -> bool:
        taken.extend(valkey.take())
        return len(taken) == len(items)

    assert wait_until(is_taken)
