"""Weigh whether each clause of a story says that money is gone, or kept. Pure: no Django.

Weights (data/weights/clauses.tsv) were learnt from marked clauses of labelled stories. A clause is
scored by its own words, its actions, and its neighbours'.
"""

from itertools import pairwise
from typing import NamedTuple

from reports.extraction.language.cue_matcher import canonical_spelling
from reports.extraction.language.parsed_story import ParsedStory, action_features, pair_features
from reports.extraction.language.scoring import Feature, score_pair

CLAUSE_KINDS = ("gone", "kept")
# Words that begin a clause; without their marks only those that hardly are another word.
_BEGIN = {
    *map(canonical_spelling, ("nhưng", "rồi", "nên", "mà", "xong", "chứ", "vì")),
    *("but", "then", "and", "because"),
}
_BEGIN_UNMARKED = {"nhung", "roi", "nen", "ma", "xong"}
_MAX_LENGTH = 12  # words of a clause


class Clause(NamedTuple):
    """Words [first, last) of a story, and the names of their features."""

    first: int
    last: int
    names: list[str]


class ClauseVerdict(NamedTuple):
    """How surely words [first, last) say that money is gone, or kept: points beyond those needed."""

    first: int
    last: int
    gone: float
    kept: float

    @property
    def kind(self) -> str:
        """Return what the clause says, "" for nothing."""
        if max(self.gone, self.kept) <= 0:
            return ""
        return "gone" if self.gone > self.kept else "kept"


def split_clauses(parsed: ParsedStory) -> list[Clause]:
    """Return the clauses of a story, each with its own features and its neighbours' words."""
    clauses = _cut_clauses(parsed)
    words = [[gram.name for gram in each] for each in clauses]
    place = {gram.first: number for number, each in enumerate(clauses) for gram in each}
    for action in action_features(parsed.actions):
        if action.name[0] == "@" and action.first in place:
            words[place[action.first]].append(action.name)
    pairs = [[gram.name for gram in pair_features(each)] for each in clauses]
    joints = [f"{one[-1].name}|{two[0].name}" for one, two in pairwise(clauses)]
    result = []
    for number, (each, own) in enumerate(zip(clauses, words, strict=True)):
        names = own + pairs[number]
        if number:
            names += ["<" + name for name in words[number - 1]]
            names.append(joints[number - 1])
        if number + 1 < len(clauses):
            names += [">" + name for name in words[number + 1]]
            names.append(joints[number])
        else:
            names += ["…" + name for name in own + pairs[number]]
        result.append(Clause(each[0].first, each[-1].last, names))
    return result


def _cut_clauses(parsed: ParsedStory) -> list[list[Feature]]:
    begin = _BEGIN if parsed.story.marked else _BEGIN | _BEGIN_UNMARKED
    words = [parsed.story.words[gram.first] for gram in parsed.words]
    clauses: list[list[Feature]] = []
    for gram, before, word, behind in zip(
        parsed.words, [None, *words], words, [*words[1:], None], strict=False
    ):
        goes_on = behind is not None and behind.clause == word.clause
        begins = before is None or before.clause != word.clause
        if begins or (word.spelled in begin and goes_on) or len(clauses[-1]) == _MAX_LENGTH:
            clauses.append([])
        clauses[-1].append(gram)
    return clauses


def classify_clauses(parsed: ParsedStory) -> list[ClauseVerdict]:
    """Return the verdict on each clause, in order of place."""
    clauses = split_clauses(parsed)
    return [
        ClauseVerdict(first, last, *score_pair("clauses", names)) for first, last, names in clauses
    ]
