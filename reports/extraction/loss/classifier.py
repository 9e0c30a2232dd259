"""Decide what a story says was lost: nothing, an unknown sum, a sum, or no word of it. Pure: no Django.

The whole story, its end, the words around each sum, its clauses and phrases say whether money is gone; the
words around each sum then say which sums are, and total.py adds them up.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from core.text import normalize
from reports.extraction.language.amounts import MoneyAmount, find_amounts
from reports.extraction.language.cue_matcher import Token, canonical_spelling, tokenize
from reports.extraction.language.explanations import (
    Explanation,
    ExplanationTarget,
    explain,
    explanation_at,
)
from reports.extraction.language.ngram_model import Feature, Scores, load_model
from reports.extraction.language.parsed_story import ParsedStory, parse_story
from reports.extraction.loss.amount_context import context_features, is_refunded, role_scores
from reports.extraction.loss.clause_classifier import classify_clauses, clause_features
from reports.extraction.loss.phrase_rules import (
    SETTLED,
    PhraseEvidence,
    RuleEvidence,
    apply_phrase_rules,
    governing_action,
    resolving_action,
)
from reports.extraction.loss.total import (
    drop_partial_amounts,
    extend_to_coordinated_amounts,
    total_loss,
)

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


def collect_loss_evidence(parsed: ParsedStory) -> PhraseEvidence:
    """What the phrases and the pieces of a story say of its money, and what stands around its sums."""
    evidence = apply_phrase_rules(parsed)
    evidence = replace(evidence, pieces=classify_clauses(parsed, evidence))
    return replace(
        evidence,
        around=tuple(
            context_features(parsed, number, evidence) for number in range(len(parsed.sums))
        ),
    )


def loss_features(parsed: ParsedStory, evidence: PhraseEvidence) -> list[Feature]:
    """All that says whether money is gone: the story and how it ends, what stands around its sums,
    what its pieces tell, what phrases say.
    """
    sums = chain.from_iterable(evidence.around)
    voices = (*_of_phrases(parsed, evidence), *clause_features(evidence.pieces))
    return [*parsed.all_features, *sums, *(gram for gram in voices for _ in range(_LOUD))]


def _of_phrases(parsed: ParsedStory, evidence: PhraseEvidence) -> Iterator[Feature]:
    """What the phrases say, each as a sign of its own."""
    rules = {because.rule for _, because in evidence.gone}
    if evidence.gone:
        yield Feature("?gone", *evidence.gone[0][1][1:])
    if SETTLED in rules:
        yield Feature("?settled", *evidence.gone[0][1][1:])
    if evidence.none:
        yield Feature("?none", *evidence.none[1:])
    if evidence.is_asked:
        yield Feature("?asked", *parsed.sums[0][1:])
    if not parsed.sums and parsed.words:
        yield Feature("?no sum", 0, 1)


def extract_loss(
    parsed: ParsedStory, evidence: PhraseEvidence, state: Scores, is_junk: bool = False
) -> LossResult:
    """What the story says was lost, with the words that say so. Without a word that anybody knows it
    says nothing; nor does junk, unless a phrase says that a sum is gone: who curses may have lost it.
    """
    kind = max(KINDS, key=lambda each: state.scores[each])
    is_mute = not any(state.scores[each] for each in KINDS)
    if is_mute or kind == "unknown" or (is_junk and not evidence.gone):
        return LossResult(None)
    if kind == "none":
        return LossResult(
            0, _because(parsed, [evidence.none] if evidence.none else [], state, "none")
        )
    lost = lost_amounts(parsed, evidence)
    return LossResult(
        total_loss(parsed, evidence, lost),
        _because(parsed, [because for _, because in lost], state, "sum"),
    )


def lost_amounts(
    parsed: ParsedStory, evidence: PhraseEvidence
) -> list[tuple[MoneyAmount, RuleEvidence]]:
    """The sums that are gone; where money is gone and none is said to be, the likeliest."""
    why = dict(evidence.gone)
    scored = [
        (role_scores(evidence, number) + _worth(parsed, number, why), amount)
        for number, amount in enumerate(parsed.sums)
    ]
    needed = load_model("sums").needed["lost"]
    gone = [amount for worth, amount in scored if worth >= needed]
    if not gone and scored:
        gone = [max(scored, key=lambda each: each[0])[1]]
    gone = drop_partial_amounts(parsed, extend_to_coordinated_amounts(parsed, gone))
    return [
        (
            amount,
            why.get(amount, RuleEvidence("gone, by the words around", amount.first, amount.last)),
        )
        for amount in gone
    ]


def _worth(parsed: ParsedStory, number: int, why: Mapping[MoneyAmount, RuleEvidence]) -> float:
    """What phrases add to a sum: that it is gone, surely gone, or that nobody paid it."""
    if is_refunded(parsed, number):
        return -PHRASE_SETTLED
    because = why.get(parsed.sums[number])
    if because:
        return PHRASE_SETTLED if because.rule == SETTLED else PHRASE_OF_SUM
    return -PHRASE_OF_SUM if _is_refused(parsed, number) else 0.0


def _is_refused(parsed: ParsedStory, number: int) -> bool:
    """Whether the next deed behind a sum that was asked for is that nobody paid it."""
    naming, settling = governing_action(parsed, number), resolving_action(parsed, number)
    is_asked = naming is None or naming.state != "done"
    return is_asked and settling is not None and settling.state != "done"


def _because(
    parsed: ParsedStory, phrases: Sequence[RuleEvidence], state: Scores, kind: str
) -> tuple[Explanation, ...]:
    reasons = [
        explanation_at(parsed.story, _FACT, each.rule, each[1:], 1)
        for each in phrases[:_MAX_REASONS]
    ]
    words = explain(parsed.story, ExplanationTarget(_FACT, kind, 0), (), state.contributions(kind))
    return (*reasons, *words)


_EITHER = ("nữa", "more", "again")
_BEFORE = ("thêm", "tiếp", "another", "extra", *_EITHER)  # "thêm 5 triệu", "lần nữa 5 triệu"
_OTHERWISE = {"truc", "ke", "noi", "bao", "viet", "ghi", "hoi"}  # "chuyển trực tiếp", "kể thêm"
_IN_ALL = {"tong", "total", "altogether"}
_REACH, _BEHIND = 6, 3  # words before the sum of a story and behind it
_MAX_LENGTH = 400  # signs of the form's field


def is_additional_field(raw: str) -> bool:
    """Whether the form's field names a further sum: "thêm 5tr", "20 triệu nữa"; no total is one."""
    story = tokenize(raw[:_MAX_LENGTH])
    words, found = story.words, next(find_amounts(story), None)
    if found is None or any(word.folded in _IN_ALL for word in words):
        return False
    before, behind = words[: found.first], words[found.last :]
    return _says(before, _BEFORE, story.marked) or _says(behind, _BEFORE, story.marked)


