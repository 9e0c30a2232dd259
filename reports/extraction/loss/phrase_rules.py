"""Find what phrases say of the sums in a story: that one is gone, that nothing is. Pure: no Django.

A sum in a threat or a promise is no loss: it needs words that say that it is gone. The phrases are
cues.json, "phrases" › "money"; classifier.py weighs this evidence and decides.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from reports.extraction.language.amounts import MoneyAmount
from reports.extraction.language.cue_matcher import (
    CueMatch,
    TokenizedText,
    is_covered,
    longest_match_by_token,
    matches_between,
)
from reports.extraction.language.parsed_story import OUTCOMES, ParsedStory, PaymentAction
from reports.extraction.language.scoring import Feature

_REACH = 5  # words between a verb and its sum
_BEFORE_VERB = 6  # words before a verb in which "bảo", "phải", "chưa" negate it
_AFTER_SUM = 5
_CURT = 6  # words of a clause that only says that somebody paid
_UNDONE = ("not", "asked")
_DEMAND_REACH = 10  # words between a demand and its sum
_ACTION_REACH = 6  # words between an action and the sum that it governs
_MAX_ACTION_WORDS = 12  # more than the longest verb of cues.json
_DUE_REACH = 4  # words between "đòi" and its sum
_OWN_WITHIN = 7  # words between who paid and "chuyển đủ"
_SETTLED_WITHIN = 20  # words between a sum that was asked for and "tôi nộp"
_LOSING = {"mat", "hao", "ton", "sut", "thiet", "lose", "lost"}  # no payment of what was asked
SETTLED = "asked, then paid"  # the surest rule


class RuleEvidence(NamedTuple):
    """A rule, and the words [first, last) of the story that it matched."""

    rule: str
    first: int
    last: int


class ClauseVerdict(NamedTuple):
    """How surely words [first, last) say "gone" or "kept": points beyond those needed."""

    kind: str
    points: float
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class PhraseEvidence:
    """The sums called gone, or why nothing is; the total; verdicts on clauses; features of sums."""

    gone: tuple[tuple[MoneyAmount, RuleEvidence], ...] = ()
    none: RuleEvidence | None = None
    total: MoneyAmount | None = None  # the sum that is called the total
    is_asked: bool = False  # every sum stands behind a demand, a promise or the like
    pieces: tuple[ClauseVerdict, ...] = ()
    around: tuple[list[Feature], ...] = ()  # of each sum (features.py)


@dataclass(frozen=True, slots=True)
class _MoneyPhrases:
    story: TokenizedText
    by_code: dict[str, list[CueMatch]]

    def last(self, code: str, low: int, high: int) -> CueMatch | None:
        """Return the last, then longest, phrase of *code* within words [low, high)."""
        hits = matches_between(self.by_code.get(code, []), low, high)
        return max(hits, key=lambda hit: (hit.last, hit.last - hit.first), default=None)

    def has_phrase(self, codes: tuple[str, ...], low: int, high: int) -> bool:
        return any(self.last(code, low, high) for code in codes)

    def verb(self, code: str, low: int, amount: MoneyAmount) -> CueMatch | None:
        """Return the nearest verb of *code* before a sum, within _REACH."""
        hit = self.last(code, low, amount.first)
        return hit if hit and amount.first - hit.last <= _REACH else None

    def clause_end(self, at: int, ceiling: int) -> int:
        """Return the word after the clause of word *at*, not after *ceiling*."""
        words = self.story.words
        end = at + 1
        while end < ceiling and words[end].clause == words[at].clause:
            end += 1
        return end


def _collect_phrases(parsed: ParsedStory) -> _MoneyPhrases:
    by_code: dict[str, list[CueMatch]] = {}
    for hit in parsed.hits:
        if hit.cue.family in {"money", "negation"}:
            by_code.setdefault(hit.cue.code, []).append(hit)
    return _MoneyPhrases(parsed.story, by_code)


def _is_unrevoked(phrases: _MoneyPhrases, low: int, verb: CueMatch, amount: MoneyAmount) -> bool:
    """Return whether nothing before the verb or up to the sum undoes it."""
    start = max(low, verb.first - _BEFORE_VERB)
    start = max(start, phrases.story.clause_start(verb.first, start))
    undone = phrases.has_phrase(("asked", "not"), start, verb.first)
    return not undone and not phrases.has_phrase(("asked",), verb.last, amount.first)


def _find_evidence(
    phrases: _MoneyPhrases, amount: MoneyAmount, low: int, high: int
) -> RuleEvidence | None:
    """Return why a sum is lost, from the words around it in [low, high), or None."""
    if phrases.has_phrase(("theirs",), low, high):
        return None
    sure = phrases.verb("sure", low, amount)
    if sure and not phrases.has_phrase(("asked",), sure.last, amount.first):
        return RuleEvidence("gone: " + sure.cue.phrase, sure.first, amount.last)
    lost = phrases.verb("lost", low, amount)
    if lost and _is_unrevoked(phrases, low, lost, amount):
        return RuleEvidence("lost: " + lost.cue.phrase, lost.first, amount.last)
    return _find_payment(phrases, amount, low, high)


def _find_payment(
    phrases: _MoneyPhrases, amount: MoneyAmount, low: int, high: int
) -> RuleEvidence | None:
    """Return why "chuyển 5tr" is a loss: the speaker did it, or it is over ("… rồi")."""
    same_clause = phrases.clause_end(amount.last - 1, high)
    after = phrases.last("given", amount.last, same_clause)
    give = phrases.verb("give", low, amount)
    if give:
        mine = after or phrases.has_phrase(("me",), max(low, give.first - _BEFORE_VERB), give.first)
        gone = mine and _is_unrevoked(phrases, low, give, amount)
        return RuleEvidence("given: " + give.cue.phrase, give.first, amount.last) if gone else None
    start = phrases.story.clause_start(amount.first, low)
    if after and not phrases.has_phrase(("asked", "not"), start, amount.first):
        return RuleEvidence("given: " + after.cue.phrase, amount.first, after.last)
    return None


def _window(story: TokenizedText, sums: list[MoneyAmount], index: int) -> tuple[int, int]:
    """Return the words around a sum that can speak of it: its sentence, up to other sums."""
    words, amount = story.words, sums[index]
    low = sums[index - 1].last if index else 0
    high = sums[index + 1].first if index + 1 < len(sums) else len(words)
    while words[low].sentence != words[amount.first].sentence:
        low += 1
    high = min(high, amount.last + _AFTER_SUM)
    while words[high - 1].sentence != words[amount.first].sentence:
        high -= 1
    return max(low, amount.first - 14), high


def _find_done(
    phrases: _MoneyPhrases, sums: list[MoneyAmount]
) -> tuple[MoneyAmount, RuleEvidence] | None:
    """Return a sum that was demanded and then paid: "đòi 5tr, tôi chuyển rồi"."""
    for hit in sorted(
        [*phrases.by_code.get("done", ()), *_find_curt_payments(phrases)], key=lambda hit: hit.first
    ):
        before = [amount for amount in sums if amount.last <= hit.first]
        undone = phrases.has_phrase(("not",), max(0, hit.first - 3), hit.first)
        if not before or undone:
            continue
        amount = before[-1]
        low = max(0, amount.first - _DEMAND_REACH)
        if phrases.has_phrase(("give", "asked"), low, amount.first):
            return amount, RuleEvidence("done: " + hit.cue.phrase, amount.first, hit.last)
    return None


def _actions_between(
    actions: Sequence[PaymentAction], low: int, high: int
) -> Sequence[PaymentAction]:
    """Return the actions, which are in order of place, that begin at words [low, high]."""
    first = bisect_left(actions, low, key=lambda action: action.first)
    return actions[first : bisect_right(actions, high, key=lambda action: action.first)]


def governing_action(parsed: ParsedStory, number: int) -> PaymentAction | None:
    """Return the action that governs a sum: the last before it, near, in its clause."""
    amount, words = parsed.sums[number], parsed.story.words
    low = amount.first - _ACTION_REACH - _MAX_ACTION_WORDS
    near = [
        action
        for action in _actions_between(parsed.actions, low, amount.first)
        if action.kind == "pay"
        and amount.first - _ACTION_REACH <= action.last <= amount.first
        and words[action.first].clause == words[amount.first].clause
    ]
    return near[-1] if near else None


def resolving_action(parsed: ParsedStory, number: int) -> PaymentAction | None:
    """Return the first outcome after a sum and before the next sum, or None."""
    amount, follower = parsed.sums[number], number + 1
    high = len(parsed.story.words)
    if follower < len(parsed.sums):
        naming = governing_action(parsed, follower)
        high = naming.first if naming else parsed.sums[follower].first
    return next(iter(_actions_between(parsed.outcomes, amount.last, high - 1)), None)


def _find_settled(
    parsed: ParsedStory, gone: Sequence[MoneyAmount]
) -> Iterator[tuple[MoneyAmount, RuleEvidence]]:
    """Yield sums demanded and then paid: "nộp 5 triệu. Tôi nộp. Sau thêm 4 triệu, tôi nộp"."""
    for number, amount in enumerate(parsed.sums):
        settling = resolving_action(parsed, number)
        if amount in gone or settling is None or settling.state != "done":
            continue
        near = settling.first - amount.last <= _SETTLED_WITHIN
        if _has_action_phrase(parsed, ("every",), settling.last, settling.last + 3):
            # All were paid: "tôi đóng cả hai".
            for earlier, due in enumerate(parsed.sums[:number]):
                if due not in gone and is_demanded(parsed, earlier):
                    yield due, RuleEvidence(SETTLED, due.first, settling.last)
        if near and is_demanded(parsed, number) and is_stated_payment(parsed, settling):
            yield amount, RuleEvidence(SETTLED, amount.first, settling.last)


def is_demanded(parsed: ParsedStory, number: int) -> bool:
    """Return whether somebody demanded a sum: "đóng 3 triệu đi", "đòi 15 triệu"."""
    naming, amount = governing_action(parsed, number), parsed.sums[number]
    if naming is not None:
        return naming.state in ("asked", "bare")
    return _has_action_phrase(parsed, ("due",), amount.first - _DUE_REACH, amount.first)


def is_stated_payment(parsed: ParsedStory, action: PaymentAction) -> bool:
    """Return whether somebody is said to have paid: "tôi nộp", "nên đưa"."""
    near = _has_action_phrase(parsed, ("self", "did"), action.first - 2, action.first)
    own = near or _has_action_phrase(
        parsed, ("self", "did"), action.first - _OWN_WITHIN, action.first
    )
    plain = near or (own and _has_action_phrase(parsed, ("after",), action.last, action.last + 1))
    return plain and parsed.story.words[action.first].folded not in _LOSING


def _has_action_phrase(parsed: ParsedStory, codes: tuple[str, ...], low: int, high: int) -> bool:
    near = matches_between(parsed.hits, low, high)
    return any(hit.cue.family == "deeds" and hit.cue.code in codes for hit in near)


def _find_curt_payments(phrases: _MoneyPhrases) -> Iterator[CueMatch]:
    """Yield the verbs of short clauses in which somebody pays: "Tôi nộp.", "sợ nên đóng"."""
    for hit in phrases.by_code.get("give", ()):
        first = phrases.story.clause_start(hit.first, max(0, hit.first - _CURT))
        last = phrases.clause_end(hit.first, min(len(phrases.story.words), hit.first + _CURT))
        is_paid = phrases.has_phrase(("me",), first, hit.first) and not phrases.has_phrase(
            _UNDONE, first, last
        )
        if is_paid and hit.first > first and last - first < _CURT:
            yield hit


def _find_none(phrases: _MoneyPhrases) -> RuleEvidence | None:
    """Return the words that say that nothing was lost, outside a threat, or None."""
    threats = longest_match_by_token(phrases.by_code.get("threat", []))
    for hit in phrases.by_code.get("none", ()):
        if not is_covered(hit, threats):
            return RuleEvidence("none: " + hit.cue.phrase, hit.first, hit.last)
    return None


def apply_phrase_rules(parsed: ParsedStory) -> PhraseEvidence:
    phrases = _collect_phrases(parsed)
    gone = []
    for index, amount in enumerate(parsed.sums):
        if because := _find_evidence(phrases, amount, *_window(parsed.story, parsed.sums, index)):
            gone.append((amount, because))
    gone += _find_settled(parsed, [amount for amount, _ in gone])
    if not gone and (done := _find_done(phrases, parsed.sums)):
        gone.append(done)
    is_asked = bool(parsed.sums) and all(_is_asked(phrases, amount) for amount in parsed.sums)
    none = None if gone else _find_none(phrases) or _find_undone(parsed)
    return PhraseEvidence(tuple(gone), none, _find_total(phrases, parsed.sums), is_asked)


def _find_undone(parsed: ParsedStory) -> RuleEvidence | None:
    """Return the last outcome as evidence, if it was not done."""
    outcomes = [action for action in parsed.actions if action.state in OUTCOMES]
    if not outcomes or outcomes[-1].state == "done":
        return None
    return RuleEvidence(
        f"not done: {outcomes[-1].state}", max(0, outcomes[-1].first - 1), outcomes[-1].last
    )


def _is_asked(phrases: _MoneyPhrases, amount: MoneyAmount) -> bool:
    start = max(0, amount.first - _DEMAND_REACH)
    while phrases.story.words[start].sentence != phrases.story.words[amount.first].sentence:
        start += 1
    return phrases.has_phrase(("asked",), start, amount.first)


def _find_total(phrases: _MoneyPhrases, sums: Sequence[MoneyAmount]) -> MoneyAmount | None:
    """Return the first sum behind "tổng cộng" or the like."""
    totals = (
        amount
        for amount in sums
        if phrases.last("total", max(0, amount.first - _REACH), amount.first)
    )
    return next(totals, None)
