"""The outbox: what is owed, who is on it, what is done. Every clock is PostgreSQL's.

An item goes: enqueued, handed to the broker (relay), claimed (worker), settled in the same
transaction as its work, or failed when its attempts are used up. It names a task and a key
and knows nothing of either.
"""

from dataclasses import dataclass
from datetime import timedelta

import structlog
from django.db import DatabaseError, connection
from django.db.models import F, Q
from django.db.models.functions import Now

from reports.models import OutboxItem

log = structlog.get_logger(__name__)

CHANNEL = "outbox"
LEASE = timedelta(seconds=15)
MAX_ATTEMPTS = 5
_WAITING = Q(settled_at__isnull=True, failed_at__isnull=True)


@dataclass(frozen=True)
class Claim:
    """A worker's hold on an item: valid for LEASE, and only as the attempt that it names."""

    item_id: int
    key: str
    attempt: int


def enqueue(task: str, key: object, *, urgent: bool = False) -> OutboxItem:
    """Owe a task; part of the transaction that gives the cause."""
    return OutboxItem.objects.create(task=task, key=str(key), urgent=urgent)


def wake() -> None:
    """Tell the relay that there is work. In autocommit, after COMMIT: inside a transaction a
    NOTIFY takes a lock that makes all commits wait for one another. The relay's sweep finds
    what a lost NOTIFY leaves behind, so an error here is only written down.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])
    except DatabaseError as error:
        log.warning("outbox.notify_failed", error=type(error).__name__)


def claim(item_id: int) -> Claim | None:
    """Take hold of an item; None when it is done, failed or in another worker's hands."""
    free = Q(claimed_until__isnull=True) | Q(claimed_until__lt=Now())
    rows = OutboxItem.objects.filter(_WAITING, free, pk=item_id, attempts__lt=MAX_ATTEMPTS)
    taken = rows.update(attempts=F("attempts") + 1, claimed_at=Now(), claimed_until=Now() + LEASE)
    if not taken:
        return None
    key, attempt = OutboxItem.objects.values_list("key", "attempts").get(pk=item_id)
    return Claim(item_id, key, attempt)


def settle(claim: Claim) -> bool:
    """Mark the work done, in its own transaction. False: somebody else was faster, roll back."""
    return bool(
        OutboxItem.objects.filter(_WAITING, pk=claim.item_id, attempts=claim.attempt).update(
            settled_at=Now(), claimed_until=None, error=""
        )
    )


def release(claim: Claim, error: BaseException) -> None:
    """Give an item back after a failure; the last attempt marks it as failed."""
    last = claim.attempt >= MAX_ATTEMPTS
    OutboxItem.objects.filter(_WAITING, pk=claim.item_id, attempts=claim.attempt).update(
        claimed_until=None, error=type(error).__name__, **({"failed_at": Now()} if last else {})
    )
