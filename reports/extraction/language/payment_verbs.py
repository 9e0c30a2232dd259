"""What was done and what was not: each verb of paying or obeying in a story, and whether it was
asked for, done, refused or nearly done. Pure: no Django.

"Nó bảo tôi nộp 5 triệu, tôi không nộp": the first is asked, the second refused. The words are
cues.json, "phrases" › "deeds"; what a deed is worth is weighed with all other words (ngram_model.py).
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from reports.extraction.language.amounts import MoneyAmount
from reports.extraction.language.cue_matcher import (
    CueMatch,
    TokenizedText,
    canonical_spelling,
    inside,
    matches_between,
)
from reports.extraction.language.ngram_model import Feature

_MAX_LENGTH = 5  # words of a phrase around a verb
_BEFORE = 6  # words before a verb that say whose deed it is
_NOT_WITHIN = 2  # words between "không" and its verb: "không dám chuyển"
_THEN_WITHIN = 3  # "không nộp thì …" is a threat
_SAID_WITHIN = 3  # words between "bảo" and its "không"
_NEVER = -99  # no such word in the clause
_VERBS = ("pay", "heed")
_OTHER = "else"  # words that sound like a verb of paying and are none: "lao động", "mất sóng"
# Turns of a story, a letter each: families of concepts.json, and deeds.
_TURNS = {
    "demand": "D", "give_word": "G", "now": "W", "ask_us": "Q", "checked": "C", "safe_one": "C",
    "broke_off": "R", "gave_up": "R", "stopped_by": "R", "notlost": "N", "lost": "L",
}  # fmt: skip
_TURN_OF_DEED = {
    ("pay", "done"): "P", ("heed", "done"): "H", ("pay", "refused"): "R", ("heed", "refused"): "R",
    ("pay", "nearly"): "R", ("heed", "nearly"): "R",
}  # fmt: skip
_ALWAYS_TOLD = {"D", "G", "W"}
_MAX_TURNS = 3
_IF = {"neu", "he", "keo", "do", "vi", "tai", "if", "so"}
_JOINTS = ("rồi", "sau", "xong", "và", "nhưng", "nên", "then", "but")
_AND_THEN = {
    True: {*map(canonical_spelling, _JOINTS)},
    False: {"roi", "xong", "nhung", "then", "but"},
}  # by marks
_TELLER = {"toi", "tui", "minh", "i", "we"}
_THEN = {"thi", "la", "se"}


class PaymentAction(NamedTuple):
    """A verb at words [first, last): "pay" or "heed"; asked, done, refused, nearly or bare."""

    kind: str
    state: str
    first: int
    last: int


def find_payment_actions(
    story: TokenizedText, hits: Sequence[CueMatch], sums: Sequence[MoneyAmount]
) -> list[PaymentAction]:
    """Every deed in order of place, none inside a sum ("5 trieu dong")."""
    own = [hit for hit in hits if hit.cue.family == "deeds"]
    verbs = [hit for hit in own if hit.cue.code in _VERBS]
    taken = {place for amount in sums for place in range(amount.first, amount.last)}
    others = [hit for hit in own if hit.cue.code in (*_VERBS, _OTHER)]
    outermost = {
        hit.first: hit
        for hit in verbs
        if not inside(hit, matches_between(others, hit.first - _MAX_LENGTH, hit.last + _MAX_LENGTH))
    }
    return [
        PaymentAction(hit.cue.code, _state(story, own, hit, sums), hit.first, hit.last)
        for hit in outermost.values()
        if hit.first not in taken
    ]


def _state(
    story: TokenizedText, hits: Sequence[CueMatch], verb: CueMatch, sums: Sequence[MoneyAmount]
) -> str:
    start = _clause_start(story, verb.first)
    named = max((amount.last for amount in sums if amount.last < verb.first), default=0)
    if _places(hits, "self", named, min(named + 1 + _is_joined(story, named), verb.first)):
        start = max(start, named)  # "hỏi vay 3 triệu em gửi": what was asked ends with its sum

    def last(code: str) -> int:
        return max(_places(hits, code, start, verb.first), default=_NEVER)

    no, asks, did = last("no"), last("asks"), last("did")
    if _places(hits, "no", verb.last, verb.last + 1) and story.words[verb.last].folded == "nothing":
        return "refused"
    if verb.first - no <= _NOT_WITHIN + 1:
        return "asked" if _is_threat(story, hits, start, no, verb) else "refused"
    if last("nearly") != _NEVER:
        return "nearly"
    if asks != _NEVER and did < asks and not (did == asks - 1 and _is_must(story, asks)):
        return "asked"
    is_own = last("self") != _NEVER or did != _NEVER
    return "done" if is_own or _places(hits, "after", verb.last, verb.last + 2) else "bare"


def _is_joined(story: TokenizedText, at: int) -> bool:
    """Whether the teller goes on there: "đòi 30 triệu rồi tôi chuyển"; not "rồi chị chuyển tiếp"."""
    joint = story.words[at : at + 2]
    if len(joint) < 2 or joint[1].folded not in _TELLER:
        return False
    return story.surface_form(joint[0]) in _AND_THEN[story.marked]


def _places(hits: Sequence[CueMatch], code: str, low: int, high: int) -> list[int]:
    """Where the phrases of *code* within words [low, high) begin."""
    return [hit.first for hit in matches_between(hits, low, high) if hit.cue.code == code]


def _is_must(story: TokenizedText, at: int) -> bool:
    return story.words[at].folded == "phai"


def _is_threat(
    story: TokenizedText, hits: Sequence[CueMatch], start: int, no: int, verb: CueMatch
) -> bool:
    """Said by them, not left undone: "nếu không nộp", "không chuyển thì", "bảo tôi chưa nộp"."""
    words = story.words
    just_before = [word.folded for word in words[max(start, no - 2) : no]]
    if _IF & {*just_before} or just_before[-1:] == ["ma"]:
        return True
    own = max(_places(hits, "self", start, no), default=_NEVER)
    behind = words[verb.last : verb.last + _THEN_WITHIN]
    if own == _NEVER and any(word.folded in _THEN for word in behind):
        return True
    asks = max(_places(hits, "asks", max(start, no - _SAID_WITHIN), no), default=_NEVER)
    return asks != _NEVER and not min(_places(hits, "self", start, no), default=no) < asks


def _clause_start(story: TokenizedText, at: int) -> int:
    start, words = at, story.words
    while start > max(0, at - _BEFORE) and words[start - 1].clause == words[at].clause:
        start -= 1
    return start


def action_features(deeds: Sequence[PaymentAction]) -> Iterator[Feature]:
    """Each deed that says something, the last one once more as such."""
    for kind, state, first, last in deeds:
        if state != "bare":
            yield Feature(f"@{kind} {state}", first, last)
    outcomes = [deed for deed in deeds if deed.state not in ("bare", "asked")]
    for kind, state, first, last in outcomes[-1:]:
        yield Feature(f"…@{kind} {state}", first, last)


def sequence_features(
    hits: Sequence[CueMatch], deeds: Sequence[PaymentAction], sums: Sequence[MoneyAmount]
) -> Iterator[Feature]:
    """How the story turned: the last one, two and three things told in their order, and which were
    told at all. "D$R" is a demand, its sum, a refusal; see `_TURNS`.
    """
    turns = _turns(hits, deeds, sums)
    names = "".join(turn.name for turn in turns)
    for many in range(1, min(len(turns), _MAX_TURNS) + 1):
        yield Feature("!" + names[-many:], turns[-many].first, turns[-1].last)
    if turns:
        names_seen = "".join(sorted({*names} - _ALWAYS_TOLD))
        yield Feature("!all " + names_seen, turns[0].first, turns[-1].last)


def _turns(
    hits: Sequence[CueMatch], deeds: Sequence[PaymentAction], sums: Sequence[MoneyAmount]
) -> list[Feature]:
    """What is told, in order of place; the same twice in a row is told once."""
    turns = [
        Feature(_TURNS[hit.cue.code], hit.first, hit.last)
        for hit in hits
        if hit.cue.family == "concepts" and hit.cue.code in _TURNS
    ]
    turns += [
        Feature(_TURN_OF_DEED[deed[:2]], deed.first, deed.last)
        for deed in deeds
        if deed[:2] in _TURN_OF_DEED
    ]
    turns += [Feature("$", amount.first, amount.last) for amount in sums]
    turns.sort(key=lambda turn: turn[1:])
    return [
        turn
        for before, turn in pairwise([None, *turns])
        if turn and turn.name != (before and before.name)
    ]
