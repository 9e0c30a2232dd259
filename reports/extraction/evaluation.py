"""Measure the story reader on labelled stories: scores, confusions, calibration. Pure: no Django.

A label is {"id", "text"} with any of "scenario", "actions", "money_lost_vnd" (0 none, null not
said) and "ongoing"; missing ones are not judged. Likewise "danger", the codes of its dangers.
"""

import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from itertools import starmap
from typing import Any

from reports.extraction.language.cue_matcher import code_rows
from reports.extraction.priority import list_dangers
from reports.extraction.story_reader import StoryReading, extract_from_story

FACTS = frozenset({"scenario", "actions", "money_lost_vnd", "ongoing"})
# From which sum of its reasons' points a fact is sure, and likely. Scaled on unseen stories: `evaluate`
# tells how many of each are right.
CERTAINTY_POINTS = {"scenario": (0.5, -5.0), "actions": (17.5, 15.0), "ongoing": (20.0, 14.0)}
_MAX_CONFUSIONS = 20


@dataclass(frozen=True, slots=True)
class EvaluatedStory:
    label: Mapping[str, Any]
    reading: StoryReading


@dataclass(frozen=True, slots=True)
class Score:
    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        return _share(self.right, self.right + self.wrong)

    @property
    def recall(self) -> float:
        return _share(self.right, self.right + self.missed)

    @property
    def f1(self) -> float:
        return _share(2 * self.right, 2 * self.right + self.wrong + self.missed)


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def evaluate(labels: Iterable[Mapping[str, Any]]) -> list[EvaluatedStory]:
    return [EvaluatedStory(label, extract_from_story(label["text"])) for label in labels]


def _list_pairs(fact: str, judged: Iterable[EvaluatedStory]) -> list[tuple[Any, Any]]:
    """Return the label and the reading of a fact where it is labelled."""
    return [
        (each.label[fact], getattr(each.reading, fact)) for each in judged if fact in each.label
    ]


def fact_accuracy(judged: Sequence[EvaluatedStory]) -> dict[str, tuple[int, int]]:
    """Return (right, labelled) for each labelled fact."""
    pairs = {fact: _list_pairs(fact, judged) for fact in sorted(FACTS)}
    return {fact: (sum(starmap(_is_same, rows)), len(rows)) for fact, rows in pairs.items() if rows}


def _is_same(meant: object, extracted: object) -> bool:
    """Return whether label and reading agree; the order of codes does not matter."""
    if isinstance(meant, list) and isinstance(extracted, tuple):
        return set(meant) == set(extracted)
    return meant == extracted


def scenarios(judged: Iterable[EvaluatedStory]) -> dict[str, Score]:
    """Return a score for each scenario read or meant, in the order of the taxonomy."""
    return _score_codes(
        ({meant}, {extracted}) for meant, extracted in _list_pairs("scenario", judged)
    )


def actions(judged: Iterable[EvaluatedStory]) -> dict[str, Score]:
    return _score_codes(
        (set(meant), set(extracted)) for meant, extracted in _list_pairs("actions", judged)
    )


def _score_codes(pairs: Iterable[tuple[set[str], set[str]]]) -> dict[str, Score]:
    right, wrong, missed = Counter[str](), Counter[str](), Counter[str]()
    for meant, extracted in pairs:
        right.update(meant & extracted)
        wrong.update(extracted - meant)
        missed.update(meant - extracted)
    codes = [code for code in code_rows() if right[code] + wrong[code] + missed[code]]
    return {code: Score(right[code], wrong[code], missed[code]) for code in codes}


def macro_f1(scores: Mapping[str, Score]) -> float:
    return statistics.fmean(score.f1 for score in scores.values()) if scores else 0.0


def micro_average(scores: Mapping[str, Score]) -> Score:
    return Score(*map(sum, zip(*map(astuple, scores.values()), strict=True)))


def accuracy(judged: Iterable[EvaluatedStory], fact: str = "scenario") -> float:
    """Return the share of labelled stories of which a fact was read exactly."""
    pairs = _list_pairs(fact, judged)
    return _share(sum(starmap(_is_same, pairs)), len(pairs))


