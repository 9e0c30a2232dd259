"""An empty broker, and a relay to it."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.outbox import broker
from core.outbox.relay import OutboxRelay
from portal.celery import app
from tests.support.relay_broker import Valkey


@pytest.fixture
def valkey(monkeypatch: pytest.MonkeyPatch) -> Iterator[Valkey]:
    """Yield a live broker, to which a relay on a busy machine may give more than 50 ms."""
    monkeypatch.setattr(broker, "TIMEOUT_SECONDS", 5.0)
    running = Valkey()
    yield running
    running.client.flushdb()
    running.client.close()


@pytest.fixture
def our_relay(valkey: Valkey) -> Iterator[OutboxRelay]:
    running = OutboxRelay(app)
    with running.connected():
        yield running
    running.close()


@pytest.fixture
def frozen_broker(tmp_path: Path) -> Iterator[str]:
    """Yield the address of a broker that accepts and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        yield f"redis://127.0.0.1:{listening.getsockname()[1]}/0"
