"""The words of a story that may tell its script, and how rare each is. Pure: no Django.

How rare: data/script_words.json, counted once over invented stories (bench/background.py), so that
the likeness of two stories depends on these two alone.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from math import log
from pathlib import Path
from typing import Any, NamedTuple

from reports.campaigns.shared_identifiers import stop_list, without_digits_and_sites
from reports.extraction.language.amounts import find_amounts
from reports.extraction.language.cue_matcher import Token as Word
from reports.extraction.language.cue_matcher import tokenize

_FILE = Path(__file__).parents[1] / "data" / "script_words.json"
_FLOOR = 0.0002  # a word that no counted story has counts as if this share had it
_TOGETHER = 0.03  # how often two words that know nothing of each other stand side by side
_MIN_SUM = 1000  # đồng; smaller figures are no sums that a caller names
_CODE = re.compile(r"[A-ZĐ]{1,4}[\s./-]{0,2}[0-9]{1,5}|[a-zđ]{1,3}-?[0-9]{2,5}")
_TITLES = frozenset(
    [
        "thay",
        "co",
        "anh",
        "chi",
        "ong",
        "ba",
        "chu",
        "bac",
        "em",
        "ten",
        "ho",
        "ta",
        "uy",
        "dai-uy",
        "thieu-ta",
    ]
)
_UNITS = frozenset(["k", "tr", "trieu", "h", "g", "d", "cu", "ty", "p", "m", "kg", "km", "l"])


class ScriptToken(NamedTuple):
    """A word, a compound, a sum or a code: folded, with its marks, and as the story shows it."""

    folded: str
    spelled: str
    shown: str


# --- how rare words are


class DocumentFrequencies(NamedTuple):
    """The table of data/script_words.json: in how many stories a word, a pair of words and a word
    with its marks occurs.
    """

    stories: int
    marked: int
    compounds: frozenset[tuple[str, str]]
    words: Mapping[str, int]
    pairs: Mapping[str, int]
    spelled: Mapping[str, int]

    def word(self, folded: str) -> float:
        return _rarity(self.words.get(folded, 0) / self.stories)

    def word_with_marks(self, token: ScriptToken) -> float:
        if token.spelled == token.folded:
            return self.word(token.folded)
        rare = _rarity(self.spelled.get(token.spelled, 0) / self.marked)
        return max(rare, self.word(token.folded))

    def pair(self, one: str, two: str) -> float:
        """Never more than the two words weigh alone."""
        known = self.words.get(one, 0) * self.words.get(two, 0) / self.stories
        seen = self.pairs.get(f"{one} {two}", 0) + _TOGETHER * known
        return min(_rarity(seen / self.stories), self.word(one) + self.word(two))


@lru_cache(maxsize=16384)
def _rarity(share: float) -> float:
    """What a word weighs that this share of stories has; however many were counted."""
    return -log(share + _FLOOR)


@lru_cache(maxsize=1)
def document_frequencies() -> DocumentFrequencies:
    data: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return DocumentFrequencies(
        data["stories"],
        data["marked"],
        frozenset((one, two) for one, two in map(str.split, data["compounds"])),
        data["words"],
        data["pairs"],
        data["spelled"],
    )


def sentences(texts: Iterable[str]) -> Iterator[list[ScriptToken]]:
    """The words of these texts, a list a sentence; sums and codes are one word each. Without what
    reporters of any call write.
    """
    for text in texts:
        for sentence in _sentences(without_digits_and_sites(text)):
            yield _without_usual(sentence)


def _without_usual(sentence: list[ScriptToken]) -> list[ScriptToken]:
    """Without what reporters of any call write, as a sentence or at its end."""
    folded = tuple(token.folded for token in sentence)
    for phrase in _usual().get(folded[-1], ()) if folded else ():
        if folded[-len(phrase) :] == phrase:
            return sentence[: -len(phrase)]
    return sentence


@lru_cache(maxsize=1)
def _usual() -> Mapping[str, Sequence[tuple[str, ...]]]:
    """Sentences that reporters of any call write, by their last word, the longest first."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for text in stop_list()["phrases"]:
        for sentence in _sentences(text):
            found.setdefault(sentence[-1].folded, []).append(tuple(t.folded for t in sentence))
    return {last: sorted(phrases, key=len, reverse=True) for last, phrases in found.items()}


def _sentences(text: str) -> Iterator[list[ScriptToken]]:
    story = tokenize(text)
    sums = {sum_.first: sum_ for sum_ in find_amounts(story) if sum_.value >= _MIN_SUM}
    words, at = story.words, 0
    found: list[ScriptToken] = []
    while at < len(words):
        sentence = words[at].sentence
        if sum_ := sums.get(at):
            start, end = story.char_span(sum_.first, sum_.last)
            found.append(ScriptToken(f"${sum_.value}", f"${sum_.value}", text[start:end]))
            at = sum_.last
        elif code := _code(text, words, at):
            found.append(code)
            at += 2
        else:
            found.append(
                ScriptToken(
                    words[at].folded, words[at].spelled, text[words[at].start : words[at].end]
                )
            )
            at += 1
        if at >= len(words) or words[at].sentence != sentence:
            yield found
            found = []


def _code(text: str, words: Sequence[Word], at: int) -> ScriptToken | None:
    """A mark like H17, TT-62 or AM 305 at words[at] and the next."""
    if at + 1 >= len(words) or not words[at + 1].folded[0].isdecimal():
        return None
    if words[at].folded in _UNITS:
        return None
    shown = text[words[at].start : words[at + 1].end]
    if not _CODE.fullmatch(shown):
        return None
    code = f"#{words[at].folded}{words[at + 1].folded}"
    return ScriptToken(code, code, shown)


def join_compounds(
    tokens: Sequence[ScriptToken], compounds: frozenset[tuple[str, str]]
) -> list[ScriptToken]:
    """The tokens with usual compounds ("phần mềm") as one word each."""
    found: list[ScriptToken] = []
    at = 0
    while at < len(tokens):
        one, two = tokens[at], tokens[min(at + 1, len(tokens) - 1)]
        if one is not two and (one.folded, two.folded) in compounds:
            shown = f"{one.shown} {two.shown}"
            found.append(
                ScriptToken(f"{one.folded}-{two.folded}", f"{one.spelled}-{two.spelled}", shown)
            )
            at += 2
        else:
            found.append(one)
            at += 1
    return found


def has_marks(tokens: Sequence[ScriptToken]) -> bool:
    """Whether the writer uses marks."""
    marks = sum(token.folded != token.spelled for token in tokens)
    return marks * 5 >= len(tokens) > 0


def claimed_names(sentence: Sequence[ScriptToken]) -> Iterator[ScriptToken]:
    """Whom a caller claims to be: what stands behind a title, and goes on in capitals."""
    is_name = False
    for before, token in pairwise(sentence):
        is_name = before.folded in _TITLES or (is_name and token.shown[:1].isupper())
        if is_name and token.folded not in _TITLES and token.folded[0].isalpha():
            name = f"@{token.folded}"
            yield ScriptToken(name, name, token.shown)
