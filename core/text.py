"""Vietnamese text as it is meant, and normalized for comparison; both in linear time.

The reading copy has usual letters, nothing invisible and no word in pieces; normalized text has no
case, diacritics or punctuation.
"""

import re
import unicodedata
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
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


def normalize_as_meant(text: str) -> str:
    """Return the normalized form of the reading copy: what is searched and compared."""
    return normalize(reading_copy(text).text)


@dataclass(frozen=True, slots=True)
class MappedText:
    """A text made of another; its character ``i`` stands at ``[starts[i]:ends[i]]`` of the original."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Return where the non-empty span [start, end) stands in the original."""
        return self.starts[start], self.ends[end - 1]


def normalize_with_offsets(text: str, keep: str = "") -> MappedText:
    """Normalize *text* with offsets; the characters in *keep* stay as they are."""
    return _normalize_same_length(text, keep) or _normalize_with_map(text, keep)


def _normalize_same_length(text: str, keep: str) -> MappedText | None:
    """Return the text where each character gives one; None where a space is doubled or at an end."""
    folded = text.translate(_one_for_one(keep))
    size = len(text)
    if len(folded) != size or "  " in folded or folded != folded.strip(" "):
        return None
    return MappedText(folded, range(size), range(1, size + 1))


def _normalize_with_map(text: str, keep: str) -> MappedText:
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
    return MappedText("".join(chars), tuple(starts[: len(chars)]), tuple(ends[: len(chars)]))


# --- the reading copy

# What shows nothing: category Cf, variation selectors, blank letters.
_HIDDEN = (
    r"\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    r"\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    r"\U000e0000-\U000e0fff"
)
_BEHIND = rf"[\u0300-\u036f{_HIDDEN}]"  # what belongs to the letter before it
_HIDDEN_SIGNS, _JOINED = re.compile(f"[{_HIDDEN}]+"), re.compile(_BEHIND)
_USUAL = r"\t\n\r -~À-ýĂăĐđĨĩŨũƠơƯưẠ-ỹ…"  # the reader was trained with this one sign for three dots
# A letter with thirty marks, as in Unicode's stream-safe form: to order n marks takes n² steps.
_LETTER = rf".(?:[{_HIDDEN}]*+[\u0300-\u036f]){{0,30}}+[{_HIDDEN}]*+"
_PIECES = re.compile(rf"((?:[{_USUAL}](?!{_BEHIND}))++)|{_LETTER}", re.DOTALL)
# Three letters or digits or more that stand alone, one after another: two make no word for certain.
_GAP = re.compile(r"[\W_]+")
_SPACED = re.compile(r"(?<![^\W_])[^\W_](?:(?:[^\w\n]|_){1,6}+[^\W_](?![^\W_])){2,}+")
_SYLLABLE = re.compile(
    r"(?:ngh?|nh?|gh?|gi|kh?|ph?|t[hr]?|ch?|qu|[bdhlmrsvx])?"
    r"(?:[aeiouy]|ieu?|i[au]|yeu?|a[iouy]|e[ou]|o[eio]|oa[iy]?|u[eiu]|uay?|uo[iu]?|uy[aeu]?)"
    r"(?:n[gh]?|ch?|[mpt])?"
)
_WIDE = re.compile("[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\U0001d400-\U0001d7ff]")
_MAX_SYLLABLE, _MAX_OF_SIGN = 7, 4  # letters


def _nfkc_char(char: str) -> str:
    """Return NFKC of a sign; three dots, phrases in one sign and numbers that are no digits stay."""
    plain = unicodedata.normalize("NFKC", char)
    is_kept = char == "…" or unicodedata.category(char) == "No" or len(plain) >= _MAX_OF_SIGN
    return char if is_kept else plain


_NFKC_TABLE = _Table(_nfkc_char)
_NFKC_TABLE.update({code: _nfkc_char(chr(code)) for code in range(0xFF01, 0xFF5F)})  # full width


def reading_copy(text: str) -> MappedText:
    """Return *text* as it is meant: NFKC, nothing invisible, words that were spaced out joined."""
    plain = _compose(text)
    cuts = list(_iter_cuts(plain.text))
    return _cut_out(plain, cuts) if cuts else plain


