"""How well the reader reads: labelled stories -> precision, recall and F1 per code, which codes are
taken for which, how far its own sureness can be trusted. Pure: no Django, no database.

A labelled story is {"id", "text"} with any of "scenario", "actions", "money_lost_vnd" (0 none,
null not said) and "ongoing"; what it does not have is not judged.
"""

import statistics
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reports.extraction.language.cue_matcher import code_rows
from reports.extraction.story_reader import StoryReading, extract_from_story

FACTS = frozenset({"scenario", "actions", "money_lost_vnd", "ongoing"})
_BANDS = 5  # of sureness
_MAX_SWAPS = 20


@dataclass(frozen=True, slots=True)
class EvaluatedStory:
    """One labelled story and what was read in it."""

    label: Mapping[str, Any]
    reading: StoryReading


@dataclass(frozen=True, slots=True)
class Score:
    """How one code fares: right, wrongly said, missed."""

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


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Stories whose scenario led by about the same margin, and the share that was right."""

    least: float
    stories: int
    right: float


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def evaluate(labels: Iterable[Mapping[str, Any]]) -> list[EvaluatedStory]:
    """Read every labelled story."""
    return [EvaluatedStory(label, extract_from_story(label["text"])) for label in labels]


def _having(field: str, judged: Iterable[EvaluatedStory]) -> list[EvaluatedStory]:
    return [each for each in judged if field in each.label]


def fact_accuracy(judged: Iterable[EvaluatedStory]) -> dict[str, tuple[int, int]]:
    """For each fact that somebody labelled: how often it was read so, and how often labelled."""
    right, labelled = Counter[str](), Counter[str]()
    for each in judged:
        for fact in FACTS & each.label.keys():
            labelled[fact] += 1
            right[fact] += _same(each.label[fact], getattr(each.reading, fact))
    return {fact: (right[fact], labelled[fact]) for fact in sorted(labelled)}


def _same(meant: object, read: object) -> bool:
    """Lists of codes say the same in whatever order."""
    if isinstance(meant, list) and isinstance(read, tuple):
        return set(meant) == set(read)
    return meant == read


def scenarios(judged: Iterable[EvaluatedStory]) -> dict[str, Score]:
    """A score for each scenario that was said or meant, in the order of the taxonomy."""
    return _scores(
        _having("scenario", judged),
        lambda label: [label["scenario"]],
        lambda reading: [reading.scenario],
    )


def actions(judged: Iterable[EvaluatedStory]) -> dict[str, Score]:
    """The same for demanded actions, of which a story may have many."""
    return _scores(
        _having("actions", judged), lambda label: label["actions"], lambda reading: reading.actions
    )


def _scores(
    judged: Sequence[EvaluatedStory],
    meant: Callable[[Mapping[str, Any]], Collection[str]],
    get_read: Callable[[StoryReading], Collection[str]],
) -> dict[str, Score]:
    right, wrong, missed = Counter[str](), Counter[str](), Counter[str]()
    for each in judged:
        truth, found = set(meant(each.label)), set(get_read(each.reading))
        right.update(truth & found)
        wrong.update(found - truth)
        missed.update(truth - found)
    codes = [code for code in code_rows() if right[code] + wrong[code] + missed[code]]
    return {code: Score(right[code], wrong[code], missed[code]) for code in codes}


def macro_f1(scores: Mapping[str, Score]) -> float:
    """The mean F1, each code as heavy as another."""
    return statistics.fmean(score.f1 for score in scores.values()) if scores else 0.0


def micro_average(scores: Mapping[str, Score]) -> Score:
    """All codes as one: its F1 is the micro F1."""
    values = scores.values()
    return Score(
        sum(score.right for score in values),
        sum(score.wrong for score in values),
        sum(score.missed for score in values),
    )


def accuracy(judged: Iterable[EvaluatedStory]) -> float:
    """The share of stories with the right scenario."""
    return _rate("scenario", judged, lambda reading: reading.scenario)


def money_exact(judged: Iterable[EvaluatedStory]) -> float:
    """The share with the right loss to the đồng; none, not said and a sum are told apart."""
    return _rate("money_lost_vnd", judged, lambda reading: reading.money_lost_vnd)


def _rate(
    field: str, judged: Iterable[EvaluatedStory], get_read: Callable[[StoryReading], object]
) -> float:
    rows = _having(field, judged)
    return _share(sum(each.label[field] == get_read(each.reading) for each in rows), len(rows))


def loss_kind_confusion(judged: Iterable[EvaluatedStory]) -> Counter[tuple[str, str]]:
    """How often a kind of loss (none, unknown, sum) was meant and which was read."""
    rows = _having("money_lost_vnd", judged)
    return Counter(
        (kind_of(each.label["money_lost_vnd"]), kind_of(each.reading.money_lost_vnd))
        for each in rows
    )


def kind_of(loss: int | None) -> str:
    return "unknown" if loss is None else "sum" if loss else "none"


def ongoing(judged: Iterable[EvaluatedStory]) -> Score:
    """Whether it goes on, as one code."""
    pairs = Counter(
        (bool(each.label["ongoing"]), each.reading.ongoing) for each in _having("ongoing", judged)
    )
    return Score(pairs[True, True], pairs[False, True], pairs[True, False])


def confusion_pairs(judged: Iterable[EvaluatedStory]) -> list[tuple[str, str, int]]:
    """The scenarios that were taken for another: (meant, read, how often), most often first."""
    pairs = Counter(
        (str(each.label["scenario"]), each.reading.scenario) for each in _having("scenario", judged)
    )
    wrong = [(meant, read, many) for (meant, read), many in pairs.items() if meant != read]
    return sorted(wrong, key=lambda row: (-row[2], row))[:_MAX_SWAPS]


def calibration(judged: Iterable[EvaluatedStory]) -> list[CalibrationBin]:
    """Fifths of the stories by the margin of their scenario, the least sure first."""
    rows = sorted(_having("scenario", judged), key=lambda each: each.reading.margin)
    return list(_bands(rows))


def _bands(rows: Sequence[EvaluatedStory]) -> Iterator[CalibrationBin]:
    for number in range(_BANDS):
        part = rows[number * len(rows) // _BANDS : (number + 1) * len(rows) // _BANDS]
        if part:
            right = sum(each.label["scenario"] == each.reading.scenario for each in part)
            yield CalibrationBin(part[0].reading.margin, len(part), right / len(part))


def summary_metrics(judged: Sequence[EvaluatedStory]) -> Iterator[str]:
    """The five figures by which a reader is judged."""
    yield f"scenario macro F1 {macro_f1(scenarios(judged)):.3f}"
    yield f"scenario accuracy {accuracy(judged):.3f}"
    yield f"actions micro F1 {micro_average(actions(judged)).f1:.3f}"
    yield f"money exact {money_exact(judged):.3f}"
    yield f"ongoing F1 {ongoing(judged).f1:.3f}"
