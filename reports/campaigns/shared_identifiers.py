"""What stories may share exactly: numbers, receiving accounts, sites. Pure: no Django. Left out are
what honest callers share (data/common.json), and the reporter's own.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import Any

from core.province import province
from core.text import normalize, reading_copy, to_ascii_digits
from reports.data.loader import load_json
from reports.extraction.bank_accounts_and_links import (
    CHAINS,
    MAX_ACCOUNT_DIGITS,
    MIN_ACCOUNT_DIGITS,
    find_bank,
    is_card,
    is_money,
    iter_links,
)
from reports.extraction.numbering_plan import MAX_FOUND
from reports.extraction.phones import (
    Mentions,
    ParsedCaller,
    find_mentions,
    group_digits,
    parse_many,
)

_MIN_BARE_LENGTH = 8  # digits of an account that no word announces
_CONTEXT_CHARS = 60  # before and behind a number, that say whose it is
NEIGHBOURS = 9  # numbers so far apart are neighbours
NEIGHBOUR_HOURS = 48

_STRENGTHS = {"same_account": 0.95, "same_link": 0.9, "same_site_name": 0.85, "same_number": 0.8}
_WORDS_VI = {
    "same_account": "Cùng tài khoản nhận",
    "same_link": "Cùng đường dẫn",
    "same_site_name": "Cùng tên trang",
    "same_number": "Cùng số gọi",
}
_OTHER_DIGITS = re.compile(r"0[0-9]{9,10}|\+?84[0-9]{9,10}|1[89]00[0-9]{4,6}")
_GROUPED = re.compile(r"[0-9]{1,3}(?:[.][0-9]{3})+")  # 23.700.000
_PEOPLE = r"(?:toi|tui|tao|em|e|minh|mk|chau|con|nha|me|ma|bo|ba|ong|vo|chong|chi|anh|chung)"
# Just before the digits: "số của tôi là", "sđt em", "gọi em số"; just behind: "của em".
_OWN_BEFORE = re.compile(
    rf"(?:(?:so|sdt|dt|may|sim|thoai|khoan|tk|stk)(?: cua)? {_PEOPLE}(?: [a-z]+){{0,2}}"
    rf"|lien (?:he|lac)(?: [a-z]+){{0,2}}|goi (?:lai )?(?:cho )?{_PEOPLE}(?: so| qua)?)$"
)
_OWN_BEHIND = re.compile(rf"cua {_PEOPLE}\b")
# Gangs keep the name and change the ending: evn-hoadon.example, evn-hoadon.test, "tệp evn-hoadon".
_SITE_NAME = re.compile(r"(?<![\w@./-])[a-z0-9]{2,}(?:-[a-z0-9]{2,})+(?![\w@-])", re.IGNORECASE)
_MIN_NAME_LENGTH = 7
# Hidden dots: "a (.) example", "a . example", "a [dot] vn". Bounded, as in a story of nothing but
# spaces each is tried.
_HIDDEN_DOT = re.compile(
    r"\s{0,4}[(\[{]\s{0,4}(?:\.|dot|chấm|cham)\s{0,4}[)\]}]\s{0,4}", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, order=True)
class SharedIdentifier:
    """A value that links; of an account its bank too, "" where not told."""

    kind: str
    value: str
    bank: str = field(default="", compare=False)  # it may be told in one report alone

    @classmethod
    def from_text(cls, stored: str) -> "SharedIdentifier":
        """Return the identifier of its stored form."""
        kind, _, rest = stored.partition(":")
        value, _, bank = rest.partition(" ") if kind == "same_account" else (rest, "", "")
        return cls(kind, value, bank)

    @property
    def text(self) -> str:
        return f"{self.kind}:{self.value} {self.bank}".rstrip()

    @property
    def strength(self) -> float:
        return _STRENGTHS[self.kind]

    @property
    def reason(self) -> str:
        value = group_digits(self.value) if self.kind == "same_number" else self.value
        return " ".join(filter(None, (_WORDS_VI[self.kind], self.bank, value)))


def shared_keys(
    one: Iterable[SharedIdentifier], other: Iterable[SharedIdentifier]
) -> list[SharedIdentifier]:
    """Return the identifiers that both have; one number at two banks is two accounts."""
    theirs = {key: key.bank for key in other}
    both = (key for key in one if key in theirs)
    return [key for key in both if not key.bank or theirs[key] in {"", key.bank}]


@lru_cache(maxsize=1)
def stop_list() -> Mapping[str, Mapping[str, Any]]:
    """Return what is too common to link reports, by sort (data/common.json)."""
    data = load_json("common.json")
    return {
        sort: {key: row for key, row in rows.items() if key != "about"}
        for sort, rows in data.items()
        if sort != "about"
    }


def is_common_number(phone: ParsedCaller) -> bool:
    """Return whether the number identifies no caller: forged hotlines, 069, shared lines."""
    return (
        not phone.key
        or phone.kind not in stop_list()["number_kinds"]
        or phone.key == province.hotline_key
        or phone.key in stop_list()["numbers"]
        or not stop_list()["number_flags"].keys().isdisjoint(phone.flags)
    )


def is_common_link(link: str) -> bool:
    """Return whether links to it are too common to link reports."""
    host, _, page = link.partition("/")
    labels = host.split(".")
    return (host in stop_list()["shorteners"] and not page) or any(
        ".".join(labels[at:]) in stop_list()["hosts"] for at in range(len(labels))
    )


def host_of(link: str) -> str:
    """Return the host of a canonical link, which changes less often than pages; the whole link
    where anybody gets a page of the host.
    """
    host = link.partition("/")[0]
    return link if host in stop_list()["shorteners"] else host


# --- numbers


def callers(typed: Iterable[ParsedCaller], told: Mentions) -> list[ParsedCaller]:
    """Return the callers of the form, else the one number of the story that is not the reporter's
    own; of several none: who lists numbers would link whoever they called.
    """
    typed_phones = [phone for phone in typed if phone.key]
    in_story = [each.phone for each in told.phones if not _is_own(told.typed, each.start, each.end)]
    one_alone = len({phone.key for phone in in_story if phone.key}) <= 1
    return typed_phones or (in_story if one_alone else [])


def _is_own(text: str, start: int, end: int) -> bool:
    """Return whether the reporter says that the digits at text[start:end] are theirs."""
    before = normalize(text[max(0, start - _CONTEXT_CHARS) : start].rsplit("\n", 1)[-1])
    behind = normalize(text[end : end + _CONTEXT_CHARS])
    return bool(_OWN_BEFORE.search(before) or _OWN_BEHIND.match(behind))


def adjacent_numbers(value: str) -> list[str]:
    """Return the canonical numbers next to one, without itself; [] for no plain number."""
    digits = value.removeprefix("+")
    if not digits.isdecimal():
        return []
    near = (int(digits) + step for step in range(-NEIGHBOURS, NEIGHBOURS + 1) if step)
    return [f"+{number}" for number in near if len(str(number)) == len(digits)]


def number_blocks(keys: Iterable[SharedIdentifier]) -> Iterator[int]:
    """Yield two blocks of each number: neighbours have one in common."""
    for key in keys:
        digits = key.value.removeprefix("+")
        if key.kind == "same_number" and digits.isdecimal():
            yield from (
                (int(digits) + far) // (2 * NEIGHBOURS) for far in (-NEIGHBOURS, NEIGHBOURS)
            )


# --- accounts


Account = tuple[str, str]  # its number and its bank


def accounts_in(told: Mentions) -> Iterator[Account]:
    """Yield the receiving accounts of a story, without the reporter's own: announced by a word, or
    long numbers that are neither phones nor money.
    """
    for account in told.accounts:
        if not _is_own(told.typed, account.start, account.end):
            yield account.account, account.bank
    plain = told.plain
    for chain in CHAINS.finditer(plain):
        digits = re.sub(r"[^0-9]", "", chain[0])
        if _may_be_account(chain, digits) and not _is_own(plain, *chain.span()):
            yield digits, ""


def _may_be_account(chain: re.Match[str], digits: str) -> bool:
    return (
        _MIN_BARE_LENGTH <= len(digits) <= MAX_ACCOUNT_DIGITS
        and not _OTHER_DIGITS.fullmatch(digits)
        and not _GROUPED.fullmatch(chain[0])
        and not is_money(chain.string, chain.end())
        and not is_card(digits)
    )


def accounts_in_field(typed: str) -> Iterator[Account]:
    """Yield the account numbers of a field that may name a bank too ("MB 1234 5678")."""
    for chain in CHAINS.finditer(to_ascii_digits(typed)):
        digits = re.sub(r"[^0-9]", "", chain[0])
        if MIN_ACCOUNT_DIGITS <= len(digits) <= MAX_ACCOUNT_DIGITS and not is_card(digits):
            yield digits, find_bank(typed)


# --- sites


@lru_cache(maxsize=1)
def _site_patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return the patterns of a dot that stands apart before a usual ending, and of a bare host."""
    ending = "(?:" + "|".join(sorted(stop_list()["endings"])) + r")\b"
    label = r"[a-z0-9][a-z0-9-]{0,62}"
    return (
        re.compile(rf"(?<=[a-z0-9])\s+\.\s*(?={ending})", re.IGNORECASE),
        re.compile(rf"(?<![\w@.-])(?:{label}\.){{1,4}}{ending}(?![\w@-])", re.IGNORECASE),
    )


