"""Score features by trained weights, and explain scores. Pure: no Django.

Weights were learnt from stories that we wrote (`python -m tools.train_reader`; the card is
data/weights/README.md). A code's score is the sum of its reasons to the cent; each reason points
at words of the story.
"""

import re
import sys
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import repeat
from math import log, sqrt
from operator import itemgetter
from string import ascii_letters
from struct import Struct
from typing import NamedTuple

from reports.data import loader
from reports.extraction.language.cue_matcher import TokenizedText

FOLDER = loader.FOLDER / "weights"
MIN_LENGTH = 30.0  # the length of some eight usual words
SCALE = 10  # weights are whole tenths of a point
LABEL_LETTERS = ascii_letters  # of the labels, in the order of the first line
LANE_BITS = 32  # no table's weights for a label add up to half of what they hold
_HALF = 1 << LANE_BITS - 1
_RARITY = 100  # rarities are whole hundredths
_POINT = _RARITY * SCALE  # of a weight
_ADD = re.compile(r"([A-Za-z])(-?[0-9]+)")
ALL_OTHERS = "all other words"
_MAX_WORDS = 6  # listed one by one


class Feature(NamedTuple):
    """A feature of a story: its name, and its words [first, last)."""

    name: str
    first: int
    last: int


class FeatureContribution(NamedTuple):
    gram: Feature
    points: float


@dataclass(frozen=True, slots=True)
class LinearModel:
    """A table of weights. All of a gram are one integer, so that one addition adds them to every label:
    LANE_BITS a label, the first one lowest, and the square of the rarity above. A weight is whole: the
    hundredths of a rarity times the tenths of a point.
    """

    labels: tuple[str, ...]
    needed: Mapping[str, float]
    weights: Mapping[str, int]
    layout: Struct
    zero: int  # it makes every lane positive

    def unpack(self, packed: int) -> list[int]:
        """Return the sum of each label in a sum of weights, and that of the squares."""
        lanes = (packed + self.zero).to_bytes(self.layout.size, "little")
        *sums, squares = self.layout.unpack(lanes)
        return [*(each - _HALF for each in sums), squares]


@lru_cache(maxsize=8)
def load_model(name: str) -> LinearModel:
    """Return a table of data/weights, loaded once."""
    with (FOLDER / f"{name}.tsv").open(encoding="utf-8") as file:
        labels = tuple(cell.partition("=")[2] for cell in _split_cells(next(file)))
        needed = dict(zip(labels, map(float, _split_cells(next(file))), strict=True))
        rows = map(_split_cells, file)
        weights = {sys.intern(gram): _pack(*rest, lanes=len(labels)) for gram, *rest in rows}
    zero = sum(_HALF << lane * LANE_BITS for lane in range(len(labels)))
    return LinearModel(labels, needed, weights, Struct(f"<{len(labels)}IQ"), zero)


def _split_cells(line: str) -> list[str]:
    return line.rstrip("\n").split("\t")


def _pack(rarity: str, additions: str, *, lanes: int) -> int:
    if _ADD.sub("", additions):
        raise ValueError(f"no weights: {additions}")
    hundredths = round(100 * float(rarity))
    packed = hundredths**2 << lanes * LANE_BITS
    for letter, add in _ADD.findall(additions):
        packed += hundredths * int(add) << LABEL_LETTERS.index(letter) * LANE_BITS
    return packed


