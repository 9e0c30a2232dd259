"""Outbox items for tests, and PostgreSQL's clock moved for one of them."""

from datetime import timedelta
from typing import Any

from django.db.models.functions import Now

from core.outbox import queue as outbox
from core.outbox.queue import Claim
from reports.models import OutboxItem


def owed(**fields: Any) -> OutboxItem:
    return OutboxItem.objects.create(task="test.task", key="k", **fields)


def claimed(item: OutboxItem) -> Claim:
    claim = outbox.claim(item.pk)
    assert claim is not None
    return claim


def let_lapse(item: OutboxItem) -> None:
    """Move the item's lease into the past, by PostgreSQL's clock."""
    OutboxItem.objects.filter(pk=item.pk).update(claimed_until=Now() - timedelta(milliseconds=1))
