"""Find and mask personal data in a story."""

import re
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from core.text import MappedText, reading_copy, to_ascii_digits
from reports.extraction import numbering_plan, phones
from reports.extraction.bank_accounts_and_links import find_bank_accounts, is_card
from reports.extraction.language.parsed_story import MAX_LENGTH

ID_MASK = "[số giấy tờ]"
CARD_MASK = "[số thẻ]"
CONTACT_MASK = "[số người báo]"

_SEPARATED = r"(?:[ \u00a0]{0,2}|[.\-–])\d"
# They begin with a digit and look behind from there, so the search skips to digits: faster.
_CARD = re.compile(rf"\d(?<!\d\d)(?:{_SEPARATED}){{15}}(?!\d)")
# After a + twelve digits are a foreign caller's number, which is evidence.
_ID = re.compile(rf"\d(?<![\d+]\d)(?<!\+ \d)(?:{_SEPARATED}){{11}}(?!\d)")
# Nine digits are an identity number of before 2021 only after a word for it.
_OLD_ID = re.compile(
    rf"(?:cmnd|cmt|chứng minh|chung minh)[^\d\n]{{0,24}}(\d(?:{_SEPARATED}){{8}})(?!\d)",
    re.IGNORECASE,
)
# Digits after these words are a receiving account, which officers need.
_ACCOUNT_WORDS = re.compile(
    r"(?:\bs?tk\b|tài khoản|tai khoan|tkhoan|số thẻ nhận|so the nhan|account"
    r"|(?:chuyển|chuyen)(?: khoản| khoan)? (?:vào|vao|đến|den|cho))[^\d\n]{0,48}$",
    re.IGNORECASE,
)
_NO_DIGITS = re.compile(r"\n?[^\d\n]*")
# The nearer word decides.
_PAPER_WORDS = re.compile(
    r"căn cước|can cuoc|cccd|cmnd|cmt|chứng minh|chung minh|giấy tờ|giay to|hộ chiếu|ho chieu"
    r"|định danh|dinh danh",
    re.IGNORECASE,
)
# Grouped digits that are no card or document: a telephone number, a sum.
_TELEPHONE = re.compile(r"(?<!\d)(?:0\d{9,10}|84\d{9})(?!\d)")
_MONEY = re.compile(r"\s?(?:đồng|vnđ|vnd|₫|[dđ](?![^\W\d_]))", re.IGNORECASE)
_SUM = re.compile(r"[1-9]\d{5}0{6}")
# Digits that may be one number, with separators and letters for digits. Possessive: a way back would
# be remembered for each of a million digits.
_RUN = re.compile(r"[0-9](?:(?:[^\w\n]|_){0,3}+[0-9oOlI])*+")
_DIGIT, _SEPARATORS = re.compile("[0-9oOlI]"), re.compile("[^0-9oOlI]+")
_LIKE_DIGITS = str.maketrans("oOlI", "0011")
_HEADS = ("00840", "0084", "840", "84", "0", "")
MIN_NUMBER_DIGITS = 8  # digits of a telephone number without its head
_MIN_TYPED = 4  # of a number in which letters stand for others
_TYPED = re.compile(rf"(?:\d\D*){{{_MIN_TYPED}}}")
SIGNIFICANT_DIGITS = 9  # last digits of a number, without any optional head
_MAX_CONTACT_LENGTH = 200  # characters: what stands behind them is kept, and nobody's address
_MAX_ADDRESSES = 3  # of a contact that are masked
_AS_DIALLED = re.compile(r"0[0-9]{3}(?: ?[0-9]{3}){2}")  # the usual spelling
_UNREACHABLE = frozenset({"unknown_area", "ministry_network", "forged_069"})
_MAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@.]{2,}")
_REACH, _BEHIND = 72, 24  # characters before and after digits whose words can say what they are


@dataclass(frozen=True)
class RedactedText:
    """A redacted text, and the codes of what was masked."""

    text: str
    flags: tuple[str, ...]


Span = tuple[int, int]
_Masked = tuple[Span, str, str]  # what is masked in a reading copy, the mask, and its code


