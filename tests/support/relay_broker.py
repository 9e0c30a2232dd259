"""A broker whose messages can be read, and relays to it."""

import json
from base64 import b64decode
from typing import Any, NamedTuple

import redis
from celery import Celery
from django.conf import settings
from django.db.models import F

from core.models import OutboxItem
from core.outbox.queue import LEASE
from core.outbox.relay import OutboxRelay


class Sent(NamedTuple):
    """A message as it lies at the broker."""

    task: str
    items: list[int]
    priority: int


class Valkey:
    """The test's own look into the broker."""

    def __init__(self) -> None:
        self.client = redis.Redis.from_url(settings.REDIS_URL)
        self.client.flushdb()

    def waiting(self) -> list[Sent]:
        """All messages, in the order in which a worker would get them."""
        return self._load_messages(and_take=False)

    def items(self) -> list[int]:
        return [item for sent in self.waiting() for item in sent.items]

    def take(self) -> list[int]:
        """Take everything away at once, as busy workers would."""
        return [item for sent in self._load_messages(and_take=True) for item in sent.items]

    def _load_messages(self, *, and_take: bool) -> list[Sent]:
        pipeline = self.client.pipeline(transaction=True)
        for key in ("celery", *(f"celery\x06\x16{step}" for step in (3, 6, 9))):
            pipeline.lrange(key, 0, -1)
        if and_take:
            pipeline.flushdb()
        lists = pipeline.execute()[:4]
        return [_sent(json.loads(raw)) for messages in lists for raw in reversed(messages)]


def _sent(message: dict[str, Any]) -> Sent:
    items = [item for items in json.loads(b64decode(message["body"]))[0] for item in items]
    return Sent(message["headers"]["task"], items, message["properties"]["priority"])


def relay_to(url: str) -> OutboxRelay:
    other = Celery("other", broker=url, set_as_current=False)
    return OutboxRelay(other)


def let_hand_over_lapse() -> None:
    OutboxItem.objects.update(due_at=F("due_at") - LEASE)
