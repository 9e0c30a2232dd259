"""Tell what each clause of a story says of money, and the role of each sum: paid, returned, demanded,
promised … Pure: no Django.

A clause is weighed by its own words, its actions and its neighbours' (data/weights/clauses.tsv, learnt
from marked clauses of labelled stories). Whether a sum is gone or came back is weighed by the words
around it (data/weights/sums.tsv); what else it may be is named by the nearest word of data/loss_words.json.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from operator import attrgetter
from typing import NamedTuple

from reports.data.loader import load_json
from reports.extraction.language.amounts import MoneyAmount
from reports.extraction.language.cue_matcher import canonical_spelling
from reports.extraction.language.parsed_story import ParsedStory, PaymentAction, action_features
from reports.extraction.language.scoring import score_pair

CLAUSE_KINDS = ("gone", "kept")
# Words that begin a clause; without their marks only those that hardly are another word.
_BEGIN = {
    *map(canonical_spelling, ("nhưng", "rồi", "nên", "mà", "xong", "chứ", "vì")),
    *("but", "then", "and", "because"),
}
_BEGIN_UNMARKED = {"nhung", "roi", "nen", "ma", "xong"}
_MAX_LENGTH = 12  # words of a clause


class Clause(NamedTuple):
    """Words [first, last) of a story, and the names of their features."""

    first: int
    last: int
    names: list[str]


class ClauseVerdict(NamedTuple):
    """How surely words [first, last) say that money is gone, or kept: points beyond those needed."""

    first: int
    last: int
    gone: float
    kept: float

    @property
    def kind(self) -> str:
        """Return what the clause says, "" for nothing."""
        if max(self.gone, self.kept) <= 0:
            return ""
        return "gone" if self.gone > self.kept else "kept"


def split_clauses(parsed: ParsedStory) -> list[Clause]:
    """Return the clauses of a story, each with its own features and its neighbours' words."""
    names, size = [gram.name for gram in parsed.grams], len(parsed.words)
    spans = list(pairwise([*_list_starts(parsed), size]))
    firsts = [parsed.words[start].first for start, _ in spans]
    words = [names[start:end] for start, end in spans]
    for action in action_features(parsed.actions):
        if action.name[0] == "@":
            words[bisect_right(firsts, action.first) - 1].append(action.name)
    pairs = [names[size + start : size + end - 1] for start, end in spans]
    joints = [f"{names[end - 1]}|{names[end]}" for _, end in spans[:-1]]
    clauses = []
    for number, ((_, end), own) in enumerate(zip(spans, words, strict=True)):
        heard = [*own, *pairs[number], *joints[max(0, number - 1) : number + 1]]
        if number:
            heard += ["<" + name for name in words[number - 1]]
        if number + 1 < len(spans):
            heard += [">" + name for name in words[number + 1]]
        else:
            heard += ["…" + name for name in (*own, *pairs[number])]
        clauses.append(Clause(firsts[number], parsed.words[end - 1].last, heard))
    return clauses


def _list_starts(parsed: ParsedStory) -> Iterator[int]:
    """Yield the number of the word, of those with sums as one, with which each clause begins."""
    begin = _BEGIN if parsed.story.marked else _BEGIN | _BEGIN_UNMARKED
    words, start = [parsed.story.words[gram.first] for gram in parsed.words], 0
    for at, (before, word, behind) in enumerate(
        zip([None, *words], words, [*words[1:], None], strict=False)
    ):
        begins = before is None or before.clause != word.clause
        goes_on = word.spelled in begin and behind is not None and behind.clause == word.clause
        if begins or goes_on or at - start == _MAX_LENGTH:
            start = at
            yield at


def classify_clauses(parsed: ParsedStory) -> list[ClauseVerdict]:
    """Return the verdict on each clause, in order of place."""
    clauses = split_clauses(parsed)
    return [
        ClauseVerdict(first, last, *score_pair("clauses", names)) for first, last, names in clauses
    ]


OFFERED = -4.0  # points from which a sum is one that may be paid: a person decides
_BEFORE, _BEHIND = 8, 7  # words around a sum that can speak of it
_NEAR = 3
_ACTION_REACH = 6  # words between an action and the sum that it governs
_MAX_ACTION_WORDS = 12  # more than the longest verb of cues.json
_NAMED_BEFORE, _NAMED_BEHIND = 6, 3  # words beside a sum that name its role
_LEVELS = (-7.5, -5.0, -2.5, 0.0, 2.5, 5.0)  # points of the clause of a sum
_ROLE_WORDS: Mapping[str, list[str]] = load_json("loss_words.json")["roles"]
_ROLE_OF = {word: role for role, words in _ROLE_WORDS.items() for word in words}


class WeighedSum(NamedTuple):
    """A sum, its role, and how surely it is gone or came back: points beyond those needed."""

    amount: MoneyAmount
    role: str
    paid: float
    back: float

    @property
    def is_back(self) -> bool:
        return self.back > max(self.paid, 0.0)


def weigh_sums(parsed: ParsedStory, verdicts: Sequence[ClauseVerdict]) -> list[WeighedSum]:
    """Return every sum of the story, in order of place, with its role if it is not paid."""
    features = enumerate(list_sum_features(parsed, verdicts))
    return [
        WeighedSum(parsed.sums[at], _name_role(parsed, at), *score_pair("sums", names))
        for at, names in features
    ]