def loss_confusion(judged: Iterable[EvaluatedStory]) -> Counter[tuple[str, str]]:
    """Return how often each state of loss was meant and read."""
    labelled = (each for each in judged if "money_lost_vnd" in each.label)
    return Counter((loss_state(each.label), each.reading.loss.state) for each in labelled)


def loss_state(label: Mapping[str, Any]) -> str:
    """Return none, some or not_said; some without a sum where words are marked and no sum is."""
    lost = label["money_lost_vnd"]
    if lost == 0:
        return "none"
    return "some" if lost or label.get("money_because") else "not_said"


def loss_metrics(judged: Iterable[EvaluatedStory]) -> tuple[float, float]:
    """Return the share of states that were read rightly, and of losses that were read as none."""
    states = loss_confusion(judged)
    right = sum(count for (meant, extracted), count in states.items() if meant == extracted)
    return _share(right, states.total()), _share(states["some", "none"], states.total())


def ongoing(judged: Iterable[EvaluatedStory]) -> Score:
    pairs = Counter((bool(meant), extracted) for meant, extracted in _list_pairs("ongoing", judged))
    return Score(pairs[True, True], pairs[False, True], pairs[True, False])


def urgent_shares(judged: Iterable[EvaluatedStory]) -> tuple[float, float]:
    """Return how many of the stories of danger are urgent, and of the others, where labelled."""
    urgent = Counter(
        (bool(each.label["danger"]), bool(list_dangers(each.reading)))
        for each in judged
        if "danger" in each.label
    )
    found, disturbed = ((urgent[is_it, True], urgent[is_it, False]) for is_it in (True, False))
    return _share(found[0], sum(found)), _share(disturbed[0], sum(disturbed))


def confusion_pairs(judged: Iterable[EvaluatedStory]) -> list[tuple[str, str, int]]:
    """Return (meant, read, count) of wrong scenarios, the most frequent first."""
    pairs = Counter((str(meant), extracted) for meant, extracted in _list_pairs("scenario", judged))
    wrong = [(*pair, count) for pair, count in pairs.items() if pair[0] != pair[1]]
    return sorted(wrong, key=lambda row: (-row[2], row))[:_MAX_CONFUSIONS]


def certainty(fact: str, reasons: Iterable[tuple[str, float]]) -> str:
    """Return how sure a fact is by its reasons (rule, points): sure, likely, guess; "" if not weighed.

    Several demands are as sure as the least sure one.
    """
    sums = Counter[str]()
    for rule, points in reasons:
        sums[rule.partition(":")[0]] += points  # type: ignore[assignment]
    if fact not in CERTAINTY_POINTS or not sums:
        return ""
    sure, likely = CERTAINTY_POINTS[fact]
    least = min(sums.values())
    return "sure" if least >= sure else "likely" if least >= likely else "guess"


def calibration(judged: Iterable[EvaluatedStory]) -> Counter[tuple[str, str, bool]]:
    """Return how many readings of a fact were how sure, and right or not."""
    counts = Counter[tuple[str, str, bool]]()
    for each in judged:
        for fact in CERTAINTY_POINTS.keys() & each.label.keys():
            reasons = [(why.rule, why.points) for why in each.reading.reasons if why.fact == fact]
            is_right = _is_same(each.label[fact], getattr(each.reading, fact))
            if word := certainty(fact, reasons):
                counts[fact, word, is_right] += 1
    return counts


def summary_metrics(judged: Sequence[EvaluatedStory]) -> Iterator[str]:
    """Yield the figures by which a reader is judged."""
    yield f"scenario macro F1 {macro_f1(scenarios(judged)):.3f}"
    yield f"scenario accuracy {accuracy(judged):.3f}"
    yield f"actions micro F1 {micro_average(actions(judged)).f1:.3f}"
    right, hidden = loss_metrics(judged)
    yield f"state of loss {right:.3f}"
    yield f"loss read as none {hidden:.4f}"
    yield f"money exact {accuracy(judged, 'money_lost_vnd'):.3f}"
    yield f"ongoing F1 {ongoing(judged).f1:.3f}"
    yield "dangers urgent {:.3f}, others {:.3f}".format(*urgent_shares(judged))
