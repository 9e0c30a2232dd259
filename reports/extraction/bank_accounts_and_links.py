"""Find receiving accounts and links in text (words: data/indicators.json). Pure: no Django."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice, takewhile
from typing import TypeVar

from core.text import normalize, reading_copy, to_ascii_digits
from reports.extraction.digits_in_text import (
    CHAINS,
    GROUPS,
    MAX_FOUND,
    bank_names,
    is_money,
    is_unambiguous_money,
    previous_word_in,
    tables,
    words_before,
)

_LOOK_AHEAD = 30
_WHOLE_LENGTH = 8  # digits of a group that is a number by itself, whatever follows
_MAX_PHONE_LENGTH = 11  # digits at home, the 11 of before 2018 too

_CARD_LENGTH = 16
_REACH = 90  # characters beside an account that say whose it is
_SENTENCE_END = re.compile(r"[.!?](?:\s|$)")
_OWNER_END = re.compile(r"[.!?;](?:\s|$)|\d")
_NAME_WORDS = re.compile(r"[^\W\d_]+|[\n,:(]")
_FIRMS = frozenset({"cty", "cong ty"})
_SHORT_NAME_WORDS, _MAX_NAME_WORDS, _MAX_FIRM_WORDS, _MAX_PHRASE_WORDS = 3, 4, 8, 4

_TOKENS = re.compile(r"[^\s<>\"'()\[\]{}“”]+")
_HOST = re.compile(r"(?:[\w-]{1,63}\.)+[a-z]{2,24}", re.IGNORECASE)
_SCHEME = re.compile(r"(?:h(?:tt|xx)ps?://|www\.)", re.IGNORECASE)
_ODD_HOST = re.compile(r"[\d-]|\..*\.")
_TAIL = ".,;:!?…*"


@dataclass(frozen=True, slots=True)
class FoundAccount:
    """The digits of a receiving account at text[start:end]; its bank and holder, "" where not told."""

    account: str
    start: int
    end: int
    bank: str = ""
    holder: str = ""


@dataclass(frozen=True, slots=True)
class FoundLink:
    """A canonical link (lower-case host, no scheme, no www.) at text[start:end]."""

    link: str
    start: int
    end: int


Found = TypeVar("Found", FoundAccount, FoundLink)


def _find_as_meant(text: str, find: Callable[[str], Iterator[Found]]) -> tuple[Found, ...]:
    """Return what is found in the reading copy, with its place in the text; at most MAX_FOUND."""
    meant = reading_copy(text)
    places = ((one, meant.original_span(one.start, one.end)) for one in find(meant.text))
    return tuple(
        replace(one, start=span[0], end=span[1]) for one, span in islice(places, MAX_FOUND)
    )


def _iter_accounts(text: str) -> Iterator[FoundAccount]:
    floor, is_taken = 0, False  # whether the account before has its bank behind it
    for chain in CHAINS.finditer(to_ascii_digits(text)):
        digits, end = _first_number(text, chain)
        words = words_before(text, chain.start(), floor)
        is_account = 6 <= len(digits) <= 19 and not is_card(digits)
        if is_account and (
            _follows_account_word(words) or _is_beside_bank(text, digits, words, end)
        ):
            before = _SENTENCE_END.split(text[max(floor, chain.start() - _REACH) : chain.start()])
            after = _OWNER_END.split(text[end : end + _REACH], maxsplit=1)[0]
            bank, is_behind = _find_bank(before[-1], after, skipped=is_taken)
            is_taken = is_behind
            holder = _holder_behind(after) or _holder_before(before[-1])
            yield FoundAccount(digits, chain.start(), end, bank, holder)
        floor = chain.end()


def is_card(digits: str) -> bool:
    """Return whether digits are the number of a payment card: sixteen, with a right check digit."""
    doubled = (int(digit) * 2 for digit in digits[-2::-2])
    check = sum(map(int, digits[::-2])) + sum(each // 10 + each % 10 for each in doubled)
    return len(digits) == _CARD_LENGTH and check % 10 == 0


# --- whose account: what stands beside it, up to the next number and the end of the sentence


@lru_cache(maxsize=1)
def _banks() -> re.Pattern[str]:
    longest_first = sorted(bank_names(), key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(longest_first)})\b")


def find_bank(text: str) -> str:
    """Return the first bank that a text names, "" for none."""
    match = _banks().search(normalize(text))
    return bank_names()[match[0]] if match else ""


def _find_bank(before: str, after: str, *, skipped: bool) -> tuple[str, bool]:
    """Return the nearest bank and whether it stands behind; those of the same line first.

    `skipped`: the first one before belongs to the account before.
    """
    for ahead, behind in (
        (before.rpartition("\n")[2], after.partition("\n")[0]),
        (before, after),
    ):
        folded, named = normalize(ahead), _banks().search(normalize(behind))
        earlier = list(_banks().finditer(folded))[skipped and ahead == before :]
        gap = len(folded) - earlier[-1].end() if earlier else _REACH
        if named and named.start() < gap:
            return bank_names()[named[0]], True
        if earlier:
            return bank_names()[earlier[-1][0]], False
    return "", False


def _holder_behind(after: str) -> str:
    """Return the name that follows an account: past its bank and words that mean nothing, or a label."""
    words, is_near, is_labelled, at = _fold_words(after), True, False, 0
    while at < len(words):
        if size := _size_of_phrase(words, at, tables()["holders"]):
            is_near, is_labelled = True, True
        elif is_near and (name := _name_at(words, at, is_labelled=is_labelled)):
            return name
        else:
            size = _size_of_phrase(words, at, _beside_holder())
            is_near &= size > 0
        at += size or 1
    return ""


def _holder_before(before: str) -> str:
    """Return the name that an account and words that mean nothing follow."""
    words = _fold_words(before)
    while words and words[-1][1] in _beside_holder():
        words.pop()
    for first in range(max(0, len(words) - _MAX_NAME_WORDS), len(words) - 1):
        if name := _name_at(words, first, is_labelled=False):
            return name if len(name.split()) == len(words) - first else ""
    return ""


@lru_cache(maxsize=1)
def _beside_holder() -> frozenset[str]:
    return tables()["beside_holder"] | bank_names().keys() | {""}


Word = tuple[str, str]  # as typed, and folded


def _fold_words(text: str) -> list[Word]:
    """Return the words, and the signs that end a name."""
    return [(word, normalize(word)) for word in _NAME_WORDS.findall(text)]


def _size_of_phrase(words: Sequence[Word], at: int, phrases: frozenset[str]) -> int:
    """Return how many words from there a phrase of the table takes, 0 for none."""
    folded = [word[1] for word in words[at : at + _MAX_PHRASE_WORDS]]
    sizes = range(len(folded), 0, -1)
    return next((size for size in sizes if " ".join(folded[:size]) in phrases), 0)


def _name_at(words: Sequence[Word], at: int, *, is_labelled: bool) -> str:
    """Return the name of a person or firm that begins there, "" for none.

    Its words have capitals; after a label three may do without. Of a run of capitals that is longer
    than a name the first three are one.
    """
    is_firm = _size_of_phrase(words, at, _FIRMS) > 0
    if not is_firm and words[at][1] not in tables()["surnames"]:
        return ""
    ahead = [typed for typed, _ in words[at : at + _MAX_FIRM_WORDS]]
    name = list(takewhile(lambda word: word[0].isupper(), ahead))
    if is_labelled and not name:
        name = list(takewhile(str.isalpha, ahead[:_SHORT_NAME_WORDS]))
    if not is_firm and len(name) > _MAX_NAME_WORDS:
        name = name[:_SHORT_NAME_WORDS]
    return " ".join(name) if len(name) > 1 else ""


def _first_number(text: str, chain: re.Match[str]) -> tuple[str, int]:
    """Return digits and end of a chain's first number; "" for an amount."""
    groups = list(GROUPS.finditer(chain[0]))
    first = chain.start() + groups[0].end()
    if len(groups[0][0]) >= _WHOLE_LENGTH and not is_unambiguous_money(text, first):
        return groups[0][0], first
    if is_money(text, chain.end()):
        return "", chain.end()
    return "".join(group[0] for group in groups), chain.end()


