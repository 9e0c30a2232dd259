"""Encryption of personal texts and bytes at rest.

A value is a format byte, eight of the key's identifier, a nonce and AES-GCM. It is bound to its
field and row: it does not decrypt in another field or beside another report.
"""

import os
from functools import lru_cache
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.keys import FieldKey, key_by_id, newest_key

_FORMAT = b"\x01"
_KEY_ID_BYTES, _NONCE_BYTES = 8, 12


@lru_cache(maxsize=8)
def _cipher(key: FieldKey) -> AESGCM:
    return AESGCM(key.derive("sealed text"))


def encrypt(text: str, field_name: str, owner_id: object = "") -> bytes | None:
    """Return a text encrypted under the newest key, None for an empty one.

    `field_name` is without "_sealed", `owner_id` what `associated_data` returns.
    """
    return encrypt_bytes(text.encode(), field_name, owner_id) if text else None


def encrypt_bytes(data: bytes, field_name: str, owner_id: object = "") -> bytes:
    key, nonce = newest_key(), os.urandom(_NONCE_BYTES)
    ciphertext = _cipher(key).encrypt(nonce, data, _associated_bytes(field_name, owner_id))
    return _FORMAT + key.id.encode() + nonce + ciphertext


def decrypt(
    sealed: bytes | memoryview | None, field_name: str, owner_id: object = ""
) -> str | None:
    """Return the text; None where there is none, no key opens it, or it belongs elsewhere."""
    data = decrypt_bytes(sealed, field_name, owner_id)
    return None if data is None else data.decode()


def decrypt_bytes(
    sealed: bytes | memoryview | None, field_name: str, owner_id: object = ""
) -> bytes | None:
    """Return the bytes; None where there are none, no key opens them, or they belong elsewhere."""
    if sealed is None:
        return None
    try:
        return _decrypt(bytes(sealed), _associated_bytes(field_name, owner_id))
    except InvalidTag:
        return None


def decrypt_field(row: Any, field_name: str) -> str | None:
    return decrypt(getattr(row, f"{field_name}_sealed"), field_name, associated_data(row))


def associated_data(row: Any) -> object:
    """Return whose a row's encrypted texts are: its owner's, else its own random key, else "".

    A key that the database counts is not known yet when the text is encrypted.
    """
    key = row.encryption_owner if hasattr(row, "encryption_owner") else row.pk
    return key if isinstance(key, UUID) else ""


def _associated_bytes(field_name: str, owner_id: object) -> bytes:
    return f"{field_name} {owner_id}".encode()


def _decrypt(sealed: bytes, bound: bytes) -> bytes:
    head, nonce_end = len(_FORMAT) + _KEY_ID_BYTES, len(_FORMAT) + _KEY_ID_BYTES + _NONCE_BYTES
    key = key_by_id(sealed[len(_FORMAT) : head].decode("latin-1"))
    if not sealed.startswith(_FORMAT) or key is None or len(sealed) < nonce_end:
        raise InvalidTag
    return _cipher(key).decrypt(sealed[head:nonce_end], sealed[nonce_end:], bound)


def newest_key_prefix() -> bytes:
    """Return the first bytes of every value under the newest key."""
    return _FORMAT + newest_key().id.encode()


def has_newest_key(sealed: bytes | memoryview) -> bool:
    """Return whether the newest key encrypted it; the index of its text is then under that key too."""
    prefix = newest_key_prefix()
    return bytes(sealed[: len(prefix)]) == prefix