def is_additional_loss(text: str) -> bool:
    """Whether the loss of a story is a further one. A story whose first sum is not called so tells
    all of it anew: "mất 10 triệu, rồi thêm 20 triệu nữa"; one that is but asked for is none.
    """
    parsed = parse_story(text)
    evidence = collect_loss_evidence(parsed)
    lost = sorted(
        (amount for amount, _ in lost_amounts(parsed, evidence)), key=lambda each: each.first
    )
    if not lost or evidence.total or (evidence.is_asked and not evidence.gone):
        return False
    words, marked, first = parsed.story.words, parsed.story.marked, lost[0]
    follower = next((each.first for each in parsed.sums if each.first >= first.last), len(words))
    reach = 1 if follower < len(words) else _BEHIND
    before = words[max(0, first.first - _REACH) : first.first]
    behind = words[first.last : first.last + reach]
    clause = words[first.first].clause
    return _says((word for word in before if word.clause == clause), _BEFORE, marked) or _says(
        (word for word in behind if word.clause == clause), _EITHER, marked
    )


def _says(words: Iterable[Token], which: tuple[str, ...], marked: bool) -> bool:
    """Whether one of these words is there, without marks where the text has none."""
    known = {canonical_spelling(word) if marked else normalize(word) for word in which}
    last = ""
    for word in words:
        if (word.spelled if marked else word.folded) in known and last not in _OTHERWISE:
            return True
        last = word.folded
    return False
