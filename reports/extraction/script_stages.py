"""The steps of the script that a story tells: contact, threat, demand … Pure: no Django.

Phrases are data/stages.json; what the reader found demanded is a step, too. What is said not to
have happened, and what its reporter did himself, is none.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from reports.extraction.language.cue_matcher import TokenizedText, tokenize
from reports.extraction.language.explanations import (
    Explanation,
    explanation_at,
    is_model_reason,
    is_remainder,
)
from reports.extraction.language.parsed_story import MAX_LENGTH
from reports.extraction.language.phrase_trie import PhraseMatch, PhraseTrie, drop_nested

FACT = "stages"
MAX_REASONS = 3  # of one step
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
def _book() -> PhraseTrie:
    data = _data()
    steps = [(_STEP, row["code"], text) for row in data["stages"] for text in row["phrases"]]
    others = [(kind, "", text) for kind in (_NEVER, _NEGATION) for text in data[kind]]
    return PhraseTrie([*steps, *others])


def find_stages(text: str, reasons: Iterable[Explanation] = ()) -> list[Explanation]:
    """The grounds of each step, at most MAX_REASONS, in the order of the story. `reasons`: what
    the reader found in the same text. Never raises; time in proportion to the story.
    """
    found = [*_of_phrases(tokenize(text[:MAX_LENGTH])), *_of_demands(reasons)]
    by_stage: dict[str, list[Explanation]] = {}
    for reason in sorted(found, key=lambda reason: (reason.start or 0, reason.end or 0)):
        same = by_stage.setdefault(stage_code(reason), [])
        if len(same) < MAX_REASONS and not any(_meet(reason, other) for other in same):
            same.append(reason)
    return [reason for reasons in by_stage.values() for reason in reasons]


def stage_codes(reasons: Iterable[Explanation]) -> tuple[str, ...]:
    """The steps that reasons are for, each once, in their order."""
    return tuple(dict.fromkeys(stage_code(reason) for reason in reasons if reason.fact == FACT))


def stage_code(reason: Explanation) -> str:
    return reason.rule.partition(":")[0]


def _meet(one: Explanation, other: Explanation) -> bool:
    return one.words.lower() == other.words.lower() or (one.start or 0) < (other.end or 0)


def _of_phrases(story: TokenizedText) -> Iterator[Explanation]:
    matches = _book().find(story)
    negated = {match.last for match in matches if _negates(story, match)}
    for match in drop_nested(match for match in matches if match.phrase.kind != _NEGATION):
        if match.phrase.kind == _STEP and match.first not in negated:
            rule = f"{match.phrase.code}: {match.phrase.text}"
            yield explanation_at(story, FACT, rule, match[1:], 0)


def _negates(story: TokenizedText, match: PhraseMatch) -> bool:
    """Whether a phrase is a negation; a bare "no" is nó, the caller, far more often than nỏ."""
    is_bare = story.words[match.first].spelled == "no"
    return match.phrase.kind == _NEGATION and not is_bare


def _of_demands(reasons: Iterable[Explanation]) -> Iterator[Explanation]:
    """The weightiest words of each demand."""
    weightiest: dict[str, Explanation] = {}
    for reason in reasons:
        action = stage_code(reason)
        if reason.fact == "actions" and action in _of_action() and _is_plain(reason):
            weightiest[action] = max(weightiest.get(action, reason), reason, key=_points)
    for action, reason in weightiest.items():
        rule = f"{_of_action()[action]}: {action}"
        yield Explanation(FACT, rule, reason.words, reason.start, reason.end, 0)


def _is_plain(reason: Explanation) -> bool:
    """Whether its words say by themselves what is demanded: a phrase, or words of great weight."""
    if reason.start is None or is_remainder(reason.rule):
        return False
    return reason.points >= _CLEAR or not is_model_reason(reason.rule)


def _points(reason: Explanation) -> float:
    return reason.points
