"""Find what phrases say of the sums in a story: that one is gone, that nothing is. Pure: no Django.

A sum in a threat or a promise is no loss: it counts only beside words that say that it is gone. The phrases are
cues.json, "phrases" › "money"; classifier.py weighs them beside all other words and decides.
"""

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
from reports.extraction.language.ngram_model import Feature
from reports.extraction.language.parsed_story import ParsedStory
from reports.extraction.language.payment_verbs import PaymentAction

_REACH = 5  # words between a verb and its sum
_BEFORE_VERB = 6  # words in which "bảo", "phải", "chưa" turn a verb into no loss
_AFTER_SUM = 5
_CURT = 6  # words of a clause that says nothing but that somebody paid
_UNDONE = ("not", "asked")
_DEMAND_REACH = 10  # words between a demand and its sum
_DEED_REACH = 6  # words between a deed and the sum that it names
_DUE_REACH = 4  # words between "đòi" and its sum
_OWN_WITHIN = 7  # words between who paid and "chuyển đủ"
_SETTLED_WITHIN = 20  # words between a sum that was asked for and "tôi nộp"
_LOSING = {"mat", "hao", "ton", "sut", "thiet", "lose", "lost"}  # no payment of what was asked
SETTLED = "asked, then paid"  # the rule that is surest
TOLD = frozenset({"done", "refused", "nearly"})  # of a deed: what came of it


class RuleEvidence(NamedTuple):
    """Why: the rule, and the words [first, last) of the story that it rests on."""

    rule: str
    first: int
    last: int


class ClauseVerdict(NamedTuple):
    """What a piece of a story at words [first, last) tells: that money is "gone" or "kept", and how
    surely: points beyond those needed.
    """

    kind: str
    points: float
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class PhraseEvidence:
    """What phrases say: the sums that are gone, each with why, or why nothing is; the total. And
    what each piece of the story tells (clause_classifier.py).
    """

    gone: tuple[tuple[MoneyAmount, RuleEvidence], ...] = ()
    none: RuleEvidence | None = None
    total: MoneyAmount | None = None  # the sum that is called the total
    is_asked: bool = False  # every sum stands behind a demand, a promise or the like
    pieces: tuple[ClauseVerdict, ...] = ()
    around: tuple[list[Feature], ...] = ()  # of each sum (amount_context.py)


@dataclass(frozen=True, slots=True)
class _MoneyPhrases:
    """The money phrases of one story."""

    story: TokenizedText
    by_code: dict[str, list[CueMatch]]

    def last(self, code: str, low: int, high: int) -> CueMatch | None:
        """The last, then longest, phrase of *code* within words [low, high)."""
        hits = matches_between(self.by_code.get(code, []), low, high)
        return max(hits, key=lambda hit: (hit.last, hit.last - hit.first), default=None)

    def has_phrase(self, codes: tuple[str, ...], low: int, high: int) -> bool:
        return any(self.last(code, low, high) for code in codes)

    def clause_start(self, at: int, floor: int) -> int:
        """The first word of the clause of word *at*, not before *floor*."""
        words = self.story.words
        start = at
        while start > floor and words[start - 1].clause == words[at].clause:
            start -= 1
        return start

    def clause_end(self, at: int, ceiling: int) -> int:
        """The word after the clause of word *at*, not after *ceiling*."""
        words = self.story.words
        end = at + 1
        while end < ceiling and words[end].clause == words[at].clause:
            end += 1
        return end


def _collect_phrases(story: TokenizedText, hits: list[CueMatch]) -> _MoneyPhrases:
    phrases: dict[str, list[CueMatch]] = {}
    for hit in hits:
        if hit.cue.family in {"money", "negation"}:
            phrases.setdefault(hit.cue.code, []).append(hit)
    return _MoneyPhrases(story, phrases)


def _is_unrevoked(phrases: _MoneyPhrases, low: int, verb: CueMatch, amount: MoneyAmount) -> bool:
    """Whether nothing before the verb or between it and the sum undoes it."""
    start = max(low, verb.first - _BEFORE_VERB)
    start = max(start, phrases.clause_start(verb.first, start))
    undone = phrases.has_phrase(("asked", "not"), start, verb.first)
    return not undone and not phrases.has_phrase(("asked",), verb.last, amount.first)


def _verb(phrases: _MoneyPhrases, code: str, low: int, amount: MoneyAmount) -> CueMatch | None:
    """The nearest verb of *code* before the sum, not too far from it."""
    hit = phrases.last(code, low, amount.first)
    return hit if hit and amount.first - hit.last <= _REACH else None