def _mask(text: str, copy: MappedText, masked: Iterable[_Masked]) -> str:
    """Return the text masked where its reading copy says; all else stays as typed."""
    pieces, end = list[str](), 0
    for span, mask, _ in masked:
        start, stop = copy.original_span(*span)
        pieces += (text[end:start], mask)
        end = stop
    return "".join((*pieces, text[end:]))


def _without_overlaps(found: Iterable[_Masked]) -> list[_Masked]:
    """Return what was found in order of place; of two that overlap the first, the longer."""
    masked: list[_Masked] = []
    for each in sorted(found, key=lambda each: (each[0][0], -each[0][1])):
        if not masked or each[0][0] >= masked[-1][0][1]:
            masked.append(each)
    return masked


def _find_papers(plain: str) -> Iterator[_Masked]:
    """Yield the numbers of cards and identity papers that officers do not need."""
    for match in _CARD.finditer(plain):
        if is_card(contact_digits(match[0])) or not _is_needed(match):
            yield match.span(), CARD_MASK, "masked_card"
    for match in _ID.finditer(plain):
        if not _is_sum(match) and not _is_needed(match):
            yield match.span(), ID_MASK, "masked_id"
    for match in _OLD_ID.finditer(plain):
        yield match.span(1), ID_MASK, "masked_id"


def _is_sum(match: re.Match[str]) -> bool:
    """Return whether twelve digits are whole millions, beside no word for a document."""
    text = match.string
    around = text[max(0, match.start() - _REACH) : match.end() + _BEHIND]
    return _SUM.fullmatch(contact_digits(match[0])) is not None and not _PAPER_WORDS.search(around)


def _is_needed(match: re.Match[str]) -> bool:
    """Return whether officers need the digits: an account, a telephone number, a sum."""
    text, start, end = match.string, match.start(), match.end()
    if _TELEPHONE.search(match[0]) or _MONEY.match(text, end):
        return True
    before = text[max(0, start - _REACH) : start]
    if account := _ACCOUNT_WORDS.search(_cut_digits(before)):
        return not _PAPER_WORDS.search(account[0])
    if len(text) > MAX_LENGTH:  # not read so far, and each search is slow
        return False
    near = find_bank_accounts(before + text[start : end + _REACH])  # beside the name of a bank
    is_account = any(each.account == contact_digits(match[0]) for each in near)
    return is_account and not _PAPER_WORDS.search(before)


def _cut_digits(before: str) -> str:
    """Return what stands behind the last digit or line end, from where no account word reaches on."""
    words = _NO_DIGITS.match(before[::-1])
    return words[0][::-1] if words else ""


def domestic_number(contact: str) -> str:
    """Return the key of the one Vietnamese number in a contact, else ""."""
    phone = _parse_contact(contact[:_MAX_CONTACT_LENGTH])
    is_one = phone.kind in {"mobile", "landline"} and not _UNREACHABLE.intersection(phone.flags)
    return phone.key if is_one else ""


def _parse_contact(contact: str) -> numbering_plan.ParsedNumber | phones.ParsedCaller:
    """Return `phones.parse`; the usual spelling directly: parsing costs a tenth of the intake."""
    plain = _AS_DIALLED.fullmatch(contact)
    number = numbering_plan.parse_digits(contact.replace(" ", "")) if plain else None
    return number or phones.parse(contact)


def redact(text: str, contact: str = "") -> RedactedText:
    """Return the working copy of a reporter's text.

    Masks 16-digit card numbers, 12-digit identity numbers and the reporter's contact in any
    spelling. Accounts stay: an account word right before the digits decides.
    """
    if not _TYPED.search(text) and "@" not in contact:
        return RedactedText(text, ())
    copy = reading_copy(text)
    plain = to_ascii_digits(copy.text)
    masked = _without_overlaps(_find_contact(plain, contact)) if contact else []
    if masked:
        text = _mask(text, copy, masked)
        copy = reading_copy(text)
        plain = to_ascii_digits(copy.text)
    papers = _without_overlaps(_find_papers(plain))
    flags = dict.fromkeys(flag for _, _, flag in (*masked, *papers))
    return RedactedText(_mask(text, copy, papers) if papers else text, tuple(flags))


