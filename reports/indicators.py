"""Receiving accounts and links inside free text, with their places. Pure: no Django."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from reports.folding import fold, plain_digits

MOST_FOUND = 200  # of each kind in one story; more is a pasted list, not a story
# A report may be as long as a body; what is read of it is bounded, and officers see all of it.
READ_OF_STORY = 20_000  # signs
READ_OF_NUMBER = 500
_LOOK_BACK = 60  # signs before a number that can say what it is

# Groups of digits that a person sets apart with a space, a dot or a hyphen, as one number.
CHAINS = re.compile(r"(?<![0-9])[0-9]++(?:[ \u00a0.\-–]{1,2}[0-9]++)*+")
_MONEY_AFTER = re.compile(
    r"\s?(?:đ|₫|d|vnd|vnđ|đồng|dong|k|tr|triệu|trieu|nghìn|nghin|ngàn|ngan|tỷ|tỉ|ty|củ|cu|usd)\b",
    re.IGNORECASE,
)
_ACCOUNT_WORDS = frozenset({"stk", "tk", "account", "acc"})
_ACCOUNT_PAIRS = frozenset({"tai khoan", "chuyen vao", "so tk"})
# Between the label and the digits these mean that the digits are something else.
_NOT_ACCOUNT = frozenset(
    [
        "bi",
        "tru",
        "mat",
        "het",
        "tien",
        "con",
        "khoa",
        "gui",
        "hon",
        "khoang",
        "sdt",
        "dt",
        "phone",
        "goi",
        "ngay",
        "luc",
        "otp",
        "ma",
        "cccd",
    ]
)
_TOKENS = re.compile(r"[^\s<>\"'()\[\]{}“”]+")
_HOST = re.compile(r"(?:[\w-]{1,63}\.)+[a-z]{2,24}", re.IGNORECASE)
_SCHEME = re.compile(r"(?:https?://|www\.)", re.IGNORECASE)
_BARE_ENDINGS = frozenset(
    [
        "com",
        "vn",
        "net",
        "org",
        "info",
        "xyz",
        "top",
        "cc",
        "me",
        "ly",
        "app",
        "shop",
        "site",
        "online",
        "club",
        "vip",
        "io",
        "co",
        "link",
        "live",
        "pro",
        "asia",
        "biz",
        "icu",
        "mobi",
        "ink",
        "page",
        "us",
        "tk",
        "click",
        "store",
        "work",
        "fun",
    ]
)
_TAIL = ".,;:!?…*"


@dataclass(frozen=True, slots=True)
class FoundAccount:
    """A receiving account (its digits) at text[start:end]."""

    account: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class FoundLink:
    """A link in canonical form (host in lower case, no scheme, no www.) at text[start:end]."""

    link: str
    start: int
    end: int


def words_before(text: str, start: int, floor: int = 0) -> list[str]:
    """The folded words just before *start*, none from before *floor* or an earlier line."""
    before = text[max(floor, start - _LOOK_BACK) : start]
    return fold(before.rsplit("\n", 1)[-1]).split()


def is_money(text: str, end: int) -> bool:
    """Whether a currency or a money unit follows at *end*."""
    return _MONEY_AFTER.match(text, end) is not None


def _follows_account_word(words: list[str]) -> bool:
    """Whether the nearest account word is at most six words back, with nothing in between."""
    for back in range(1, min(len(words), 7) + 1):
        word = words[-back]
        if word in _NOT_ACCOUNT:
            return False
        if (
            word in _ACCOUNT_WORDS
            or " ".join(words[-back - 1 : len(words) - back + 1]) in _ACCOUNT_PAIRS
        ):
            return True
    return False


def _accounts(text: str) -> Iterator[FoundAccount]:
    floor = 0
    for chain in CHAINS.finditer(plain_digits(text)):
        start, end = chain.span()
        digits = re.sub(r"[^0-9]", "", chain[0])
        known = 6 <= len(digits) <= 19 and not is_money(text, end)
        if known and _follows_account_word(words_before(text, start, floor)):
            yield FoundAccount(digits, start, end)
        floor = end


def find_accounts(text: str) -> list[FoundAccount]:
    """The receiving accounts that *text* names, at most ``MOST_FOUND``."""
    return [found for found, _ in zip(_accounts(text), range(MOST_FOUND), strict=False)]


def canonical_link(raw: str) -> str:
    """One form for all ways to type a link, or "" when *raw* is none."""
    scheme = _SCHEME.match(raw)
    bare = raw.split("://", 1)[1] if "://" in raw[:8] else raw
    place = bare.split("?", 1)[0].split("#", 1)[0].rstrip("/" + _TAIL)
    host, slash, path = place.partition("/")
    host = host.rsplit("@", 1)[-1].split(":", 1)[0].lower().removeprefix("www.")
    if not _HOST.fullmatch(host):
        return ""
    if not scheme and ("@" in raw or host.rsplit(".", 1)[1] not in _BARE_ENDINGS):
        return ""
    return host + slash + path


def _links(text: str) -> Iterator[FoundLink]:
    for token in _TOKENS.finditer(text):
        if "." not in token[0]:
            continue
        # "link:abc.vn" and "vào,abc.vn": begin at the scheme, or after the last such sign.
        scheme = _SCHEME.search(token[0])
        head = token[0].split("/", 1)[0]
        offset = scheme.start() if scheme else max(head.rfind(sign) for sign in ":,;") + 1
        raw = token[0][offset:].rstrip(_TAIL)
        if link := canonical_link(raw):
            start = token.start() + offset
            yield FoundLink(link, start, start + len(raw))


def find_links(text: str) -> list[FoundLink]:
    """The links in *text*: with http, with www, or bare with a usual ending."""
    return [found for found, _ in zip(_links(text), range(MOST_FOUND), strict=False)]
