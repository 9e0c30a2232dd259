"""Keys, each for one end, and the token of a form without cookies."""

import pytest
import time_machine
from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from core import keys


def test_one_key_serves_no_two_ends_and_tells_nothing_of_itself() -> None:
    key = keys.newest_key()
    assert key.derive("receipt code") != key.derive("receipt hash")
    assert key.mac("a", b"x") != key.mac("b", b"x")
    assert key.secret.decode() not in repr(key)
    assert len(key.id) == 8


def test_the_newest_key_comes_first_and_all_are_known(settings: Settings) -> None:
    old = keys.newest_key()
    newer = Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = (newer, *settings.FIELD_ENCRYPTION_KEYS)
    assert keys.newest_key() != old
    assert keys.key_by_id(old.id) == old
    assert keys.key_by_id("00000000") is None


def test_without_keys_nothing_is_sealed(settings: Settings) -> None:
    settings.FIELD_ENCRYPTION_KEYS = ()
    with pytest.raises(ImproperlyConfigured):
        keys.field_keys()


@pytest.mark.parametrize(
    ("seconds", "age"), [(90, pytest.approx(90, abs=1)), (24 * 3600 + 1, None)]
)
def test_a_token_tells_its_age_and_is_stale_after_a_day(seconds: int, age: float | None) -> None:
    with time_machine.travel(1_800_000_000, tick=False) as clock:
        token = keys.form_token()
        clock.shift(seconds)
        assert keys.token_age(token) == age


@pytest.mark.parametrize("token", ["", "f", "f:1:2", "\ud800", "f::", "x" * 100_000])
def test_a_token_of_another_has_no_age(token: str) -> None:
    assert keys.token_age(token) is None


def test_a_token_with_another_time_is_refused() -> None:
    value, stamp, signature = keys.form_token().split(":")
    assert keys.token_age(f"{value}:{stamp[:-1]}0:{signature}") is None or stamp[-1] == "0"


def test_a_token_of_another_secret_is_refused(settings: Settings) -> None:
    token = keys.form_token()
    settings.SECRET_KEY = "x" * 60
    assert keys.token_age(token) is None
