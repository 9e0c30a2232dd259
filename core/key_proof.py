"""Whether FIELD_ENCRYPTION_KEYS are this database's: a known text, sealed at the first migrate, must open."""

from django import db
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from core import encryption
from core.models import KeyProof

WRONG_KEYS = (
    "FIELD_ENCRYPTION_KEYS are not the keys of this database: nothing that residents sent would open. Put back the keys"
    " that it was used with: docs/operations.md, 'Wrong or lost keys'."
)
_TEXT = "Ai mở được dòng này thì cầm đúng khóa."
_proven: set[tuple[str, ...]] = set()


class WrongKeysError(db.DatabaseError):
    """No key opens the known text of this database: what is sealed now, nobody would open later."""

    code = "wrong_keys"


def store_key_proof() -> None:
    """Seal the known text under the newest key, where none is stored yet."""
    proof = KeyProof(text_sealed=encryption.encrypt(_TEXT, "text"))
    KeyProof.objects.bulk_create([proof], ignore_conflicts=True)


def has_right_keys() -> bool:
    """Return whether a key opens the known text, or none is stored. Raises django.db.Error."""
    proof = KeyProof.objects.first()
    return proof is None or encryption.decrypt_field(proof, "text") == _TEXT


def require_right_keys() -> None:
    """Raise WrongKeysError for keys that are not the database's, which each process asks once."""
    keys = settings.FIELD_ENCRYPTION_KEYS
    if keys not in _proven:
        if not has_right_keys():
            raise WrongKeysError
        _proven.add(keys)


def find_problem() -> str:
    """Return WRONG_KEYS where they are; "" also where the database does not answer or is empty, or no key is set."""
    try:
        return "" if has_right_keys() else WRONG_KEYS
    except (db.Error, ImproperlyConfigured):
        return ""
