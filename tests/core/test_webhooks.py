"""A POST to a partner: to the open internet alone, and never long or large."""

import socket
import threading
import time
from typing import Any
from unittest.mock import Mock

import pytest
from pytest_django import Settings

from core import webhooks
from core.webhooks import WebhookDeliveryError
from tests.support.data_files import read_cases
from tests.support.partner_server import OK, partner_server, say


@pytest.fixture(autouse=True)
def _plain_http_reaches_this_machine(settings: Settings) -> None:
    settings.PARTNER_TEST_HOSTS = ("localhost",)


@pytest.mark.parametrize("address", read_cases("webhook_addresses.json", "not_public"))
def test_an_address_that_is_not_of_the_open_internet_is_refused(address: str) -> None:
    assert not webhooks.is_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "113.160.0.1", "2001:4860:4860::8888", "::ffff:8.8.8.8"]
)
def test_one_of_the_open_internet_is_not(address: str) -> None:
    assert webhooks.is_public(address)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        *read_cases("webhook_addresses.json", "crooked"),
        ("https://so.example/" + "a" * 500, "address"),
    ],
)
def test_a_crooked_address_is_refused_before_anything_is_asked(
    settings: Settings, url: str, why: str
) -> None:
    settings.PARTNER_TEST_HOSTS = ()
    with pytest.raises(WebhookDeliveryError) as refused:
        webhooks.parse_webhook_url(url)
    assert refused.value.code == why


def find_failure(url: str = "https://so.example/") -> str:
    """Return why a POST was not answered."""
    with pytest.raises(WebhookDeliveryError) as failed:
        webhooks.post(url, b"{}", {})
    return failed.value.code


def fake_network(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Resolve names to these addresses, one list a look-up; return who is connected to."""
    lists, connected = iter(answers), list[str]()

    def look_up(host: str, port: int, **_: Any) -> list[Any]:
        return [(0, 0, 0, "", (each, port)) for each in next(lists)]

    def connect(address: tuple[str, int], timeout: float) -> socket.socket:
        connected.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket, "create_connection", connect)
    return connected


@pytest.mark.parametrize("inside", ["127.0.0.1", "::1", "::ffff:10.0.0.1", "169.254.169.254"])
def test_a_name_that_leads_inside_is_never_connected_to(
    monkeypatch: pytest.MonkeyPatch, inside: str
) -> None:
    connected = fake_network(monkeypatch, ["8.8.8.8", inside])
    assert (find_failure(), connected) == ("not_public", [])


def test_the_address_that_was_judged_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """The name is not asked again: it might answer otherwise."""
    connected = fake_network(monkeypatch, ["8.8.8.8", "8.8.4.4"], ["127.0.0.1"])
    assert (find_failure(), connected) == ("unreachable", ["8.8.8.8", "8.8.4.4"])


def test_plain_http_is_for_a_host_of_the_setting_alone() -> None:
    assert webhooks.parse_webhook_url("http://localhost:81/a?b").path == "/a?b"
    with pytest.raises(WebhookDeliveryError):
        webhooks.parse_webhook_url("http://khac.example/")


def test_what_is_sent_arrives_whole() -> None:
    with partner_server(say(OK)) as server:
        assert webhooks.post(server.url, b"x" * 100_000, {"X-Mine": "1"}) == 200
    assert len(server.body()) == 100_000
    assert server.headers()["X-Mine"] == "1"
    assert server.heard[0].startswith(b"POST /nhan HTTP/1.1\r\n")


def test_a_redirect_is_an_answer_and_leads_nowhere() -> None:
    with partner_server(say(OK)) as inside:
        away = f"HTTP/1.1 302 Found\r\nLocation: {inside.url}\r\n\r\n".encode()
        with partner_server(say(away)) as server:
            assert webhooks.post(server.url, b"{}", {}) == 302
    assert inside.heard == []


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"", "no_answer"),
        (b"HTTP/1.1 200 OK\r\n", "no_answer"),
        (b"SSH-2.0-OpenSSH_9.9\r\n\r\n", "not_http"),
        (b"HTTP/1.1 2000 OK\r\n\r\n", "not_http"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000, "too_large"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 10_000, "too_large"),
    ],
)
def test_an_answer_that_is_none_is_a_failure(answer: bytes, why: str) -> None:
    with partner_server(say(answer)) as server:
        assert find_failure(server.url) in {why, "unreachable"}


def drip(connection: socket.socket) -> None:
    for char in b"HTTP/1.1 200 OK\r\n" * 100:
        connection.sendall(bytes([char]))
        time.sleep(0.05)


def endless(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(b"x" * 65536)


@pytest.mark.parametrize("answer", [drip, lambda _: time.sleep(20)])
def test_whoever_is_slow_is_left_when_the_time_is_up(
    monkeypatch: pytest.MonkeyPatch, answer: Any
) -> None:
    monkeypatch.setattr(webhooks, "TIMEOUT_SECONDS", 0.4)
    began = time.monotonic()
    with partner_server(answer) as server:
        assert find_failure(server.url) == "slow"
    assert time.monotonic() - began < 10


def test_a_resolver_that_hangs_is_left_when_the_time_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    over, ended = threading.Event(), threading.Event()

    def hang(*_: Any, **__: Any) -> list[Any]:
        over.wait(60)
        ended.set()
        return []

    monkeypatch.setattr(webhooks, "TIMEOUT_SECONDS", 0.2)
    monkeypatch.setattr(socket, "getaddrinfo", hang)
    assert find_failure() == "slow"
    assert not ended.is_set()  # nobody waited for it
    over.set()
    assert ended.wait(60)


@pytest.mark.parametrize("error", [socket.gaierror, UnicodeError])
def test_a_name_that_nobody_knows_is_told_apart(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", Mock(side_effect=error))
    assert find_failure() == "unknown_host"


@pytest.mark.parametrize(
    "answer",
    [say(b"HTTP/1.1 100 Continue\r\n\r\n" + OK), endless],
    ids=["behind a go-on", "before a body without end"],
)
def test_the_status_alone_is_read(answer: Any) -> None:
    with partner_server(answer) as server:
        assert webhooks.post(server.url, b"{}", {}) == 200


def test_a_machine_that_speaks_no_tls_is_told_apart() -> None:
    with partner_server(say(OK * 50), hears=False) as server:
        assert find_failure(server.url.replace("http:", "https:")) == "tls"
