"""Warnings by mail: requested on a page, sent once the owner of the address has confirmed.

The address is encrypted and found by a keyed hash. A request for a known address changes nothing
that was confirmed; its filters travel in the mail's link. The page always answers the same.
"""

from dataclasses import asdict
from datetime import timedelta
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from alerts.delivery import emails, signed_links
from alerts.delivery.subscription_filters import SubscriptionFilter, parse_filter
from alerts.models import Subscriber
from core import encryption, keys, mail
from core.keys import FieldKey, field_keys, newest_key
from core.outbox import queue

OPT_IN_TASK = "alerts.send_opt_in_mails"
# From the first, second … opt-in mail to the next; a confirmation resets the count.
RETRY_DELAYS = tuple(timedelta(minutes=each) for each in (15, 60, 240, 960))
CROWD = 500  # new addresses within the hour, all visitors together
_HOUR = timedelta(hours=1)


def is_crowded() -> bool:
    """Return whether more addresses were given within the hour than people would give."""
    recent = Subscriber.objects.filter(confirmed_at=None, opt_in_requested_at__gt=Now() - _HOUR)
    return recent.count() >= CROWD


def request_opt_in(address: str, filters: SubscriptionFilter) -> None:
    """Enqueue a mail to the owner of an address."""
    with transaction.atomic():
        row = _lock_row(address)
        if row is None or _must_wait(row):
            return
        if row.confirmed_at is None:
            row.address_sealed = _encrypt_address(address, row.pk)
        row.filters = asdict(filters)
        row.opt_in_requests += 1
        row.opt_in_requested_at = timezone.now()
        row.save(
            update_fields=["address_sealed", "filters", "opt_in_requests", "opt_in_requested_at"]
        )
        queue.enqueue(OPT_IN_TASK, row.pk)
    queue.notify()


def _lock_row(address: str) -> Subscriber | None:
    """Return the address's locked row, new if needed; None when another request has just made it."""
    rows = Subscriber.objects.select_for_update()
    indexes = [email_blind_index(address, key) for key in field_keys()]
    if row := rows.filter(address_index__in=indexes).first():
        return row
    pk = uuid4()
    values = {"pk": pk, "address_sealed": _encrypt_address(address, pk)}
    index = email_blind_index(address, newest_key())
    row, is_new = rows.get_or_create(address_index=index, defaults=values)
    return row if is_new else None


def _encrypt_address(address: str, pk: UUID) -> bytes:
    return encryption.encrypt(address, "address", pk) or b""


def _must_wait(row: Subscriber) -> bool:
    if not row.opt_in_requests:
        return False
    delay = RETRY_DELAYS[min(row.opt_in_requests, len(RETRY_DELAYS)) - 1]
    return timezone.now() < row.opt_in_requested_at + delay


def email_blind_index(address: str, key: FieldKey) -> bytes:
    """Return a keyed hash that is the same for all spellings of one mailbox."""
    return mail.mailbox_digest("subscriber's address", address, key)


@queue.for_each_lease
def process_items(lease: queue.Lease) -> None:
    """Send the opt-in mail of an outbox item."""
    if subscriber := Subscriber.objects.filter(pk=lease.key).first():
        mail.send(emails.confirmation_mail(subscriber))
    queue.mark_done(lease)


def pending_subscriber(token: str) -> Subscriber | None:
    """Return whose opt-in link it is; None without such a row."""
    parts = keys.read_token(signed_links.JOIN, token)
    return Subscriber.objects.filter(pk=parts[0]).first() if parts else None


def confirm_opt_in(token: str) -> bool:
    """Confirm an address with the filters of the link; return False for an invalid link."""
    parts = keys.read_token(signed_links.JOIN, token)
    if parts is None:
        return False
    pk, *choices = parts
    filters = asdict(parse_filter(choices))
    values = {"confirmed_at": Coalesce("confirmed_at", Now()), "filters": {}, "opt_in_requests": 0}
    return bool(Subscriber.objects.filter(pk=pk).update(**values, **filters))


def requested_filter(token: str) -> SubscriptionFilter:
    """Return what a valid opt-in link would confirm."""
    parts = keys.read_token(signed_links.JOIN, token) or []
    return parse_filter(parts[1:])


def find_by_change_token(token: str) -> Subscriber | None:
    """Return whose link it is; None for a forged one and for who has left or never confirmed."""
    parts = keys.read_token(signed_links.CHANGE, token)
    rows = Subscriber.objects.exclude(confirmed_at=None)
    return rows.filter(pk=parts[0]).first() if parts else None


def change_filters(subscriber: Subscriber, filters: SubscriptionFilter) -> None:
    """Save what its owner chose; a request that still waits for its mail's link stays as it is."""
    Subscriber.objects.filter(pk=subscriber.pk).update(**asdict(filters))


def is_unsubscribe_token(token: str) -> bool:
    """Return whether an unsubscribe link is genuine, also when its owner is gone."""
    return keys.read_token(signed_links.LEAVE, token) is not None


def unsubscribe(token: str) -> None:
    """Delete the address and all deliveries to it."""
    if parts := keys.read_token(signed_links.LEAVE, token):
        Subscriber.objects.filter(pk=parts[0]).delete()


def purge() -> None:
    """Delete the addresses that nobody confirmed in time."""
    limit = Now() - signed_links.JOIN_VALIDITY
    Subscriber.objects.filter(confirmed_at=None, opt_in_requested_at__lte=limit).delete()
