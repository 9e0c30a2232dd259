"""Deliveries to agencies: owed once, retried, given up, sent once more."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone
from pytest_django import Settings

from alerts.delivery import deliveries
from alerts.models import AlertRevision, Delivery, DeliveryAttempt
from core import webhooks
from core.audit import events
from core.models import OutboxItem, PartnerChannel
from core.outbox import queue
from tests.support.alert_factories import (
    KEY,
    approved,
    cancelled,
    issued,
    partner,
    person,
    rewritten,
    submitted,
    subscriber,
)
from tests.support.deliveries import NOWHERE, work
from tests.support.partner_server import OK, PartnerServer, partner_server, say

pytestmark = pytest.mark.django_db
State = Delivery.State


@pytest.fixture(autouse=True)
def _plain_http_reaches_this_machine(settings: Settings) -> None:
    settings.PARTNER_TEST_HOSTS = ("localhost",)


@pytest.fixture
def refusing() -> Iterator[PartnerServer]:
    with partner_server(say(b"HTTP/1.1 503 Busy\r\n\r\n")) as server:
        yield server


def try_again() -> None:
    """Let the delay pass, and process."""
    Delivery.objects.filter(state=State.WAITING).update(next_attempt_at=Now())
    deliveries.dispatch_due()
    work()


def deliver(webhook: str = "") -> AlertRevision:
    """Issue a warning to one agency, by webhook or mail, and process."""
    partner(webhook=webhook, mail="" if webhook else "so@mau.example")
    revision = issued()
    work()
    return revision


def list_states() -> list[str]:
    return list(Delivery.objects.order_by("id").values_list("state", flat=True))


def test_issuing_owes_one_row_for_each_agency_and_way() -> None:
    partner("Sở Một", "https://mot.example/", "mot@so.example")
    partner("Sở Hai", mail="hai@so.example")
    partner("Sở Nghỉ", is_active=False)
    issued()
    rows = Delivery.objects.values_list("partner__name", "channel")
    assert set(rows) == {("Sở Một", "webhook"), ("Sở Một", "mail"), ("Sở Hai", "mail")}
    assert OutboxItem.objects.filter(task=deliveries.DELIVER_TASK).count() == 3


def test_what_was_not_issued_is_owed_to_nobody() -> None:
    partner()
    alert = submitted()
    with transaction.atomic():
        approved(alert)
        assert Delivery.objects.exists()
        transaction.set_rollback(True)
    assert not Delivery.objects.exists()
    assert not OutboxItem.objects.filter(task=deliveries.DELIVER_TASK).exists()


def test_a_webhook_gets_the_version_and_a_signature_that_another_program_verifies() -> None:
    with partner_server(say(OK)) as server:
        revision = deliver(server.url)
    body, headers = json.loads(server.body()), server.headers()
    assert (body["identifier"], body["content"]) == (revision.identifier, revision.content)
    assert (body["kind"], body["msg_type"], body["slug"]) == ("warning", "Alert", "gia-dien-luc")
    signed = headers["X-Portal-Timestamp"].encode() + b"." + server.body()
    mac = hmac.new(KEY.encode(), signed, hashlib.sha256).hexdigest()
    assert headers["X-Portal-Signature"] == f"sha256={mac}"
    assert list_states() == [State.DONE]


def test_a_mail_names_the_warning_and_carries_no_address_of_another() -> None:
    partner("Sở Một", mail="mot@so.example")
    partner("Sở Hai", mail="hai@so.example")
    issued(title="Giả điện lực\u2028 & <b>dọa</b>")
    work()
    assert sorted(letter.to[0] for letter in mail.outbox) == ["hai@so.example", "mot@so.example"]
    letter = mail.outbox[0]
    assert letter.subject == "[Cảnh báo] Giả điện lực & <b>dọa</b>"
    assert "/canh-bao/gia-dien-luc/" in letter.body
    assert "/da-trien-khai/" in letter.body


@pytest.mark.parametrize("status", [301, 307, 400, 410, 500, 503])
def test_any_answer_but_success_is_on_the_log_and_tried_again_later(status: int) -> None:
    with partner_server(say(f"HTTP/1.1 {status} X\r\nLocation: /\r\n\r\n".encode())) as server:
        deliver(server.url)
    row = Delivery.objects.get()
    assert row.state == State.WAITING
    assert timedelta(seconds=40) < row.next_attempt_at - timezone.now() < timedelta(seconds=80)
    assert row.attempt_log.values_list("outcome", "status").get() == ("refused", status)
    deliveries.dispatch_due()
    assert OutboxItem.objects.filter(task=deliveries.DELIVER_TASK).count() == 1


def test_pauses_grow_from_minutes_to_hours(refusing: PartnerServer) -> None:
    deliver(refusing.url)
    delays = []
    for _ in range(deliveries.MAX_TRIES - 2):
        try_again()
        delays.append(Delivery.objects.get().next_attempt_at - timezone.now())
    assert delays == sorted(delays)
    assert delays[-1] > timedelta(hours=9)
    try_again()
    assert list_states() == [State.FAILED]
    assert len(refusing.heard) == deliveries.MAX_TRIES


def test_an_older_version_on_its_way_is_dropped_for_the_newer() -> None:
    partner()
    first = issued()
    second = rewritten(first)
    assert list_states() == [State.DROPPED, State.WAITING]
    work()
    assert list_states() == [State.DROPPED, State.DONE]
    assert [second.identifier in letter.body for letter in mail.outbox] == [True]


def test_a_version_that_is_overtaken_in_the_outbox_is_not_sent() -> None:
    partner()
    first = issued()
    Delivery.objects.update(state=State.DONE)
    rewritten(first)
    Delivery.objects.filter(revision=first).update(state=State.WAITING)
    work()
    assert Delivery.objects.get(revision=first).state == State.DROPPED
    assert len(mail.outbox) == 1


def test_what_starts_later_is_brought_then() -> None:
    partner()
    issued(effective=timezone.now() + timedelta(hours=2))
    assert not OutboxItem.objects.filter(task=deliveries.DELIVER_TASK).exists()
    with time_machine.travel(timezone.now() + timedelta(hours=3)):
        try_again()
    assert len(mail.outbox) == 1


def test_until_a_later_version_starts_the_one_before_is_brought() -> None:
    partner()
    first = issued()
    second = rewritten(first, effective=timezone.now() + timedelta(hours=2))
    work()
    assert list_states() == [State.DONE, State.WAITING]
    assert [first.identifier in each.body for each in mail.outbox] == [True]
    cancelled(second)
    work()
    assert list_states() == [State.DONE, State.DROPPED, State.DONE]


def test_a_cancel_of_what_never_began_is_brought_to_nobody() -> None:
    partner()
    cancelled(issued(effective=timezone.now() + timedelta(hours=2)))
    work()
    assert list_states() == [State.DROPPED, State.DROPPED]
    assert not mail.outbox


def test_the_same_item_worked_off_twice_sends_once() -> None:
    deliver()
    OutboxItem.objects.filter(task=deliveries.DELIVER_TASK).update(done_at=None)
    work()
    assert len(mail.outbox) == 1


def test_a_worker_that_dies_each_time_runs_out_of_tries() -> None:
    partner()
    issued()
    for _ in range(deliveries.MAX_TRIES):
        Delivery.objects.update(next_attempt_at=Now())
        deliveries.dispatch_due()
    assert list_states() == [State.FAILED]
    assert DeliveryAttempt.objects.get().outcome == "lost"


def test_a_way_that_fails_again_and_again_is_stopped_and_told(
    refusing: PartnerServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.PARTNER_MAX_FAILURES, settings.ALARM_EMAILS = 2, ("truc@mau.example",)
    monkeypatch.setattr(deliveries, "MAX_TRIES", 1)
    row = partner(webhook=refusing.url, mail="con@so.example")
    revision = issued()
    work()
    row.refresh_from_db()
    assert row.stopped_channels == []
    revision = rewritten(revision)
    work()
    row.refresh_from_db()
    assert row.stopped_channels == [PartnerChannel.WEBHOOK]
    assert events.events_for("partner", row.pk)[0].kind == "partner_stopped"
    mail.outbox.clear()
    work(deliveries.MAIL_STOPPED_TASK)
    assert "Sở Mẫu" in mail.outbox[0].body
    rewritten(revision)
    channels = Delivery.objects.filter(attempts=1).values_list("channel", flat=True)
    assert list(channels[:1]) == ["mail"]


def test_one_success_keeps_a_way_open(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.PARTNER_MAX_FAILURES = 2
    monkeypatch.setattr(deliveries, "MAX_TRIES", 1)
    row, locmem, stopped = partner(), settings.EMAIL_BACKEND, []
    revision = issued()
    for backend in (NOWHERE, locmem, NOWHERE, NOWHERE):
        settings.EMAIL_BACKEND = backend
        work()
        row.refresh_from_db()
        stopped.append(list(row.stopped_channels))
        revision = rewritten(revision)
    assert stopped == [[], [], [], ["mail"]]


def test_without_a_mail_server_nothing_counts_as_sent(settings: Settings) -> None:
    settings.EMAIL_BACKEND = NOWHERE
    deliver()
    assert list_states() == [State.WAITING]
    assert DeliveryAttempt.objects.get().outcome == "no_mail_server"


def test_a_partner_that_now_leads_inside_is_not_called(monkeypatch: pytest.MonkeyPatch) -> None:
    inside = [(0, 0, 0, "", ("10.0.0.7", 443))]
    monkeypatch.setattr(webhooks.socket, "getaddrinfo", lambda *_, **__: inside)
    deliver("https://doi.example/")
    assert DeliveryAttempt.objects.get().outcome == "not_public"


def test_agencies_go_before_subscribers() -> None:
    subscriber()
    partner()
    issued()
    work(deliveries.ENQUEUE_SUBSCRIBERS_TASK)
    items = OutboxItem.objects.filter(task=deliveries.DELIVER_TASK).order_by("priority")
    keys = [Delivery.objects.get(pk=item.key).subscriber_id is None for item in items]
    assert keys == [True, False]
    assert [item.priority for item in items] == [queue.Priority.USUAL, queue.Priority.IDLE]


def test_a_row_is_for_one_reader_alone() -> None:
    revision = issued()
    with pytest.raises(IntegrityError), transaction.atomic():
        Delivery.objects.create(revision=revision, channel="mail")
    both = {"partner": partner(), "subscriber": subscriber()}
    with pytest.raises(IntegrityError), transaction.atomic():
        Delivery.objects.create(revision=revision, channel="mail", **both)


def test_an_old_version_is_not_sent_once_more() -> None:
    first = deliver()
    rewritten(first)
    old = Delivery.objects.get(revision=first).pk
    with pytest.raises(deliveries.ResendError, match="bản mới hơn"):
        deliveries.resend(old, by=person("approver"))
