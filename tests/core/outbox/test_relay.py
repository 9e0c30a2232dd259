"""The relay: each item goes out by the name of its task, urgent ones first."""

import json
import time
from base64 import b64decode
from datetime import timedelta
from uuid import uuid4

import pytest
from celery import Celery
from django.db.models import F
from django.db.models.functions import Now

from core.models import OutboxItem
from core.outbox import relay
from core.outbox.broker import AT_BROKER, IDLE_WINDOW, WINDOW
from core.outbox.queue import LEASE, MAX_ATTEMPTS, Priority
from core.outbox.relay import BATCH_SIZE, IDLE_BATCH, OutboxRelay
from portal.celery import app
from reports.models import FloodSample
from reports.submission import flood_detection
from reports.tasks import on_worker_ready
from tests.support.concurrency import in_parallel
from tests.support.outbox_factories import fill_queue, leased_item, outbox_item
from tests.support.relay_broker import Sent, Valkey, let_hand_over_lapse

pytestmark = pytest.mark.django_db(transaction=True)


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
    broken = "SELECT 1 FROM no_such_table"
    monkeypatch.setattr(our_relay, "before_dispatch", lambda query: bool(query(broken, None)))
    item = outbox_item()
    assert our_relay.dispatch_due() == 1
    assert valkey.items() == [item.pk]


def test_a_report_that_came_since_the_count_waits_a_moment_for_the_next(
    our_relay: OutboxRelay, monkeypatch: pytest.MonkeyPatch
) -> None:
    condition = flood_detection.IS_COUNTED_SQL.replace("100 milliseconds", "60 seconds")
    monkeypatch.setattr(our_relay, "condition", condition)
    crowd = FloodSample.objects.create(report_id=uuid4(), origin_digests=[])
    OutboxItem.objects.create(task="test.task", key=str(crowd.pk))
    assert our_relay.dispatch_due() == 0
    FloodSample.objects.update(received_at=F("received_at") - timedelta(seconds=60))
    assert our_relay.dispatch_due() == 1


def test_what_the_count_leaves_is_looked_at_soon(
    our_relay: OutboxRelay, monkeypatch: pytest.MonkeyPatch
) -> None:
    our_relay.dispatch_due()
    assert not our_relay.is_notified
    monkeypatch.setattr(our_relay, "before_dispatch", lambda _: True)
    our_relay.dispatch_due()
    assert our_relay.is_notified


def test_an_item_goes_out_once_a_lease(our_relay: OutboxRelay, valkey: Valkey) -> None:
    item = outbox_item()
    our_relay.dispatch_due()
    assert our_relay.dispatch_due() == 0
    assert len(valkey.waiting()) == 1
    valkey.client.flushdb()
    let_hand_over_lapse()
    assert our_relay.dispatch_due() == 1
    assert valkey.items() == [item.pk]


def test_leased_and_finished_items_are_left_alone(our_relay: OutboxRelay) -> None:
    leased_item(outbox_item())
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
    fill_queue(2 * WINDOW * BATCH_SIZE)
    urgent = outbox_item(priority=Priority.URGENT)
    our_relay.dispatch_due()
    assert valkey.items()[0] == urgent.pk


def test_a_deep_queue_shares_messages(our_relay: OutboxRelay, valkey: Valkey) -> None:
    items = fill_queue(2 * BATCH_SIZE)
    our_relay.dispatch_due()
    assert valkey.items() == items
    assert 2 <= len(valkey.waiting()) < len(items)


def test_a_few_items_spread_over_workers(our_relay: OutboxRelay, valkey: Valkey) -> None:
    fill_queue(2)
    our_relay.dispatch_due()
    assert len(valkey.waiting()) == 2


def test_items_of_two_tasks_never_share_a_message(our_relay: OutboxRelay, valkey: Valkey) -> None:
    for number in range(40):
        OutboxItem.objects.create(task=f"test.{number % 2}", key=str(number))
    our_relay.dispatch_due()
    assert {sent.task for sent in valkey.waiting()} == {"test.0", "test.1"}
    assert len(valkey.items()) == 40


