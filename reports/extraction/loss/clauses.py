"""Weigh whether each clause of a story says that money is gone, or kept. Pure: no Django.

Weights (data/weights/clauses.tsv) were learnt from marked clauses of labelled stories. A clause is
scored by its own words, its actions, and its neighbours'.
"""

from bisect import bisect_right
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from reports.extraction.language.cue_matcher import canonical_spelling
from reports.extraction.language.parsed_story import ParsedStory, action_features
from reports.extraction.language.scoring import score_pair

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
    names, size = [gram.name for gram in parsed.grams], len(parsed.words)
    spans = list(pairwise([*_list_starts(parsed), size]))
    firsts = [parsed.words[start].first for start, _ in spans]
    words = [names[start:end] for start, end in spans]
    for action in action_features(parsed.actions):
        if action.name[0] == "@":
            words[bisect_right(firsts, action.first) - 1].append(action.name)
    pairs = [names[size + start : size + end - 1] for start, end in spans]
    joints = [f"{names[end - 1]}|{names[end]}" for _, end in spans[:-1]]
    clauses = []
    for number, ((_, end), own) in enumerate(zip(spans, words, strict=True)):
        heard = [*own, *pairs[number], *joints[max(0, number - 1) : number + 1]]
        if number:
            heard += ["<" + name for name in words[number - 1]]
        if number + 1 < len(spans):
            heard += [">" + name for name in words[number + 1]]
        else:
            heard += ["…" + name for name in (*own, *pairs[number])]
        clauses.append(Clause(firsts[number], parsed.words[end - 1].last, heard))
    return clauses


def _list_starts(parsed: ParsedStory) -> Iterator[int]:
    """Yield the number of the word, of those with sums as one, with which each clause begins."""
    begin = _BEGIN if parsed.story.marked else _BEGIN | _BEGIN_UNMARKED
    words, start = [parsed.story.words[gram.first] for gram in parsed.words], 0
    for at, (before, word, behind) in enumerate(
        zip([None, *words], words, [*words[1:], None], strict=False)
    ):
        begins = before is None or before.clause != word.clause
        goes_on = word.spelled in begin and behind is not None and behind.clause == word.clause
        if begins or goes_on or at - start == _MAX_LENGTH:
            start = at
            yield at


def classify_clauses(parsed: ParsedStory) -> list[ClauseVerdict]:
    """Return the verdict on each clause, in order of place."""
    clauses = split_clauses(parsed)
    return [
        ClauseVerdict(first, last, *score_pair("clauses", names)) for first, last, names in clauses
    ]
