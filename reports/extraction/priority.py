"""The priority of a report, 0 to 100: the sum of named reasons. Pure: no Django.

The points are data/priority.json. Nothing but junk lowers a priority, and junk only sinks:
an officer closes. Rudeness, brevity and spelling count for nothing.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from reports.extraction.language.cue_matcher import code_rows
from reports.extraction.language.explanations import Explanation, is_model_reason, is_remainder
from reports.extraction.story_reader import StoryReading

_FILE = Path(__file__).parents[1] / "data" / "priority.json"
HIGHEST = 100


@dataclass(frozen=True, slots=True)
class FormAnswers:
    """What the form said beside the story; None where it was not answered."""

    happening_now: bool | None = None
    money_lost: bool | None = None
    money_lost_vnd: int | None = None
    demands: tuple[str, ...] = ()
    claimed_office: str = ""
    on_behalf: bool = False


@dataclass(frozen=True, slots=True)
class PriorityScore:
    """0 to 100, exactly the sum of the points of its reasons."""

    score: int
    reasons: tuple[Explanation, ...]


@lru_cache(maxsize=1)
def _points() -> dict[str, Any]:
    points: dict[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return points


def _find_reason(reading: StoryReading, fact: str, rule: str = "") -> Explanation | None:
    """The first reason of the story for this fact, the one that outweighs the others."""
    found = [
        reason
        for reason in reading.reasons
        if reason.fact == fact and reason.rule.startswith(rule) and not is_remainder(reason.rule)
    ]
    return max(found, key=lambda reason: reason.points, default=None)


def _has_phrase(reading: StoryReading, fact: str) -> bool:
    """Whether a phrase of the rules says so, not the weights of words alone."""
    own = [each.rule for each in reading.reasons if each.fact == fact]
    return any(not is_model_reason(rule) and not is_remainder(rule) for rule in own)


def _ground(rule: str, points: int, reason: Explanation | None = None) -> Explanation:
    """A reason of the priority that rests on words of the story, where there are any."""
    if reason is None:
        return Explanation("priority", rule, "", None, None, points)
    return Explanation("priority", rule, reason.words, reason.start, reason.end, points)


def _of_scenario(reading: StoryReading) -> Iterator[Explanation]:
    row, reason = code_rows()[reading.scenario], _find_reason(reading, "scenario")
    if row["severity_weight"]:
        points = row["severity_weight"] * _points()["severity"]
        yield _ground("scenario: " + reading.scenario, points, reason)
    if row["always_urgent"]:
        yield _ground("always urgent: " + reading.scenario, _points()["always_urgent"], reason)
    if reading.scenario in _points()["junk"]["codes"]:
        yield _ground("junk: " + reading.scenario, _points()["junk"]["points"], reason)


def _of_ongoing(reading: StoryReading, declared: FormAnswers) -> Iterator[Explanation]:
    """Words whose weights alone say so are half believed, so that they bury nobody."""
    reason = _find_reason(reading, "ongoing")
    if reading.ongoing and (declared.happening_now or _has_phrase(reading, "ongoing")):
        yield _ground("ongoing", _points()["ongoing"], reason)
    elif reading.ongoing:
        yield _ground("ongoing by its words", _points()["ongoing_by_words"], reason)
    elif declared.happening_now:
        yield _ground("ongoing: declared", _points()["ongoing"])


def _of_demands(reading: StoryReading, declared: FormAnswers) -> Iterator[Explanation]:
    """The gravest demand counts by its weight, each further one a little."""
    rows, points = code_rows(), _points()
    known = [code for code in declared.demands if code in rows]
    codes = list(dict.fromkeys([*reading.actions, *known]))
    if not codes:
        return
    gravest = max(codes, key=lambda code: rows[code]["severity_weight"])
    top = next((code for code in codes if code in points["top_actions"]["codes"]), None)
    weight = rows[gravest]["severity_weight"] * points["action"]
    yield _ground("demand: " + gravest, weight, _find_reason(reading, "actions", gravest + ":"))
    if top:
        reason = _find_reason(reading, "actions", top + ":")
        yield _ground("top demand: " + top, points["top_actions"]["points"], reason)
    if len(codes) > 1:
        more = min(
            (len(codes) - 1) * points["more_actions"]["each"], points["more_actions"]["most"]
        )
        yield _ground(f"further demands: {len(codes) - 1}", more)


def _of_money(reading: StoryReading, declared: FormAnswers) -> Iterator[Explanation]:
    """The size of the loss (the larger of story and form), and whether it is hours old."""
    story_loss, typed = reading.money_lost_vnd or 0, declared.money_lost_vnd or 0
    lost, reason = (
        max(story_loss, typed),
        _find_reason(reading, "money_lost_vnd") if story_loss >= typed else None,
    )
    for least, points in _points()["money"]:
        if lost >= least:
            yield _ground(f"money lost: {least} or more", points, reason)
            break
    else:
        if not declared.money_lost:
            return
        yield _ground("money lost: sum not said", _points()["money_unknown"])
    if recent := _find_reason(reading, "just_now"):
        yield _ground("money moved within hours", _points()["recent_loss"], recent)


def _of_people(
    reading: StoryReading, declared: FormAnswers, office: Explanation | None
) -> Iterator[Explanation]:
    for code in ("child", "elder", "other"):
        if reason := _find_reason(reading, "third_person", code + ":"):
            yield _ground("third party: " + code, _points()[code], reason)
            break
    else:
        if declared.on_behalf:
            yield _ground("third party: declared", _points()["other"])
    if code_rows()[reading.scenario]["group"] == "authority":
        yield _ground(
            "office of state", _points()["state_office"], _find_reason(reading, "scenario")
        )
    elif declared.claimed_office.strip():
        yield _ground("office named on the form", _points()["state_office"])
    elif office:
        yield _ground("office of state", _points()["state_office"], office)


def _of_campaign(size: int) -> Iterator[Explanation]:
    each, most = _points()["campaign"]["each"], _points()["campaign"]["most"]
    if size > 1:
        yield _ground(f"campaign of {size} reports", min(size * each, most))


def _within_bounds(score: int) -> Iterator[Explanation]:
    if score > HIGHEST:
        yield _ground("clamped to 100", HIGHEST - score)
    if score < 0:
        yield _ground("clamped to 0", -score)


def compute_priority(
    reading: StoryReading,
    *,
    declared: FormAnswers | None = None,
    campaign_size: int = 0,
    office: Explanation | None = None,
) -> PriorityScore:
    """How soon an officer should look, from the story, the form and the campaign's size; `office`
    says that an office of state was claimed.
    """
    form = declared or FormAnswers()
    reasons = [
        *_of_scenario(reading),
        *_of_ongoing(reading, form),
        *_of_demands(reading, form),
        *_of_money(reading, form),
        *_of_people(reading, form, office),
        *_of_campaign(campaign_size),
    ]
    reasons += _within_bounds(int(sum(reason.points for reason in reasons)))
    return PriorityScore(int(sum(reason.points for reason in reasons)), tuple(reasons))
