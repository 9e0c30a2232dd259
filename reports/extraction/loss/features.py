"""Features of a loss: what each clause and the words around each sum say. Pure: no Django.

Weights of clauses (data/weights/pieces.tsv) were learnt from marked clauses of labelled stories. A
clause is scored by its own words and its neighbours'; the verdict is one feature among those that
classifier.py weighs.
"""

from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from reports.extraction.language.amounts import MoneyAmount
from reports.extraction.language.cue_matcher import canonical_spelling, matches_between
from reports.extraction.language.parsed_story import ParsedStory, action_features, pair_features
from reports.extraction.language.scoring import Feature, load_model, score_labels
from reports.extraction.loss.phrase_rules import (
    ClauseVerdict,
    PhraseEvidence,
    governing_action,
    resolving_action,
)

CLAUSE_KINDS = ("gone", "kept")
_KIND_LETTERS = {"gone": "G", "kept": "K"}
# Words that begin a clause; without their marks only those that hardly are another word.
_BEGIN = {
    *map(canonical_spelling, ("nhưng", "rồi", "nên", "mà", "xong", "chứ", "vì")),
    *("but", "then", "and", "because"),
}
_BEGIN_UNMARKED = {"nhung", "roi", "nen", "ma", "xong"}
_MAX_LENGTH = 12  # words of a clause
_LEVELS = (-10.0, -7.5, -5.0, -2.5, 0.0, 2.5, 5.0, 7.5, 10.0)  # points beyond those needed
_LEVELS_AROUND = (-5.0, 0.0, 5.0)
_MAX_TURNS = 3


class Clause(NamedTuple):
    """Words [first, last) of a story, and the names of their features."""

    first: int
    last: int
    names: list[str]


def split_clauses(parsed: ParsedStory, evidence: PhraseEvidence) -> list[Clause]:
    """Return the clauses of a story, each with its own features and those of its neighbours."""
    clauses = _cut_clauses(parsed)
    own = _own_names(parsed, evidence, clauses)
    joints = [f"{one[-1].name}|{two[0].name}" for one, two in pairwise(clauses)]
    result = []
    for number, words in enumerate(clauses):
        gapped = [f"{one.name} _ {two.name}" for one, two in zip(words, words[2:], strict=False)]
        names = [*own[number], *gapped]  # "không _ chuyển"
        if number:
            names += [*_prefix("<", own[number - 1]), joints[number - 1]]
        if number + 1 < len(clauses):
            names += [*_prefix(">", own[number + 1]), joints[number]]
        else:
            names += _prefix("…", own[number])
        result.append(Clause(words[0].first, words[-1].last, names))
    return result


def _cut_clauses(parsed: ParsedStory) -> list[list[Feature]]:
    begin = _BEGIN if parsed.story.marked else _BEGIN | _BEGIN_UNMARKED
    words = [parsed.story.words[gram.first] for gram in parsed.words]
    clauses: list[list[Feature]] = []
    for gram, before, word, behind in zip(
        parsed.words, [None, *words], words, [*words[1:], None], strict=False
    ):
        goes_on = behind is not None and behind.clause == word.clause
        begins = before is None or before.clause != word.clause
        if begins or (word.spelled in begin and goes_on) or len(clauses[-1]) == _MAX_LENGTH:
            clauses.append([])
        clauses[-1].append(gram)
    return clauses


def _own_names(
    parsed: ParsedStory, evidence: PhraseEvidence, clauses: Sequence[Sequence[Feature]]
) -> list[list[str]]:
    """Return the features of each clause without its neighbours'."""
    own = [[gram.name for gram in (*words, *pair_features(words))] for words in clauses]
    clause_of = {gram.first: number for number, words in enumerate(clauses) for gram in words}
    for mark in _marks(parsed, evidence):
        if (number := clause_of.get(mark.first)) is not None:
            own[number].append(mark.name)
    return own


