"""The steps of the script that a story tells: contact, threat, demand … Pure: no Django.

Phrases are data/stages.json; what the reader found demanded is a step, too. What is said not to
have happened, and what its reporter did himself, is none.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from reports.extraction.cue_matcher import Story, cut
from reports.extraction.explanations import Reason, is_of_the_rest, is_of_words, spot
from reports.extraction.parsed_story import LONGEST
from reports.extraction.phrase_trie import Book, Match, outermost

FACT = "stages"
MOST_REASONS = 3  # of one step
_FILE = Path(__file__).parents[1] / "data" / "stages.json"
_CLEAR = 2.5  # points from which a word by its weight says a demand by itself
_STEP, _NEVER, _NEGATION = "step", "never", "negations"


@lru_cache(maxsize=1)
def _data() -> dict[str, Any]:
    data: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return data


@lru_cache(maxsize=1)
def labels() -> Mapping[str, str]:
    """What each step is called, in the order of the script."""
    return {row["code"]: row["label"] for row in _data()["stages"]}


@lru_cache(maxsize=1)
def _of_action() -> Mapping[str, str]:
    """The step that a demanded action is."""
    return {action: row["code"] for row in _data()["stages"] for action in row["by_action"]}


@lru_cache(maxsize=1)
def _book() -> Book:
    data = _data()
    steps = [(_STEP, row["code"], text) for row in data["stages"] for text in row["phrases"]]
    others = [(kind, "", text) for kind in (_NEVER, _NEGATION) for text in data[kind]]
    return Book([*steps, *others])


def find(text: str, reasons: Iterable[Reason] = ()) -> list[Reason]:
    """The grounds of each step, at most MOST_REASONS, in the order of the story. `reasons`: what
    the reader found in the same text. Never raises; time in proportion to the story.
    """
    found = [*_of_phrases(cut(text[:LONGEST])), *_of_demands(reasons)]
    kept: dict[str, list[Reason]] = {}
    for reason in sorted(found, key=lambda reason: (reason.start or 0, reason.end or 0)):
        same = kept.setdefault(code_of(reason), [])
        if len(same) < MOST_REASONS and not any(_meet(reason, other) for other in same):
            same.append(reason)
    return [reason for reasons in kept.values() for reason in reasons]


def codes(reasons: Iterable[Reason]) -> tuple[str, ...]:
    """The steps that reasons are for, each once, in their order."""
    return tuple(dict.fromkeys(code_of(reason) for reason in reasons if reason.fact == FACT))


def code_of(reason: Reason) -> str:
    return reason.rule.partition(":")[0]


def _meet(one: Reason, other: Reason) -> bool:
    return one.words.lower() == other.words.lower() or (one.start or 0) < (other.end or 0)


def _of_phrases(story: Story) -> Iterator[Reason]:
    matches = _book().find(story)
    negated = {match.last for match in matches if _negates(story, match)}
    for match in outermost(match for match in matches if match.phrase.kind != _NEGATION):
        if match.phrase.kind == _STEP and match.first not in negated:
            rule = f"{match.phrase.code}: {match.phrase.text}"
            yield spot(story, FACT, rule, match[1:], 0)


def _negates(story: Story, match: Match) -> bool:
    """Whether a phrase is a negation; a bare "no" is nó, the caller, far more often than nỏ."""
    is_bare = story.words[match.first].spelled == "no"
    return match.phrase.kind == _NEGATION and not is_bare


def _of_demands(reasons: Iterable[Reason]) -> Iterator[Reason]:
    """The weightiest words of each demand."""
    weightiest: dict[str, Reason] = {}
    for reason in reasons:
        action = code_of(reason)
        if reason.fact == "actions" and action in _of_action() and _is_plain(reason):
            weightiest[action] = max(weightiest.get(action, reason), reason, key=_points)
    for action, reason in weightiest.items():
        rule = f"{_of_action()[action]}: {action}"
        yield Reason(FACT, rule, reason.words, reason.start, reason.end, 0)


def _is_plain(reason: Reason) -> bool:
    """Whether its words say by themselves what is demanded: a phrase, or words of great weight."""
    if reason.start is None or is_of_the_rest(reason.rule):
        return False
    return reason.points >= _CLEAR or not is_of_words(reason.rule)


def _points(reason: Reason) -> float:
    return reason.points
