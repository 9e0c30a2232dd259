"""Warnings by mail: asked for on a page, wanted only once the owner of the address has said so.

The address is sealed and found by a keyed hash. An ask for an address that is known writes no
second row and changes nothing that its owner confirmed; what it asks for travels in the link of the
mail. How often an address may be written to is counted in its row, so that nobody fills another's
letter box; whatever happened, the page says the same.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import timedelta
from math import inf
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from alerts.delivery import emails, signed_links
from alerts.models import Subscriber
from core import encryption
from core.keys import FieldKey, field_keys, newest_key
from core.outbox import queue

ASK = "alerts.ask_subscriber"
# From the first, second … mail that asks to the next; the count begins anew with a confirmation.
WAITS = tuple(timedelta(minutes=each) for each in (15, 60, 240, 960))
MAX_AN_HOUR = 500  # addresses that are asked, all visitors together
_HOUR = timedelta(hours=1)
_DOTLESS = {"gmail.com", "googlemail.com"}  # their letter boxes are the same with and without dots


class RateLimitedError(Exception):
    """More addresses were given within the hour than people would."""


@dataclass(frozen=True)
class SubscriptionFilter:
    """Which warnings: "" stands for all of a kind."""

    commune: str = ""
    scenario: str = ""
    office: str = ""


def request_opt_in(address: str, filters: SubscriptionFilter) -> None:
    """Have the owner of an address asked. Raises CrowdedError."""
    with transaction.atomic():
        row = _row(address)
        if row is None or _rests(row):
            return
        if row.confirmed_at is None:
            row.address_sealed = _sealed(address, row.pk)
        row.filters, row.opt_in_requests, row.opt_in_requested_at = (
            asdict(filters),
            row.opt_in_requests + 1,
            timezone.now(),
        )
        row.save(
            update_fields=["address_sealed", "filters", "opt_in_requests", "opt_in_requested_at"]
        )
        queue.enqueue(ASK, row.pk)
    queue.notify()


def _row(address: str) -> Subscriber | None:
    """The row of the address, made if there is none, this transaction's to write."""
    known = Subscriber.objects.select_for_update()
    row = known.filter(
        address_index__in=[email_blind_index(address, key) for key in field_keys()]
    ).first()
    if row is not None:
        return row
    fresh = Subscriber.objects.filter(confirmed_at=None, opt_in_requested_at__gt=Now() - _HOUR)
    if fresh.count() >= MAX_AN_HOUR:
        raise RateLimitedError
    key = uuid4()
    made = {"pk": key, "address_sealed": _sealed(address, key)}
    row, is_new = known.get_or_create(
        address_index=email_blind_index(address, newest_key()), defaults=made
    )
    return row if is_new else None  # somebody else's ask came in between


def _sealed(address: str, key: UUID) -> bytes:
    return encryption.encrypt(address, "address", key) or b""


def _rests(row: Subscriber) -> bool:
    if not row.opt_in_requests:
        return False
    wait = WAITS[min(row.opt_in_requests, len(WAITS)) - 1]
    return timezone.now() < row.opt_in_requested_at + wait


def email_blind_index(address: str, key: FieldKey) -> bytes:
    """A keyed hash for "the same letter box?", however the address is spelled."""
    local, _, domain = address.strip().casefold().rpartition("@")
    local = local.partition("+")[0]
    if domain in _DOTLESS:
        local, domain = local.replace(".", ""), "gmail.com"
    return key.mac("subscriber's address", f"{local}@{domain}".encode())


def process_items(items: Iterable[int], patience: float = inf) -> None:
    """Send the mails that ask, of these outbox items."""
    for claim in queue.iter_leases(items, patience):
        with claim:
            if subscriber := Subscriber.objects.filter(pk=claim.key).first():
                emails.send(emails.confirmation_mail(subscriber))
            queue.mark_done(claim)


def pending_subscriber(token: str) -> Subscriber | None:
    """Whose link to join it is, while there is such a row."""
    told = signed_links.read_token(signed_links.JOIN, token)
    return Subscriber.objects.filter(pk=told[0]).first() if told else None


def confirm_opt_in(token: str) -> bool:
    """The owner said yes. False when the link leads nowhere."""
    told = signed_links.read_token(signed_links.JOIN, token)
    if told is None:
        return False
    pk, *choices = told
    chosen = asdict(SubscriptionFilter(*choices))
    joined = {"confirmed_at": Coalesce("confirmed_at", Now()), "filters": {}, "opt_in_requests": 0}
    return bool(Subscriber.objects.filter(pk=pk).update(**joined, **chosen))


def is_unsubscribe_token(token: str) -> bool:
    """Whether a link to leave is one of ours, whoever it was for and whether they are gone."""
    return signed_links.read_token(signed_links.LEAVE, token) is not None


def unsubscribe(token: str) -> None:
    """Remove the address and all that went to it."""
    if told := signed_links.read_token(signed_links.LEAVE, token):
        Subscriber.objects.filter(pk=told[0]).delete()


def purge() -> None:
    """Remove the addresses that nobody confirmed in time."""
    Subscriber.objects.filter(
        confirmed_at=None, opt_in_requested_at__lte=Now() - signed_links.JOIN_FOR
    ).delete()
