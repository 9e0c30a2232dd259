"""Who visits, behind no, one or two proxies of ours; and what a visitor may type does not count."""

import pytest
from django.contrib.auth.models import User
from django.test import Client, RequestFactory
from pytest_django import Settings

from core.client_ip import client_ip
from tests.support.officers import create_officer

PROXY = "10.0.0.1"


def find_visitor(
    settings: Settings, trusted: int, forwarded: str | None, peer: str = PROXY
) -> str | None:
    settings.TRUSTED_PROXIES = trusted
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    address = client_ip(RequestFactory().get("/", headers=headers, REMOTE_ADDR=peer))
    return None if address is None else str(address)


@pytest.mark.parametrize(
    ("trusted", "forwarded", "visitor"),
    [
        (0, None, PROXY),
        (0, "192.0.2.7", PROXY),
        (1, "192.0.2.7", "192.0.2.7"),
        (1, "203.0.113.9, 192.0.2.7", "192.0.2.7"),
        (1, "203.0.113.9,,  192.0.2.7 ", "192.0.2.7"),
        (2, "203.0.113.9, 192.0.2.7, 10.0.0.2", "192.0.2.7"),
        (2, "192.0.2.7", "192.0.2.7"),
        (1, None, PROXY),
        (-1, "203.0.113.9", PROXY),
        (1, "2001:DB8::0007", "2001:db8::7"),
    ],
)
def test_proxies_are_counted_from_the_right(
    settings: Settings, trusted: int, forwarded: str | None, visitor: str
) -> None:
    assert find_visitor(settings, trusted, forwarded) == visitor


@pytest.mark.parametrize("forwarded", ["unknown", "<script>", "192.0.2.7:443", "1" * 9000])
def test_what_is_no_address_is_nobody_s(settings: Settings, forwarded: str) -> None:
    assert find_visitor(settings, 1, forwarded) is None


def test_a_unix_socket_has_no_address(settings: Settings) -> None:
    assert find_visitor(settings, 0, None, peer="") is None


def _fail(address: str, name: str = "ha") -> int:
    typed = {"username": name, "password": "sai", "otp_token": "000000", "next": "/admin/"}
    client = Client(REMOTE_ADDR=PROXY, headers={"X-Forwarded-For": address})
    return client.post("/admin/login/", typed).status_code


@pytest.fixture
def user(db: None) -> User:
    return create_officer("ha", "duty")


def test_a_stranger_locks_no_officer_out(settings: Settings, user: User) -> None:
    settings.TRUSTED_PROXIES = 1
    assert [_fail("192.0.2.66") for _ in range(5)][-1] == 429
    assert _fail("192.0.2.7") == 200


def test_a_typed_address_unlocks_nothing_and_blames_nobody(settings: Settings, user: User) -> None:
    settings.TRUSTED_PROXIES = 1
    answers = [_fail(f"192.0.2.{number}, 192.0.2.66") for number in range(1, 6)]
    assert answers[-1] == 429
    assert _fail("192.0.2.1") == 200


def test_all_addresses_of_one_household_share_the_tries_at_a_password(
    settings: Settings, user: User
) -> None:
    settings.TRUSTED_PROXIES = 1
    assert [_fail(f"2001:db8:1:2::{last}") for last in range(1, 6)][-1] == 429
    assert _fail("2001:db8:1:3::1") == 200


def test_an_ipv4_address_is_one_however_it_is_written(settings: Settings, user: User) -> None:
    settings.TRUSTED_PROXIES = 1
    written = ("192.0.2.8", "::ffff:192.0.2.8", "::ffff:c000:208")
    assert [_fail(written[turn % 3]) for turn in range(5)][-1] == 429
