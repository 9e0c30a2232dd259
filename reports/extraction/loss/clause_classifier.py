"""A story in pieces, and what each tells of the money: that it is gone, that it is not. Pure: no
Django.

A piece is a clause, or a part of a long one. In the stories that we wrote, people marked the pieces
that tell what became of the money; what they have in common is data/weights/pieces.tsv. A piece is
weighed by its own words and those of its neighbours; what the pieces say is weighed once more beside
all else that speaks of money (classifier.py), which decides.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from reports.extraction.language.cue_matcher import canonical_spelling
from reports.extraction.language.ngram_model import Feature, load_model, pairs, score_labels
from reports.extraction.language.parsed_story import ParsedStory
from reports.extraction.language.payment_verbs import action_features
from reports.extraction.loss.phrase_rules import ClauseVerdict, PhraseEvidence

KINDS = ("gone", "kept")
_SIGN = {"gone": "G", "kept": "K"}
# Words that begin a piece; without their marks only those that hardly are another word.
_BEGIN = {
    *map(canonical_spelling, ("nhưng", "rồi", "nên", "mà", "xong", "chứ", "vì")),
    *("but", "then", "and", "because"),
}
_BEGIN_UNMARKED = {"nhung", "roi", "nen", "ma", "xong"}
_MAX_LENGTH = 12  # words of a piece
_BEFORE, _BEHIND, _LAST = "<", ">", "…"
_LEVELS = (-10.0, -7.5, -5.0, -2.5, 0.0, 2.5, 5.0, 7.5, 10.0)  # points beyond those needed
_LEVELS_AROUND = (-5.0, 0.0, 5.0)
_MAX_TURNS = 3


class Clause(NamedTuple):
    """Words [first, last) of a story, and the names of the grams by which they are weighed."""

    first: int
    last: int
    names: list[str]


def split_clauses(parsed: ParsedStory, evidence: PhraseEvidence) -> list[Clause]:
    """The pieces of a story. Each is weighed by its words, pairs, gapped pairs, families, deeds and
    phrases, by how it is joined to its neighbours, and by these.
    """
    cut = _cut(parsed)
    near = _near(parsed, evidence, cut)
    joints = [f"{one[-1].name}|{two[0].name}" for one, two in pairwise(cut)]
    pieces = []
    for number, words in enumerate(cut):
        names = [*near[number], *_gapped(words)]
        if number:
            names += [*_as(_BEFORE, near[number - 1]), joints[number - 1]]
        if number + 1 < len(cut):
            names += [*_as(_BEHIND, near[number + 1]), joints[number]]
        else:
            names += _as(_LAST, near[number])
        pieces.append(Clause(words[0].first, words[-1].last, names))
    return pieces


def _cut(parsed: ParsedStory) -> list[list[Feature]]:
    """The words of a story, piece by piece."""
    begin = _BEGIN if parsed.story.marked else _BEGIN | _BEGIN_UNMARKED
    words = [parsed.story.words[gram.first] for gram in parsed.words]
    pieces: list[list[Feature]] = []
    for gram, before, word, behind in zip(
        parsed.words, [None, *words], words, [*words[1:], None], strict=False
    ):
        goes_on = behind is not None and behind.clause == word.clause
        begins = before is None or before.clause != word.clause
        if begins or (word.spelled in begin and goes_on) or len(pieces[-1]) == _MAX_LENGTH:
            pieces.append([])
        pieces[-1].append(gram)
    return pieces


def _near(
    parsed: ParsedStory, evidence: PhraseEvidence, pieces: Sequence[Sequence[Feature]]
) -> list[list[str]]:
    """What of each piece its neighbours hear too."""
    near = [[gram.name for gram in (*piece, *pairs(piece))] for piece in pieces]
    piece_of = {gram.first: number for number, piece in enumerate(pieces) for gram in piece}
    for gram in _marks(parsed, evidence):
        if (number := piece_of.get(gram.first)) is not None:
            near[number].append(gram.name)
    return near


def _marks(parsed: ParsedStory, evidence: PhraseEvidence) -> Iterator[Feature]:
    """Families, deeds, and what phrases say."""
    yield from (gram for gram in parsed.grams if gram.name[0] == "=")
    yield from (gram for gram in action_features(parsed.deeds) if gram.name[0] == "@")
    yield from (Feature("?gone", *because[1:]) for _, because in evidence.gone)
    if evidence.none:
        yield Feature("?none", *evidence.none[1:])


def _as(sign: str, names: Sequence[str]) -> list[str]:
    return [sign + name for name in names]


def _gapped(piece: Sequence[Feature]) -> list[str]:
    """Words with one between them: "không _ chuyển"."""
    return [f"{one.name} _ {two.name}" for one, two in zip(piece, piece[2:], strict=False)]


def classify_clauses(parsed: ParsedStory, evidence: PhraseEvidence) -> tuple[ClauseVerdict, ...]:
    """What each piece tells, in order of place."""
    return tuple(_tellings(parsed, evidence))


def _tellings(parsed: ParsedStory, evidence: PhraseEvidence) -> Iterator[ClauseVerdict]:
    table = load_model("pieces")
    for first, last, names in split_clauses(parsed, evidence):
        scores = score_labels(table, names)
        for kind in KINDS:
            yield ClauseVerdict(kind, scores[kind] - table.needed[kind], first, last)


def clause_features(verdicts: Sequence[ClauseVerdict]) -> Iterator[Feature]:
    """How surely a piece says that money is gone or kept, the last three that say either, and
    whether both are said.
    """
    for kind in KINDS:
        surest = max((each for each in verdicts if each.kind == kind), key=_surely, default=None)
        if surest:
            reached = sum(surest.points > level for level in _LEVELS)
            yield Feature(f"*{kind} {reached}", surest.first, surest.last)
    if verdicts:
        yield from _turns(verdicts)


def _surely(verdicts: ClauseVerdict) -> float:
    return verdicts.points


def _turns(verdicts: Sequence[ClauseVerdict]) -> Iterator[Feature]:
    """What is told, in its order."""
    decisive = [each for each in verdicts if each.points > 0]
    names = "".join(_SIGN[each.kind] for each in decisive)
    for many in range(1, min(len(decisive), _MAX_TURNS) + 1):
        yield Feature("*" + names[-many:], decisive[-many].first, decisive[-1].last)
    over = decisive or verdicts
    yield Feature("*all " + "".join(sorted({*names})), over[0].first, over[-1].last)


def neighbour_clause_features(verdicts: Sequence[ClauseVerdict], first: int) -> Iterator[str]:
    """What the piece around word *first* tells, and the next that tells anything."""
    for each in verdicts:
        if each.first <= first < each.last:
            for number, level in enumerate(_LEVELS_AROUND):
                if each.points > level:
                    yield f"~here {each.kind} {number}"
    behind = (each for each in verdicts if each.first > first and each.points > 0)
    following = next(behind, None)
    yield f"~next {following.kind}" if following else "~next none"