def _find_evidence(
    phrases: _MoneyPhrases, amount: MoneyAmount, low: int, high: int
) -> RuleEvidence | None:
    """Why this sum is lost, from the words around it in [low, high), or None."""
    if phrases.has_phrase(("theirs",), low, high):
        return None
    sure = _verb(phrases, "sure", low, amount)
    if sure and not phrases.has_phrase(("asked",), sure.last, amount.first):
        return RuleEvidence("gone: " + sure.cue.phrase, sure.first, amount.last)
    lost = _verb(phrases, "lost", low, amount)
    if lost and _is_unrevoked(phrases, low, lost, amount):
        return RuleEvidence("lost: " + lost.cue.phrase, lost.first, amount.last)
    return _find_payment(phrases, amount, low, high)


def _find_payment(
    phrases: _MoneyPhrases, amount: MoneyAmount, low: int, high: int
) -> RuleEvidence | None:
    """A plain "chuyển 5tr" is a loss where the speaker did it or it is over ("… rồi")."""
    same_clause = phrases.clause_end(amount.last - 1, high)
    after = phrases.last("given", amount.last, same_clause)
    give = _verb(phrases, "give", low, amount)
    if give:
        mine = after or phrases.has_phrase(("me",), max(low, give.first - _BEFORE_VERB), give.first)
        gone = mine and _is_unrevoked(phrases, low, give, amount)
        return RuleEvidence("given: " + give.cue.phrase, give.first, amount.last) if gone else None
    start = phrases.clause_start(amount.first, low)
    if after and not phrases.has_phrase(("asked", "not"), start, amount.first):
        return RuleEvidence("given: " + after.cue.phrase, amount.first, after.last)
    return None


def _window(story: TokenizedText, sums: list[MoneyAmount], index: int) -> tuple[int, int]:
    """The words around a sum that can speak of it: its sentence, up to its neighbours."""
    words, amount = story.words, sums[index]
    low = sums[index - 1].last if index else 0
    high = sums[index + 1].first if index + 1 < len(sums) else len(words)
    while words[low].sentence != words[amount.first].sentence:
        low += 1
    high = min(high, amount.last + _AFTER_SUM)
    while words[high - 1].sentence != words[amount.first].sentence:
        high -= 1
    return max(low, amount.first - 14), high


def _done(
    phrases: _MoneyPhrases, sums: list[MoneyAmount]
) -> tuple[MoneyAmount, RuleEvidence] | None:
    """A sum that was asked for, then words that it was paid: "đòi 5tr, tôi chuyển rồi"."""
    for hit in sorted(
        [*phrases.by_code.get("done", ()), *_curt(phrases)], key=lambda hit: hit.first
    ):
        before = [amount for amount in sums if amount.last <= hit.first]
        undone = phrases.has_phrase(("not",), max(0, hit.first - 3), hit.first)
        if before and not undone and _demanded(phrases, before[-1]):
            return before[-1], RuleEvidence("done: " + hit.cue.phrase, before[-1].first, hit.last)
    return None


def governing_action(parsed: ParsedStory, number: int) -> PaymentAction | None:
    """The deed that names a sum: the last before it, near and in its clause."""
    amount, words = parsed.sums[number], parsed.story.words
    near = [
        deed
        for deed in parsed.deeds
        if deed.kind == "pay"
        and amount.first - _DEED_REACH <= deed.last <= amount.first
        and words[deed.first].clause == words[amount.first].clause
    ]
    return near[-1] if near else None


def resolving_action(parsed: ParsedStory, number: int) -> PaymentAction | None:
    """The first deed behind a sum that says what came of it, before another sum is named."""
    amount, follower = parsed.sums[number], number + 1
    high = len(parsed.story.words)
    if follower < len(parsed.sums):
        naming = governing_action(parsed, follower)
        high = naming.first if naming else parsed.sums[follower].first
    outcomes = (deed for deed in parsed.deeds if deed.kind == "pay" and deed.state in TOLD)
    return next((deed for deed in outcomes if amount.last <= deed.first < high), None)


def _settled(
    parsed: ParsedStory, known: Sequence[MoneyAmount]
) -> Iterator[tuple[MoneyAmount, RuleEvidence]]:
    """Sums that were asked for and then paid: "nộp 5 triệu. Tôi nộp. Sau thêm 4 triệu, tôi nộp"."""
    for number, amount in enumerate(parsed.sums):
        settling = resolving_action(parsed, number)
        if amount in known or settling is None or settling.state != "done":
            continue
        near = settling.first - amount.last <= _SETTLED_WITHIN
        if _has_deed_phrase(parsed, ("every",), settling.last, settling.last + 3):
            yield from _all_due(parsed, number, known, settling)
        if near and is_demanded(parsed, number) and is_stated_payment(parsed, settling):
            yield amount, RuleEvidence(SETTLED, amount.first, settling.last)


