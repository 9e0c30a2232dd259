"""Who visits, behind no, one or two proxies of ours; and what a visitor may type does not count."""

from itertools import cycle, islice

import pytest
from django.test import Client, RequestFactory
from pytest_django import Settings

from core.client_ip import client_ip
from tests.support.officers import create_officer

PROXY = "10.0.0.1"


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
        # What is no address is nobody's.
        *((1, no_address, None) for no_address in ("unknown", "<script>", "192.0.2.7:443")),
        pytest.param(1, "1" * 9000, None, id="endless"),
    ],
)
def test_proxies_are_counted_from_the_right(
    settings: Settings, trusted: int, forwarded: str | None, visitor: str | None
) -> None:
    settings.TRUSTED_PROXIES = trusted
    headers = {} if forwarded is None else {"X-Forwarded-For": forwarded}
    address = client_ip(RequestFactory().get("/", headers=headers, REMOTE_ADDR=PROXY))
    assert (address and str(address)) == visitor


def test_a_unix_socket_has_no_address(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = 0
    assert client_ip(RequestFactory().get("/", REMOTE_ADDR="")) is None


def fail_to_log_in(address: str) -> int:
    typed = {"username": "ha", "password": "sai", "otp_token": "000000", "next": "/admin/"}
    client = Client(REMOTE_ADDR=PROXY, headers={"X-Forwarded-For": address})
    return client.post("/admin/login/", typed).status_code


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("of_one", "of_another"),
    [
        (["192.0.2.66"], "192.0.2.7"),
        ([f"192.0.2.{typed}, 192.0.2.66" for typed in range(1, 6)], "192.0.2.1"),
        ([f"2001:db8:1:2::{last}" for last in range(1, 6)], "2001:db8:1:3::1"),
        (["192.0.2.8", "::ffff:192.0.2.8", "::ffff:c000:208"], "192.0.2.9"),
    ],
    ids=["a stranger", "typed addresses", "a household", "spellings of one"],
)
def test_five_wrong_passwords_lock_their_visitor_out_and_nobody_else(
    settings: Settings, of_one: list[str], of_another: str
) -> None:
    """A stranger locks no officer out; whatever is typed before it unlocks nothing and blames nobody."""
    settings.TRUSTED_PROXIES = 1
    create_officer("ha", "duty")
    tries = islice(cycle(of_one), 5)
    assert [fail_to_log_in(address) for address in tries][-1] == 429
    assert fail_to_log_in(of_another) == 200
