"""A story in pieces, and what each tells of the money: that it is gone, that it is not. Pure: no
Django.

A piece is a clause, or a part of a long one. In the stories that we wrote, people marked the pieces
that tell what became of the money; what they have in common is data/weights/pieces.tsv. A piece is
weighed by its own words and those of its neighbours; what the pieces say is weighed once more beside
all else that speaks of money (losses.py), which decides.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from reports.extraction.cue_matcher import spelling
from reports.extraction.loss.payment_verbs import grams_of_deeds
from reports.extraction.loss.phrase_rules import Said, Told
from reports.extraction.ngram_model import Gram, pairs, scores_of, weights
from reports.extraction.parsed_story import Look

KINDS = ("gone", "kept")
_SIGN = {"gone": "G", "kept": "K"}
# Words that begin a piece; without their marks only those that hardly are another word.
_BEGIN = {
    *map(spelling, ("nhưng", "rồi", "nên", "mà", "xong", "chứ", "vì")),
    *("but", "then", "and", "because"),
}
_BEGIN_UNMARKED = {"nhung", "roi", "nen", "ma", "xong"}
_LONGEST = 12  # words of a piece
_BEFORE, _BEHIND, _LAST = "<", ">", "…"
_LEVELS = (-10.0, -7.5, -5.0, -2.5, 0.0, 2.5, 5.0, 7.5, 10.0)  # points beyond those needed
_LEVELS_AROUND = (-5.0, 0.0, 5.0)
_MOST_TURNS = 3


class Piece(NamedTuple):
    """Words [first, last) of a story, and the names of the grams by which they are weighed."""

    first: int
    last: int
    names: list[str]


def pieces_of(look: Look, said: Said) -> list[Piece]:
    """The pieces of a story. Each is weighed by its words, pairs, gapped pairs, families, deeds and
    phrases, by how it is joined to its neighbours, and by these.
    """
    cut = _cut(look)
    near = _near(look, said, cut)
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
        pieces.append(Piece(words[0].first, words[-1].last, names))
    return pieces


def _cut(look: Look) -> list[list[Gram]]:
    """The words of a story, piece by piece."""
    begin = _BEGIN if look.story.marked else _BEGIN | _BEGIN_UNMARKED
    words = [look.story.words[gram.first] for gram in look.words]
    pieces: list[list[Gram]] = []
    for gram, before, word, behind in zip(
        look.words, [None, *words], words, [*words[1:], None], strict=False
    ):
        goes_on = behind is not None and behind.clause == word.clause
        begins = before is None or before.clause != word.clause
        if begins or (word.spelled in begin and goes_on) or len(pieces[-1]) == _LONGEST:
            pieces.append([])
        pieces[-1].append(gram)
    return pieces


def _near(look: Look, said: Said, pieces: Sequence[Sequence[Gram]]) -> list[list[str]]:
    """What of each piece its neighbours hear too."""
    near = [[gram.name for gram in (*piece, *pairs(piece))] for piece in pieces]
    piece_of = {gram.first: number for number, piece in enumerate(pieces) for gram in piece}
    for gram in _marks(look, said):
        if (number := piece_of.get(gram.first)) is not None:
            near[number].append(gram.name)
    return near


def _marks(look: Look, said: Said) -> Iterator[Gram]:
    """Families, deeds, and what phrases say."""
    yield from (gram for gram in look.grams if gram.name[0] == "=")
    yield from (gram for gram in grams_of_deeds(look.deeds) if gram.name[0] == "@")
    yield from (Gram("?gone", *because[1:]) for _, because in said.gone)
    if said.none:
        yield Gram("?none", *said.none[1:])


def _as(sign: str, names: Sequence[str]) -> list[str]:
    return [sign + name for name in names]


def _gapped(piece: Sequence[Gram]) -> list[str]:
    """Words with one between them: "không _ chuyển"."""
    return [f"{one.name} _ {two.name}" for one, two in zip(piece, piece[2:], strict=False)]


def tellings(look: Look, said: Said) -> tuple[Told, ...]:
    """What each piece tells, in order of place."""
    return tuple(_tellings(look, said))


def _tellings(look: Look, said: Said) -> Iterator[Told]:
    table = weights("pieces")
    for first, last, names in pieces_of(look, said):
        scores = scores_of(table, names)
        for kind in KINDS:
            yield Told(kind, scores[kind] - table.needed[kind], first, last)


def grams_of_tellings(told: Sequence[Told]) -> Iterator[Gram]:
    """How surely a piece says that money is gone or kept, the last three that say either, and
    whether both are said.
    """
    for kind in KINDS:
        surest = max((each for each in told if each.kind == kind), key=_surely, default=None)
        if surest:
            reached = sum(surest.points > level for level in _LEVELS)
            yield Gram(f"*{kind} {reached}", surest.first, surest.last)
    if told:
        yield from _turns(told)


def _surely(told: Told) -> float:
    return told.points


def _turns(told: Sequence[Told]) -> Iterator[Gram]:
    """What is told, in its order."""
    decisive = [each for each in told if each.points > 0]
    names = "".join(_SIGN[each.kind] for each in decisive)
    for many in range(1, min(len(decisive), _MOST_TURNS) + 1):
        yield Gram("*" + names[-many:], decisive[-many].first, decisive[-1].last)
    over = decisive or told
    yield Gram("*all " + "".join(sorted({*names})), over[0].first, over[-1].last)


def grams_around(told: Sequence[Told], first: int) -> Iterator[str]:
    """What the piece around word *first* tells, and the next that tells anything."""
    for each in told:
        if each.first <= first < each.last:
            for number, level in enumerate(_LEVELS_AROUND):
                if each.points > level:
                    yield f"~here {each.kind} {number}"
    behind = (each for each in told if each.first > first and each.points > 0)
    following = next(behind, None)
    yield f"~next {following.kind}" if following else "~next none"
