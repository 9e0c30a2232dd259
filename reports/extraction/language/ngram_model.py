"""What a story is made of, word by word, and how much each part speaks for a code. Pure: no Django.

A gram is a word, two words that follow each other, or a family of words for one thing
(data/concepts.json), with its place. Weights say what each gram adds to each code; they were
learnt from stories that we wrote (`python -m bench.training`; the card is data/weights/README.md).
A code's score is nothing but the sum of what its grams add.
"""

import re
import sys
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import log, sqrt
from pathlib import Path
from string import ascii_letters
from typing import NamedTuple

from reports.extraction.language.amounts import MoneyAmount
from reports.extraction.language.cue_matcher import CueMatch, TokenizedText

FOLDER = Path(__file__).parents[2] / "data" / "weights"
_SUM, _NUMBER = "$", "#"  # any sum of money, any other number
_LAST_WORDS = 12  # how it ended is told at the end
MIN_LENGTH = 30.0  # the length of some eight usual words
SCALE = 10  # weights are whole tenths of a point
SIGNS = ascii_letters  # of the labels, in the order of the first line
_ADD = re.compile(r"([A-Za-z])(-?[0-9]+)")


class Feature(NamedTuple):
    """A part of a story: its name, and the words [first, last) that it is."""

    name: str
    first: int
    last: int


class FeatureContribution(NamedTuple):
    """What a gram adds to a code."""

    gram: Feature
    points: float


@dataclass(frozen=True, slots=True)
class LinearModel:
    """A table of weights: the labels, the points that each needs, and for each gram its rarity and
    what it adds to which labels, in tenths of a point. Packed: a worker keeps four of them.
    """

    labels: tuple[str, ...]
    needed: Mapping[str, float]
    numbers: Mapping[str, int]  # of the grams
    rarities: Sequence[float]
    begins: Sequence[int]  # where a gram's additions begin; they end where the next one's begin
    label_of: bytes  # each at most once for a gram
    adds: Sequence[int]


def feature_tokens(story: TokenizedText, sums: Sequence[MoneyAmount]) -> list[Feature]:
    """The words, each number and each sum as one sign."""
    inside = {place: amount for amount in sums for place in range(amount.first, amount.last)}
    words: list[Feature] = []
    for place, word in enumerate(story.words):
        amount = inside.get(place)
        if amount is None:
            name = _NUMBER if word.folded[0].isdecimal() else word.folded
            words.append(Feature(name, place, place + 1))
        elif amount.first == place:
            words.append(Feature(_SUM, place, amount.last))
    return words


def pairs(words: Sequence[Feature]) -> Iterator[Feature]:
    """Each two words that follow each other."""
    for one, two in pairwise(words):
        yield Feature(f"{one.name} {two.name}", one.first, two.last)


def extract_features(words: Sequence[Feature], hits: Iterable[CueMatch]) -> list[Feature]:
    """Words, pairs and families of a story."""
    families = (
        Feature("=" + hit.cue.code, hit.first, hit.last)
        for hit in hits
        if hit.cue.family == "concepts"
    )
    return [*words, *pairs(words), *families]


def ending_features(words: Sequence[Feature]) -> list[Feature]:
    """The last words once more, as such."""
    last = words[-_LAST_WORDS:]
    return [Feature("…" + name, first, end) for name, first, end in [*last, *pairs(last)]]


def last_sentence_features(story: TokenizedText, grams: Iterable[Feature]) -> Iterator[Feature]:
    """The grams of the last sentence once more, as such."""
    last = story.words[-1].sentence if story.words else 0
    for name, first, end in grams:
        if story.words[first].sentence == last:
            yield Feature("." + name, first, end)


@lru_cache(maxsize=8)
def load_model(name: str) -> LinearModel:
    """A table of data/weights, read once."""
    with (FOLDER / f"{name}.tsv").open(encoding="utf-8") as file:
        labels = tuple(cell.partition("=")[2] for cell in _cells(next(file)))
        needed = dict(zip(labels, map(float, _cells(next(file))), strict=True))
        return LinearModel(labels, needed, *_packed(map(_cells, file)))


