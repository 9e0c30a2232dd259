"""Numbers in text: their groups of digits, the words beside them. Pure: no Django."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from core.text import normalize
from reports.data.loader import load_json

MAX_FOUND = 200  # of each kind in one story; more is a pasted list, not a story
# A report may be as long as a body: extraction is bounded, officers see all of it.
MAX_STORY_CHARS_READ = 20_000
MAX_NUMBER_CHARS_READ = 500
_LOOK_BACK = 60  # characters before a number whose words can say what it is

# Groups of digits with a space, a dot or a hyphen between them, as one number.
CHAINS = re.compile(r"(?<![0-9])[0-9]++(?:[ \u00a0.\-–]{1,2}[0-9]++)*+")
GROUPS = re.compile(r"[0-9]+")
_MONEY_AFTER = re.compile(
    r"\s?(?:đ|₫|d|vnd|vnđ|đồng|dong(?! [yi])|k|tr|triệu|trieu|nghìn|nghin|ngàn|ngan(?! h)|tỷ|tỉ|ty"
    r"|củ|cu|usd)\b",
    re.IGNORECASE,
)
_SURE_MONEY_AFTER = re.compile(
    r"\s?(?:đồng|vnđ|vnd|₫|triệu|nghìn|tỷ|usd)\b|[dđ](?![^\W\d_])", re.IGNORECASE
)


@lru_cache(maxsize=1)
def tables() -> Mapping[str, frozenset[str]]:
    """Return the lists of folded words by name; an entry may be two words."""
    words = {
        name: frozenset(map(normalize, table["words"]))
        for name, table in load_json("indicators.json").items()
        if name != "about"
    }
    return words | {"banks": words["banks"] | bank_names().keys()}


@lru_cache(maxsize=1)
def bank_names() -> Mapping[str, str]:
    """Return the folded spellings of banks and wallets: vcb -> Vietcombank."""
    names = load_json("indicators.json")["banks"]["names"]
    return {normalize(each): name for name, others in names.items() for each in (name, *others)}


def bank_spellings(bank: str) -> list[str]:
    """Return the folded spellings of a bank by its name, [] for none."""
    return [spelling for spelling, name in bank_names().items() if name == bank]


def words_before(text: str, start: int, floor: int = 0) -> list[str]:
    """Return the folded words just before *start*, none before *floor* or an earlier line."""
    before = text[max(floor, start - _LOOK_BACK) : start]
    return normalize(before.rsplit("\n", 1)[-1]).split()


def previous_word_in(words: Sequence[str], back: int, name: str) -> bool:
    """Return whether the word *back* places from the end, or the pair, is in a list."""
    table = tables()[name]
    return words[-back] in table or " ".join(words[-back - 1 : len(words) - back + 1]) in table


def is_money(text: str, end: int) -> bool:
    """Return whether a currency or money unit follows at *end*."""
    return _MONEY_AFTER.match(text, end) is not None


def is_unambiguous_money(text: str, end: int) -> bool:
    """Return whether a money unit follows that can be no other word."""
    return _SURE_MONEY_AFTER.match(text, end) is not None
