"""Bringing a version to agencies and subscribers: what is owed, each try, the pause after it.

Owed in the transaction that issues. A row waits until `next_attempt_at`; then it is handed to the outbox
and counted as one more try, so that a row that kills its worker runs out of tries. The outbox holds
one try; the hours between tries are this table's. An older version that is still on the way
is dropped when a newer one is issued: nobody is told old words after the new.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from math import inf
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from alerts.delivery import emails, safe_http, signed_links, webhooks
from alerts.models import (
    AlertRevision,
    Channel,
    Delivery,
    DeliveryAttempt,
    MsgType,
    PartnerAgency,
    State,
)
from core import encryption
from core.audit import events
from core.outbox import queue

log = structlog.get_logger(__name__)

TASK, TELL_STOPPED = "alerts.deliver", "alerts.tell_stopped"
OWE_SUBSCRIBERS = "alerts.owe_subscribers"
TIMEOUT_SECONDS = 9.0  # seconds after which a task begins no further try
RETRY_DELAYS = (
    1,
    5,
    15,
    60,
    180,
    360,
    720,
)  # minutes from the first, second … failed try to the next
MAX_TRIES = len(RETRY_DELAYS) + 1
JITTER = (0.8, 1.2)
BATCH_SIZE = 1000  # rows that are owed, or handed over, in one statement
_ENDED = (Delivery.State.DONE, Delivery.State.FAILED)

# What is in the outbox comes back by itself when nothing was written of it for ten minutes.
_DISPATCH_SQL = """
UPDATE alerts_delivery
   SET attempts = attempts + 1, next_attempt_at = statement_timestamp() + interval '10 minutes'
 WHERE id IN (SELECT id FROM alerts_delivery
               WHERE state = 'waiting' AND next_attempt_at <= statement_timestamp() AND attempts < %(most)s
                 AND (%(only)s::bigint IS NULL OR revision_id = %(only)s)
               ORDER BY subscriber_id IS NOT NULL, next_attempt_at
               LIMIT %(at_once)s FOR UPDATE SKIP LOCKED)
RETURNING id, subscriber_id IS NULL
"""
# A cancel goes to those alone who were told; a new version also to those.
_SUBSCRIBERS = """
INSERT INTO alerts_delivery (revision_id, subscriber_id, channel, next_attempt_at)
SELECT %(revision)s, id, 'mail', %(due)s FROM alerts_subscriber AS subscriber
 WHERE confirmed_at IS NOT NULL
   AND (NOT %(cancelled)s
        AND (commune = '' OR %(everywhere)s OR commune = ANY(%(communes)s))
        AND scenario IN ('', %(scenario)s)
        AND (office = '' OR office = ANY(%(offices)s))
        OR EXISTS (SELECT FROM alerts_delivery AS told
                     JOIN alerts_alertrevision AS before ON before.id = told.revision_id
                    WHERE before.alert_id = %(alert)s AND told.state = 'done'
                      AND told.subscriber_id = subscriber.id))
   AND NOT EXISTS (SELECT FROM alerts_delivery AS owed
                    WHERE owed.revision_id = %(revision)s AND owed.subscriber_id = subscriber.id)
 LIMIT %(at_once)s
    ON CONFLICT DO NOTHING
