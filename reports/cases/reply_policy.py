"""What the pages promise that no officer ever writes to a reporter, and which words would break it.

The words of an officer stand right above the promise, and whoever gets hold of an officer's session
would use them. So a word too many is refused: it can be said in another way.
"""

import re

from core.text import normalize, to_ascii_digits
from reports.extraction import phones
from reports.extraction.accounts_and_links import find_links
from reports.models import OfficeNumber
from reports.numbers import lookup

MAX_DIGITS = 3  # of a unit: PC02 has two, a telephone number more
_SECRETS = (
    r"(?:[o0] ?t ?p|mat khau|ma pin|so the|cvv|ma xac (?:thuc|nhan)"
    r"|ma (?:\w+ ){0,4}gui (?:ve|den|toi) (?:\w+ )?(?:may|dien thoai))"
)
_ASKED = r"(?:doc|gui|cho|nhap|dua|cung cap)"
_NEAR = r"(?: \w+){0,6}? "
_SECRET_ASKED = re.compile(
    rf"\b{_ASKED}{_NEAR}{_SECRETS}\b|\b{_SECRETS}{_NEAR}{_ASKED}\b|\bma (?:\w+ ){{0,4}}gui ve may\b"
)


def forbidden_wording(text: str) -> str:
    """What of *text* breaks the promise: "secret", "number" or "" for nothing. One statement, where
    there is a telephone number.
    """
    if _SECRET_ASKED.search(normalize(text)):
        return "secret"
    return "number" if _has_strange_number(text) else ""


def _has_strange_number(text: str) -> bool:
    """Whether a telephone number is given that no institution has published."""
    keys = {lookup.lookup_key(found.phone) for found in phones.find_in_text(text)}
    return OfficeNumber.objects.filter(key__in=keys).count() < len(keys)


def is_unit(text: str) -> bool:
    """Whether a text names a unit, and gives no number to ring, no link, no order."""
    digits = sum(sign.isdecimal() for sign in to_ascii_digits(text))
    return digits <= MAX_DIGITS and not find_links(text) and not forbidden_wording(text)