def _all_due(
    parsed: ParsedStory, last: int, known: Sequence[MoneyAmount], settling: PaymentAction
) -> Iterator[tuple[MoneyAmount, RuleEvidence]]:
    """The sums before the last one, where all were paid: "tôi đóng cả hai"."""
    for number, amount in enumerate(parsed.sums[:last]):
        if amount not in known and is_demanded(parsed, number):
            yield amount, RuleEvidence(SETTLED, amount.first, settling.last)


def is_demanded(parsed: ParsedStory, number: int) -> bool:
    """Whether a sum is one that somebody asked for: "đóng 3 triệu đi", "đòi 15 triệu"."""
    naming, amount = governing_action(parsed, number), parsed.sums[number]
    if naming is not None:
        return naming.state in ("asked", "bare")
    return _has_deed_phrase(parsed, ("due",), amount.first - _DUE_REACH, amount.first)


def is_stated_payment(parsed: ParsedStory, deed: PaymentAction) -> bool:
    """Whether somebody is said to have paid: "tôi nộp", "nên đưa", "tôi ra bưu điện gửi luôn"."""
    near = _has_deed_phrase(parsed, ("self", "did"), deed.first - 2, deed.first)
    own = near or _has_deed_phrase(parsed, ("self", "did"), deed.first - _OWN_WITHIN, deed.first)
    plain = near or (own and _has_deed_phrase(parsed, ("after",), deed.last, deed.last + 1))
    return plain and parsed.story.words[deed.first].folded not in _LOSING


def _has_deed_phrase(parsed: ParsedStory, codes: tuple[str, ...], low: int, high: int) -> bool:
    near = matches_between(parsed.hits, low, high)
    return any(hit.cue.family == "deeds" and hit.cue.code in codes for hit in near)


def _curt(phrases: _MoneyPhrases) -> Iterator[CueMatch]:
    """A clause of a few words in which somebody pays: "Tôi nộp.", "sợ nên đóng"."""
    for hit in phrases.by_code.get("give", ()):
        first = phrases.clause_start(hit.first, max(0, hit.first - _CURT))
        last = phrases.clause_end(hit.first, min(len(phrases.story.words), hit.first + _CURT))
        short = hit.first > first and last - first < _CURT
        if (
            short
            and phrases.has_phrase(("me",), first, hit.first)
            and not phrases.has_phrase(_UNDONE, first, last)
        ):
            yield hit


def _demanded(phrases: _MoneyPhrases, amount: MoneyAmount) -> bool:
    return phrases.has_phrase(("give", "asked"), max(0, amount.first - _DEMAND_REACH), amount.first)


def _none(phrases: _MoneyPhrases) -> RuleEvidence | None:
    """Words that nothing was lost, outside a threat."""
    threats = longest_match_by_token(phrases.by_code.get("threat", []))
    for hit in phrases.by_code.get("none", ()):
        if not is_covered(hit, threats):
            return RuleEvidence("none: " + hit.cue.phrase, hit.first, hit.last)
    return None


def apply_phrase_rules(parsed: ParsedStory) -> PhraseEvidence:
    """What the phrases of the story say of its sums."""
    phrases = _collect_phrases(parsed.story, parsed.hits)
    gone = []
    for index, amount in enumerate(parsed.sums):
        if because := _find_evidence(phrases, amount, *_window(parsed.story, parsed.sums, index)):
            gone.append((amount, because))
    gone += _settled(parsed, [amount for amount, _ in gone])
    if not gone and (done := _done(phrases, parsed.sums)):
        gone.append(done)
    is_asked = bool(parsed.sums) and all(_is_asked(phrases, amount) for amount in parsed.sums)
    none = None if gone else _none(phrases) or _left_undone(parsed)
    return PhraseEvidence(tuple(gone), none, _total(phrases, parsed.sums), is_asked)


def _left_undone(parsed: ParsedStory) -> RuleEvidence | None:
    """The last that is told of what was asked is that it was not done."""
    outcomes = [deed for deed in parsed.deeds if deed.state in TOLD]
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


def _total(phrases: _MoneyPhrases, sums: Sequence[MoneyAmount]) -> MoneyAmount | None:
    """The first sum behind "tổng cộng" or the like."""
    called = (
        amount
        for amount in sums
        if phrases.last("total", max(0, amount.first - _REACH), amount.first)
    )
    return next(called, None)
