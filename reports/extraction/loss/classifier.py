"""Read from a story whether money is lost, the sums that it tells, and the total. Pure: no Django.

The state is weighed from the words, what each clause says and how surely a sum is paid. None needs
a clear statement and no paid sum: a story that says both is unclear, with both quotations.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

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
    weigh_sums,
)
from reports.extraction.loss.total import is_demand, propose_total

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
