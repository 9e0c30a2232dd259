"""The words of a story that may identify its script, and their rarity. Pure: no Django.

Rarity was counted once over invented stories (tools/count_word_frequencies.py), so that the
similarity of two stories depends on these two alone.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from math import log
from typing import NamedTuple

from reports.campaigns.shared_identifiers import stop_list, without_digits_and_sites
from reports.data.loader import load_json
from reports.extraction.language.amounts import find_amounts
from reports.extraction.language.cue_matcher import Token as Word
from reports.extraction.language.cue_matcher import tokenize

_FLOOR = 0.0002  # share of stories that a word in no counted story gets
_CHANCE_OF_PAIR = 0.03  # how often two unrelated words are adjacent
_MIN_SUM = 1000  # đồng; smaller figures are no sums that a caller names
_CODE = re.compile(r"[A-ZĐ]{1,4}[\s./-]{0,2}[0-9]{1,5}|[a-zđ]{1,3}-?[0-9]{2,5}")
_TITLES = frozenset({
    "thay", "co", "anh", "chi", "ong", "ba", "chu", "bac", "em", "ten", "ho", "ta", "uy", "dai-uy",
    "thieu-ta",
})  # fmt: skip
_UNITS = frozenset(["k", "tr", "trieu", "h", "g", "d", "cu", "ty", "p", "m", "kg", "km", "l"])


class ScriptToken(NamedTuple):
    """A word, compound, sum or code: folded, with its marks, and as the story has it."""

    folded: str
    spelled: str
    shown: str


# --- how rare words are


class DocumentFrequencies(NamedTuple):
    """In how many stories words and pairs of words occur (data/script_words.json)."""

    stories: int
    marked: int
    compounds: frozenset[tuple[str, str]]
    words: Mapping[str, int]
    pairs: Mapping[str, int]
    spelled: Mapping[str, int]

    def word(self, folded: str) -> float:
        return _compute_rarity(self.words.get(folded, 0) / self.stories)

    def word_with_marks(self, token: ScriptToken) -> float:
        if token.spelled == token.folded:
            return self.word(token.folded)
        rare = _compute_rarity(self.spelled.get(token.spelled, 0) / self.marked)
        return max(rare, self.word(token.folded))

    def pair(self, one: str, two: str) -> float:
        """Return the weight of two adjacent words, at most that of the words alone."""
        by_chance = self.words.get(one, 0) * self.words.get(two, 0) / self.stories
        count = self.pairs.get(f"{one} {two}", 0) + _CHANCE_OF_PAIR * by_chance
        return min(_compute_rarity(count / self.stories), self.word(one) + self.word(two))


@lru_cache(maxsize=16384)
def _compute_rarity(share: float) -> float:
    return -log(share + _FLOOR)


@lru_cache(maxsize=1)
def document_frequencies() -> DocumentFrequencies:
    data = load_json("script_words.json")
    return DocumentFrequencies(
        data["stories"],
        data["marked"],
        frozenset((one, two) for one, two in map(str.split, data["compounds"])),
        data["words"],
        data["pairs"],
        data["spelled"],
    )


def sentences(texts: Iterable[str]) -> Iterator[list[ScriptToken]]:
    """Yield the tokens of each sentence, without stock phrases; a sum or code is one token."""
    for text in texts:
        for sentence in _iter_sentences(without_digits_and_sites(text)):
            yield _drop_stock_phrase(sentence)


def _drop_stock_phrase(sentence: list[ScriptToken]) -> list[ScriptToken]:
    """Return the sentence without the stock phrase that it is or ends with."""
    folded = tuple(token.folded for token in sentence)
    for phrase in _stock_phrases().get(folded[-1], ()) if folded else ():
        if folded[-len(phrase) :] == phrase:
            return sentence[: -len(phrase)]
    return sentence


@lru_cache(maxsize=1)
def _stock_phrases() -> Mapping[str, Sequence[tuple[str, ...]]]:
    """Return last word -> the stock phrases of reporters that end with it, longest first."""
    phrases_by_end: dict[str, list[tuple[str, ...]]] = {}
    for text in stop_list()["phrases"]:
        for sentence in _iter_sentences(text):
            folded = tuple(token.folded for token in sentence)
            phrases_by_end.setdefault(folded[-1], []).append(folded)
    return {
        last: sorted(phrases, key=len, reverse=True) for last, phrases in phrases_by_end.items()
    }


def _iter_sentences(text: str) -> Iterator[list[ScriptToken]]:
    story = tokenize(text)
    text = story.text
    sums = {sum_.first: sum_ for sum_ in find_amounts(story) if sum_.value >= _MIN_SUM}
    words, at = story.words, 0
    tokens: list[ScriptToken] = []
    while at < len(words):
        sentence = words[at].sentence
        if sum_ := sums.get(at):
            start, end = story.char_span(sum_.first, sum_.last)
            tokens.append(ScriptToken(f"${sum_.value}", f"${sum_.value}", text[start:end]))
            at = sum_.last
        elif code := _parse_code(text, words, at):
            tokens.append(code)
            at += 2
        else:
            word = words[at]
            tokens.append(ScriptToken(word.folded, word.spelled, text[word.start : word.end]))
            at += 1
        if at >= len(words) or words[at].sentence != sentence:
            yield tokens
            tokens = []


def _parse_code(text: str, words: Sequence[Word], at: int) -> ScriptToken | None:
    """Return the token of a code like H17, TT-62 or AM 305 at words[at], or None."""
    if at + 1 >= len(words):
        return None
    head, tail = words[at], words[at + 1]
    original = text[head.start : tail.end]
    may_be_code = tail.folded[0].isdecimal() and head.folded not in _UNITS
    if not may_be_code or not _CODE.fullmatch(original):
        return None
    code = f"#{head.folded}{tail.folded}"
    return ScriptToken(code, code, original)


def join_compounds(
    tokens: Sequence[ScriptToken], compounds: frozenset[tuple[str, str]]
) -> list[ScriptToken]:
    """Return the tokens with usual compounds ("phần mềm") as one word each."""
    joined: list[ScriptToken] = []
    at = 0
    while at < len(tokens):
        one, two = tokens[at], tokens[min(at + 1, len(tokens) - 1)]
        if one is not two and (one.folded, two.folded) in compounds:
            folded, spelled = f"{one.folded}-{two.folded}", f"{one.spelled}-{two.spelled}"
            joined.append(ScriptToken(folded, spelled, f"{one.shown} {two.shown}"))
            at += 2
        else:
            joined.append(one)
            at += 1
    return joined


def has_marks(tokens: Sequence[ScriptToken]) -> bool:
    marks = sum(token.folded != token.spelled for token in tokens)
    return marks * 5 >= len(tokens) > 0


def claimed_names(sentence: Sequence[ScriptToken]) -> Iterator[ScriptToken]:
    """Yield the names that a caller claims: capitalized words after a title."""
    is_name = False
    for before, token in pairwise(sentence):
        is_name = before.folded in _TITLES or (is_name and token.shown[:1].isupper())
        if is_name and token.folded not in _TITLES and token.folded[0].isalpha():
            name = f"@{token.folded}"
            yield ScriptToken(name, name, token.shown)
