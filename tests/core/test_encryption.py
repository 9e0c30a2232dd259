"""Texts encrypted at rest: what a dump shows of them, and where they open."""

import pytest
from cryptography.fernet import Fernet
from pytest_django import Settings

from core import encryption

WORDS = "bến Sung, 47, và còn nữa"


def seal(words: str = WORDS) -> bytes:
    return encryption.encrypt(words, "phrase", "a report") or b""


def unseal(sealed: bytes | None, what: str = "phrase", whose: str = "a report") -> str | None:
    return encryption.decrypt(sealed, what, whose)


def test_what_is_sealed_opens_and_tells_nothing_not_even_that_it_is_the_same() -> None:
    sealed = seal()
    assert "bến".encode() not in sealed
    assert unseal(sealed) == WORDS
    assert seal() != sealed


def test_nothing_to_seal_is_nothing() -> None:
    assert encryption.encrypt("", "phrase", "a report") is None
    assert unseal(None) is None


@pytest.mark.parametrize("at", [0, 1, 9, 21, -1])
def test_what_was_altered_does_not_open(at: int) -> None:
    sealed = bytearray(seal())
    sealed[at] ^= 1
    assert unseal(bytes(sealed)) is None


@pytest.mark.parametrize("length", [0, 1, 9, 15, 21, 40])
def test_what_was_cut_short_does_not_open(length: int) -> None:
    assert unseal(seal()[:length]) is None


@pytest.mark.parametrize("place", [{"what": "contact"}, {"whose": "another"}, {"whose": ""}])
def test_what_is_sealed_opens_in_its_own_place_alone(place: dict[str, str]) -> None:
    """Who may write to the database shows nobody's words as another's, or in another field."""
    assert unseal(seal(), **place) is None


def test_an_older_key_opens_as_long_as_it_is_there(settings: Settings) -> None:
    sealed, newer = seal(), Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = (newer, *settings.FIELD_ENCRYPTION_KEYS)
    assert unseal(sealed) == WORDS
    settings.FIELD_ENCRYPTION_KEYS = (newer,)
    assert unseal(sealed) is None
