"""Score features by trained weights, and explain scores. Pure: no Django.

Weights were learnt from stories that we wrote (`python -m tools.train_reader`; the card is
data/weights/README.md). A code's score is the sum of its reasons to the cent; each reason points
at words of the story.
"""

import re
import sys
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import log, sqrt
from string import ascii_letters
from typing import NamedTuple

from reports.data import loader
from reports.extraction.language.cue_matcher import TokenizedText

FOLDER = loader.FOLDER / "weights"
MIN_LENGTH = 30.0  # the length of some eight usual words
SCALE = 10  # weights are whole tenths of a point
LABEL_LETTERS = ascii_letters  # of the labels, in the order of the first line
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
    """A table of weights in tenths of a point, packed, as a worker keeps four of them."""

    labels: tuple[str, ...]
    needed: Mapping[str, float]
    numbers: Mapping[str, int]  # of the grams
    rarities: Sequence[float]
    begins: Sequence[int]  # where a gram's additions begin; they end where the next one's begin
    label_of: bytes  # each at most once for a gram
    adds: Sequence[int]


@lru_cache(maxsize=8)
def load_model(name: str) -> LinearModel:
    """Return a table of data/weights, loaded once."""
    with (FOLDER / f"{name}.tsv").open(encoding="utf-8") as file:
        labels = tuple(cell.partition("=")[2] for cell in _split_cells(next(file)))
        needed = dict(zip(labels, map(float, _split_cells(next(file))), strict=True))
        return LinearModel(labels, needed, *_pack_rows(map(_split_cells, file)))


def _split_cells(line: str) -> list[str]:
    return line.rstrip("\n").split("\t")


def _pack_rows(
    rows: Iterable[list[str]],
) -> tuple[dict[str, int], Sequence[float], Sequence[int], bytes, Sequence[int]]:
    numbers: dict[str, int] = {}
    rarities, begins, label_of, adds = array("f"), array("I", [0]), bytearray(), array("h")
    place = {letter: number for number, letter in enumerate(LABEL_LETTERS)}
    for name, rarity, additions in rows:
        if _ADD.sub("", additions):
            raise ValueError(f"no weights: {additions}")
        numbers[sys.intern(name)] = len(numbers)
        rarities.append(float(rarity))
        for letter, add in _ADD.findall(additions):
            label_of.append(place[letter])
            adds.append(int(add))
        begins.append(len(adds))
    return numbers, rarities, begins, bytes(label_of), adds


@dataclass(frozen=True)
class Scores:
    """A story scored by a model: points by label, features, and the shares of known ones."""

    model: LinearModel
    scores: Mapping[str, float]
    grams: Sequence[Feature]
    shares: Sequence[tuple[int, float]]

    @cached_property
    def _first_places(self) -> Mapping[int | None, Feature]:
        """Return each feature by its number, at its first place."""
        numbers = map(self.model.numbers.get, (gram.name for gram in reversed(self.grams)))
        return dict(zip(numbers, reversed(self.grams), strict=True))

    def contributions(self, label: str) -> list[FeatureContribution]:
        """Return what each feature adds to a label, at its first place, the largest first."""
        if label not in self.model.labels:
            return []
        wanted, places = self.model.labels.index(label), self._first_places
        begins, label_of, adds = self.model.begins, self.model.label_of, self.model.adds
        parts = [
            FeatureContribution(places[number], share * adds[at] / SCALE)
            for number, share in self.shares
            if (at := label_of.find(wanted, begins[number], begins[number + 1])) >= 0
        ]
        return sorted(parts, key=lambda part: -abs(part.points))


def score(model: LinearModel, grams: Sequence[Feature]) -> Scores:
    shares = _weigh(model, (gram.name for gram in grams))
    return Scores(model, _sum_labels(model, shares), grams, shares)


@lru_cache(maxsize=4)
def _load_pairs(name: str) -> tuple[Mapping[str, tuple[float, float]], tuple[float, float]]:
    """Return what each feature of a table of two labels adds to both, and what both need."""
    model, pairs = load_model(name), dict[str, tuple[float, float]]()
    for gram, number in model.numbers.items():
        points = [0.0, 0.0]
        for at in range(model.begins[number], model.begins[number + 1]):
            share = model.rarities[number] / MIN_LENGTH
            points[model.label_of[at]] = model.adds[at] * share / SCALE
        pairs[gram] = (points[0], points[1])
    one, two = model.needed.values()
    return pairs, (one, two)


def score_pair(name: str, features: Iterable[str]) -> tuple[float, float]:
    """Return the points of both labels of a table beyond those needed: a plain sum."""
    pairs, (one, two) = _load_pairs(name)
    one, two = -one, -two
    for pair in filter(None, map(pairs.get, features)):
        one += pair[0]
        two += pair[1]
    return one, two


def forget_weights() -> None:
    """Have the tables loaded anew."""
    load_model.cache_clear()
    _load_pairs.cache_clear()


def _weigh(model: LinearModel, names: Iterable[str]) -> list[tuple[int, float]]:
    """Return the features that the model knows, by number, each with its weight in the story.

    A rare one weighs more, a repeated one a little more. The vector has length one, or less for few
    words, so that a long story weighs no more than a short one.
    """
    rarities = model.rarities
    weighed = [
        (number, rarities[number] if many == 1 else (1 + log(many)) * rarities[number])
        for number, many in Counter(map(model.numbers.get, names)).items()
        if number is not None
    ]
    length = max(MIN_LENGTH, sqrt(sum(share * share for _, share in weighed)))
    return [(number, share / length) for number, share in weighed]


def _sum_labels(model: LinearModel, shares: Iterable[tuple[int, float]]) -> dict[str, float]:
    """Return the points of every label. The hot loop of every story: no calls inside."""
    sums = [0.0] * len(model.labels)
    begins, label_of, adds = model.begins, model.label_of, model.adds
    for number, share in shares:
        first, last = begins[number], begins[number + 1]
        for label, add in zip(label_of[first:last], adds[first:last], strict=True):
            sums[label] += share * add
    return {label: total / SCALE for label, total in zip(model.labels, sums, strict=True)}


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
