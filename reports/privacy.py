"""What is personal: sealing it, and masking it out of the working copy.

A sealed text is one byte of format, eight of the key's name, a nonce and AES-GCM. Fernet tokens,
which were written before and cost four times as much of a request, open too.
"""

import os
import re
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.fernet import InvalidToken
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from reports import phones
from reports.folding import plain_digits
from reports.signing import Key, key_named, newest_key, sealer

ID_MASK = "[số giấy tờ]"
CARD_MASK = "[số thẻ]"
CONTACT_MASK = "[số người báo]"

_SEPARATED = r"(?:[ .\-]?\d)"
# They begin with the digit and look back from there: so the search leaps from digit to digit.
_CARD = re.compile(rf"\d(?<!\d\d){_SEPARATED}{{15}}(?!\d)")
# A + makes twelve digits a foreign caller's number: evidence, and nobody's paper.
_ID = re.compile(rf"\d(?<![\d+]\d)(?<!\+ \d){_SEPARATED}{{11}}(?!\d)")
# Digits beside these words are an account the money went to: the officers need it.
_ACCOUNT_WORDS = re.compile(
    r"(?:stk|tài khoản|tai khoan|tkhoan|số thẻ nhận|so the nhan|chuyển vào|chuyen vao"
    r"|chuyển đến|chuyen den|account)[^\d\n]{0,24}$",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
_FEWEST = 8  # digits that could say whose a text is: those of a telephone number without its head
_TELLING = 9  # the last digits of a number, with which no head is left that is written or not
_LONGEST_CONTACT = 200  # signs that are read for a number
_NOBODYS = frozenset({"unknown_area", "ministry_network", "forged_069"})
_REACH = 48  # how far before the digits an account word still belongs to them


@dataclass(frozen=True)
class Masked:
    """A text without what would say whose it is, and the codes of what was masked."""

    text: str
    flags: tuple[str, ...]


@dataclass(frozen=True)
class _Rule:
    """Digits to hide, the sign that stands for them, and whether an account word saves them."""

    pattern: re.Pattern[str]
    sign: str
    flag: str
    spares_accounts: bool = True

    def apply(self, text: str) -> str:
        return self.pattern.sub(self._replace, text)

    def _replace(self, found: re.Match[str]) -> str:
        before = found.string[max(0, found.start() - _REACH) : found.start()]
        if self.spares_accounts and _ACCOUNT_WORDS.search(before):
            return found[0]
        return self.sign


_CARDS_AND_PAPERS = (
    _Rule(_CARD, CARD_MASK, "masked_card"),
    _Rule(_ID, ID_MASK, "masked_id"),
)


_FORMAT = b"\x01"
_KEY_NAME, _NONCE = 8, 12  # bytes


@lru_cache(maxsize=8)
def _cipher(key: Key) -> AESGCM:
    return AESGCM(key.derive("sealed text"))


def seal(text: str) -> bytes | None:
    """Encrypt a text under the newest key; nothing to seal gives None."""
    if not text:
        return None
    key, nonce = newest_key(), os.urandom(_NONCE)
    return _FORMAT + key.id.encode() + nonce + _cipher(key).encrypt(nonce, text.encode(), None)


def unseal(sealed: bytes | memoryview | None) -> str | None:
    """The text, or None when there is none or no key opens it."""
    if sealed is None:
        return None
    try:
        return _opened(bytes(sealed)).decode()
    except (InvalidTag, InvalidToken):
        return None


def _opened(sealed: bytes) -> bytes:
    """Raises InvalidTag or InvalidToken when no key of ours opens it, or it was altered."""
    if not sealed.startswith(_FORMAT):
        return sealer().decrypt(sealed)
    name, nonce, text = _parts(sealed[len(_FORMAT) :])
    key = key_named(name.decode("latin-1"))
    if key is None or len(nonce) < _NONCE:
        raise InvalidTag
    return _cipher(key).decrypt(nonce, text, None)


def _parts(sealed: bytes) -> tuple[bytes, bytes, bytes]:
    end = _KEY_NAME + _NONCE
    return sealed[:_KEY_NAME], sealed[_KEY_NAME:end], sealed[end:]


def head() -> bytes:
    """What each text begins with that the newest key sealed."""
    return _FORMAT + newest_key().id.encode()


def is_newest(sealed: bytes | memoryview) -> bool:
    """Whether the newest key sealed it; what was made of the same text then is under that key too."""
    return bytes(sealed[: len(_FORMAT) + _KEY_NAME]) == head()


def subscriber(contact: str) -> str:
    """The canonical key of the one number at home on which somebody may be reached, else ""."""
    phone = phones.read(contact[:_LONGEST_CONTACT])
    is_one = phone.kind in {"mobile", "landline"} and not _NOBODYS.intersection(phone.flags)
    return phone.key if is_one else ""


def blind_index(contact: str) -> bytes | None:
    """A keyed hash for "the same contact?", useless without the key. However a number is spelled,
    it is the same one: the number that was read tells, else the last nine digits.
    """
    digits = _digits(contact)
    same = subscriber(contact).removeprefix("+84")
    if not same and len(digits) >= _FEWEST:
        same = digits[-_TELLING:]
    same = same or " ".join(contact.split()).casefold()
    return newest_key().mac("blind index", same.encode()) if same else None


def same_contact(index: bytes, sealed: bytes | memoryview) -> bytes:
    """The index of a row as the newest key makes it, though the row waits to be sealed anew."""
    if is_newest(sealed):
        return index
    return blind_index(unseal(sealed) or "") or index


def mask(text: str, contact: str = "") -> Masked:
    """Make the working copy of what a reporter wrote.

    Masks 16-digit card numbers, 12-digit identity numbers and the reporter's own contact,
    however the contact is spelled. Receiving accounts stay: an account word right before
    the digits decides.
    """
    if len(_DIGIT.findall(text)) < _FEWEST:
        return Masked(text, ())
    flags = []
    for rule in (*_own_number(contact), *_CARDS_AND_PAPERS):
        hidden = rule.apply(text)
        if hidden != text:
            flags.append(rule.flag)
        text = hidden
    return Masked(text, tuple(flags))


def _digits(contact: str) -> str:
    return "".join(filter(str.isdecimal, plain_digits(contact)))


def _own_number(contact: str) -> tuple[_Rule, ...]:
    """All spellings of the last nine digits of a number, with or without its head."""
    digits = _digits(contact)
    if len(digits) < _FEWEST:
        return ()
    tail = r"[ .\-]?".join(digits[-_TELLING:])
    head = r"(?:(?:\+?84|0084|0)[ .\-]?(?:\(0\))?[ .\-]?)?"
    pattern = re.compile(rf"(?<!\d){head}{tail}(?!\d)")
    return (_Rule(pattern, CONTACT_MASK, "masked_contact", spares_accounts=False),)