def _name_role(parsed: ParsedStory, number: int) -> str:
    """Return the role that the nearest word names: "đòi 40 triệu", "trúng 100 triệu"."""
    words, amount = parsed.story.words, parsed.sums[number]
    low = parsed.sums[number - 1].last if number else 0
    before = words[max(low, amount.first - _NAMED_BEFORE) : amount.first][::-1]
    behind = words[amount.last : amount.last + _NAMED_BEHIND]
    named = (
        _ROLE_OF[word.folded]
        for word in (*before, *behind)
        if word.folded in _ROLE_OF and word.sentence == words[amount.first].sentence
    )
    return next(named, "demanded" if governing_action(parsed, number) else "other")


def governing_action(parsed: ParsedStory, number: int) -> PaymentAction | None:
    """Return the action that governs a sum: the last before it, near, in its clause."""
    amount, words, actions = parsed.sums[number], parsed.story.words, parsed.actions
    low = amount.first - _ACTION_REACH
    since, until = (
        bisect_left(actions, place, key=attrgetter("first"))
        for place in (low - _MAX_ACTION_WORDS, amount.first)
    )
    for action in reversed(actions[since:until]):
        is_near = action.kind == "pay" and low <= action.last <= amount.first
        if is_near and words[action.first].clause == words[amount.first].clause:
            return action
    return None


def list_sum_features(
    parsed: ParsedStory, verdicts: Sequence[ClauseVerdict]
) -> Iterator[list[str]]:
    """Yield the names of the features of each sum: its surroundings, its place, its actions."""
    place_of = {gram.first: place for place, gram in enumerate(parsed.words)}
    governing = [governing_action(parsed, number) for number in range(len(parsed.sums))]
    outcomes = parsed.outcomes
    for number, amount in enumerate(parsed.sums):
        yield [
            *_side_features(parsed, amount, place_of[amount.first]),
            *_place_features(parsed, number),
            *_action_features(parsed, number, governing, outcomes),
            *_clause_features(verdicts, amount.first),
        ]


def _side_features(parsed: ParsedStory, amount: MoneyAmount, place: int) -> Iterator[str]:
    """Yield the words on both sides of a sum; in another sentence the mark is doubled."""
    words, sentence = parsed.story.words, parsed.story.words[amount.first].sentence
    sides = (
        ("<", parsed.words[max(0, place - _BEFORE) : place]),
        (">", parsed.words[place + 1 : place + 1 + _BEHIND]),
    )
    for side, grams in sides:
        marks = [side * (1 + (words[gram.first].sentence != sentence)) for gram in grams]
        for mark, (name, first, last) in zip(marks, grams, strict=True):
            away = amount.first - last if side == "<" else first - amount.last
            yield f"{mark}{int(away >= _NEAR)} {name}"
        for mark, (one, two) in zip(marks, pairwise(grams), strict=False):
            yield f"{mark} {one.name} {two.name}"


def _place_features(parsed: ParsedStory, number: int) -> Iterator[str]:
    amount, count = parsed.sums[number], len(parsed.sums)
    last = "amid" if number + 1 < count else "last"
    place = "only" if count == 1 else last if number else "first"
    yield f"~{place} of {min(count, 3)}"
    if amount.last >= len(parsed.story.words) - _NEAR:
        yield "~at the end"
    values = [each.value for each in parsed.sums]
    yield "~largest" if amount.value == max(values) else "~not largest"
    if amount.value in values[:number]:
        yield "~told before"
    if amount.value in values[number + 1 :]:
        yield "~told again"


def _action_features(
    parsed: ParsedStory,
    number: int,
    governing: Sequence[PaymentAction | None],
    outcomes: Sequence[PaymentAction],
) -> Iterator[str]:
    """Yield the states of the actions that govern a sum and its neighbours, and of later ones."""
    own, end = governing[number], len(parsed.story.words)
    state, behind = own.state if own else "none", "end"
    before = _state_of(governing[number - 1]) if number else "start"
    if number + 1 < len(governing):
        follower = governing[number + 1]
        behind = _state_of(follower)
        end = follower.first if follower else parsed.sums[number + 1].first
    later = outcomes[bisect_left(outcomes, parsed.sums[number].last, key=attrgetter("first")) :]
    then = later[0].state if later and later[0].first < end else "none"
    yield from (
        f"~in {state}",
        f"~then {then}",
        f"~later {_state_of(later[-1] if later else None)}",
    )
    yield from (f"~in {state} next {behind}", f"~in {state} prev {before}")
    for beside in ("", f" next {behind}", f" prev {before}"):
        yield f"~in {state} then {then}{beside}"
    if own:
        verb = f"~verb {parsed.story.words[own.first].folded} {state}"
        yield from (verb, f"{verb} {then}")


def _state_of(action: PaymentAction | None) -> str:
    return action.state if action else "none"


def _clause_features(verdicts: Sequence[ClauseVerdict], first: int) -> Iterator[str]:
    """Yield the verdicts on the clause of word *first*, on the one before, and on later ones."""
    own = next((at for at, each in enumerate(verdicts) if each.first <= first < each.last), 0)
    for name, near in (("here", verdicts[own]), ("prev", verdicts[own - 1] if own else None)):
        if near:
            yield from (f"~{name} gone {level:g}" for level in _LEVELS if near.gone > level)
            yield from (f"~{name} kept {level:g}" for level in _LEVELS if near.kept > level)
    later = [each.kind for each in verdicts[own + 1 :] if each.kind] or ["none"]
    yield f"~next {later[0]}"
    yield f"~last {later[-1]}"
