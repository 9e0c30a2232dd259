"""What phrases say of the sums in a story: that one is gone, that nothing is. Pure: no Django.

A sum named in a threat or a promise is not a loss: a sum counts only beside words that say
that it is gone. The phrases are cues.json, "phrases" › "money". What all other words say is
weighed in losses.py, which decides.
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
    what each piece of the story tells (pieces.py).
    """

    gone: tuple[tuple[MoneyAmount, RuleEvidence], ...] = ()
    none: RuleEvidence | None = None
    total: MoneyAmount | None = None  # the sum that is called the total
    is_asked: bool = False  # every sum stands behind a demand, a promise or the like
    pieces: tuple[ClauseVerdict, ...] = ()
    around: tuple[list[Feature], ...] = ()  # of each sum (around.py)


@dataclass(frozen=True, slots=True)
class _Talk:
    """The money phrases of one story."""

    story: TokenizedText
    phrases: dict[str, list[CueMatch]]

    def last(self, code: str, low: int, high: int) -> CueMatch | None:
        """The last, then longest, phrase of *code* within words [low, high)."""
        hits = matches_between(self.phrases.get(code, []), low, high)
        return max(hits, key=lambda hit: (hit.last, hit.last - hit.first), default=None)

    def said(self, codes: tuple[str, ...], low: int, high: int) -> bool:
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


def _listen(story: TokenizedText, hits: list[CueMatch]) -> _Talk:
    phrases: dict[str, list[CueMatch]] = {}
    for hit in hits:
        if hit.cue.family in {"money", "negation"}:
            phrases.setdefault(hit.cue.code, []).append(hit)
    return _Talk(story, phrases)


def _open(talk: _Talk, low: int, verb: CueMatch, amount: MoneyAmount) -> bool:
    """Whether nothing before the verb or between it and the sum undoes it."""
    start = max(low, verb.first - _BEFORE_VERB)
    start = max(start, talk.clause_start(verb.first, start))
    undone = talk.said(("asked", "not"), start, verb.first)
    return not undone and not talk.said(("asked",), verb.last, amount.first)


def _verb(talk: _Talk, code: str, low: int, amount: MoneyAmount) -> CueMatch | None:
    """The nearest verb of *code* before the sum, not too far from it."""
    hit = talk.last(code, low, amount.first)
    return hit if hit and amount.first - hit.last <= _REACH else None


def _grounds(talk: _Talk, amount: MoneyAmount, low: int, high: int) -> RuleEvidence | None:
    """Why this sum is lost, from the words around it in [low, high), or None."""
    if talk.said(("theirs",), low, high):
        return None
    sure = _verb(talk, "sure", low, amount)
    if sure and not talk.said(("asked",), sure.last, amount.first):
        return RuleEvidence("gone: " + sure.cue.phrase, sure.first, amount.last)
    lost = _verb(talk, "lost", low, amount)
    if lost and _open(talk, low, lost, amount):
        return RuleEvidence("lost: " + lost.cue.phrase, lost.first, amount.last)
    return _given(talk, amount, low, high)


def _given(talk: _Talk, amount: MoneyAmount, low: int, high: int) -> RuleEvidence | None:
    """A plain "chuyển 5tr" is a loss where the speaker did it or it is over ("… rồi")."""
    same_clause = talk.clause_end(amount.last - 1, high)
    after = talk.last("given", amount.last, same_clause)
    give = _verb(talk, "give", low, amount)
    if give:
        mine = after or talk.said(("me",), max(low, give.first - _BEFORE_VERB), give.first)
        gone = mine and _open(talk, low, give, amount)
        return RuleEvidence("given: " + give.cue.phrase, give.first, amount.last) if gone else None
    start = talk.clause_start(amount.first, low)
    if after and not talk.said(("asked", "not"), start, amount.first):
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


def _done(talk: _Talk, sums: list[MoneyAmount]) -> tuple[MoneyAmount, RuleEvidence] | None:
    """A sum that was asked for, then words that it was paid: "đòi 5tr, tôi chuyển rồi"."""
    for hit in sorted([*talk.phrases.get("done", ()), *_curt(talk)], key=lambda hit: hit.first):
        before = [amount for amount in sums if amount.last <= hit.first]
        undone = talk.said(("not",), max(0, hit.first - 3), hit.first)
        if before and not undone and _demanded(talk, before[-1]):
            return before[-1], RuleEvidence("done: " + hit.cue.phrase, before[-1].first, hit.last)
    return None


def governing_action(look: ParsedStory, number: int) -> PaymentAction | None:
    """The deed that names a sum: the last before it, near and in its clause."""
    amount, words = look.sums[number], look.story.words
    near = [
        deed
        for deed in look.deeds
        if deed.kind == "pay"
        and amount.first - _DEED_REACH <= deed.last <= amount.first
        and words[deed.first].clause == words[amount.first].clause
    ]
    return near[-1] if near else None


def resolving_action(look: ParsedStory, number: int) -> PaymentAction | None:
    """The first deed behind a sum that says what came of it, before another sum is named."""
    amount, follower = look.sums[number], number + 1
    high = len(look.story.words)
    if follower < len(look.sums):
        naming = governing_action(look, follower)
        high = naming.first if naming else look.sums[follower].first
    told = (deed for deed in look.deeds if deed.kind == "pay" and deed.state in TOLD)
    return next((deed for deed in told if amount.last <= deed.first < high), None)


