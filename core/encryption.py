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
from django import db
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from core.keys import FieldKey, key_by_id, newest_key
from core.models import KeyProof

_FORMAT = b"\x01"
_KEY_ID_BYTES, _NONCE_BYTES = 8, 12
WRONG_KEYS = (
    "FIELD_ENCRYPTION_KEYS are not the keys of this database: nothing that residents sent would open. Put back the keys"
    " that it was used with: docs/operations/runbook.md, 'Wrong or lost keys'."
)
_TEXT = "Ai mở được dòng này thì cầm đúng khóa."
_proven: set[tuple[str, ...]] = set()


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


# --- whether the keys are this database's: a known text, sealed at the first migrate, must open


class WrongKeysError(db.DatabaseError):
    """No key opens the known text of this database: what is sealed now, nobody would open later."""

    code = "wrong_keys"


def store_key_proof() -> None:
    """Seal the known text under the newest key, where none is stored yet."""
    proof = KeyProof(text_sealed=encrypt(_TEXT, "text"))
    KeyProof.objects.bulk_create([proof], ignore_conflicts=True)


def has_right_keys() -> bool:
    """Return whether a key opens the known text, or none is stored. Raises django.db.Error."""
    proof = KeyProof.objects.first()
    return proof is None or decrypt_field(proof, "text") == _TEXT


def require_right_keys() -> None:
    """Raise WrongKeysError for keys that are not the database's, which each process asks once."""
    keys = settings.FIELD_ENCRYPTION_KEYS
    if keys not in _proven:
        if not has_right_keys():
            raise WrongKeysError
        _proven.add(keys)


def find_key_problem() -> str:
    """Return WRONG_KEYS where they are; "" also where the database does not answer or is empty, or no key is set."""
    try:
        return "" if has_right_keys() else WRONG_KEYS
    except (db.Error, ImproperlyConfigured):
        return ""
