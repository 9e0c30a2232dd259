"""Index a reporter's contact, to find its other spellings without storing it in clear."""

from uuid import UUID

from core import encryption
from core.keys import newest_key
from reports.extraction import redaction


def blind_index(contact: str) -> bytes | None:
    """Return a keyed hash that is equal for all spellings of a contact, or None."""
    digits = redaction.contact_digits(contact)
    same = redaction.domestic_number(contact).removeprefix("+84")
    if not same and len(digits) >= redaction.MIN_NUMBER_DIGITS:
        same = digits[-redaction.SIGNIFICANT_DIGITS :]
    same = same or " ".join(contact.split()).casefold()
    return newest_key().mac("blind index", same.encode()) if same else None


def same_contact(index: bytes, sealed: bytes | memoryview, report_id: UUID) -> bytes:
    """Return a row's index under the newest key, even if the row is not yet re-encrypted."""
    if encryption.has_newest_key(sealed):
        return index
    return blind_index(encryption.decrypt(sealed, "contact", report_id) or "") or index
