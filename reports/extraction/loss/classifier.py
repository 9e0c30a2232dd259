"""What a story says was lost: nothing, something, a sum, or not a word of it. Pure: no Django.

First whether money is gone at all, by the whole story, how it ends, the words around each sum, what
its pieces (pieces.py) and phrases (lost.py) say; then, where it is, which of the sums, by the words
around each, and what they come to (reckoning.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from reports.extraction.amounts import Amount
from reports.extraction.explanations import Fact, Reason, grounds, spot
from reports.extraction.loss.amount_context import around, is_returned, points
from reports.extraction.loss.amount_grouping import with_joined, without_parts
from reports.extraction.loss.clause_classifier import grams_of_tellings, tellings
from reports.extraction.loss.phrase_rules import (
    SETTLED,
    Because,
    Said,
    naming_deed,
    settling_deed,
    what_phrases_say,
)
from reports.extraction.loss.total import total_of
from reports.extraction.ngram_model import Gram, Weighing, weights
from reports.extraction.parsed_story import Look

KINDS = ("none", "unknown", "sum")
_LOUD = 3  # what a phrase or a piece says is heard as if it stood there so many times
# What a phrase is worth to a sum, beside the words around it.
PHRASE_SETTLED = 12.0
PHRASE_OF_SUM = 5.0
_MOST_REASONS = 8
_FACT = "money_lost_vnd"


@dataclass(frozen=True, slots=True)
class Loss:
    """The sum lost in đồng (0 none, None not said) with its reasons."""

    value: int | None
    reasons: tuple[Reason, ...] = ()


def hear(look: Look) -> Said:
    """What the phrases and the pieces of a story say of its money, and what stands around its sums."""
    said = what_phrases_say(look)
    said = replace(said, pieces=tellings(look, said))
    return replace(
        said, around=tuple(around(look, number, said) for number in range(len(look.sums)))
    )


def told(look: Look, said: Said) -> list[Gram]:
    """All that says whether money is gone: the story and how it ends, what stands around its sums,
    what its pieces tell, what phrases say.
    """
    sums = chain.from_iterable(said.around)
    voices = (*_of_phrases(look, said), *grams_of_tellings(said.pieces))
    return [*look.endings, *sums, *(gram for gram in voices for _ in range(_LOUD))]


def _of_phrases(look: Look, said: Said) -> Iterator[Gram]:
    """What the phrases say, each as a sign of its own."""
    rules = {because.rule for _, because in said.gone}
    if said.gone:
        yield Gram("?gone", *said.gone[0][1][1:])
    if SETTLED in rules:
        yield Gram("?settled", *said.gone[0][1][1:])
    if said.none:
        yield Gram("?none", *said.none[1:])
    if said.is_asked:
        yield Gram("?asked", *look.sums[0][1:])
    if not look.sums and look.words:
        yield Gram("?no sum", 0, 1)


def read_loss(look: Look, said: Said, state: Weighing, is_junk: bool = False) -> Loss:
    """What the story says was lost, with the words that say so. Without a word that anybody knows it
    says nothing; nor does junk, unless a phrase says that a sum is gone: who curses may have lost it.
    """
    kind = max(KINDS, key=lambda each: state.scores[each])
    is_mute = not any(state.scores[each] for each in KINDS)
    if is_mute or kind == "unknown" or (is_junk and not said.gone):
        return Loss(None)
    if kind == "none":
        return Loss(0, _because(look, [said.none] if said.none else [], state, "none"))
    lost = lost_sums(look, said)
    return Loss(
        total_of(look, said, lost), _because(look, [because for _, because in lost], state, "sum")
    )


def lost_sums(look: Look, said: Said) -> list[tuple[Amount, Because]]:
    """The sums that are gone; where money is gone and none is said to be, the likeliest."""
    why = dict(said.gone)
    scored = [
        (points(said, number) + _worth(look, number, why), amount)
        for number, amount in enumerate(look.sums)
    ]
    needed = weights("sums").needed["lost"]
    gone = [amount for worth, amount in scored if worth >= needed]
    if not gone and scored:
        gone = [max(scored, key=lambda each: each[0])[1]]
    gone = without_parts(look, with_joined(look, gone))
    return [
        (amount, why.get(amount, Because("gone, by the words around", amount.first, amount.last)))
        for amount in gone
    ]


def _worth(look: Look, number: int, why: Mapping[Amount, Because]) -> float:
    """What phrases add to a sum: that it is gone, surely gone, or that nobody paid it."""
    if is_returned(look, number):
        return -PHRASE_SETTLED
    because = why.get(look.sums[number])
    if because:
        return PHRASE_SETTLED if because.rule == SETTLED else PHRASE_OF_SUM
    return -PHRASE_OF_SUM if _is_refused(look, number) else 0.0


def _is_refused(look: Look, number: int) -> bool:
    """Whether the next deed behind a sum that was asked for is that nobody paid it."""
    naming, settling = naming_deed(look, number), settling_deed(look, number)
    asked = naming is None or naming.state != "done"
    return asked and settling is not None and settling.state != "done"


def _because(
    look: Look, phrases: Sequence[Because], state: Weighing, kind: str
) -> tuple[Reason, ...]:
    reasons = [spot(look.story, _FACT, each.rule, each[1:], 1) for each in phrases[:_MOST_REASONS]]
    words = grounds(look.story, Fact(_FACT, kind, 0), (), state.parts(kind))
    return (*reasons, *words)