@dataclass(frozen=True)
class Scores:
    """A story scored by a model: points by label; how often it has each known feature, and the length
    of its vector.
    """

    model: LinearModel
    scores: Mapping[str, float]
    grams: Sequence[Feature]
    counts: Mapping[str, int]
    length: float

    def contributions(self, label: str) -> list[FeatureContribution]:
        """Return what each feature adds to a label, at its first place, the largest first."""
        if label not in self.model.labels:
            return []
        own = self._lanes[self.model.labels.index(label) :: self.model.layout.size // 4]
        parts = [
            FeatureContribution(gram, (lane - _HALF) * share)
            for (gram, share), lane in zip(self._shares, own, strict=True)
            if lane != _HALF
        ]
        return sorted(parts, key=lambda part: -abs(part.points))

    def lead(self, label: str) -> float:
        """Return the points of a label beyond those needed."""
        return self.scores[label] - self.model.needed[label]

    def find_words(self, label: str) -> tuple[int, int] | None:
        """Return the words that say a label most, None where none does."""
        told = (part for part in self.contributions(label) if part.gram.last and part.points > 0)
        return next((part.gram[1:] for part in told), None)

    @cached_property
    def _shares(self) -> list[tuple[Feature, float]]:
        """Return each known feature at its first place, with what its weights are worth here."""
        places = {gram.name: gram for gram in reversed(self.grams)}
        shares = {many: (1 + log(many)) / self.length for many in {*self.counts.values()}}
        return [(places[name], shares[many]) for name, many in self.counts.items()]

    @cached_property
    def _lanes(self) -> Sequence[int]:
        """Return the lanes of all known features, one feature after the other."""
        weights, zero, size = self.model.weights, self.model.zero, self.model.layout.size
        packed = ((weights[name] + zero).to_bytes(size, "little") for name in self.counts)
        return array("I", b"".join(packed))


def score(model: LinearModel, grams: Sequence[Feature]) -> Scores:
    """Return the scores of a story. A rare feature weighs more, a repeated one a little more.

    The vector has length one, or less for few words, so that a long story weighs no more than a short one.
    """
    told = Counter(map(itemgetter(0), grams))
    counts = {name: many for name, many in told.items() if name in model.weights}
    by_count = defaultdict[int, int](int)
    for name, many in counts.items():
        by_count[many] += model.weights[name]
    sums, square = [0.0] * len(model.labels), 0.0
    for many, packed in by_count.items():
        *lanes, squares = model.unpack(packed)
        weight = 1 + log(many)
        square += weight**2 * squares
        sums = [total + weight * lane for total, lane in zip(sums, lanes, strict=True)]
    length = max(MIN_LENGTH, sqrt(square) / _RARITY) * _POINT
    points = {label: total / length for label, total in zip(model.labels, sums, strict=True)}
    return Scores(model, points, grams, counts, length)


def score_pair(name: str, features: Iterable[str]) -> tuple[float, float]:
    """Return the points of both labels of a table beyond those needed: a plain sum."""
    model = load_model(name)
    one, two, _ = model.unpack(sum(map(model.weights.get, features, repeat(0))))
    least, other = model.needed.values()
    return one / (MIN_LENGTH * _POINT) - least, two / (MIN_LENGTH * _POINT) - other


def forget_weights() -> None:
    """Have the tables loaded anew."""
    load_model.cache_clear()


# --- reasons


class Explanation(NamedTuple):
    """A reason for a fact: the rule, the words at text[start:end] (None: not from the story)."""

    fact: str
    rule: str
    words: str
    start: int | None
    end: int | None
    points: float


def explanation_at(
    story: TokenizedText, fact: str, rule: str, place: tuple[int, int], points: float
) -> Explanation:
    """Return a reason at words [first, last)."""
    return Explanation(fact, rule, *story.quote(*place), round(points, 2))


def explain(
    story: TokenizedText, fact: str, code: str, parts: Sequence[FeatureContribution]
) -> list[Explanation]:
    """Return a reason for each top feature, and one for all others."""
    reasons = [
        explanation_at(story, fact, f"{code}: words “{gram.name}”", gram[1:], points)
        for gram, points in parts[:_MAX_WORDS]
    ]
    rest = round(sum(part.points for part in parts[_MAX_WORDS:]), 2)
    if rest:
        rule, whole = f"{code}: {ALL_OTHERS}", (0, len(story.words))
        reasons.append(explanation_at(story, fact, rule, whole, rest))
    return reasons


def is_model_reason(rule: str) -> bool:
    """Return whether a reason is a weighted feature."""
    return ": words “" in rule


def is_remainder(rule: str) -> bool:
    """Return whether a reason stands for all features that are not listed."""
    return ALL_OTHERS in rule


def sum_points(reasons: Iterable[Explanation]) -> float:
    """Return the sum of the points of reasons, to the cent."""
    return round(sum(reason.points for reason in reasons), 2)