def _marks(parsed: ParsedStory, evidence: PhraseEvidence) -> Iterator[Feature]:
    """Yield features of families, actions and phrase evidence."""
    yield from (gram for gram in parsed.grams if gram.name[0] == "=")
    yield from (gram for gram in action_features(parsed.actions) if gram.name[0] == "@")
    yield from (Feature("?gone", *because[1:]) for _, because in evidence.gone)
    if evidence.none:
        yield Feature("?none", *evidence.none[1:])


def _prefix(prefix: str, names: Sequence[str]) -> list[str]:
    return [prefix + name for name in names]


def classify_clauses(parsed: ParsedStory, evidence: PhraseEvidence) -> tuple[ClauseVerdict, ...]:
    """Return the verdicts of both kinds on each clause, in order of place."""
    model = load_model("pieces")
    scored = (
        (clause, score_labels(model, clause.names)) for clause in split_clauses(parsed, evidence)
    )
    return tuple(
        ClauseVerdict(kind, scores[kind] - model.needed[kind], clause.first, clause.last)
        for clause, scores in scored
        for kind in CLAUSE_KINDS
    )


def clause_features(verdicts: Sequence[ClauseVerdict]) -> Iterator[Feature]:
    """Yield the surest verdict of each kind, the last decisive ones, and the set of all."""
    for kind in CLAUSE_KINDS:
        same = (each for each in verdicts if each.kind == kind)
        surest = max(same, key=lambda each: each.points, default=None)
        if surest:
            reached = sum(surest.points > level for level in _LEVELS)
            yield Feature(f"*{kind} {reached}", surest.first, surest.last)
    if not verdicts:
        return
    decisive = [each for each in verdicts if each.points > 0]
    names = "".join(_KIND_LETTERS[each.kind] for each in decisive)
    for count in range(1, min(len(decisive), _MAX_TURNS) + 1):
        yield Feature("*" + names[-count:], decisive[-count].first, decisive[-1].last)
    over = decisive or verdicts
    yield Feature("*all " + "".join(sorted({*names})), over[0].first, over[-1].last)


def neighbour_clause_features(verdicts: Sequence[ClauseVerdict], first: int) -> Iterator[str]:
    """Yield the verdicts on the clause of word *first*, and the next decisive one."""
    for each in verdicts:
        if each.first <= first < each.last:
            for number, level in enumerate(_LEVELS_AROUND):
                if each.points > level:
                    yield f"~here {each.kind} {number}"
    behind = (each for each in verdicts if each.first > first and each.points > 0)
    following = next(behind, None)
    yield f"~next {following.kind}" if following else "~next none"


# --- the words around a sum

_BEFORE, _BEHIND = 8, 6  # words around a sum that can speak of it
_NEAR = 3
_TIMES = {"lan", "luot", "dot", "bua", "nua", "times"}
MORE = {"them", "nua", "more", "another"}  # a second sum as large as the first is another one
_FURTHER = {*MORE, "tiep", "not", "lai", "again"}
_BACK_REACH = 5  # words between "trả lại" and its sum
_SPEAK_OF_MONEY = {"concepts", "money", "negation", "actions"}


def role_score(evidence: PhraseEvidence, number: int, label: str) -> float:
    """Return the points of a sum for "lost", for come "back", or for paid "again"."""
    return score_labels(load_model("sums"), (gram.name for gram in evidence.around[number]))[label]


def has_role(
    parsed: ParsedStory, evidence: PhraseEvidence, amount: MoneyAmount, label: str
) -> bool:
    """Return whether a sum came "back", or was paid "again"."""
    needed = load_model("sums").needed[label]
    return role_score(evidence, parsed.sums.index(amount), label) >= needed


def is_refunded(parsed: ParsedStory, number: int) -> bool:
    """Return whether a sum came back: "trả lại 30 triệu", "rút ra được 2 triệu"."""
    amount, words = parsed.sums[number], parsed.story.words
    near = matches_between(parsed.hits, amount.first - _BACK_REACH, amount.first)
    back = [hit for hit in near if hit.cue.family == "money" and hit.cue.code == "returned"]
    if not number or not back or words[back[-1].first].clause != words[amount.first].clause:
        return False
    low = max(parsed.sums[number - 1].last, back[-1].first - _BACK_REACH)
    before = matches_between(parsed.hits, low, back[-1].first)
    codes = {"asks"} if "duoc" in back[-1].cue.words else {"asks", "self"}
    return not any(hit.cue.family == "negation" or hit.cue.code in codes for hit in before)


