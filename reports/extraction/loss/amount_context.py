"""What stands around a sum in a story, and what that says of it: lost, come back, paid again. Pure:
no Django.
"""

from collections.abc import Collection, Iterator
from itertools import pairwise

from reports.extraction.language.amounts import MoneyAmount
from reports.extraction.language.cue_matcher import CueMatch, matches_between
from reports.extraction.language.ngram_model import Feature, load_model, score_labels
from reports.extraction.language.parsed_story import ParsedStory
from reports.extraction.loss.clause_classifier import neighbour_clause_features
from reports.extraction.loss.phrase_rules import (
    TOLD,
    PhraseEvidence,
    governing_action,
    resolving_action,
)

_BEFORE, _BEHIND = 8, 6  # words around a sum that can speak of it
_NEAR = 3
_TIMES = {"lan", "luot", "dot", "bua", "nua", "times"}
MORE = {"them", "nua", "more", "another"}  # a second sum as large as the first is another one
_FURTHER = {*MORE, "tiep", "not", "lai", "again"}
_BACK_REACH = 5  # words between "trả lại" and its sum
_SPEAK_OF_MONEY = {"concepts", "money", "negation", "actions"}


def role_scores(evidence: PhraseEvidence, number: int, label: str = "lost") -> float:
    """How much the words around a sum speak for it to be "lost", to have come "back", or to have been
    paid "again".
    """
    return score_labels(load_model("sums"), (gram.name for gram in evidence.around[number]))[label]


def role_of_sum(
    parsed: ParsedStory, evidence: PhraseEvidence, amount: MoneyAmount, label: str
) -> bool:
    """Whether a sum is one that came "back", or one that was paid "again"."""
    needed = load_model("sums").needed[label]
    return role_scores(evidence, parsed.sums.index(amount), label) >= needed


def is_refunded(parsed: ParsedStory, number: int) -> bool:
    """Whether a sum came back, whole or in part: "trả lại 30 triệu", "rút ra được 2 triệu"."""
    amount, words = parsed.sums[number], parsed.story.words
    near = matches_between(parsed.hits, amount.first - _BACK_REACH, amount.first)
    back = [hit for hit in near if hit.cue.family == "money" and hit.cue.code == "returned"]
    if not number or not back or words[back[-1].first].clause != words[amount.first].clause:
        return False
    low = max(parsed.sums[number - 1].last, back[-1].first - _BACK_REACH)
    spoilt = matches_between(parsed.hits, low, back[-1].first)
    codes = {"asks"} if "duoc" in back[-1].cue.words else {"asks", "self"}
    return not any(hit.cue.family == "negation" or hit.cue.code in codes for hit in spoilt)


def context_features(parsed: ParsedStory, number: int, evidence: PhraseEvidence) -> list[Feature]:
    """What stands around a sum: words and families before and behind it, near or far, in its
    sentence or not; its place among the sums; what phrases and pieces say of it.
    """
    amount = parsed.sums[number]
    return [
        *_side(parsed, amount, "<"),
        *_side(parsed, amount, ">"),
        *(Feature(name, amount.first, amount.last) for name in _of_sum(parsed, number, evidence)),
    ]


def _side(parsed: ParsedStory, amount: MoneyAmount, sign: str) -> Iterator[Feature]:
    """The grams on one side of a sum."""
    low, high = (
        (amount.first - _BEFORE, amount.first)
        if sign == "<"
        else (amount.last, amount.last + _BEHIND)
    )
    near = [gram for gram in parsed.words if low <= gram.first and gram.last <= high]
    for name, first, last in near:
        away = amount.first - last if sign == "<" else first - amount.last
        yield Feature(
            f"{_mark(parsed, amount, first, sign)}{int(away >= _NEAR)} {name}", first, last
        )
    for one, two in pairwise(near):
        yield Feature(
            f"{_mark(parsed, amount, one.first, sign)} {one.name} {two.name}", one.first, two.last
        )
    for hit in matches_between(parsed.hits, low, high):
        if hit.cue.family in _SPEAK_OF_MONEY:
            yield Feature(
                f"{_mark(parsed, amount, hit.first, sign)}={_family(hit)}", hit.first, hit.last
            )


def _family(hit: CueMatch) -> str:
    return hit.cue.code if hit.cue.family == "concepts" else f"{hit.cue.family}.{hit.cue.code}"


def _mark(parsed: ParsedStory, amount: MoneyAmount, place: int, sign: str) -> str:
    """The side, doubled where another sentence lies between."""
    words = parsed.story.words
    return sign * (1 + (words[place].sentence != words[amount.first].sentence))


def _of_sum(parsed: ParsedStory, number: int, evidence: PhraseEvidence) -> Iterator[str]:
    amount, many = parsed.sums[number], len(parsed.sums)
    place = (
        "only" if many == 1 else "first" if not number else "last" if number == many - 1 else "amid"
    )
    yield f"~{place} of {min(many, 3)}"
    yield "~gone" if amount in dict(evidence.gone) else "~none" if evidence.none else "~not said"
    if amount.last >= len(parsed.story.words) - _NEAR:
        yield "~at the end"
    values = [each.value for each in parsed.sums]
    yield "~largest" if amount.value == max(values) else "~not largest"
    if amount.value in values[:number]:
        yield "~told before"
    if amount.value in values[number + 1 :]:
        yield "~told again"
    if any(word.folded in _TIMES for word in parsed.story.words):
        yield "~times told"
    if number and parsed.sums[number - 1].last == amount.first:
        yield "~listed"
    if is_refunded(parsed, number):
        yield "~returned"
    yield from _more(parsed, number)
    yield from _deeds_around(parsed, number)
    yield from neighbour_clause_features(evidence.pieces, amount.first)


def _more(parsed: ParsedStory, number: int) -> Iterator[str]:
    """Whether a sum is a further one, and whether the next one is: "5 triệu … thêm 3 triệu"."""
    follower = number + 1
    if number and is_additional(parsed, number):
        yield "~further"
    if follower < len(parsed.sums) and is_additional(parsed, follower):
        yield "~further follows"


def is_additional(parsed: ParsedStory, number: int, called: Collection[str] = _FURTHER) -> bool:
    """Whether a word beside a sum says that it comes on top of others: "thêm 3 triệu"."""
    amount, words = parsed.sums[number], parsed.story.words
    beside = (
        *words[max(0, amount.first - _NEAR) : amount.first],
        *words[amount.last : amount.last + 1],
    )
    return any(word.folded in called for word in beside)


def _deeds_around(parsed: ParsedStory, number: int) -> Iterator[str]:
    """What was done with a sum: the deed that names it, the next one behind it ("nộp 5 triệu. Tôi
    nộp."), and the last of the story.
    """
    naming, settling = governing_action(parsed, number), resolving_action(parsed, number)
    yield f"~in {naming.state}" if naming else "~in none"
    yield f"~then {settling.state}" if settling else "~then none"
    outcomes = [deed for deed in parsed.deeds if deed.kind == "pay" and deed.state in TOLD]
    behind = [deed for deed in outcomes if deed.first >= parsed.sums[number].last]
    yield f"~later {behind[-1].state}" if behind else "~later none"
