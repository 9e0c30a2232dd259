"""Second factors as django-otp stores them: secrets encrypted, bound to their officer, and backup
codes as the start of the key's name and 72 bits of a keyed hash.
"""

import os
from base64 import b64decode, b64encode
from collections.abc import Iterator

from core import encryption
from core.keys import FieldKey, field_keys, newest_key

_WHAT = "second factor"
_SECRET_BYTES = 20  # as RFC 4226 asks
_KEY_NAME_CHARS, _HASH_CHARS = 4, 12


def generate_secret(user_id: int) -> str:
    """Return a fresh secret for an officer's phone, encrypted."""
    return encrypt_secret(os.urandom(_SECRET_BYTES), user_id)


def encrypt_secret(secret: bytes, user_id: int) -> str:
    return b64encode(encryption.encrypt_bytes(secret, _WHAT, user_id)).decode()


def decrypt_secret(stored: str, user_id: int) -> bytes | None:
    """Return the secret; None where no key opens it, or it is another officer's or another field's."""
    try:
        sealed = b64decode(stored, validate=True)
    except ValueError:
        return None
    return encryption.decrypt_bytes(sealed, _WHAT, user_id)


def newest_key_prefix_base64() -> str:
    """Return the first twelve characters of secrets under the newest key: nine bytes."""
    return b64encode(encryption.newest_key_prefix()).decode()


def hash_backup_code(code: str, user_id: int, key: FieldKey | None = None) -> str:
    key = key or newest_key()
    digest = key.mac("code on paper", f"{user_id} {code}".encode())
    return key_prefix(key) + b64encode(digest)[:_HASH_CHARS].decode()


def candidate_hashes(code: str, user_id: int) -> Iterator[str]:
    """Yield what may be stored of a code, under each of our keys."""
    return (hash_backup_code(code, user_id, key) for key in field_keys())


def key_prefix(key: FieldKey) -> str:
    """Return the first characters of codes that are hashed with this key."""
    return key.id[:_KEY_NAME_CHARS]
