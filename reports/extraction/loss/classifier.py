"""Read from a story whether money is lost, the sums that it tells, and the total. Pure: no Django.

The total is proposed where it is plain: one paid sum, or a series told as one. What was returned is taken
off; two payments that no word ties are not added, for a person does that. The state is weighed from
the words, what each clause says and how surely a sum is paid. None needs a clear statement and no paid
sum: a story that says both is unclear, with both quotations.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from reports.data.loader import load_words
from reports.extraction.language.amounts import MoneyAmount
from reports.extraction.language.cue_matcher import Token, TokenizedText, canonical_spelling
from reports.extraction.language.numerals import token_value
from reports.extraction.language.parsed_story import ParsedStory, action_features, ending_features
from reports.extraction.language.scoring import (
    Explanation,
    Feature,
    explain,
    explanation_at,
    load_model,
    score,
)
from reports.extraction.loss.sums import (
    OFFERED,
    ClauseVerdict,
    WeighedSum,
    classify_clauses,
    governing_action,
    weigh_sums,
)

_SERIES = load_words("loss_words.json", "series")
_ASKING = load_words("loss_words.json", "asking")
_MORE = load_words("loss_words.json", "more")
_TOTAL = load_words("loss_words.json", "total")
_PARTING = load_words("loss_words.json", "parting")
_PAID_BY = load_words("loss_words.json", "paid_by")
_APART = 14  # words between two payments of a series
_TOTAL_BEFORE = 5  # words before a total that call it so
_MORE_BEFORE = 4
SURE = 3.0  # points from which a sum is paid
LEAD = 1.0  # points by which paid sums lead over all others
_EACH = {"moi", "each"}
_CARDS = {"the", canonical_spelling("thẻ"), "card", "cards"}
_OF_CARDS = {"the", "card", "cards", "cai", "chiec", "tam"}
_TURNS = {"lan", "times"}
_MAX_TIMES = 20
_TEN = {canonical_spelling("mười"): 10}


def propose_total(parsed: ParsedStory, weighed: Sequence[WeighedSum]) -> int | None:
    """Return the sum lost in đồng, None where it is not plain."""
    offered = [each for each in weighed if each.role == "paid"]
    if not offered:
        return None
    surest = max(offered, key=lambda each: each.paid)
    sure = [each for each in offered if each.paid >= SURE or each is surest]
    least = min(each.paid for each in sure)
    for one, two in reversed([*pairwise(offered)]):
        if two in sure and one not in sure and _is_begun(parsed, one.amount, two.amount):
            sure.insert(0, one)
    doubtful = [each.paid for each in offered if each not in sure]
    is_plain = not doubtful or (len(sure) == 1 and least - max(doubtful) >= LEAD)
    total = _find_total(parsed, offered)
    if total is None and is_plain:
        total = _add_up(parsed, [each.amount for each in sure])
    back = sum(each.amount.value for each in weighed if each.role == "returned")
    return total - back if total and back < total else total


def is_demand(parsed: ParsedStory, number: int) -> bool:
    """Return whether a sum was asked for, and the next one is what was paid of it: "bắt tôi chứng minh bằng
    việc chuyển 80 triệu. Tôi chuyển 30 triệu"; not where more was asked or paid in between.
    """
    (amount, *later), names = parsed.sums[number : number + 2], parsed.story.names
    paying = governing_action(parsed, number + 1) if later else None
    if paying is None or paying.state != "done":
        return False
    before = parsed.sums[number - 1].last if number else 0
    start = parsed.story.clause_start(amount.first, before)
    asked_more = names[paying.last : later[0].first]
    paid_more = names[amount.last : later[0].first] + names[later[0].last : later[0].last + 1]
    is_next = not any(amount.last <= each.first < paying.first for each in parsed.outcomes)
    is_further = not _ASKING.isdisjoint(asked_more) or not _MORE.isdisjoint(paid_more)
    return not _ASKING.isdisjoint(names[start : amount.first]) and is_next and not is_further


def _is_begun(parsed: ParsedStory, one: MoneyAmount, two: MoneyAmount) -> bool:
    """Return whether a surely paid sum goes on from one: "lần đầu chuyển 5 triệu, lần sau …"."""
    naming = governing_action(parsed, parsed.sums.index(one))
    return naming is not None and naming.state != "asked" and _is_series(parsed, one, two)


def _find_total(parsed: ParsedStory, offered: Sequence[WeighedSum]) -> int | None:
    """Return the sum that is called the total of all others."""
    values = [each.amount.value for each in offered if _is_total(parsed, each.amount)]
    most = max(each.amount.value for each in offered)
    return most if values and values[-1] == most else None


def _add_up(parsed: ParsedStory, paid: Sequence[MoneyAmount]) -> int | None:
    told = _drop_repeats(parsed, paid)
    values = [each.value * payment_count(parsed, each) for each in told]
    most = max(values)
    if len(values) > 2 and 2 * most == sum(values) and most in (values[0], values[-1]):
        return most  # the others make it up
    is_plain = len(values) < 2 or all(_is_series(parsed, *pair) for pair in pairwise(told))
    return sum(values) if is_plain else None


def _drop_repeats(parsed: ParsedStory, amounts: Sequence[MoneyAmount]) -> list[MoneyAmount]:
    """Return the sums, one that is told again only where it was paid once more."""
    told: list[MoneyAmount] = []
    for amount in amounts:
        same = next((each for each in told if each.value == amount.value), None)
        if same is None or _is_once_more(parsed, same, amount):
            told.append(amount)
    return told


def _is_once_more(parsed: ParsedStory, one: MoneyAmount, two: MoneyAmount) -> bool:
    words = parsed.story.words
    before = words[max(one.last, two.first - _MORE_BEFORE) : two.first]
    behind = words[two.last : two.last + 1]
    is_listed = two.first - one.last <= 1
    return is_listed or any(word.folded in _MORE for word in (*before, *behind))


def _is_total(parsed: ParsedStory, amount: MoneyAmount) -> bool:
    """Return whether a sum is called the total: "tổng cộng 15 triệu", "mất cả thảy 15 triệu"."""
    words = parsed.story.words[max(0, amount.first - _TOTAL_BEFORE) : amount.first]
    sentence = parsed.story.words[amount.first].sentence
    return any(word.folded in _TOTAL and word.sentence == sentence for word in words)


def _is_series(parsed: ParsedStory, one: MoneyAmount, two: MoneyAmount) -> bool:
    """Return whether two payments are told as one series: "10 triệu, rồi thêm 5 triệu nữa"."""
    words = parsed.story.words
    between = [word.folded for word in words[one.last : two.first]]
    around = {*between, *(word.folded for word in words[two.last : two.last + 1])}
    naming = governing_action(parsed, parsed.sums.index(two))
    own = naming.first - one.last if naming and naming.state == "done" else 0
    if len(between) > _APART or not _PARTING.isdisjoint(between[max(0, own) :]):
        return False
    return not _SERIES.isdisjoint(around)


def payment_count(parsed: ParsedStory, amount: MoneyAmount) -> int:
    """Return how often a sum was paid, usually once.

    "Hai lần, mỗi lần 15 triệu" is two, "bảy hộp, 1 triệu mỗi hộp" seven, "5 cái thẻ 500 nghìn"
    five, "600k x 3 lần" three, "ba lần 15 triệu" three where no list of sums follows.
    """
    story, words = parsed.story, parsed.story.words
    before, behind = words[max(0, amount.first - 6) : amount.first], words[amount.last :][:3]
    beside = pairwise([*before[-3:], *behind])
    if things := {thing.folded for each, thing in beside if each.folded in _EACH}:
        here = [word for word in words if word.sentence == words[amount.first].sentence]
        return _count(story, here, things | _PAID_BY) or _count(story, words, things) or 1
    if behind and behind[0].folded == "x" and (count := _count(story, behind, _PAID_BY)):
        return count
    since = max((each.last for each in parsed.sums if each.last <= amount.first), default=0)
    cards = words[max(since, amount.first - 6) : amount.first]
    if any(word.spelled in _CARDS for word in cards):
        return _count(story, cards, _OF_CARDS) or 1
    is_list = any(0 <= each.first - amount.last <= 3 for each in parsed.sums)
    goes_on = bool(behind) and behind[0].folded in _SERIES
    return (not is_list and not goes_on and _count(story, before[-2:], _TURNS)) or 1


def _count(story: TokenizedText, words: Sequence[Token], things: Collection[str]) -> int:
    """Return the first number of times or things: "hai lần", "5 cái"; else 0."""
    numbers = (number for number, thing in pairwise(words) if thing.folded in things)
    counts = (
        int(each.folded)
        if each.folded.isdecimal()
        else _TEN.get(each.spelled) or token_value(story, each, 1) or 0
        for each in numbers
        if len(each.folded) < 3 or not each.folded.isdecimal()
    )
    return next((count for count in counts if 1 < count <= _MAX_TIMES), 0)


NONE, SOME, NOT_SAID, UNCLEAR = "none", "some", "not_said", "unclear"
STATES = (NONE, NOT_SAID, SOME)  # those that are weighed
STATES_BY_WEIGHT = (NOT_SAID, NONE, UNCLEAR, SOME)
FACT = "money_lost_vnd"
_REPEAT = 3  # the weight of what clauses and sums say
_LEVELS = (-10.0, -7.5, -5.0, -2.5, 0.0, 2.5, 5.0, 7.5, 10.0)
_MAX_TURNS, _LAST_CLAUSES = 3, 3
_CLEAR = 6.0  # points by which nothing lost must lead over money gone
_DENIED = 2.0  # points from which a payment contradicts "chưa mất gì"
_QUOTED = 8  # words before a paid sum that are quoted
_PAID = 4.0  # points from which a sum is paid whatever else is said
_DENIAL = re.compile(
    r"\b(?:chua|khong|chang|cha|no|hong)(?: bi| he| co)? (?:mat|thiet hai)(?: gi| dong| xu| chi| tien)\b"
    r"|\b(?:no money (?:is |was )?lost|no loss|nothing (?:is |was )?lost|lost nothing"
    r"|(?:not|n t|never) los[et] (?:any|a|the)?)\b"
)


@dataclass(frozen=True, slots=True)
class ToldSum:
    """A sum in đồng that a story tells, its role (loss/sums.py), its words at text[start:end] (None: of a follow-up)."""

    vnd: int
    role: str
    start: int | None
    end: int | None
    words: str


@dataclass(frozen=True, slots=True)
class Loss:
    """What a story says of money: none, some, not_said or unclear; its sums; the plain total."""

    state: str = NOT_SAID
    sums: tuple[ToldSum, ...] = ()
    proposed_vnd: int | None = None
    is_declared: bool = False  # the form says so

    @property
    def least_vnd(self) -> int:
        """Return what is lost at least: the proposal, else the largest paid sum, else 0."""
        paid = (each.vnd for each in self.sums if each.role == "paid")
        return self.proposed_vnd or (max(paid, default=0) if self.state == SOME else 0)

    def as_row(self) -> dict[str, Any]:
        """Return the loss for JSON, without the words of its sums."""
        names = ("vnd", "role", "start", "end")
        sums = [{name: getattr(each, name) for name in names} for each in self.sums]
        return {"state": self.state, "sums": sums, "proposed_vnd": self.proposed_vnd}

    def moved(self, by: int) -> "Loss":
        """Return the loss of a part of a text, with the places that its sums have in the whole."""
        places = [((each.start or 0) + by, (each.end or 0) + by) for each in self.sums]
        sums = zip(self.sums, places, strict=True)
        return replace(self, sums=tuple(replace(each, start=a, end=b) for each, (a, b) in sums))


def extract_loss(parsed: ParsedStory, is_junk: bool = False) -> tuple[Loss, Sequence[Explanation]]:
    """Return the loss of a story with its reasons; of junk nothing but its sums."""
    if not parsed.words:
        return Loss(), ()
    verdicts = classify_clauses(parsed)
    weighed = weigh_sums(parsed, verdicts)
    scores = score(load_model("loss"), loss_features(parsed, verdicts, weighed))
    state = _weightiest(scores.scores)
    if is_junk or not any(scores.scores.values()):
        state = NOT_SAID
    elif both := _find_contradiction(parsed, state, verdicts, weighed):
        return Loss(UNCLEAR, _tell(parsed, _assign_roles(parsed, weighed, UNCLEAR))), both
    weighed = _assign_roles(parsed, weighed, state)
    proposed = propose_total(parsed, weighed) if state == SOME else 0 if state == NONE else None
    loss = Loss(state, _tell(parsed, weighed), proposed)
    if state == NOT_SAID:
        return loss, ()
    words = explain(parsed.story, FACT, state, scores.contributions(state))
    return loss, [*(_quote(parsed, each) for each in weighed if each.role == "paid"), *words]


def _weightiest(points: Mapping[str, float]) -> str:
    """Return the state with the most points; none needs a clear lead over a loss."""
    is_clear = points[NONE] - points[SOME] >= _CLEAR
    return max(STATES if is_clear else (NOT_SAID, SOME), key=lambda each: points[each])


def _find_contradiction(
    parsed: ParsedStory,
    state: str,
    verdicts: Sequence[ClauseVerdict],
    weighed: Sequence[WeighedSum],
) -> list[Explanation]:
    """Return the words of a payment and of a denial, if the story says both; else nothing."""
    denial = _find_denial(parsed)
    paid = max((each for each in weighed if not each.is_back), key=_paid, default=None)
    sure = paid is not None and paid.paid >= (_DENIED if denial else _PAID)
    if not (denial and (state == SOME or sure)) and not (state == NONE and sure):
        return []
    gone = max(verdicts, key=lambda each: each.gone)
    kept = max(verdicts, key=lambda each: each.kept)
    told = _quote(parsed, paid) if paid and sure else _explain(parsed, "gone: said", gone[:2])
    return [told, _explain(parsed, "none: said", denial or kept[:2])]


def _paid(each: WeighedSum) -> float:
    return each.paid


def _assign_roles(
    parsed: ParsedStory, weighed: Sequence[WeighedSum], state: str
) -> list[WeighedSum]:
    """Return the sums as the state has them: of no loss none is paid, of one at least the likeliest."""
    likeliest = max(weighed, key=_paid, default=None)
    if state in (NONE, NOT_SAID):
        return list(weighed)
    return [
        each._replace(role="demanded")
        if each.paid > OFFERED and is_demand(parsed, number)
        else each._replace(role="paid")
        if (each.paid > OFFERED and not each.is_back) or each is likeliest
        else each._replace(role="returned" if each.is_back else each.role)
        for number, each in enumerate(weighed)
    ]


def _explain(parsed: ParsedStory, rule: str, place: tuple[int, int]) -> Explanation:
    return explanation_at(parsed.story, FACT, rule, place, 1)


def _quote(parsed: ParsedStory, paid: WeighedSum) -> Explanation:
    """Return a paid sum as a reason, with the words of its clause before it."""
    first, last = paid.amount.first, paid.amount.last
    start = parsed.story.clause_start(first, max(0, first - _QUOTED))
    return _explain(parsed, "paid", (start, last))


def _find_denial(parsed: ParsedStory) -> tuple[int, int] | None:
    """Return the words that say outright that no money is lost."""
    told = " ".join(word.folded for word in parsed.story.words)
    match = _DENIAL.search(told)
    if not match:
        return None
    first = told.count(" ", 0, match.start())
    return first, first + match[0].strip().count(" ") + 1


def _tell(parsed: ParsedStory, weighed: Sequence[WeighedSum]) -> tuple[ToldSum, ...]:
    places = [parsed.story.quote(*each.amount[1:]) for each in weighed]
    rows = zip(weighed, places, strict=True)
    return tuple(ToldSum(one.amount.value, one.role, *at[1:], at[0]) for one, at in rows)


def loss_features(
    parsed: ParsedStory, verdicts: Sequence[ClauseVerdict], weighed: Sequence[WeighedSum]
) -> list[Feature]:
    """Return the features of words, ending and actions, and what clauses and sums say."""
    if not verdicts:
        return []
    told = [*_clause_features(verdicts), *_sum_features(parsed, weighed)]
    return [
        *parsed.grams[: 2 * len(parsed.words) - 1],  # words and pairs, no families
        *ending_features(parsed.words),
        *action_features(parsed.actions),
        *(each for each in told for _ in range(_REPEAT)),
    ]


def _clause_features(verdicts: Sequence[ClauseVerdict]) -> Iterator[Feature]:
    """Yield the surest verdict of each kind, in all and at the end, and the last decisive ones."""
    for name, near in (("", verdicts), ("end ", verdicts[-_LAST_CLAUSES:])):
        gone, kept = max(near, key=lambda each: each.gone), max(near, key=lambda each: each.kept)
        yield Feature(f"*{name}gone {_level(gone.gone)}", *gone[:2])
        yield Feature(f"*{name}kept {_level(kept.kept)}", *kept[:2])
    decisive = [each for each in verdicts if each.kind]
    names = "".join(each.kind[0] for each in decisive)
    for count in range(1, min(len(decisive), _MAX_TURNS) + 1):
        yield Feature("*" + names[-count:], decisive[-count].first, decisive[-1].last)
    over = decisive or verdicts
    yield Feature("*all " + "".join(sorted({*names})), over[0].first, over[-1].last)


def _sum_features(parsed: ParsedStory, weighed: Sequence[WeighedSum]) -> Iterator[Feature]:
    if not weighed:
        yield Feature("$no sum", 0, 1)
        return
    paid = max(weighed, key=_paid)
    back = max(weighed, key=lambda each: each.back)
    yield Feature(f"$paid {_level(paid.paid)}", paid.amount.first, paid.amount.last)
    yield Feature(f"$back {_level(back.back)}", back.amount.first, back.amount.last)


def _level(points: float) -> int:
    return sum(points > level for level in _LEVELS)
