"""Vietnamese text made comparable: no case, no marks, no punctuation, no doubled space.

`normalize` is for search and tables, `rank_by_similarity` finds by it. `normalize_with_offsets` also remembers where in the original each
folded sign came from, so that what is found in folded text can be shown in the words as typed.
Both take time in proportion to the text.
"""

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

T = TypeVar("T")

# Letters that NFD does not take apart, and the Icelandic eth that some keyboards give for đ.
_PLAIN = {"đ": "d", "ð": "d", "ø": "o", "ł": "l", "ı": "i"}
# The table remembers the signs below this one; rarer ones are worked out each time, so that
# hostile text cannot fill the memory.
_REMEMBERED = 0x2E80


def _fold_sign(sign: str) -> str:
    parts: list[str] = []
    for part in unicodedata.normalize("NFKD", sign).lower():
        category = unicodedata.category(part)
        if category[0] in "LN":
            parts.append(_PLAIN.get(part, part))
        elif category[0] != "M" and category != "Cf":
            parts.append(" ")
    return "".join(parts)


class _Signs(dict[int, str]):
    """A translation table that fills itself: code point -> its folded form."""

    def __missing__(self, code: int) -> str:
        folded = _fold_sign(chr(code))
        if code < _REMEMBERED:
            self[code] = folded
        return folded


_SIGNS = _Signs()


def normalize(text: str) -> str:
    """The search form of *text*; folding it again changes nothing."""
    return " ".join(text.translate(_SIGNS).split())


class _OneForOne(dict[int, str]):
    """A translation table for text that keeps its length; any other sign makes it longer."""

    def __init__(self, keep: str) -> None:
        super().__init__((ord(sign), sign) for sign in keep)

    def __missing__(self, code: int) -> str:
        folded = _SIGNS[code]
        one = folded if len(folded) == 1 else "\0" * 3
        if code < _REMEMBERED:
            self[code] = one
        return one


_one_for_one = lru_cache(maxsize=8)(_OneForOne)


@dataclass(frozen=True, slots=True)
class NormalizedText:
    """Folded text; sign ``i`` of it stands at ``original[starts[i]:ends[i]]``."""

    original: str
    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Where the non-empty folded span [start, end) stands in the original."""
        return self.starts[start], self.ends[end - 1]

    def original_text(self, start: int, end: int) -> str:
        """The original words of the folded span [start, end)."""
        first, last = self.original_span(start, end)
        return self.original[first:last]


def normalize_with_offsets(text: str, keep: str = "") -> NormalizedText:
    """Fold *text* and remember the places; the signs in *keep* stay as they are."""
    return _sign_for_sign(text, keep) or _with_map(text, keep)


def _sign_for_sign(text: str, keep: str) -> NormalizedText | None:
    """The usual text at once: each sign gives one, and no space is doubled or at an end."""
    folded = text.translate(_one_for_one(keep))
    size = len(text)
    if len(folded) != size or "  " in folded or folded != folded.strip(" "):
        return None
    return NormalizedText(text, folded, range(size), range(1, size + 1))


def _with_map(text: str, keep: str) -> NormalizedText:
    signs: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for index, sign in enumerate(text):
        folded = sign if sign in keep else _SIGNS[ord(sign)]
        if not folded and ends and signs[-1] != " ":
            ends[-1] = index + 1  # a mark belongs to the letter before it
        for part in folded:
            if part != " ":
                signs.append(part)
            elif signs and signs[-1] != " ":
                signs.append(" ")
            else:
                continue
            starts.append(index)
            ends.append(index + 1)
    if signs and signs[-1] == " ":
        signs.pop()
    return NormalizedText(
        text, "".join(signs), tuple(starts[: len(signs)]), tuple(ends[: len(signs)])
    )


class _Digits(dict[int, str]):
    """A translation table, sign for sign: every script's decimal digits to ASCII."""

    def __missing__(self, code: int) -> str:
        digit = unicodedata.decimal(chr(code), None)
        plain = chr(code) if digit is None else str(digit)
        if code < _REMEMBERED:
            self[code] = plain
        return plain


_DIGITS = _Digits()


def to_ascii_digits(text: str) -> str:
    """*text* with ASCII digits, each sign in its old place."""
    return text.translate(_DIGITS)


MAX_WORDS = 12  # of a query; nobody is found by more
_TITLE, _TEXT = 4, 1


def rank_by_similarity(query: str, things: Iterable[tuple[T, str, str]]) -> list[T]:
    """Those of *things* (thing, its title, more words of it) that a query is about, the closest
    first; equal ones keep their order.

    A word of the query fits the words that begin with it, marks and case aside. It counts four in
    a title and one elsewhere, twice that when it is the whole word. Where something has all words
    of the query, only what has them all is found; else what has half of them, and two at least.
    """
    words = list(dict.fromkeys(normalize(query).split()))[:MAX_WORDS]
    weighed = [
        (*_weight(words, normalize(title), normalize(text)), thing) for thing, title, text in things
    ]
    most = max((fitting for fitting, _, _ in weighed), default=0)
    least = len(words) if most == len(words) else max(2, (len(words) + 1) // 2)
    found = [row for row in weighed if words and row[0] >= least]
    return [thing for _, _, thing in sorted(found, key=lambda row: (-row[0], -row[1]))]


def _weight(words: Sequence[str], title: str, text: str) -> tuple[int, int]:
    """How many of the words fit, and what they count together."""
    worth = [
        max(_fit(word, title.split()) * _TITLE, _fit(word, text.split()) * _TEXT) for word in words
    ]
    return sum(map(bool, worth)), sum(worth)


def _fit(word: str, among: Sequence[str]) -> int:
    """2 for the word itself, 1 for one that begins with it; a single letter begins nothing."""
    if word in among:
        return 2
    return int(len(word) > 1 and any(other.startswith(word) for other in among))