def has_wide_letters(text: str) -> bool:
    """Return whether there are letters or digits of full width, or of mathematics."""
    return _WIDE.search(text) is not None


def has_spaced_words(text: str) -> bool:
    """Return whether there are words that `reading_copy` joins."""
    return any(_iter_cuts(_compose(text).text))


def _iter_cuts(plain: str) -> Iterator[tuple[int, int]]:
    for run in _SPACED.finditer(plain):
        yield from _list_cuts(run)


def _compose(text: str) -> MappedText:
    """Return the text in NFKC without hidden signs; the usual cases fast."""
    if not _JOINED.search(text):
        is_plain = unicodedata.is_normalized("NFKC", text)
        plain = text if is_plain else text.translate(_NFKC_TABLE)
        if len(plain) == len(text):
            return MappedText(plain, range(len(text)), range(1, len(text) + 1))
    parts, starts, ends = list[str](), array("I"), array("I")
    for piece in _PIECES.finditer(text):
        start, end = piece.span()
        if piece[1]:
            parts.append(piece[1])
            starts.extend(range(start, end))
            ends.extend(range(start + 1, end + 1))
        else:
            parts.append(_to_plain(piece[0]))
            starts.extend([start] * len(parts[-1]))
            ends.extend([end] * len(parts[-1]))
    return MappedText("".join(parts), starts, ends)


def _to_plain(cluster: str) -> str:
    """Return NFKC of one sign with what belongs to it."""
    return unicodedata.normalize("NFC", _HIDDEN_SIGNS.sub("", cluster).translate(_NFKC_TABLE))


def _list_cuts(run: re.Match[str]) -> Iterator[tuple[int, int]]:
    """Yield the gaps within the words of a run, where it is clear that these were spaced out."""
    gaps, letters = _GAP.findall(run[0]), _GAP.split(run[0])
    within = min(gaps, key=len)
    ends = [at for at, gap in enumerate(gaps, 1) if gap != within]
    words = ["".join(letters[first:end]) for first, end in pairwise([0, *ends, len(letters)])]
    if _are_words(words):
        spans = (gap.span() for gap in _GAP.finditer(run[0]) if gap[0] == within)
        yield from ((run.start() + start, run.start() + end) for start, end in spans)


def _are_words(joined: Sequence[str]) -> bool:
    """Return whether most are syllables and one is no chance: chat has "e k b" and "T.P" too."""
    several = [word for word in joined if len(word) > 1 and word.isalpha()]
    syllables = [
        word
        for word in several
        if len(word) <= _MAX_SYLLABLE and _SYLLABLE.fullmatch(normalize(word))
    ]
    is_sure = any(len(word) > 2 + word.isascii() for word in syllables)
    return is_sure and 2 * len(syllables) >= len(several)


def _cut_out(plain: MappedText, cuts: Sequence[tuple[int, int]]) -> MappedText:
    parts, starts, ends = list[str](), array("I"), array("I")
    for (_, first), (end, _) in pairwise([(0, 0), *cuts, (len(plain.text), 0)]):
        parts.append(plain.text[first:end])
        starts.extend(plain.starts[first:end])
        ends.extend(plain.ends[first:end])
    return MappedText("".join(parts), starts, ends)


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


def fold_code(typed: str) -> str:
    """Return the letters and digits of a typed code, in capitals."""
    return "".join(filter(str.isalnum, typed.upper()))


def group_thousands(amount: int, language: str | None = "vi") -> str:
    """Return 35500000 as 35.500.000, in English as 35,500,000."""
    grouped = f"{amount:,}"
    return grouped if language == "en" else grouped.replace(",", ".")


def lower_initial(text: str) -> str:
    return text[:1].lower() + text[1:]


def list_single_edits(text: str, letters: str) -> set[str]:
    """Return the texts that one deletion, replacement or insertion makes of this one."""
    parts = [(text[:at], text[at:]) for at in range(len(text) + 1)]
    shorter = {head + tail[1:] for head, tail in parts if tail}
    replaced = {head + new + tail[1:] for head, tail in parts if tail for new in letters}
    longer = {head + new + tail for head, tail in parts for new in letters}
    return (shorter | replaced | longer) - {text}