def restore_link_dots(text: str) -> str:
    """Return a reading copy with the hidden dots of its links as dots."""
    apart, _ = _site_patterns()
    return apart.sub(".", _HIDDEN_DOT.sub(".", text))


def sites_in(text: str) -> Iterator[str]:
    """Yield the links and bare hosts of a text with its dots restored; common ones too."""
    _, bare = _site_patterns()
    yield from (match.link for match in islice(iter_links(text), MAX_FOUND))
    yield from (match[0].lower().removeprefix("www.") for match in bare.finditer(text))


def site_names_in(text: str, sites: Iterable[str]) -> Iterator[str]:
    """Yield hyphenated names, of these sites and in the text with its dots restored."""
    named = [match[0].lower() for match in _SITE_NAME.finditer(text)]
    for name in [*named, *(value.partition(".")[0] for value in sites)]:
        letters = sum(map(str.isalpha, name))
        if "-" in name and name.isascii() and letters >= _MIN_NAME_LENGTH:
            yield name


def without_digits_and_sites(text: str) -> str:
    """Return the words of a text; numbers and sites become ends of sentences."""
    _, bare = _site_patterns()
    plain = re.sub(r"https?://", " ", restore_link_dots(reading_copy(text).text))
    plain = bare.sub(" . ", plain)
    return CHAINS.sub(_cut, to_ascii_digits(plain))


