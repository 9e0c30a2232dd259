"""Vietnamese text normalized for comparison, in linear time: no case, diacritics or punctuation."""

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

T = TypeVar("T")

# Letters that NFD does not take apart, and the Icelandic eth that some keyboards give for đ.
_PLAIN = {"đ": "d", "ð": "d", "ø": "o", "ł": "l", "ı": "i"}
# Tables cache the characters below this one; rarer ones are computed each time, so that hostile text
# cannot fill the memory.
_MAX_CACHED = 0x2E80


def _fold_char(char: str) -> str:
    parts: list[str] = []
    for part in unicodedata.normalize("NFKD", char).lower():
        category = unicodedata.category(part)
        if category[0] in "LN":
            parts.append(_PLAIN.get(part, part))
        elif category[0] != "M" and category != "Cf":
            parts.append(" ")
    return "".join(parts)


class _Table(dict[int, str]):
    """A translation table that fills itself: code point -> text; the characters in `keep` stay."""

    def __init__(self, translate: Callable[[str], str], keep: str = "") -> None:
        super().__init__((ord(char), char) for char in keep)
        self._translate = translate

    def __missing__(self, code: int) -> str:
        text = self._translate(chr(code))
        if code < _MAX_CACHED:
            self[code] = text
        return text


_FOLD_TABLE = _Table(_fold_char)


def normalize(text: str) -> str:
    """Return the normalized form of *text*; normalizing it again changes nothing."""
    return " ".join(text.translate(_FOLD_TABLE).split())


def _fold_to_one(char: str) -> str:
    """Return the normalized form where it is one character, else what makes the text longer."""
    folded = _FOLD_TABLE[ord(char)]
    return folded if len(folded) == 1 else "\0" * 3


@lru_cache(maxsize=8)
def _one_for_one(keep: str) -> _Table:
    return _Table(_fold_to_one, keep)


@dataclass(frozen=True, slots=True)
class NormalizedText:
    """Normalized text; its character ``i`` stands at ``[starts[i]:ends[i]]`` of the original."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Return where the non-empty span [start, end) stands in the original."""
        return self.starts[start], self.ends[end - 1]


def normalize_with_offsets(text: str, keep: str = "") -> NormalizedText:
    """Normalize *text* with offsets; the characters in *keep* stay as they are."""
    return _normalize_same_length(text, keep) or _normalize_with_map(text, keep)


def _normalize_same_length(text: str, keep: str) -> NormalizedText | None:
    """Return the text where each character gives one; None where a space is doubled or at an end."""
    folded = text.translate(_one_for_one(keep))
    size = len(text)
    if len(folded) != size or "  " in folded or folded != folded.strip(" "):
        return None
    return NormalizedText(folded, range(size), range(1, size + 1))


def _normalize_with_map(text: str, keep: str) -> NormalizedText:
    chars: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for index, char in enumerate(text):
        folded = char if char in keep else _FOLD_TABLE[ord(char)]
        if not folded and ends and chars[-1] != " ":
            ends[-1] = index + 1  # a diacritic belongs to the letter before it
        for part in folded:
            if part != " ":
                chars.append(part)
            elif chars and chars[-1] != " ":
                chars.append(" ")
            else:
                continue
            starts.append(index)
            ends.append(index + 1)
    if chars and chars[-1] == " ":
        chars.pop()
    return NormalizedText("".join(chars), tuple(starts[: len(chars)]), tuple(ends[: len(chars)]))


def _to_ascii_digit(char: str) -> str:
    digit = unicodedata.decimal(char, None)
    return char if digit is None else str(digit)


_DIGITS = _Table(_to_ascii_digit)


def to_ascii_digits(text: str) -> str:
    """Return *text* with ASCII digits, each in its old place."""
    return text.translate(_DIGITS)


MAX_QUERY_WORDS = 12
_TITLE_WEIGHT, _TEXT_WEIGHT = 4, 1


def rank_by_similarity(query: str, things: Iterable[tuple[T, str, str]]) -> list[T]:
    """Return the matching *things* (thing, title, more text), best first; equal ones keep their order.

    A word of the query matches words that begin with it: four in a title, one elsewhere, twice that
    for the whole word. If none has all words, things with half of them, and two at least, match.
    """
    words = list(dict.fromkeys(normalize(query).split()))[:MAX_QUERY_WORDS]
    weighed = [
        (*_weigh(words, normalize(title), normalize(text)), thing) for thing, title, text in things
    ]
    most = max((count for count, _, _ in weighed), default=0)
    least = len(words) if most == len(words) else max(2, (len(words) + 1) // 2)
    matches = [row for row in weighed if words and row[0] >= least]
    return [thing for _, _, thing in sorted(matches, key=lambda row: (-row[0], -row[1]))]


def _weigh(words: Sequence[str], title: str, text: str) -> tuple[int, int]:
    """Return how many of the words match, and their weight together."""
    titles, texts = title.split(), text.split()
    weights = [
        max(_match(word, titles) * _TITLE_WEIGHT, _match(word, texts) * _TEXT_WEIGHT)
        for word in words
    ]
    return sum(map(bool, weights)), sum(weights)


def _match(word: str, among: Sequence[str]) -> int:
    """Return 2 for the word itself, 1 for one that begins with it; a single letter begins nothing."""
    if word in among:
        return 2
    return int(len(word) > 1 and any(other.startswith(word) for other in among))


def lower_initial(text: str) -> str:
    return text[:1].lower() + text[1:]


def list_single_edits(text: str, letters: str) -> set[str]:
    """Return the texts that one deletion, replacement or insertion makes of this one."""
    parts = [(text[:at], text[at:]) for at in range(len(text) + 1)]
    shorter = {head + tail[1:] for head, tail in parts if tail}
    replaced = {head + new + tail[1:] for head, tail in parts if tail for new in letters}
    longer = {head + new + tail for head, tail in parts for new in letters}
    return (shorter | replaced | longer) - {text}