def identifying_strings(contact: str) -> Iterator[str]:
    """Yield what names a reporter in others' texts: a number without its head, mail."""
    if number := domestic_number(contact):
        yield number.removeprefix("+84")
    yield from _mail_addresses(contact)


def _mail_addresses(contact: str) -> Iterator[str]:
    words = reading_copy(contact[:_MAX_CONTACT_LENGTH]).text.split()
    return islice(filter(_MAIL.fullmatch, words), _MAX_ADDRESSES)


def strip_strings(text: str, secret: str, mask: str) -> str:
    """Return the text with *mask* for one of `identifying_strings`, in any spelling."""
    copy, find = reading_copy(text), _find_spellings if secret.isdecimal() else _find_address
    spans = find(to_ascii_digits(copy.text), secret)
    return _mask(text, copy, _without_overlaps((span, mask, "") for span in spans))


def contact_digits(contact: str) -> str:
    return "".join(filter(str.isdecimal, to_ascii_digits(contact)))


def _find_contact(plain: str, contact: str) -> Iterator[_Masked]:
    """Yield the last nine digits of a number and mail addresses."""
    tail = contact_digits(contact[:_MAX_CONTACT_LENGTH])[-SIGNIFICANT_DIGITS:]
    spans = list(_find_spellings(plain, tail)) if len(tail) >= MIN_NUMBER_DIGITS else []
    for address in _mail_addresses(contact):
        spans += _find_address(plain, address)
    yield from ((span, CONTACT_MASK, "masked_contact") for span in spans)


def _find_address(text: str, address: str) -> Iterator[Span]:
    return (match.span() for match in re.finditer(re.escape(address), text, re.IGNORECASE))


def _find_spellings(text: str, tail: str) -> Iterator[Span]:
    """Yield where the digits of `tail` follow one another, with any separators."""
    for run in _RUN.finditer(text):
        digits = _SEPARATORS.sub("", run[0]).translate(_LIKE_DIGITS)
        at = digits.find(tail)
        places = _find_digits(run) if at >= 0 else array("I")
        while at >= 0:
            following = at + len(tail)
            first, end = _find_head(digits, places, at), places[following - 1] + 1
            if first is not None and not text[end : end + 1].isdecimal():
                start = places[first]
                yield start - (text[start - 1 : start] == "+"), end
            at = digits.find(tail, following)


def _find_digits(run: re.Match[str]) -> Sequence[int]:
    """Return where the digits of a run stand in its text."""
    offset = run.start()
    return array("I", (offset + match.start() for match in _DIGIT.finditer(run[0])))


def _find_head(digits: str, places: Sequence[int], at: int) -> int | None:
    """Return the first digit of the number, None where it ends a longer one."""
    for head in _HEADS:
        first = at - len(head)
        is_whole = first == 0 or (first > 0 and places[first - 1] < places[first] - 1)
        if is_whole and digits[first:at] == head:
            return first
    return None


@dataclass
class RedactedCopy:
    """Makes the working copy of one submission.

    `contacts`: all by which the reporter may be reached. `hidden`: the original fields in which
    something was masked; they are sealed behind the story, or they would be lost.
    """

    contacts: tuple[str, ...]
    hidden: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)

    def redact(self, text: str) -> str:
        """Return a text redacted, and add its flags."""
        redacted = self.redact_silently(text)
        self.flags += redacted.flags
        return redacted.text

    def redact_field(self, text: str, label: str = "") -> str:
        """Return a field redacted; its label may say what its first digits are."""
        if not text:
            return text
        redacted = self.redact(label + text).removeprefix(label)
        if redacted != text:
            self.hidden.append(text)
        return redacted

    def sealed_original(self, story: str) -> str:
        """Return the text to seal: the original story, then the masked fields."""
        return "\n".join(filter(None, [story, *self.hidden]))

    def redact_silently(self, text: str) -> RedactedText:
        """Return a text without the reporter's contacts; add no flags."""
        flags: list[str] = []
        for contact in list(filter(None, self.contacts)) or [""]:
            hidden = redact(text, contact)
            text, flags = hidden.text, [*flags, *hidden.flags]
        return RedactedText(text, tuple(flags))
