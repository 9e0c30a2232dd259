"""Find receiving accounts and links in text (words: data/indicators.json). Pure: no Django."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from typing import TypeVar

from core.text import normalize, reading_copy, to_ascii_digits
from reports.extraction.digits_in_text import (
    CHAINS,
    GROUPS,
    MAX_FOUND,
    is_money,
    is_unambiguous_money,
    previous_word_in,
    tables,
    words_before,
)

_LOOK_AHEAD = 30
_WHOLE_LENGTH = 8  # digits of a group that is a number by itself, whatever follows
_MAX_PHONE_LENGTH = 11  # digits at home, the 11 of before 2018 too

_TOKENS = re.compile(r"[^\s<>\"'()\[\]{}“”]+")
_HOST = re.compile(r"(?:[\w-]{1,63}\.)+[a-z]{2,24}", re.IGNORECASE)
_SCHEME = re.compile(r"(?:h(?:tt|xx)ps?://|www\.)", re.IGNORECASE)
_ODD_HOST = re.compile(r"[\d-]|\..*\.")
_TAIL = ".,;:!?…*"


@dataclass(frozen=True, slots=True)
class FoundAccount:
    """The digits of a receiving account at text[start:end]."""

    account: str
    start: int
    end: int


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
    floor = 0
    for chain in CHAINS.finditer(to_ascii_digits(text)):
        digits, end = _first_number(text, chain)
        words = words_before(text, chain.start(), floor)
        if 6 <= len(digits) <= 19 and (
            _follows_account_word(words) or _is_beside_bank(text, digits, words, end)
        ):
            yield FoundAccount(digits, chain.start(), end)
        floor = chain.end()


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
