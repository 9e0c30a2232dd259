"""Deliveries of revisions to agencies and subscribers: owed, attempted, retried.

They are owed in the transaction that issues. A due row is enqueued in the outbox and counted as an
attempt, so that a row that kills its worker runs out. A newer revision drops older ones.
"""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from alerts.delivery import emails, signed_links
from alerts.models import (
    AlertRevision,
    Delivery,
    DeliveryAttempt,
    MsgType,
    PartnerAgency,
    State,
)
from core import encryption, mail, webhooks
from core.audit import events
from core.database import fetch_all
from core.models import PartnerChannel
from core.outbox import queue, sweeps
from reports.models import Campaign
from reports.notices import addresses

log = structlog.get_logger(__name__)

DELIVER_TASK, MAIL_STOPPED_TASK = "alerts.deliver", "alerts.mail_stopped_partners"
ENQUEUE_SUBSCRIBERS_TASK = "alerts.enqueue_subscriber_deliveries"
OWE_NOTICES_TASK = "alerts.owe_notices"
TIMEOUT_SECONDS = 9.0  # after which a task begins no further attempt
RETRY_DELAYS = (1, 5, 15, 60, 180, 360, 720)  # minutes after the first, second … failure
MAX_TRIES = len(RETRY_DELAYS) + 1
JITTER = (0.8, 1.2)
BATCH_SIZE = 1000  # rows that are owed, or handed over, in one statement
MAX_FAILED_SHOWN = 20
_ENDED = (Delivery.State.DONE, Delivery.State.FAILED)

# What is in the outbox comes back by itself when no outcome was written for ten minutes.
_DISPATCH_SQL = """
UPDATE alerts_delivery
   SET attempts = attempts + 1, next_attempt_at = statement_timestamp() + interval '10 minutes'
 WHERE id IN (SELECT id FROM alerts_delivery
               WHERE state = 'waiting' AND next_attempt_at <= statement_timestamp() AND attempts < %(max_attempts)s
                 AND (%(revision)s::bigint IS NULL OR revision_id = %(revision)s)
               ORDER BY subscriber_id IS NOT NULL, next_attempt_at
               LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
RETURNING id, subscriber_id IS NULL
"""
# A cancel goes only to those who got the warning; a new revision to them too.
_INSERT_SUBSCRIBER_DELIVERIES_SQL = """
INSERT INTO alerts_delivery (revision_id, subscriber_id, channel, next_attempt_at)
SELECT %(revision)s, id, 'mail', %(due)s FROM alerts_subscriber AS subscriber
 WHERE confirmed_at IS NOT NULL
   AND (NOT %(cancelled)s
        AND (communes = '{}' OR %(everywhere)s OR communes && %(communes)s::varchar[])
        AND (scenarios = '{}' OR %(scenario)s = ANY(scenarios))
        AND (offices = '{}' OR offices && %(offices)s::varchar[])
        OR EXISTS (SELECT FROM alerts_delivery AS sent
                     JOIN alerts_alertrevision AS before ON before.id = sent.revision_id
                    WHERE before.alert_id = %(alert)s AND sent.state = 'done'
                      AND sent.subscriber_id = subscriber.id))
   AND NOT EXISTS (SELECT FROM alerts_delivery AS earlier
                    WHERE earlier.revision_id = %(revision)s AND earlier.subscriber_id = subscriber.id)
 LIMIT %(limit)s
    ON CONFLICT DO NOTHING
"""


class ResendError(Exception):
    """A delivery is not sent again; the message tells an officer why."""


@dataclass(frozen=True)
class AttemptResult:
    """The outcome of an attempt: `code` "ok" or why not; `status` of a webhook's answer."""

    code: str
    status: int | None = None


def enqueue_deliveries(revision: AlertRevision) -> None:
    """Owe a revision to its recipients, in the transaction that issues it; one that starts later is
    delivered then, and until then the one before it.
    """
    if revision.effective <= timezone.now():
        waiting = Delivery.objects.filter(
            revision__alert=revision.alert_id, state=Delivery.State.WAITING
        )
        waiting.exclude(revision=revision).update(state=Delivery.State.DROPPED, ended_at=Now())
    Delivery.objects.bulk_create(
        Delivery(
            revision=revision, partner=partner, channel=channel, next_attempt_at=revision.effective
        )
        for partner in PartnerAgency.objects.filter(is_active=True)
        for channel in PartnerChannel
        if partner.has_channel(channel)
    )
    queue.enqueue(ENQUEUE_SUBSCRIBERS_TASK, revision.pk)  # there may be too many to wait for
    _dispatch(revision.pk)  # no other row may hold up what is being issued


@queue.for_each_lease
@transaction.atomic
def enqueue_subscriber_deliveries(lease: queue.Lease) -> None:
    """Owe the revision of an outbox item to subscribers, a batch at a time."""
    if queue.mark_done(lease):
        revision = AlertRevision.objects.get(pk=lease.key)
        if _insert_subscriber_deliveries(revision) == BATCH_SIZE:
            queue.enqueue(ENQUEUE_SUBSCRIBERS_TASK, revision.pk)
        _dispatch(revision.pk)


