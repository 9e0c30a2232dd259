"""Decide what a story says was lost: nothing, an unknown sum, a sum. Pure: no Django.

The whole story, its end, the words around sums, its clauses and phrases decide whether money is
gone, the words around each sum whether that sum is; total.py adds them up.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from reports.extraction.language.amounts import MoneyAmount, find_amounts
from reports.extraction.language.cue_matcher import (
    Token,
    TokenizedText,
    WordSet,
    tokenize,
    word_set,
)
from reports.extraction.language.parsed_story import ParsedStory
from reports.extraction.language.scoring import (
    Explanation,
    Feature,
    Scores,
    explain,
    explanation_at,
    load_model,
)
from reports.extraction.loss.features import (
    classify_clauses,
    clause_features,
    context_features,
    is_refunded,
    role_score,
)
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
_REPEAT = 3  # the weight of features of phrases and clauses
# Points of phrases for a sum, beside the words around it.
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
    """Return the evidence of phrases and clauses on money, and the features of the sums."""
    evidence = apply_phrase_rules(parsed)
    evidence = replace(evidence, pieces=classify_clauses(parsed, evidence))
    sums = range(len(parsed.sums))
    around = tuple(context_features(parsed, number, evidence) for number in sums)
    return replace(evidence, around=around)


def loss_features(parsed: ParsedStory, evidence: PhraseEvidence) -> list[Feature]:
    """Return the features of story, sums, clauses and phrases that decide on a loss."""
    sums = chain.from_iterable(evidence.around)
    repeated = (*_phrase_features(parsed, evidence), *clause_features(evidence.pieces))
    return [*parsed.all_features, *sums, *(gram for gram in repeated for _ in range(_REPEAT))]


def _phrase_features(parsed: ParsedStory, evidence: PhraseEvidence) -> Iterator[Feature]:
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
    """Return the loss of a story; of junk None unless a phrase names one."""
    kind = max(KINDS, key=lambda each: state.scores[each])
    has_no_feature = not any(state.scores[each] for each in KINDS)
    if has_no_feature or kind == "unknown" or (is_junk and not evidence.gone):
        return LossResult(None)
    if kind == "none":
        phrases = [evidence.none] if evidence.none else []
        return LossResult(0, _explain_loss(parsed, phrases, state, "none"))
    lost = lost_amounts(parsed, evidence)
    reasons = _explain_loss(parsed, [because for _, because in lost], state, "sum")
    return LossResult(total_loss(parsed, evidence, lost), reasons)


def lost_amounts(
    parsed: ParsedStory, evidence: PhraseEvidence
) -> list[tuple[MoneyAmount, RuleEvidence]]:
    """Return the lost sums with their evidence, at least the likeliest one."""
    why = dict(evidence.gone)
    scored = [
        (role_score(evidence, number, "lost") + _phrase_points(parsed, number, why), amount)
        for number, amount in enumerate(parsed.sums)
    ]
    needed = load_model("sums").needed["lost"]
    gone = [amount for worth, amount in scored if worth >= needed]
    if not gone and scored:
        gone = [max(scored, key=lambda each: each[0])[1]]
    gone = drop_partial_amounts(parsed, extend_to_coordinated_amounts(parsed, gone))
    rule = "gone, by the words around"
    return [(each, why.get(each, RuleEvidence(rule, each.first, each.last))) for each in gone]


def _phrase_points(
    parsed: ParsedStory, number: int, why: Mapping[MoneyAmount, RuleEvidence]
) -> float:
    """Return the points that phrases add to a sum: gone, surely gone, refused or refunded."""
    if is_refunded(parsed, number):
        return -PHRASE_SETTLED
    because = why.get(parsed.sums[number])
    if because:
        return PHRASE_SETTLED if because.rule == SETTLED else PHRASE_OF_SUM
    naming, settling = governing_action(parsed, number), resolving_action(parsed, number)
    is_asked = naming is None or naming.state != "done"
    is_refused = is_asked and settling is not None and settling.state != "done"
    return -PHRASE_OF_SUM if is_refused else 0.0


def _explain_loss(
    parsed: ParsedStory, phrases: Sequence[RuleEvidence], state: Scores, kind: str
) -> tuple[Explanation, ...]:
    reasons = [
        explanation_at(parsed.story, _FACT, each.rule, each[1:], 1)
        for each in phrases[:_MAX_REASONS]
    ]
    words = explain(parsed.story, _FACT, kind, state.contributions(kind))
    return (*reasons, *words)


_BEFORE = word_set("thêm tiếp another extra nữa more again")  # "thêm 5 triệu", "lần nữa 5 triệu"
_BEHIND_SUM = word_set("nữa more again")
_OTHERWISE = {"truc", "ke", "noi", "bao", "viet", "ghi", "hoi"}  # "chuyển trực tiếp", "kể thêm"
_IN_ALL = {"tong", "total", "altogether"}
_REACH, _BEHIND = 6, 3  # words before the sum of a story and behind it
_MAX_LENGTH = 400  # characters of the form's field


def is_additional_field(raw: str) -> bool:
    """Return whether the form's field names a further sum: "thêm 5tr"; not a total."""
    story = tokenize(raw[:_MAX_LENGTH])
    words, amount = story.words, next(find_amounts(story), None)
    if amount is None or any(word.folded in _IN_ALL for word in words):
        return False
    beside = (words[: amount.first], words[amount.last :])
    return any(_has_word(story, part, _BEFORE) for part in beside)


def is_additional_loss(parsed: ParsedStory) -> bool:
    """Return whether the loss of a story is a further one.

    The first lost sum decides: "mất 10 triệu, rồi thêm 20 triệu nữa" tells the whole anew. A sum
    that is only demanded is no loss.
    """
    evidence = collect_loss_evidence(parsed)
    lost = sorted(
        (amount for amount, _ in lost_amounts(parsed, evidence)), key=lambda each: each.first
    )
    if not lost or evidence.total or (evidence.is_asked and not evidence.gone):
        return False
    story, first = parsed.story, lost[0]
    words = story.words
    follower = next((each.first for each in parsed.sums if each.first >= first.last), len(words))
    reach = 1 if follower < len(words) else _BEHIND
    clause = words[first.first].clause
    before = words[max(0, first.first - _REACH) : first.first]
    behind = words[first.last : first.last + reach]
    return _has_word(story, (word for word in before if word.clause == clause), _BEFORE) or (
        _has_word(story, (word for word in behind if word.clause == clause), _BEHIND_SUM)
    )


def _has_word(story: TokenizedText, words: Iterable[Token], wanted: WordSet) -> bool:
    """Return whether one of the *wanted* words says that a sum is a further one."""
    last = ""
    for word in words:
        if wanted.has(story, word) and last not in _OTHERWISE:
            return True
        last = word.folded
    return False