"""


class ResendError(Exception):
    """It is not sent again; the message tells an officer why."""


@dataclass(frozen=True)
class AttemptResult:
    """What came of a try: `code` "ok" or why not; `status` what a webhook answered."""

    code: str
    status: int | None = None


def enqueue_deliveries(revision: AlertRevision) -> None:
    """Owe a version to all who should have it, in the transaction that issues it. What starts
    later is brought then, and until then the version before it.
    """
    if revision.effective <= timezone.now():
        older = Delivery.objects.filter(revision__alert=revision.alert_id).exclude(
            revision=revision
        )
        _drop(older)
    Delivery.objects.bulk_create(
        Delivery(
            revision=revision, partner=partner, channel=channel, next_attempt_at=revision.effective
        )
        for partner in PartnerAgency.objects.filter(is_active=True)
        for channel in Channel
        if partner.has_channel(channel)
    )
    queue.enqueue(OWE_SUBSCRIBERS, revision.pk)  # of whom there may be too many to wait for
    _hand_over(only=revision.pk)  # no other row may hold up what is being issued


def _drop(rows: QuerySet[Delivery]) -> None:
    waiting = rows.filter(state=Delivery.State.WAITING)
    waiting.update(state=Delivery.State.DROPPED, ended_at=Now())


def enqueue_subscriber_deliveries(items: Iterable[int], patience: float = inf) -> None:
    """Owe versions to those who asked for mails, some thousands at once."""
    for claim in queue.iter_leases(items, patience):
        with claim, transaction.atomic():
            if queue.mark_done(claim):
                revision = AlertRevision.objects.get(pk=claim.key)
                if _owe_some(revision) == BATCH_SIZE:
                    queue.enqueue(OWE_SUBSCRIBERS, revision.pk)
                _hand_over(only=revision.pk)


def _owe_some(revision: AlertRevision) -> int:
    words = revision.frozen_content
    wanted: dict[str, Any] = {
        "revision": revision.pk,
        "alert": revision.alert_id,
        "due": revision.effective,
        "at_once": BATCH_SIZE,
        "cancelled": revision.msg_type == MsgType.CANCEL,
        "everywhere": not words.communes,
        "communes": [place.codename for place in words.communes],
        "scenario": words.scenario,
        "offices": [office.codename for office in words.offices],
    }
    with connection.cursor() as cursor:
        cursor.execute(_SUBSCRIBERS, wanted)
        return int(cursor.rowcount)


@transaction.atomic
def dispatch_due() -> int:
    """Hand what is due to the outbox, agencies first; how many that were."""
    _give_up()
    return _hand_over()


def _hand_over(only: int | None = None) -> int:
    """Hand over what is due, of one version or of all."""
    with connection.cursor() as cursor:
        cursor.execute(_DISPATCH_SQL, {"most": MAX_TRIES, "at_once": BATCH_SIZE, "only": only})
        rows = cursor.fetchall()
    for priority, of_partners in ((queue.Priority.USUAL, True), (queue.Priority.IDLE, False)):
        keys = [key for key, is_partner in rows if is_partner == of_partners]
        queue.enqueue_all(TASK, keys, priority=priority)
    transaction.on_commit(queue.notify)
    return len(rows)


def _give_up() -> None:
    """End rows whose last try was lost with its worker."""
    lost = Delivery.objects.filter(
        state=Delivery.State.WAITING, next_attempt_at__lte=Now(), attempts__gte=MAX_TRIES
    )
    for delivery in lost.select_for_update(of=("self",), skip_locked=True):
        _write(delivery, AttemptResult("lost"))


def process_items(items: Iterable[int], patience: float = inf) -> None:
    """Try the deliveries that these outbox items owe."""
    for claim in queue.iter_leases(items, patience):
        with claim:
            _bring(claim)


def _bring(claim: queue.Lease) -> None:
    """Try outside any transaction, write and settle inside one. A worker that dies between the two
    tries again: whoever is told twice knows it by the identifier.
    """
    rows = Delivery.objects.select_related("revision", "partner", "subscriber")
    delivery = rows.filter(pk=claim.key, state=Delivery.State.WAITING).first()
    outcome = _outcome(delivery) if delivery and _is_wanted(delivery) else None
    with transaction.atomic():
        if queue.mark_done(claim) and delivery:
            kept = Delivery.objects.select_for_update().filter(pk=delivery.pk).first()
            if kept and kept.state == Delivery.State.WAITING:
                _write(kept, outcome)


def is_current(revision: AlertRevision) -> bool:
    """Whether this is the word of its warning that counts at present."""
    return AlertRevision.objects.current().filter(pk=revision.pk).exists()


def _is_wanted(delivery: Delivery) -> bool:
    """Whether it is still the word that stands, in force, and there is somebody to tell."""
    revision = delivery.revision
    if not is_current(revision) or revision.state(timezone.now()) == State.EXPIRED:
        return False
    return delivery.partner is None or delivery.partner.has_channel(delivery.channel)


def _outcome(delivery: Delivery) -> AttemptResult:
    try:
        return AttemptResult("ok", _sent(delivery))
    except safe_http.WebhookDeliveryError as error:
        return AttemptResult(error.code, error.status)
    except emails.MailError as error:
        return AttemptResult(str(error))


def _sent(delivery: Delivery) -> int | None:
    """Raises OutsideError or MailError."""
    revision, partner = delivery.revision, delivery.partner
    if delivery.subscriber:
        emails.send(emails.subscriber_mail(delivery.subscriber, revision))
        return None
    assert partner is not None  # noqa: S101 - a constraint: to one of the two  # nosec B101
    if delivery.channel == Channel.MAIL:
        emails.send(emails.partner_mail(partner, revision))
        return None
    url, secret = (
        encryption.decrypt_field(partner, "webhook"),
        encryption.decrypt_field(partner, "secret"),
    )
    if not (url and secret):
        raise safe_http.WebhookDeliveryError("no_key")
    body = webhooks.payload(revision, signed_links.confirmation_url(partner, revision))
    return webhooks.send(url, secret, delivery.pk, body)


def _write(delivery: Delivery, outcome: AttemptResult | None) -> None:
    """Put a try on the log, and end the delivery or set its next try; None drops it."""
    if outcome is None:
        return _end(delivery, Delivery.State.DROPPED)
    DeliveryAttempt.objects.create(delivery=delivery, outcome=outcome.code, status=outcome.status)
    if outcome.code == "ok":
        return _end(delivery, Delivery.State.DONE)
    log.warning("delivery.failed", delivery=delivery.pk, why=outcome.code, status=outcome.status)
    if delivery.attempts < MAX_TRIES:
        minutes = RETRY_DELAYS[max(0, delivery.attempts - 1)] * random.uniform(*JITTER)  # noqa: S311  # nosec B311
        Delivery.objects.filter(pk=delivery.pk).update(
            next_attempt_at=Now() + timedelta(minutes=minutes)
        )
        return None
    _end(delivery, Delivery.State.FAILED)
    return _stop_if_hopeless(delivery)


def _end(delivery: Delivery, state: Delivery.State) -> None:
    Delivery.objects.filter(pk=delivery.pk).update(state=state, ended_at=Now())


def _stop_if_hopeless(delivery: Delivery) -> None:
    """Stop a channel on which the last few warnings all failed, and say so."""
    most, channel = settings.PARTNER_MAX_FAILURES, delivery.channel
    if delivery.partner_id is None:
        return
    partner = PartnerAgency.objects.select_for_update().get(pk=delivery.partner_id)
    if channel in partner.stopped_channels:
        return
    ended = Delivery.objects.filter(partner=partner, channel=channel, state__in=_ENDED)
    last = list(ended.order_by("-ended_at", "-id").values_list("state", flat=True)[:most])
    if len(last) < most or Delivery.State.DONE in last:
        return
    partner.stopped_channels = [*partner.stopped_channels, channel]
    partner.save(update_fields=["stopped_channels"])
    events.log_event("partner", partner.pk, "partner_stopped", channel=channel, failed=most)
    queue.enqueue(TELL_STOPPED, partner.pk)


def mail_stopped_partners(items: Iterable[int], patience: float = inf) -> None:
    """Mail to those who watch that a partner hears nothing any more."""
    for claim in queue.iter_leases(items, patience):
        with claim:
            partner = PartnerAgency.objects.get(pk=claim.key)
            ways = [Channel(each).label for each in partner.stopped_channels]
            if ways and settings.ALARM_EMAILS and emails.mail_is_configured():
                emails.send(emails.stopped_channel_mail(partner, ways))
            queue.mark_done(claim)


@transaction.atomic
def resend(delivery_id: int, *, by: User) -> None:
    """Send a version to an agency once more. Raises ResendError."""
    delivery = Delivery.objects.select_for_update().get(pk=delivery_id, partner__isnull=False)
    if delivery.state == Delivery.State.WAITING:
        raise ResendError("Lượt này đang gửi, chưa cần gửi lại.")
    revision, partner = delivery.revision, delivery.partner
    if not is_current(revision):
        raise ResendError("Đã có bản mới hơn. Gửi lại bản đó.")
    if partner is None or not partner.has_channel(delivery.channel):
        raise ResendError("Kênh này đang ngừng. Mở lại ở trang của cơ quan rồi gửi.")
    again = {
        "state": Delivery.State.WAITING,
        "attempts": 0,
        "ended_at": None,
        "next_attempt_at": Now(),
    }
    Delivery.objects.filter(pk=delivery.pk).update(**again)
    told = {"partner": partner.pk, "channel": delivery.channel, "identifier": revision.identifier}
    events.log_event("alert", revision.alert_id, "delivery_resent", by=by, **told)
    _hand_over(only=revision.pk)


def failed_deliveries(most: int = 20) -> list[Delivery]:
    """Deliveries to agencies that did not arrive and whose word still stands, newest first."""
    rows = Delivery.objects.filter(
        state=Delivery.State.FAILED,
        partner__is_active=True,
        revision__in=AlertRevision.objects.current().order_by(),
    )
    return list(rows.select_related("revision__alert", "partner")[:most])