def _settled(
    look: ParsedStory, known: Sequence[MoneyAmount]
) -> Iterator[tuple[MoneyAmount, RuleEvidence]]:
    """Sums that were asked for and then paid: "nộp 5 triệu. Tôi nộp. Sau thêm 4 triệu, tôi nộp"."""
    for number, amount in enumerate(look.sums):
        settling = resolving_action(look, number)
        if amount in known or settling is None or settling.state != "done":
            continue
        near = settling.first - amount.last <= _SETTLED_WITHIN
        if _deeds_said(look, ("every",), settling.last, settling.last + 3):
            yield from _all_due(look, number, known, settling)
        if near and is_demanded(look, number) and is_stated_payment(look, settling):
            yield amount, RuleEvidence(SETTLED, amount.first, settling.last)


def _all_due(
    look: ParsedStory, last: int, known: Sequence[MoneyAmount], settling: PaymentAction
) -> Iterator[tuple[MoneyAmount, RuleEvidence]]:
    """The sums before the last one, where all were paid: "tôi đóng cả hai"."""
    for number, amount in enumerate(look.sums[:last]):
        if amount not in known and is_demanded(look, number):
            yield amount, RuleEvidence(SETTLED, amount.first, settling.last)


def is_demanded(look: ParsedStory, number: int) -> bool:
    """Whether a sum is one that somebody asked for: "đóng 3 triệu đi", "đòi 15 triệu"."""
    naming, amount = governing_action(look, number), look.sums[number]
    if naming is not None:
        return naming.state in ("asked", "bare")
    return _deeds_said(look, ("due",), amount.first - _DUE_REACH, amount.first)


def is_stated_payment(look: ParsedStory, deed: PaymentAction) -> bool:
    """Whether somebody is said to have paid: "tôi nộp", "nên đưa", "tôi ra bưu điện gửi luôn"."""
    near = _deeds_said(look, ("self", "did"), deed.first - 2, deed.first)
    own = near or _deeds_said(look, ("self", "did"), deed.first - _OWN_WITHIN, deed.first)
    plain = near or (own and _deeds_said(look, ("after",), deed.last, deed.last + 1))
    return plain and look.story.words[deed.first].folded not in _LOSING


def _deeds_said(look: ParsedStory, codes: tuple[str, ...], low: int, high: int) -> bool:
    near = matches_between(look.hits, low, high)
    return any(hit.cue.family == "deeds" and hit.cue.code in codes for hit in near)


def _curt(talk: _Talk) -> Iterator[CueMatch]:
    """A clause of a few words in which somebody pays: "Tôi nộp.", "sợ nên đóng"."""
    for hit in talk.phrases.get("give", ()):
        first = talk.clause_start(hit.first, max(0, hit.first - _CURT))
        last = talk.clause_end(hit.first, min(len(talk.story.words), hit.first + _CURT))
        short = hit.first > first and last - first < _CURT
        if short and talk.said(("me",), first, hit.first) and not talk.said(_UNDONE, first, last):
            yield hit


def _demanded(talk: _Talk, amount: MoneyAmount) -> bool:
    return talk.said(("give", "asked"), max(0, amount.first - _DEMAND_REACH), amount.first)


def _none(talk: _Talk) -> RuleEvidence | None:
    """Words that nothing was lost, outside a threat."""
    threats = longest_match_by_token(talk.phrases.get("threat", []))
    for hit in talk.phrases.get("none", ()):
        if not is_covered(hit, threats):
            return RuleEvidence("none: " + hit.cue.phrase, hit.first, hit.last)
    return None


def apply_phrase_rules(look: ParsedStory) -> PhraseEvidence:
    """What the phrases of the story say of its sums."""
    talk = _listen(look.story, look.hits)
    gone = []
    for index, amount in enumerate(look.sums):
        if because := _grounds(talk, amount, *_window(look.story, look.sums, index)):
            gone.append((amount, because))
    gone += _settled(look, [amount for amount, _ in gone])
    if not gone and (done := _done(talk, look.sums)):
        gone.append(done)
    asked = bool(look.sums) and all(_is_asked(talk, amount) for amount in look.sums)
    none = None if gone else _none(talk) or _left_undone(look)
    return PhraseEvidence(tuple(gone), none, _total(talk, look.sums), asked)


def _left_undone(look: ParsedStory) -> RuleEvidence | None:
    """The last that is told of what was asked is that it was not done."""
    told = [deed for deed in look.deeds if deed.state in TOLD]
    if not told or told[-1].state == "done":
        return None
    return RuleEvidence(f"not done: {told[-1].state}", max(0, told[-1].first - 1), told[-1].last)


def _is_asked(talk: _Talk, amount: MoneyAmount) -> bool:
    start = max(0, amount.first - _DEMAND_REACH)
    while talk.story.words[start].sentence != talk.story.words[amount.first].sentence:
        start += 1
    return talk.said(("asked",), start, amount.first)


def _total(talk: _Talk, sums: Sequence[MoneyAmount]) -> MoneyAmount | None:
    """The first sum behind "tổng cộng" or the like."""
    called = (
        amount for amount in sums if talk.last("total", max(0, amount.first - _REACH), amount.first)
    )
    return next(called, None)
