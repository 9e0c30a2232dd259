"""Encryption of personal texts and bytes at rest.

A sealed value is one byte of format, eight of the key's identifier, a nonce and AES-GCM. It is bound to
the field and the row that it stands in: it does not decrypt in another field, or beside another report.
"""

import os
from functools import lru_cache
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.fernet import InvalidToken
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.keys import FieldKey, fernet, key_by_id, newest_key

_FORMAT, _UNBOUND = b"\x02", b"\x01"
_KEY_NAME, _NONCE = 8, 12  # bytes


@lru_cache(maxsize=8)
def _cipher(key: FieldKey) -> AESGCM:
    return AESGCM(key.derive("sealed text"))


def encrypt(text: str, what: str, whose: object = "") -> bytes | None:
    """Encrypt a text under the newest key; nothing to seal gives None. It opens as that alone: `what`
    is the name of its field without "_sealed", `whose` the key that `owner` gives.
    """
    return encrypt_bytes(text.encode(), what, whose) if text else None


def encrypt_bytes(data: bytes, what: str, whose: object = "") -> bytes:
    """The same of what is no text."""
    key, nonce = newest_key(), os.urandom(_NONCE)
    sealed = _cipher(key).encrypt(nonce, data, _bound(what, whose))
    return _FORMAT + key.id.encode() + nonce + sealed


def decrypt(sealed: bytes | memoryview | None, what: str, whose: object = "") -> str | None:
    """The text, or None when there is none, no key opens it, or it is another's."""
    data = decrypt_bytes(sealed, what, whose)
    return None if data is None else data.decode()


def decrypt_bytes(sealed: bytes | memoryview | None, what: str, whose: object = "") -> bytes | None:
    """The same of what is no text."""
    if sealed is None:
        return None
    try:
        return _opened(bytes(sealed), _bound(what, whose))
    except (InvalidTag, InvalidToken):
        return None


def decrypt_field(row: Any, what: str) -> str | None:
    """The text that a row has sealed in the field of that name, as `unseal` gives it."""
    return decrypt(getattr(row, f"{what}_sealed"), what, associated_data(row))


def associated_data(row: Any) -> object:
    """Whose a sealed text of a row is: the report's, else the row's own where its key is random. A
    key that the database counts is not known when the text is sealed.
    """
    key = row.report_id if hasattr(row, "report_id") else row.pk
    return key if isinstance(key, UUID) else ""


def _bound(what: str, whose: object) -> bytes:
    return f"{what} {whose}".encode()


def _opened(sealed: bytes, bound: bytes) -> bytes:
    """Raises InvalidTag or InvalidToken when no key of ours opens it there, or it was altered."""
    if not sealed.startswith((_FORMAT, _UNBOUND)):
        return fernet().decrypt(sealed)
    name, nonce, text = _parts(sealed[len(_FORMAT) :])
    key = key_by_id(name.decode("latin-1"))
    if key is None or len(nonce) < _NONCE:
        raise InvalidTag
    return _cipher(key).decrypt(nonce, text, bound if sealed.startswith(_FORMAT) else None)


def _parts(sealed: bytes) -> tuple[bytes, bytes, bytes]:
    end = _KEY_NAME + _NONCE
    return sealed[:_KEY_NAME], sealed[_KEY_NAME:end], sealed[end:]


def newest_key_prefix() -> bytes:
    """What each text begins with that the newest key sealed in today's form."""
    return _FORMAT + newest_key().id.encode()


def has_associated_data(sealed: bytes) -> bool:
    """Whether it opens in its own place alone, if at all."""
    return sealed.startswith(_FORMAT)


def has_newest_key(sealed: bytes | memoryview) -> bool:
    """Whether the newest key sealed it; what was made of the same text then is under that key too."""
    return bytes(sealed[: len(_FORMAT) + _KEY_NAME]) == newest_key_prefix()