def _insert_subscriber_deliveries(revision: AlertRevision) -> int:
    words = revision.frozen_content
    parameters: dict[str, Any] = {
        "revision": revision.pk,
        "alert": revision.alert_id,
        "due": revision.effective,
        "limit": BATCH_SIZE,
        "cancelled": revision.msg_type == MsgType.CANCEL,
        "everywhere": not words.communes,
        "communes": [place.codename for place in words.communes],
        "scenario": words.scenario,
        "offices": [office.codename for office in words.offices],
    }
    with connection.cursor() as cursor:
        cursor.execute(_INSERT_SUBSCRIBER_DELIVERIES_SQL, parameters)
        return int(cursor.rowcount)


def enqueue_notices(revision: AlertRevision, campaign: Campaign) -> None:
    """Enqueue that a warning came of a campaign, once it is in force: no row of a reporter may hold it
    up, and who looks too early would be told of nothing.
    """
    queue.enqueue(OWE_NOTICES_TASK, f"{revision.pk} {campaign.pk}", due_at=revision.effective)


@queue.for_each_lease
@transaction.atomic
def owe_notices(lease: queue.Lease) -> None:
    """Owe a mail to the reporters of an item's campaign, unless its warning was withdrawn meanwhile."""
    revision, _, campaign = lease.key.partition(" ")
    alert = AlertRevision.objects.select_related("alert__current").get(pk=revision).alert
    if not queue.mark_done(lease) or alert.current is None:
        return
    if not AlertRevision.objects.current().filter(alert=alert).exists():
        # This came too early, or the start was put off.
        if alert.current.effective > timezone.now():
            queue.enqueue(OWE_NOTICES_TASK, lease.key, due_at=alert.current.effective)
    elif alert.current.msg_type != MsgType.CANCEL:
        addresses.owe_campaign(campaign)


def dispatch_due() -> int:
    """Enqueue what is due, agencies first; return how many rows that was."""
    _end_lost()
    with transaction.atomic():
        return _dispatch()


def _dispatch(revision: int | None = None) -> int:
    """Enqueue what is due, of one revision or of all, and return how many rows that was."""
    parameters = {"max_attempts": MAX_TRIES, "limit": BATCH_SIZE, "revision": revision}
    rows = fetch_all(_DISPATCH_SQL, parameters)
    for priority, for_partners in ((queue.Priority.USUAL, True), (queue.Priority.IDLE, False)):
        keys = [key for key, is_for_partner in rows if is_for_partner == for_partners]
        queue.enqueue_all(DELIVER_TASK, keys, priority=priority)
    transaction.on_commit(queue.notify)
    return len(rows)


def _end_lost() -> None:
    """End rows whose last attempt was lost with its worker."""
    lost = Delivery.objects.filter(
        state=Delivery.State.WAITING, next_attempt_at__lte=Now(), attempts__gte=MAX_TRIES
    )

    @transaction.atomic
    def end(row: Delivery) -> None:
        for delivery in lost.filter(pk=row.pk).select_for_update(of=("self",), skip_locked=True):
            _record(delivery, AttemptResult("lost"))

    sweeps.for_each("deliveries.end", sweeps.available("deliveries.end", lost)[:BATCH_SIZE], end)


@queue.for_each_lease
def process_items(lease: queue.Lease) -> None:
    """Attempt outside any transaction, record inside one. If the worker dies between the two, the
    recipient gets it twice and can tell by the identifier.
    """
    rows = Delivery.objects.select_related("revision", "partner", "subscriber")
    delivery = rows.filter(pk=lease.key, state=Delivery.State.WAITING).first()
    result = _attempt(delivery) if delivery and _is_wanted(delivery) else None
    with transaction.atomic():
        if queue.mark_done(lease) and delivery:
            row = Delivery.objects.select_for_update().filter(pk=delivery.pk).first()
            if row and row.state == Delivery.State.WAITING:
                _record(row, result)


def is_current(revision: AlertRevision) -> bool:
    return AlertRevision.objects.current().filter(pk=revision.pk).exists()


def _is_wanted(delivery: Delivery) -> bool:
    revision = delivery.revision
    if not is_current(revision) or revision.state(timezone.now()) == State.EXPIRED:
        return False
    return delivery.partner is None or delivery.partner.has_channel(delivery.channel)


def _attempt(delivery: Delivery) -> AttemptResult:
    try:
        return AttemptResult("ok", _send(delivery))
    except webhooks.WebhookDeliveryError as error:
        return AttemptResult(error.code, error.status)
    except mail.MailError as error:
        return AttemptResult(str(error))


