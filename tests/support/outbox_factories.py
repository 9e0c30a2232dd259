"""Outbox items for tests, and PostgreSQL's clock moved for one of them."""

from datetime import timedelta
from typing import Any

from django.db.models.functions import Now

from core.models import OutboxItem
from core.outbox import queue
from core.outbox.queue import Lease


def outbox_item(**fields: Any) -> OutboxItem:
    return OutboxItem.objects.create(task="test.task", key="k", **fields)


def fill_queue(count: int, priority: int = queue.Priority.USUAL) -> list[int]:
    """Create so many items; return their ids in order."""
    items = [OutboxItem(task="test.task", key=str(n), priority=priority) for n in range(count)]
    return [item.pk for item in OutboxItem.objects.bulk_create(items)]


def leased_item(item: OutboxItem) -> Lease:
    lease = queue.acquire_lease(item.pk)
    assert lease is not None
    return lease


def expire_lease(item: OutboxItem) -> None:
    """Move the item's lease into the past, by PostgreSQL's clock."""
    OutboxItem.objects.filter(pk=item.pk).update(leased_until=Now() - timedelta(milliseconds=1))
