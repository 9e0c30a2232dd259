"""Zalo on this very machine: it signs what users write, gives tokens for one use, can be out, and can hang."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import pytest
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from tests.support.concurrency import QuietHandler, answering
from tools.portal_stack import wait_until

APP, APP_SECRET, WEBHOOK_SECRET = "4001", "an app secret", "a webhook secret"
WEBHOOK = "/api/zalo/"
TOKEN_REFUSED = -216


@dataclass
class Zalo:
    """`sent`: user and text of each message; `refresh`, `access`: the tokens that it takes now; `troubled`:
    how many requests came while it was out or hung.
    """

    port: int = 0
    is_out: bool = False
    is_hanging: bool = False
    troubled: int = 0
    is_over: threading.Event = field(default_factory=threading.Event)
    refresh: str = "refresh-0"
    access: str = ""
    expires_in: Any = "90000"
    tokens: int = 0
    sent: list[tuple[str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """The setting that names it."""
        here, words = f"127.0.0.1:{self.port}", "webhook_secret=a%20webhook%20secret"
        head = f"http://{APP}:an%20app%20secret@{here}/?{words}"
        return f"{head}&refresh_token=refresh-0&oauth=http://{here}"

    def reply(self, asked: QuietHandler) -> None:
        body = asked.read_body()
        self.troubled += self.is_out or self.is_hanging
        if self.is_hanging:
            self.is_over.wait(120)
            return
        if self.is_out:
            asked.answer("<html>", status=500)
            return
        act = self._give_token if asked.path == "/v4/oa/access_token" else self._take_message
        asked.answer(json.dumps(act(asked, body)), "application/json")

    def _give_token(self, asked: QuietHandler, body: bytes) -> dict[str, Any]:
        form = {"grant_type": "refresh_token", "app_id": APP, "refresh_token": self.refresh}
        if dict(parse_qsl(body.decode())) != form or asked.headers["secret_key"] != APP_SECRET:
            return {"error": -14014, "error_name": "Invalid refresh token"}
        self.tokens += 1
        self.access, self.refresh = f"access-{self.tokens}", f"refresh-{self.tokens}"
        tokens = {"access_token": self.access, "refresh_token": self.refresh}
        return tokens | {"expires_in": self.expires_in}

    def _take_message(self, asked: QuietHandler, body: bytes) -> dict[str, Any]:
        assert asked.path == "/v3.0/oa/message/cs"
        if asked.headers["access_token"] != self.access:
            return {"error": TOKEN_REFUSED, "message": "Access token is invalid"}
        message = json.loads(body)
        self.sent.append((message["recipient"]["user_id"], message["message"]["text"]))
        return {"error": 0, "message": "Success"}


@contextmanager
def fake_zalo() -> Iterator[Zalo]:
    zalo = Zalo()
    with answering(zalo.reply) as port:
        zalo.port = port
        yield zalo
        zalo.is_over.set()


@pytest.fixture
def zalo_account(settings: Settings) -> Iterator[Zalo]:
    """Zalo, where the account of ZALO_URL is."""
    with fake_zalo() as zalo:
        settings.ZALO_URL = zalo.url
        yield zalo


def text_event(text: str, message_id: str = "m-1", user: str = "u-77") -> dict[str, Any]:
    """What the webhook is told when a user writes."""
    message = {"text": text, "msg_id": message_id}
    event = {"app_id": APP, "event_name": "user_send_text", "timestamp": "1764637200000"}
    return event | {"sender": {"id": user}, "recipient": {"id": "oa"}, "message": message}


def tell_until_taken(event: dict[str, Any]) -> None:
    """Tell it again and again, as Zalo does, until it is taken."""
    assert wait_until(lambda: tell(Client(), event).status_code == 200)


def tell(
    client: Client, event: Any, *, secret: str = WEBHOOK_SECRET, **headers: str
) -> HttpResponse:
    """The answer to a signed event, or a body as it stands."""
    body = event if isinstance(event, bytes) else json.dumps(event, ensure_ascii=False).encode()
    time = "1764637200000"
    mac = hashlib.sha256(APP.encode() + body + time.encode() + secret.encode()).hexdigest()
    signed = {"X-ZEvent-Signature": f"mac={mac}", "X-ZEvent-Timestamp": time} | headers
    answer: Any = client.post(WEBHOOK, body, content_type="application/json", headers=signed)
    return answer