def _send(delivery: Delivery) -> int | None:
    """Send, and return a webhook's status. Raises WebhookDeliveryError or MailError."""
    revision, partner = delivery.revision, delivery.partner
    if delivery.subscriber:
        mail.send(emails.subscriber_mail(delivery.subscriber, revision))
        return None
    assert partner is not None  # noqa: S101 - a constraint: to one of the two  # nosec B101
    if delivery.channel == PartnerChannel.MAIL:
        mail.send(emails.partner_mail(partner, revision))
        return None
    url = encryption.decrypt_field(partner, "webhook")
    secret = encryption.decrypt_field(partner, "secret")
    if not (url and secret):
        raise webhooks.WebhookDeliveryError("no_key")
    body = format_payload(revision, signed_links.confirmation_url(partner, revision))
    return webhooks.send(url, secret, delivery.pk, body)


def format_payload(revision: AlertRevision, confirm: str) -> bytes:
    """Return JSON in UTF-8; `confirm` is the agency's confirmation page."""
    message = revision.frozen_content.message
    values = {
        "kind": "warning",
        "identifier": revision.identifier,
        "msg_type": revision.msg_type,
        "slug": revision.frozen_content.slug,
        "web": message.web,
        "sent": message.sent.isoformat(),
        "content": revision.content,
        "confirm": confirm,
    }
    return json.dumps(values, ensure_ascii=False, sort_keys=True).encode()


def _record(delivery: Delivery, result: AttemptResult | None) -> None:
    """Log an attempt, and end the delivery or set its next one; None drops it."""
    if result is None:
        return _end(delivery, Delivery.State.DROPPED)
    DeliveryAttempt.objects.create(delivery=delivery, outcome=result.code, status=result.status)
    if result.code == "ok":
        return _end(delivery, Delivery.State.DONE)
    log.warning("delivery.failed", delivery=delivery.pk, why=result.code, status=result.status)
    if delivery.attempts < MAX_TRIES:
        due = Now() + timedelta(minutes=queue.pick_delay(RETRY_DELAYS, delivery.attempts, JITTER))
        Delivery.objects.filter(pk=delivery.pk).update(next_attempt_at=due)
        return None
    _end(delivery, Delivery.State.FAILED)
    return _stop_failing_channel(delivery)


def _end(delivery: Delivery, state: Delivery.State) -> None:
    Delivery.objects.filter(pk=delivery.pk).update(state=state, ended_at=Now())


def _stop_failing_channel(delivery: Delivery) -> None:
    """Stop a partner's channel on which the last deliveries all failed, and enqueue a mail."""
    limit, channel = settings.PARTNER_MAX_FAILURES, delivery.channel
    if delivery.partner_id is None:
        return
    partner = PartnerAgency.objects.select_for_update().get(pk=delivery.partner_id)
    if channel in partner.stopped_channels:
        return
    ended = Delivery.objects.filter(partner=partner, channel=channel, state__in=_ENDED)
    states = list(ended.order_by("-ended_at", "-id").values_list("state", flat=True)[:limit])
    if len(states) < limit or Delivery.State.DONE in states:
        return
    partner.stopped_channels = [*partner.stopped_channels, channel]
    partner.save(update_fields=["stopped_channels"])
    events.log_event("partner", partner.pk, "partner_stopped", channel=channel, failed=limit)
    queue.enqueue(MAIL_STOPPED_TASK, partner.pk)


@queue.for_each_lease
def mail_stopped_partners(lease: queue.Lease) -> None:
    """Mail to ALARM_EMAILS which channels of an item's partner are stopped."""
    partner = PartnerAgency.objects.get(pk=lease.key)
    ways = [PartnerChannel(each).label for each in partner.stopped_channels]
    if ways and settings.ALARM_EMAILS and mail.mail_is_configured():
        mail.send(emails.stopped_channel_mail(partner, ways))
    queue.mark_done(lease)


@transaction.atomic
def resend(delivery_id: int, *, by: User) -> None:
    """Send a revision to an agency once more. Raises ResendError."""
    delivery = Delivery.objects.select_for_update().get(pk=delivery_id, partner__isnull=False)
    if delivery.state == Delivery.State.WAITING:
        raise ResendError("Lượt này đang gửi, chưa cần gửi lại.")
    revision, partner = delivery.revision, delivery.partner
    if not is_current(revision):
        raise ResendError("Đã có bản mới hơn. Gửi lại bản đó.")
    if partner is None or not partner.has_channel(delivery.channel):
        raise ResendError("Kênh này đang ngừng. Mở lại ở trang của cơ quan rồi gửi.")
    Delivery.objects.filter(pk=delivery.pk).update(
        state=Delivery.State.WAITING, attempts=0, ended_at=None, next_attempt_at=Now()
    )
    which = {"channel": delivery.channel, "identifier": revision.identifier}
    events.log_event(
        "alert", revision.alert_id, "delivery_resent", by=by, partner=partner.pk, **which
    )
    _dispatch(revision.pk)


def failed_deliveries() -> list[Delivery]:
    """Return failed deliveries to active agencies of current revisions, newest first."""
    rows = Delivery.objects.filter(
        state=Delivery.State.FAILED,
        partner__is_active=True,
        revision__in=AlertRevision.objects.current().order_by(),
    )
    return list(rows.select_related("revision__alert", "partner")[:MAX_FAILED_SHOWN])