def _cells(line: str) -> list[str]:
    return line.rstrip("\n").split("\t")


_Packed = tuple[dict[str, int], Sequence[float], Sequence[int], bytes, Sequence[int]]


def _packed(rows: Iterable[list[str]]) -> _Packed:
    numbers: dict[str, int] = {}
    rarities, begins, label_of, adds = array("f"), array("I", [0]), bytearray(), array("h")
    place = {sign: number for number, sign in enumerate(SIGNS)}
    for name, rarity, additions in rows:
        if _ADD.sub("", additions):
            raise ValueError(f"no weights: {additions}")
        numbers[sys.intern(name)] = len(numbers)
        rarities.append(float(rarity))
        for sign, add in _ADD.findall(additions):
            label_of.append(place[sign])
            adds.append(int(add))
        begins.append(len(adds))
    return numbers, rarities, begins, bytes(label_of), adds


@dataclass(frozen=True, slots=True)
class Scores:
    """A story as a table weighs it: every label's points; its grams, and the share that each which
    the table knows, by number, has in the story.
    """

    table: LinearModel
    scores: Mapping[str, float]
    grams: Sequence[Feature]
    shares: Sequence[tuple[int, float]]

    def contributions(self, label: str) -> list[FeatureContribution]:
        """What each gram adds to a label, at its first place, the weightiest first."""
        adds, numbers = dict(self._adds(label)), self.table.numbers
        parts = [
            FeatureContribution(gram, adds.pop(number))
            for gram in self.grams
            if (number := numbers.get(gram.name)) in adds
        ]
        return sorted(parts, key=lambda part: -abs(part.points))

    def _adds(self, label: str) -> Iterator[tuple[int | None, float]]:
        """What each gram adds to a label, by number."""
        if label not in self.table.labels:
            return
        wanted = self.table.labels.index(label)
        begins, label_of, adds = self.table.begins, self.table.label_of, self.table.adds
        for number, share in self.shares:
            place = label_of.find(wanted, begins[number], begins[number + 1])
            if place >= 0:
                yield number, share * adds[place] / SCALE


def score(table: LinearModel, grams: Sequence[Feature]) -> Scores:
    """Weigh a story by its grams."""
    shares = _shares(table, (gram.name for gram in grams))
    return Scores(table, _scores(table, shares), grams, shares)


def score_labels(table: LinearModel, names: Iterable[str]) -> dict[str, float]:
    """Every label's points, where nobody asks which gram gave them."""
    return _scores(table, _shares(table, names))


def _shares(table: LinearModel, names: Iterable[str]) -> list[tuple[int, float]]:
    """The grams that the table knows, by number, each with its share of the story. A rare gram counts
    more, a repeated one a little more, and a long story no more than a short one: its shares are a
    vector of length one, or shorter where a few words are all that there is.
    """
    rarities = table.rarities
    weighed = [
        (number, rarities[number] if many == 1 else (1 + log(many)) * rarities[number])
        for number, many in Counter(map(table.numbers.get, names)).items()
        if number is not None
    ]
    length = max(MIN_LENGTH, sqrt(sum(share * share for _, share in weighed)))
    return [(number, share / length) for number, share in weighed]


def _scores(table: LinearModel, shares: Iterable[tuple[int, float]]) -> dict[str, float]:
    """Every story and label comes through here: no calls inside."""
    sums = [0.0] * len(table.labels)
    begins, label_of, adds = table.begins, table.label_of, table.adds
    for number, share in shares:
        first, last = begins[number], begins[number + 1]
        for label, add in zip(label_of[first:last], adds[first:last], strict=True):
            sums[label] += share * add
    return {label: total / SCALE for label, total in zip(table.labels, sums, strict=True)}