def test_the_window_at_the_broker_is_bounded_also_without_workers_lease_after_lease(
    our_relay: OutboxRelay, valkey: Valkey
) -> None:
    fill_queue(3 * WINDOW * BATCH_SIZE)
    for _ in range(3 * WINDOW):
        our_relay.dispatch_due()
        let_hand_over_lapse()
    assert len(valkey.waiting()) <= WINDOW + relay.SPREAD
    assert our_relay.is_limited


def test_a_full_take_says_that_there_may_be_more_and_a_drained_queue_does_not(
    our_relay: OutboxRelay, valkey: Valkey
) -> None:
    fill_queue(WINDOW * BATCH_SIZE + 1)
    assert our_relay.dispatch_due() == WINDOW * BATCH_SIZE
    assert our_relay.is_limited
    valkey.take()
    our_relay.dispatch_due()
    assert not our_relay.is_limited


def test_idle_items_take_a_small_part_of_the_window(our_relay: OutboxRelay, valkey: Valkey) -> None:
    waiting = fill_queue(5_000, Priority.IDLE)
    for _ in range(5):
        our_relay.dispatch_due()
    sent = valkey.waiting()
    assert valkey.items() == waiting[: IDLE_WINDOW * IDLE_BATCH]
    sizes = {(each.priority, len(each.items)) for each in sent}
    assert sizes == {(AT_BROKER[Priority.IDLE], IDLE_BATCH)}
    assert our_relay.is_limited


def test_a_fresh_report_goes_past_thousands_of_idle_items(
    our_relay: OutboxRelay, valkey: Valkey
) -> None:
    fill_queue(5_000, Priority.IDLE)
    our_relay.dispatch_due()
    fresh, urgent = outbox_item(), outbox_item(priority=Priority.URGENT)
    assert our_relay.dispatch_due() == 2
    assert valkey.items()[:2] == [urgent.pk, fresh.pk]


def test_idle_items_wait_while_a_burst_lies_at_the_broker(
    our_relay: OutboxRelay, valkey: Valkey
) -> None:
    burst = [outbox_item().pk for _ in range(IDLE_WINDOW)]
    our_relay.dispatch_due()
    waiting = fill_queue(IDLE_BATCH, Priority.IDLE)
    assert our_relay.dispatch_due() == 0
    assert valkey.take() == burst
    assert our_relay.dispatch_due() == IDLE_BATCH
    assert valkey.items() == waiting


def test_idle_items_follow_one_another_without_waiting_for_the_sweep(
    our_relay: OutboxRelay, valkey: Valkey
) -> None:
    waiting, seen = fill_queue(10 * IDLE_WINDOW * IDLE_BATCH, Priority.IDLE), []
    for _ in range(11):
        our_relay.dispatch_due()
        seen += valkey.take()
    assert seen == waiting
    our_relay.dispatch_due()
    assert not our_relay.is_limited


def test_sweep_fails_what_killed_its_last_worker_and_leaves_the_last_attempt_its_lease(
    our_relay: OutboxRelay,
) -> None:
    poison, behind = outbox_item(attempts=MAX_ATTEMPTS, leased_until=Now()), outbox_item()
    last = outbox_item(attempts=MAX_ATTEMPTS - 1)
    leased_item(last)
    assert our_relay.dispatch_all_due() == 1
    for item in (poison, behind, last):
        item.refresh_from_db()
    assert poison.error == "WorkerLost"
    assert poison.failed_at is not None
    assert behind.due_at > behind.created_at
    assert last.failed_at is None


def test_two_relays_hand_an_item_over_once(our_relay: OutboxRelay, valkey: Valkey) -> None:
    items = [outbox_item().pk for _ in range(30)]
    second = OutboxRelay(app)
    with second.connected():
        in_parallel([our_relay.dispatch_all_due, second.dispatch_all_due])
    second.close()
    assert sorted(valkey.items()) == items


def test_a_worker_starts_with_an_empty_broker_and_all_of_it_to_come(
    our_relay: OutboxRelay, valkey: Valkey
) -> None:
    """Whatever lay there, and of whatever kind; what rests after a failure rests on."""
    handed, begun = outbox_item(), outbox_item()
    outbox_item(attempts=1, due_at=Now() + LEASE)
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
    assert time.monotonic() - started < 10  # who waited for an answer would wait for ever
    assert "relay.broker_purge_failed" in caplog.text
    assert OutboxItem.objects.filter(pk=item.pk, due_at__lte=Now()).exists()
