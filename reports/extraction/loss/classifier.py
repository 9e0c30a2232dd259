"""What a story says was lost: nothing, something, a sum, or not a word of it. Pure: no Django.

First whether money is gone at all, by the whole story, how it ends, the words around each sum, what
its pieces (pieces.py) and phrases (lost.py) say; then, where it is, which of the sums, by the words
around each, and what they come to (reckoning.py).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from reports.extraction.language.amounts import MoneyAmount
from reports.extraction.language.explanations import (
    Explanation,
    ExplanationTarget,
    explain,
    explanation_at,
)
from reports.extraction.language.ngram_model import Feature, Scores, load_model
from reports.extraction.language.parsed_story import ParsedStory
from reports.extraction.loss.amount_context import context_features, is_refunded, role_scores
from reports.extraction.loss.amount_grouping import (
    drop_partial_amounts,
    extend_to_coordinated_amounts,
)
from reports.extraction.loss.clause_classifier import classify_clauses, clause_features
from reports.extraction.loss.phrase_rules import (
    SETTLED,
    PhraseEvidence,
    RuleEvidence,
    apply_phrase_rules,
    governing_action,
    resolving_action,
)
from reports.extraction.loss.total import total_loss

KINDS = ("none", "unknown", "sum")
_LOUD = 3  # what a phrase or a piece says is heard as if it stood there so many times
# What a phrase is worth to a sum, beside the words around it.
PHRASE_SETTLED = 12.0
PHRASE_OF_SUM = 5.0
_MAX_REASONS = 8
_FACT = "money_lost_vnd"


@dataclass(frozen=True, slots=True)
class LossResult:
    """The sum lost in đồng (0 none, None not said) with its reasons."""

    value: int | None
    reasons: tuple[Explanation, ...] = ()


def collect_loss_evidence(look: ParsedStory) -> PhraseEvidence:
    """What the phrases and the pieces of a story say of its money, and what stands around its sums."""
    said = apply_phrase_rules(look)
    said = replace(said, pieces=classify_clauses(look, said))
    return replace(
        said, around=tuple(context_features(look, number, said) for number in range(len(look.sums)))
    )


def loss_features(look: ParsedStory, said: PhraseEvidence) -> list[Feature]:
    """All that says whether money is gone: the story and how it ends, what stands around its sums,
    what its pieces tell, what phrases say.
    """
    sums = chain.from_iterable(said.around)
    voices = (*_of_phrases(look, said), *clause_features(said.pieces))
    return [*look.all_features, *sums, *(gram for gram in voices for _ in range(_LOUD))]


def _of_phrases(look: ParsedStory, said: PhraseEvidence) -> Iterator[Feature]:
    """What the phrases say, each as a sign of its own."""
    rules = {because.rule for _, because in said.gone}
    if said.gone:
        yield Feature("?gone", *said.gone[0][1][1:])
    if SETTLED in rules:
        yield Feature("?settled", *said.gone[0][1][1:])
    if said.none:
        yield Feature("?none", *said.none[1:])
    if said.is_asked:
        yield Feature("?asked", *look.sums[0][1:])
    if not look.sums and look.words:
        yield Feature("?no sum", 0, 1)


def extract_loss(
    look: ParsedStory, said: PhraseEvidence, state: Scores, is_junk: bool = False
) -> LossResult:
    """What the story says was lost, with the words that say so. Without a word that anybody knows it
    says nothing; nor does junk, unless a phrase says that a sum is gone: who curses may have lost it.
    """
    kind = max(KINDS, key=lambda each: state.scores[each])
    is_mute = not any(state.scores[each] for each in KINDS)
    if is_mute or kind == "unknown" or (is_junk and not said.gone):
        return LossResult(None)
    if kind == "none":
        return LossResult(0, _because(look, [said.none] if said.none else [], state, "none"))
    lost = lost_amounts(look, said)
    return LossResult(
        total_loss(look, said, lost), _because(look, [because for _, because in lost], state, "sum")
    )


def lost_amounts(look: ParsedStory, said: PhraseEvidence) -> list[tuple[MoneyAmount, RuleEvidence]]:
    """The sums that are gone; where money is gone and none is said to be, the likeliest."""
    why = dict(said.gone)
    scored = [
        (role_scores(said, number) + _worth(look, number, why), amount)
        for number, amount in enumerate(look.sums)
    ]
    needed = load_model("sums").needed["lost"]
    gone = [amount for worth, amount in scored if worth >= needed]
    if not gone and scored:
        gone = [max(scored, key=lambda each: each[0])[1]]
    gone = drop_partial_amounts(look, extend_to_coordinated_amounts(look, gone))
    return [
        (
            amount,
            why.get(amount, RuleEvidence("gone, by the words around", amount.first, amount.last)),
        )
        for amount in gone
    ]


def _worth(look: ParsedStory, number: int, why: Mapping[MoneyAmount, RuleEvidence]) -> float:
    """What phrases add to a sum: that it is gone, surely gone, or that nobody paid it."""
    if is_refunded(look, number):
        return -PHRASE_SETTLED
    because = why.get(look.sums[number])
    if because:
        return PHRASE_SETTLED if because.rule == SETTLED else PHRASE_OF_SUM
    return -PHRASE_OF_SUM if _is_refused(look, number) else 0.0


def _is_refused(look: ParsedStory, number: int) -> bool:
    """Whether the next deed behind a sum that was asked for is that nobody paid it."""
    naming, settling = governing_action(look, number), resolving_action(look, number)
    asked = naming is None or naming.state != "done"
    return asked and settling is not None and settling.state != "done"


def _because(
    look: ParsedStory, phrases: Sequence[RuleEvidence], state: Scores, kind: str
) -> tuple[Explanation, ...]:
    reasons = [
        explanation_at(look.story, _FACT, each.rule, each[1:], 1) for each in phrases[:_MAX_REASONS]
    ]
    words = explain(look.story, ExplanationTarget(_FACT, kind, 0), (), state.contributions(kind))
    return (*reasons, *words)
