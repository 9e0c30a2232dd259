"""Second factors as they stand in the tables of django-otp: no secret in clear, none compared in clear.

A phone's secret is sealed, bound to its officer, in the signs that the package's field takes. Of a code
on paper only a keyed hash is kept, with the beginning of the key's name: sixteen signs, of which 72
bits are the hash. Nothing here knows a model.
"""

import os
from base64 import b64decode, b64encode
from collections.abc import Iterator

from core import encryption
from core.keys import FieldKey, field_keys, newest_key

_WHAT = "second factor"
_SECRET = 20  # bytes, as RFC 4226 asks
_KEY_NAME, _HASH = 4, 12  # signs of a code that is kept


def new_secret(user_id: int) -> str:
    """A fresh secret of an officer's phone, sealed."""
    return encrypt_secret(os.urandom(_SECRET), user_id)


def encrypt_secret(secret: bytes, user_id: int) -> str:
    return b64encode(encryption.encrypt_bytes(secret, _WHAT, user_id)).decode()


def decrypt_secret(kept: str, user_id: int) -> bytes | None:
    """Return the secret; None where no key opens it, or it is another officer's or another field's."""
    try:
        sealed = b64decode(kept, validate=True)
    except ValueError:
        return None
    return encryption.decrypt_bytes(sealed, _WHAT, user_id)


def sealed_by_newest() -> str:
    """What each secret begins with that the newest key sealed: nine bytes, so twelve whole signs."""
    return b64encode(encryption.newest_key_prefix()).decode()


def hash_backup_code(code: str, user_id: int, key: FieldKey | None = None) -> str:
    """What is kept of a code on paper."""
    key = key or newest_key()
    return (
        hashed_by(key)
        + b64encode(key.mac("code on paper", f"{user_id} {code}".encode()))[:_HASH].decode()
    )


def candidate_hashes(code: str, user_id: int) -> Iterator[str]:
    """What may have been kept of a code, under whichever of our keys it was made."""
    return (hash_backup_code(code, user_id, key) for key in field_keys())


def hashed_by(key: FieldKey) -> str:
    """What each code begins with that is kept under this key."""
    return key.id[:_KEY_NAME]
