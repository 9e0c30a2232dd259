"""What in a text may not stand on a page of the police: a number, an account or a link of a stranger."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils import timezone

from core.province import province
from core.text import normalize, reading_copy, to_ascii_digits
from reports.data.loader import load_json
from reports.extraction import phones
from reports.extraction.bank_accounts_and_links import defang_link, find_cards
from reports.extraction.phones import Mentions
from reports.models import NumberFinding, SubjectKind
from reports.numbers.lookup import find_published, lookup_key
from reports.public import link_hosts
from reports.public.link_hosts import portal_hostname

# A number as it is read over a loudspeaker, digit by digit.
_NAMED = {"không": 0, "zero": 0} | load_json("number_words.json")["digits"]
_DIGITS = {normalize(word): str(value) for word, value in _NAMED.items() if value < 10}
_SPOKEN = re.compile(rf"\b(?:(?:{'|'.join(_DIGITS)})(?: |$)){{8,}}")
# A number whose digits stand apart by the same sign, or go on in the next line.
_APART = re.compile(r"(?<!\d)\d+([./_·*|–—-]| ?\n ?)\d+(?:\1\d+)*")
# Words between the parts of one number: "0992 rồi 123456". Not of dates and times, which go before.
_JOINERS = frozenset(
    normalize("rồi và tiếp theo sau đó thì là cộng thêm nối xong số and then plus dot").split()
)
_DATE_OR_TIME = re.compile(r"(?<!\d)\d{1,2}(?:[:h]\d{2}|/\d{1,2}(?:/\d{2,4})?)(?!\d)")
_BREAK = " ngày "
_MAX_MOBILE_DIGITS, _MAX_PARTS = 11, 24
_MOBILE = re.compile(r"(?:0|84)[35789]\d{8}")
_NUMBERS = (
    "{}: số {} chưa phải số công bố của cơ quan, cũng chưa được xác nhận là số kẻ gian dùng."
    " Bỏ đi, hoặc nhờ hai người ghi nhận ở mục Số điện thoại."
)
_ACCOUNTS = (
    "{}: số tài khoản hoặc số thẻ {}. Bỏ đi: trang cảnh báo không đăng số tài khoản, số thẻ."
)
_LINKS = (
    "{}: đường link {} không phải của trang này hay của cơ quan nhà nước (đuôi .gov.vn). Bỏ đi,"
    " hoặc viết đúng như vậy, có dấu ngoặc, để không ai bấm được."
)


@dataclass(frozen=True)
class _Text:
    """A text of a page under the name that its writer knows it by, and what it names."""

    label: str
    mentions: Mentions

    def list_numbers(self) -> list[tuple[str, str]]:
        """Return key and spelling of each telephone number; of one without a key, "" first."""
        spoken = _SPOKEN.finditer(normalize(self.mentions.typed))
        digits = ("".join(map(_DIGITS.__getitem__, each[0].split())) for each in spoken)
        written = [each.phone for each in self.mentions.phones]
        found = [
            *((lookup_key(each), each.raw) for each in (*written, *map(phones.parse, digits))),
            *self._iter_numbers_apart(),
        ]
        keys = {key for key, _ in found}
        return found + [each for each in _iter_mobiles(self.mentions.typed) if each[0] not in keys]

    def _iter_numbers_apart(self) -> Iterator[tuple[str, str]]:
        for found in _APART.finditer(to_ascii_digits(self.mentions.plain)):
            digits = "".join(filter(str.isdecimal, found[0]))
            if _MOBILE.fullmatch(digits):
                yield lookup_key(phones.parse(digits)), found[0]

    def list_accounts(self) -> list[str]:
        typed = self.mentions.typed
        cards = (typed[start:end] for start, end in find_cards(typed))
        return [*(each.account for each in self.mentions.accounts), *cards]

    def list_links(self) -> list[str]:
        links = (each.link for each in self.mentions.links)
        return [defang_link(link) for link in links if not _is_publishable(link)]


def _iter_mobiles(text: str) -> Iterator[tuple[str, str]]:
    """Yield key and digits of each mobile number with odd signs or small words between its parts."""
    words = normalize(_DATE_OR_TIME.sub(_BREAK, text)).split()
    parts = [(word, _read_digits(word)) for word in words]
    for start in range(len(parts)):
        digits, is_odd = "", False
        for word, part in parts[start : start + _MAX_PARTS]:
            if part is None or len(digits := digits + part) > _MAX_MOBILE_DIGITS:
                break
            is_odd = is_odd or word != part
            if (is_odd or digits == part) and _MOBILE.fullmatch(digits):
                yield lookup_key(phones.parse(digits)), digits


def _read_digits(word: str) -> str | None:
    """Return the digits of a normalized word, "" for one that joins, None for any other."""
    if word in _JOINERS:
        return ""
    digits = _DIGITS.get(word) or "".join(str(unicodedata.digit(sign, sign)) for sign in word)
    return digits if digits.isdecimal() else None


def find_faults(texts: Iterable[tuple[str, str]]) -> list[str]:
    """Return a sentence for all numbers, one for all accounts and one for all links of each labelled
    text that are not to be published. Runs two statements where there is a number.
    """
    read = [
        _Text(label, phones.find_mentions(text, reading_copy(text)))
        for label, text in texts
        if text
    ]
    allowed = _find_publishable({key for each in read for key, _ in each.list_numbers()})
    return [sentence for each in read for sentence in _iter_faults(each, allowed)]


def _iter_faults(text: _Text, allowed: set[str]) -> Iterator[str]:
    numbers = [spelling for key, spelling in text.list_numbers() if key not in allowed]
    faults = (_NUMBERS, numbers), (_ACCOUNTS, text.list_accounts()), (_LINKS, text.list_links())
    for sentence, found in faults:
        if found:
            yield sentence.format(text.label, ", ".join(dict.fromkeys(found)))


def _find_publishable(keys: set[str]) -> set[str]:
    """Return the numbers that an office or bank has published, or two officers called a crook's."""
    if not keys - {province.hotline_key}:
        return keys
    confirmed = NumberFinding.objects.in_effect(timezone.localdate()).filter(
        kind=SubjectKind.NUMBER, key__in=keys, finding=NumberFinding.Finding.CONFIRMED
    )
    keys_of_crooks = confirmed.values_list("key", flat=True)
    return {province.hotline_key, *find_published(keys), *keys_of_crooks}


def _is_publishable(link: str) -> bool:
    """Return whether a link is of the state, or the portal's own."""
    host = link_hosts.host_of(link)
    return link_hosts.is_of_state(host) or host == portal_hostname().removeprefix("www.")