def _follows_account_word(words: list[str]) -> bool:
    """Return whether an account word is at most six words back, nothing else between."""
    for back in range(1, min(len(words), 7) + 1):
        if previous_word_in(words, back, "account_words"):
            return True
        is_filler = previous_word_in(words, back, "between")
        if words[-back] in tables()["not_account"] and not is_filler:
            return False
    return False


def _is_beside_bank(text: str, digits: str, words: list[str], end: int) -> bool:
    """Return whether a bank stands beside digits that are hardly a telephone number."""
    banks, goes_to = tables()["banks"], tables()["goes_to"]
    after = normalize(text[end : end + _LOOK_AHEAD].split("\n", 1)[0]).split()[:2]
    before = words[:-1] if words[-1:] == ["so"] else words
    is_after = not banks.isdisjoint([*after[:1], " ".join(after)])
    if digits.startswith("0") and len(digits) <= _MAX_PHONE_LENGTH:
        return is_after and not goes_to.isdisjoint(before[-1:])
    return is_after or (len(digits) > _WHOLE_LENGTH and not banks.isdisjoint(before[-1:]))


@lru_cache(maxsize=8)  # one report's texts are parsed several times
def find_bank_accounts(text: str) -> Sequence[FoundAccount]:
    """Return the receiving accounts that a text names, at most MAX_FOUND."""
    return _find_as_meant(text, _iter_accounts)


def canonical_link(raw: str) -> str:
    """Return the canonical form of a typed link, "" for anything else."""
    scheme = _SCHEME.match(raw)
    bare = raw.split("://", 1)[1] if "://" in raw[:8] else raw
    place = bare.split("?", 1)[0].split("#", 1)[0].rstrip("/" + _TAIL)
    host, slash, path = place.partition("/")
    host = host.rsplit("@", 1)[-1].split(":", 1)[0].lower().removeprefix("www.")
    if not _HOST.fullmatch(host):
        return ""
    if not scheme and ("@" in raw or not _may_be_bare(host, path)):
        return ""
    return host + slash + path


def _may_be_bare(host: str, path: str) -> bool:
    """Return whether a host without http or www is one, not two sentences without a space."""
    name, _, ending = host.rpartition(".")
    if ending in tables()["short_endings"]:
        return bool(path or _ODD_HOST.search(f"{name}."))
    return ending in tables()["endings"]


def _iter_links(text: str) -> Iterator[FoundLink]:
    for token in _TOKENS.finditer(text):
        if "." not in token[0]:
            continue
        # "link:abc.vn" and "vào,abc.vn": begin at the scheme, or after the last such character.
        scheme = _SCHEME.search(token[0])
        head = token[0].split("/", 1)[0]
        offset = scheme.start() if scheme else max(head.rfind(char) for char in ":,;") + 1
        raw = token[0][offset:].rstrip(_TAIL)
        if link := canonical_link(raw):
            start = token.start() + offset
            yield FoundLink(link, start, start + len(raw))


@lru_cache(maxsize=8)
def find_links(text: str) -> Sequence[FoundLink]:
    """Return the links in *text*: with http, with www, or bare with a usual ending."""
    return _find_as_meant(text, _iter_links)
