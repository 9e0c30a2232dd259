"""What every test stands on: no network, and passwords that cost no time."""

import pytest
import pytest_socket
from pytest_django import Settings

pytest_plugins = ["tests.cast"]

NEAR = ["127.0.0.1", "::1", "localhost"]
_resolved: dict[str, set[str]] = {}


def pytest_runtest_setup() -> None:
    """Allow this machine and unix sockets, nothing else."""
    pytest_socket.socket_allow_hosts(NEAR, allow_unix_socket=True, resolution_cache=_resolved)


@pytest.fixture(autouse=True)
def _cheap_passwords(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _guesses_of_other_tests_refuse_nobody(settings: Settings) -> None:
    settings.RATE_LIMITS = "count"


@pytest.fixture(autouse=True)
def _no_communes_of_another_test() -> None:
    from reports import confirmed, places

    places.forget()
    confirmed.forget()