def is_additional(parsed: ParsedStory, number: int, called: Collection[str] = _FURTHER) -> bool:
    """Return whether a word beside a sum says that it is a further one: "thêm 3 triệu"."""
    amount, words = parsed.sums[number], parsed.story.words
    beside = (
        *words[max(0, amount.first - _NEAR) : amount.first],
        *words[amount.last : amount.last + 1],
    )
    return any(word.folded in called for word in beside)


def context_features(parsed: ParsedStory, number: int, evidence: PhraseEvidence) -> list[Feature]:
    """Return the features of a sum: its surroundings, its place, its evidence."""
    amount = parsed.sums[number]
    about = (
        *_sum_features(parsed, number, evidence),
        *_action_features(parsed, number),
        *neighbour_clause_features(evidence.pieces, amount.first),
    )
    return [
        *_side_features(parsed, amount, "<"),
        *_side_features(parsed, amount, ">"),
        *(Feature(name, amount.first, amount.last) for name in about),
    ]


def _side_features(parsed: ParsedStory, amount: MoneyAmount, side: str) -> Iterator[Feature]:
    """Yield the words on one side of a sum; in another sentence the mark is doubled."""
    words = parsed.story.words
    low, high = (
        (amount.first - _BEFORE, amount.first)
        if side == "<"
        else (amount.last, amount.last + _BEHIND)
    )

    def mark(place: int) -> str:
        return side * (1 + (words[place].sentence != words[amount.first].sentence))

    near = [gram for gram in parsed.words if low <= gram.first and gram.last <= high]
    for name, first, last in near:
        away = amount.first - last if side == "<" else first - amount.last
        yield Feature(f"{mark(first)}{int(away >= _NEAR)} {name}", first, last)
    for one, two in pairwise(near):
        yield Feature(f"{mark(one.first)} {one.name} {two.name}", one.first, two.last)
    for hit in matches_between(parsed.hits, low, high):
        if hit.cue.family in _SPEAK_OF_MONEY:
            family = "" if hit.cue.family == "concepts" else f"{hit.cue.family}."
            yield Feature(f"{mark(hit.first)}={family}{hit.cue.code}", hit.first, hit.last)


def _sum_features(parsed: ParsedStory, number: int, evidence: PhraseEvidence) -> Iterator[str]:
    """Yield the place of a sum among the sums, and its evidence."""
    amount, count, follower = parsed.sums[number], len(parsed.sums), number + 1
    place = (
        "only" if count == 1 else "first" if not number else "amid" if follower < count else "last"
    )
    yield f"~{place} of {min(count, 3)}"
    yield "~gone" if amount in dict(evidence.gone) else "~none" if evidence.none else "~not said"
    if amount.last >= len(parsed.story.words) - _NEAR:
        yield "~at the end"
    values = [each.value for each in parsed.sums]
    yield "~largest" if amount.value == max(values) else "~not largest"
    if amount.value in values[:number]:
        yield "~told before"
    if amount.value in values[follower:]:
        yield "~told again"
    if any(word.folded in _TIMES for word in parsed.story.words):
        yield "~times told"
    if number and parsed.sums[number - 1].last == amount.first:
        yield "~listed"
    if is_refunded(parsed, number):
        yield "~returned"
    if number and is_additional(parsed, number):
        yield "~further"
    if follower < count and is_additional(parsed, follower):
        yield "~further follows"


def _action_features(parsed: ParsedStory, number: int) -> Iterator[str]:
    """Yield the states of the action that governs a sum, the next one, and the last one."""
    naming, settling = governing_action(parsed, number), resolving_action(parsed, number)
    yield f"~in {naming.state}" if naming else "~in none"
    yield f"~then {settling.state}" if settling else "~then none"
    behind = [each for each in parsed.outcomes if each.first >= parsed.sums[number].last]
    yield f"~later {behind[-1].state}" if behind else "~later none"
