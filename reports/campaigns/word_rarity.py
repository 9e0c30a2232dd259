"""The words of a story that may identify its script, and their rarity. Pure: no Django.

A word is as rare as in the kind of scam that tells it most: what every gang of one kind says ties no
two of its reports. Counted once over invented stories (tools/count_word_frequencies.py), so that the
similarity of two stories depends on these two alone.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise
from math import log
from typing import NamedTuple

from reports.campaigns.shared_identifiers import without_digits_and_sites
from reports.data.loader import load_json
from reports.extraction.language.amounts import find_amounts
from reports.extraction.language.cue_matcher import NUMBER, tokenize
from reports.extraction.language.cue_matcher import Token as Word

_PARTS = 10_000  # the table holds shares of so many stories
_FLOOR = 0.0003  # share of stories that a word in no counted story gets
_CHANCE_OF_PAIR = 0.03  # how often two unrelated words are adjacent
_MIN_SUM = 1000  # đồng; smaller figures are no sums that a caller names
# The most that a sum of one, two, more figures weighs: round ones meet by chance.
_SUMS = (2.5, 4.0, 7.0)
_CODE = re.compile(r"[A-ZĐ]{1,4}[\s./-]{0,2}[0-9]{1,5}|[a-zđ]{1,3}-?[0-9]{2,5}")
_TITLES = frozenset({
    "thay", "co", "anh", "chi", "ong", "ba", "chu", "bac", "em", "ten", "ho", "ta", "uy", "dai-uy",
    "thieu-ta",
})  # fmt: skip
_UNITS = frozenset(["k", "tr", "trieu", "h", "g", "d", "cu", "ty", "p", "m", "kg", "km", "l"])


class ScriptToken(NamedTuple):
    """A word, compound, sum or code: folded, with its marks, and as the story has it; `is_glued`: it
    stands right behind the one before ("9h15").
    """

    folded: str
    spelled: str
    shown: str
    is_glued: bool = False


# --- how rare words are


class WordShares(NamedTuple):
    """Of ten thousand stories of the kind that tells it most, how many tell a word, a pair of words,
    a word with its marks (data/script_words.json).
    """

    compounds: frozenset[tuple[str, str]]
    words: Mapping[str, int]
    pairs: Mapping[str, int]
    spelled: Mapping[str, int]

    def word(self, folded: str) -> float:
        rare = _compute_rarity(self.words.get(folded, 0) / _PARTS)
        if folded[0] != "$":
            return rare
        figures = len(folded.rstrip("0")) - 1
        return min(rare, _SUMS[min(figures, len(_SUMS)) - 1])

    def word_with_marks(self, token: ScriptToken) -> float:
        if token.spelled == token.folded:
            return self.word(token.folded)
        rare = _compute_rarity(self.spelled.get(token.spelled, 0) / _PARTS)
        return max(rare, self.word(token.folded))

    def pair(self, one: str, two: str) -> float:
        """Return the weight of two adjacent words, at most that of the words alone."""
        by_chance = self.words.get(one, 0) * self.words.get(two, 0) / _PARTS
        count = self.pairs.get(f"{one} {two}", 0) + _CHANCE_OF_PAIR * by_chance
        return min(_compute_rarity(count / _PARTS), self.word(one) + self.word(two))


@lru_cache(maxsize=16384)
def _compute_rarity(share: float) -> float:
    return -log(share + _FLOOR)


@lru_cache(maxsize=1)
def word_shares() -> WordShares:
    data = load_json("script_words.json")
    compounds = frozenset((one, two) for one, two in map(str.split, data["compounds"]))
    return WordShares(compounds, data["words"], data["pairs"], data["spelled"])


def sentences(text: str) -> Iterator[list[ScriptToken]]:
    """Yield the tokens of each sentence; a sum or code is one token."""
    return _iter_sentences(without_digits_and_sites(text))


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
        elif story.names[at + 1 : at + 2] == [NUMBER] and (code := _parse_code(text, words, at)):
            tokens.append(code)
            at += 2
        else:
            word = words[at]
            is_glued = bool(tokens) and words[at - 1].end == word.start
            shown = text[word.start : word.end]
            tokens.append(ScriptToken(word.folded, word.spelled, shown, is_glued))
            at += 1
        if at >= len(words) or words[at].sentence != sentence:
            yield tokens
            tokens = []


def _parse_code(text: str, words: Sequence[Word], at: int) -> ScriptToken | None:
    """Return the token of a code like H17, TT-62 or AM 305 at words[at] and its number, or None."""
    head, tail = words[at], words[at + 1]
    original = text[head.start : tail.end]
    if head.folded in _UNITS or not _CODE.fullmatch(original):
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
