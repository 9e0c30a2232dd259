"""Index a reporter's contact, to find its other spellings without storing it in clear."""

from uuid import UUID

from core import encryption
from core.keys import field_keys
from reports.extraction import redaction


def blind_index(contact: str) -> bytes | None:
    """Return a keyed hash that is equal for all spellings of a contact, or None."""
    indexes = blind_indexes(contact)
    return indexes[0] if indexes else None


def blind_indexes(contact: str) -> list[bytes]:
    """Return the hash under each key, the newest first: rows may not be re-encrypted yet; [] for none."""
    digits = redaction.contact_digits(contact)
    same = redaction.domestic_number(contact).removeprefix("+84")
    if not same and len(digits) >= redaction.MIN_NUMBER_DIGITS:
        same = digits[-redaction.SIGNIFICANT_DIGITS :]
    same = same or " ".join(contact.split()).casefold()
    return [key.mac("blind index", same.encode()) for key in field_keys()] if same else []


def same_contact(index: bytes, sealed: bytes | memoryview, report_id: UUID) -> bytes:
    """Return a row's index under the newest key, even if the row is not yet re-encrypted."""
    if encryption.has_newest_key(sealed):
        return index
    return blind_index(encryption.decrypt(sealed, "contact", report_id) or "") or index