def _cut(chain: re.Match[str]) -> str:
    is_short = sum(map(str.isdecimal, chain[0])) < _MIN_BARE_LENGTH
    is_kept = is_short or _GROUPED.fullmatch(chain[0]) or is_money(chain.string, chain.end())
    return chain[0] if is_kept else " . "


# --- all of it


def collect_identifiers(
    numbers: Iterable[ParsedCaller],
    accounts: Iterable[Account],
    sites: Iterable[str],
    site_names: Iterable[str] = (),
) -> list[SharedIdentifier]:
    """Return the identifiers that may link a story to others, sorted."""
    common, banks = stop_list()["accounts"], dict[str, str]()
    for number, bank in accounts:
        banks[number] = banks.get(number) or bank
    own = {phone.key for phone in numbers if not is_common_number(phone)}
    hosts = {host_of(value) for value in sites if not is_common_link(value)}
    return sorted(
        [SharedIdentifier("same_number", value) for value in own]
        + [
            SharedIdentifier("same_account", value, bank)
            for value, bank in banks.items()
            if value not in common
        ]
        + [SharedIdentifier("same_link", value) for value in hosts]
        + [SharedIdentifier("same_site_name", value) for value in set(site_names)]
    )


def identify_story(
    caller_number: str, text: str, bank_account: str
) -> tuple[list[SharedIdentifier], set[str]]:
    """Return the identifiers of a story of the file, sorted, and its hosts."""
    told = find_mentions(text, reading_copy(text))
    numbers = callers(parse_many(caller_number), told)
    accounts = [*accounts_in_field(bank_account), *accounts_in(told)]
    dotted = restore_link_dots(told.plain)
    sites = {host_of(value) for value in sites_in(dotted) if not is_common_link(value)}
    return collect_identifiers(numbers, accounts, sites, site_names_in(dotted, sites)), sites
