"""Personal data in a story: find and mask it, and index a contact without storing it in clear."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from core import encryption
from core.keys import newest_key
from core.text import to_ascii_digits
from reports.extraction import numbering_plan, phones
from reports.extraction.accounts_and_links import MAX_STORY_CHARS_READ, find_bank_accounts

ID_MASK = "[số giấy tờ]"
CARD_MASK = "[số thẻ]"
CONTACT_MASK = "[số người báo]"

_SEPARATED = r"(?:[ \u00a0]{0,2}|[.\-–])\d"
# They begin with the digit and look back from there: so the search leaps from digit to digit.
_CARD = re.compile(rf"\d(?<!\d\d)(?:{_SEPARATED}){{15}}(?!\d)")
# A + makes twelve digits a foreign caller's number: evidence, and nobody's paper.
_ID = re.compile(rf"\d(?<![\d+]\d)(?<!\+ \d)(?:{_SEPARATED}){{11}}(?!\d)")
# Nine are a paper of before 2021 where a word says so; else they are anything.
_OLD_ID = re.compile(
    rf"(?:cmnd|cmt|chứng minh|chung minh)[^\d\n]{{0,24}}(\d(?:{_SEPARATED}){{8}})(?!\d)",
    re.IGNORECASE,
)
# Digits beside these words are an account the money went to: the officers need it.
_ACCOUNT_WORDS = re.compile(
    r"(?:\bs?tk\b|tài khoản|tai khoan|tkhoan|số thẻ nhận|so the nhan|account"
    r"|(?:chuyển|chuyen)(?: khoản| khoan)? (?:vào|vao|đến|den|cho))[^\d\n]{0,48}$",
    re.IGNORECASE,
)
# The nearer word tells what they are.
_PAPER_WORDS = re.compile(
    r"căn cước|can cuoc|cccd|cmnd|cmt|chứng minh|chung minh|giấy tờ|giay to|hộ chiếu|ho chieu"
    r"|định danh|dinh danh",
    re.IGNORECASE,
)
# Of digits in groups: a telephone number with something behind it, and a sum.
_TELEPHONE = re.compile(r"(?<!\d)(?:0\d{9,10}|84\d{9})(?!\d)")
_MONEY = re.compile(r"\s?(?:đồng|vnđ|vnd|₫|[dđ](?![^\W\d_]))", re.IGNORECASE)
_SUM = re.compile(r"[1-9]\d{5}0{6}")
# Digits that may be one number, with what people put between and for them.
_RUN = re.compile(r"[0-9](?:(?:[^\w\n]|_){0,3}[0-9oOlI])*")
_LIKE_DIGITS = str.maketrans("oOlI", "0011")
_HEADS = ("00840", "0084", "840", "84", "0", "")
_MIN_COUNT = (
    8  # digits that could say whose a text is: those of a telephone number without its head
)
_MIN_TYPED = 4  # of a number in which letters stand for others
_TYPED = re.compile(rf"(?:\d\D*){{{_MIN_TYPED}}}")
_TELLING = 9  # the last digits of a number, with which no head is left that is written or not
_MAX_CONTACT_LENGTH = 200  # signs that are read for a number
_AS_DIALLED = re.compile(r"0[0-9]{3}(?: ?[0-9]{3}){2}")  # as nearly everybody writes one
_NOBODYS = frozenset({"unknown_area", "ministry_network", "forged_069"})
_MAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@.]{2,}")
_REACH, _BEHIND = 72, 24  # signs before and after digits in which a word still says what they are


@dataclass(frozen=True)
class RedactedText:
    """A text without what would say whose it is, and the codes of what was masked."""

    text: str
    flags: tuple[str, ...]


Spans = Iterator[tuple[int, int]]


@dataclass(frozen=True)
class _Rule:
    """Where the digits lie that are to be hidden, the sign that stands for them, and its code."""

    spans: Callable[[str], Spans]
    sign: str
    flag: str

    def apply(self, text: str) -> str:
        """Told by ASCII digits; what is not hidden stays as it was typed."""
        redacted, end = "", 0
        for start, stop in self.spans(to_ascii_digits(text)):
            redacted, end = redacted + text[end:start] + self.sign, stop
        return redacted + text[end:]


def _cards(text: str) -> Spans:
    return (found.span() for found in _CARD.finditer(text) if not _is_spared(found))


def _papers(text: str) -> Spans:
    found = (each for each in _ID.finditer(text) if not _is_sum(each))
    return (each.span() for each in found if not _is_spared(each))


def _is_sum(found: re.Match[str]) -> bool:
    """Whether twelve digits are whole millions: a paper begins with 0, and no word beside says that
    they are one.
    """
    digits, text = _digits(found[0]), found.string
    around = text[max(0, found.start() - _REACH) : found.end() + _BEHIND]
    return _SUM.fullmatch(digits) is not None and not _PAPER_WORDS.search(around)


def _old_papers(text: str) -> Spans:
    return (found.span(1) for found in _OLD_ID.finditer(text))


def _is_spared(found: re.Match[str]) -> bool:
    """Whether the officers need it: an account, a telephone number, a sum."""
    text, start, end = found.string, found.start(), found.end()
    if _TELEPHONE.search(found[0]) or _MONEY.match(text, end):
        return True
    before = text[max(0, start - _REACH) : start]
    if account := _ACCOUNT_WORDS.search(before):
        return not _PAPER_WORDS.search(account[0])
    if (
        len(text) > MAX_STORY_CHARS_READ
    ):  # nobody reads so far, and a look at each would take seconds
        return False
    near = find_bank_accounts(before + text[start : end + _REACH])  # beside the name of a bank
    is_account = any(each.account == _digits(found[0]) for each in near)
    return is_account and not _PAPER_WORDS.search(before)


_CARDS_AND_PAPERS = (
    _Rule(_cards, CARD_MASK, "masked_card"),
    _Rule(_papers, ID_MASK, "masked_id"),
    _Rule(_old_papers, ID_MASK, "masked_id"),
)


def domestic_number(contact: str) -> str:
    """The canonical key of the one number at home on which somebody may be reached, else ""."""
    phone = _parse_contact(contact[:_MAX_CONTACT_LENGTH])
    is_one = phone.kind in {"mobile", "landline"} and not _NOBODYS.intersection(phone.flags)
    return phone.key if is_one else ""


def _parse_contact(contact: str) -> numbering_plan.ParsedNumber | phones.ParsedCaller:
    """As `phones.parse`; what is written as it is dialled needs nothing of its care for spellings,
    which is a tenth of what taking a report in costs.
    """
    plain = _AS_DIALLED.fullmatch(contact)
    number = numbering_plan.parse_digits(contact.replace(" ", "")) if plain else None
    return number or phones.parse(contact)


def blind_index(contact: str) -> bytes | None:
    """A keyed hash for "the same contact?", useless without the key. However a number is spelled,
    it is the same one: the number that was read tells, else the last nine digits.
    """
    digits = _digits(contact)
    same = domestic_number(contact).removeprefix("+84")
    if not same and len(digits) >= _MIN_COUNT:
        same = digits[-_TELLING:]
    same = same or " ".join(contact.split()).casefold()
    return newest_key().mac("blind index", same.encode()) if same else None


def same_contact(index: bytes, sealed: bytes | memoryview, report_id: UUID) -> bytes:
    """The index of a row as the newest key makes it, though the row waits to be sealed anew."""
    if encryption.has_newest_key(sealed):
        return index
    return blind_index(encryption.decrypt(sealed, "contact", report_id) or "") or index


def redact(text: str, contact: str = "") -> RedactedText:
    """Make the working copy of what a reporter wrote.

    Masks 16-digit card numbers, 12-digit identity numbers and the reporter's own contact,
    however the contact is spelled. Receiving accounts stay: an account word right before
    the digits decides.
    """
    if not text or (not _TYPED.search(to_ascii_digits(text)) and "@" not in contact):
        return RedactedText(text, ())
    flags: dict[str, None] = {}
    for rule in (*_own(contact), *_CARDS_AND_PAPERS):
        masked = rule.apply(text)
        if masked != text:
            flags[rule.flag] = None
        text = masked
    return RedactedText(text, tuple(flags))


def identifying_strings(contact: str) -> Iterator[str]:
    """By what a text of others tells whose it is: the one number on which somebody may be reached,
    without its head, and mail addresses.
    """
    if number := domestic_number(contact):
        yield number.removeprefix("+84")
    yield from filter(_MAIL.fullmatch, contact.split())


def strip_strings(text: str, secret: str, sign: str) -> str:
    """The text with that sign in the place of one of `identifying_strings`, however it is spelled."""
    rule = _number_rule if secret.isdecimal() else _mail_rule
    return rule(secret, sign).apply(text)


def _digits(contact: str) -> str:
    return "".join(filter(str.isdecimal, to_ascii_digits(contact)))


def _own(contact: str) -> Iterator[_Rule]:
    """The last nine digits of a number, with or without its head, and a mail address."""
    tail = _digits(contact)[-_TELLING:]
    if len(tail) >= _MIN_COUNT:
        yield _number_rule(tail)
    yield from map(_mail_rule, filter(_MAIL.fullmatch, contact.split()))


def _number_rule(tail: str, sign: str = CONTACT_MASK) -> _Rule:
    return _Rule(lambda text: _spellings(text, tail), sign, "masked_contact")


def _mail_rule(address: str, sign: str = CONTACT_MASK) -> _Rule:
    exact = re.compile(re.escape(address), re.IGNORECASE)
    return _Rule(partial(_exactly, exact), sign, "masked_contact")


def _exactly(pattern: re.Pattern[str], text: str) -> Spans:
    return (found.span() for found in pattern.finditer(text))


def _spellings(text: str, tail: str) -> Spans:
    """Where the digits of `tail` stand one after another, whatever is put between them."""
    for run in _RUN.finditer(text):
        places = [at for at in range(*run.span()) if text[at] in "0123456789oOlI"]
        digits = "".join(text[at] for at in places).translate(_LIKE_DIGITS)
        at = digits.find(tail)
        while at >= 0:
            following = at + len(tail)
            first, end = _with_head(digits, places, at), places[following - 1] + 1
            if first is not None and not text[end : end + 1].isdecimal():
                yield _plus(text, places[first]), end
            at = digits.find(tail, following)


def _with_head(digits: str, places: list[int], at: int) -> int | None:
    """Where the number begins; None where it is the end of a longer one."""
    for head in _HEADS:
        first = at - len(head)
        is_whole = first == 0 or (first > 0 and places[first - 1] < places[first] - 1)
        if is_whole and digits[first:at] == head:
            return first
    return None


def _plus(text: str, start: int) -> int:
    return start - 1 if text[start - 1 : start] == "+" else start


@dataclass
class RedactedCopy:
    """Makes the copy of one telling. `contacts`: all by which its reporter may be reached.
    `hidden`: the fields in which something was masked, as they came; they are sealed behind the
    story, or they would be lost.
    """

    contacts: tuple[str, ...]
    hidden: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)

    def redact(self, text: str) -> str:
        """A text as the desk reads it."""
        redacted = self.redact_silently(text)
        self.flags += redacted.flags
        return redacted.text

    def redact_field(self, text: str, label: str = "") -> str:
        """The same for a field of its own, whose label may say what its first digits are."""
        if not text:
            return text
        redacted = self.redact(label + text).removeprefix(label)
        if redacted != text:
            self.hidden.append(text)
        return redacted

    def sealed_original(self, story: str) -> str:
        """What is sealed: the story as it came, and behind it what was masked elsewhere."""
        return "\n".join(filter(None, [story, *self.hidden]))

    def redact_silently(self, text: str) -> RedactedText:
        """A text without any of the reporter's numbers; nothing is noted of it."""
        flags: list[str] = []
        for contact in self.contacts:
            hidden = redact(text, contact)
            text, flags = hidden.text, [*flags, *hidden.flags]
        return RedactedText(text, tuple(flags))
