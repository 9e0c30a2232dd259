"""The priority of a report, 0 to 100: the sum of named reasons. Pure: no Django.

The points are data/priority.json. Only junk lowers a priority, and it never closes a report.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from reports.data.loader import load_json
from reports.extraction.language.cue_matcher import code_rows
from reports.extraction.language.scoring import Explanation, is_model_reason, is_remainder
from reports.extraction.story_reader import StoryReading

HIGHEST = 100


@dataclass(frozen=True, slots=True)
class FormAnswers:
    """The form's answers beside the story; None: not answered."""

    happening_now: bool | None = None
    money_lost: bool | None = None
    money_lost_vnd: int | None = None
    demands: tuple[str, ...] = ()
    claimed_office: str = ""
    on_behalf: bool = False


@dataclass(frozen=True, slots=True)
class PriorityScore:
    """A priority, and its reasons, whose points add up to it."""

    score: int
    reasons: tuple[Explanation, ...]


def _points() -> dict[str, Any]:
    return load_json("priority.json")


def _find_reason(reading: StoryReading, fact: str, rule: str = "") -> Explanation | None:
    own = [each for each in reading.reasons if each.fact == fact and each.rule.startswith(rule)]
    listed = (each for each in own if not is_remainder(each.rule))
    return max(listed, key=lambda each: each.points, default=None)


def _has_phrase(reading: StoryReading, fact: str) -> bool:
    """Return whether a phrase is a reason for a fact, not weights alone."""
    rules = (each.rule for each in reading.reasons if each.fact == fact)
    return any(not is_model_reason(rule) and not is_remainder(rule) for rule in rules)


def _score(rule: str, points: int, reason: Explanation | None = None) -> Explanation:
    """Return a reason of the priority, with the words of another reason if any."""
    if reason is None:
        return Explanation("priority", rule, "", None, None, points)
    return replace(reason, fact="priority", rule=rule, points=points)


def _score_scenario(reading: StoryReading) -> Iterator[Explanation]:
    row, reason = code_rows()[reading.scenario], _find_reason(reading, "scenario")
    if row["severity_weight"]:
        points = row["severity_weight"] * _points()["severity"]
        yield _score("scenario: " + reading.scenario, points, reason)
    if row["always_urgent"]:
        yield _score("always urgent: " + reading.scenario, _points()["always_urgent"], reason)
    if reading.scenario in _points()["junk"]["codes"]:
        yield _score("junk: " + reading.scenario, _points()["junk"]["points"], reason)


def _score_ongoing(reading: StoryReading, declared: FormAnswers) -> Iterator[Explanation]:
    """Score ongoing coercion; by weights alone half, so that it displaces no surer one."""
    reason = _find_reason(reading, "ongoing")
    if reading.ongoing and (declared.happening_now or _has_phrase(reading, "ongoing")):
        yield _score("ongoing", _points()["ongoing"], reason)
    elif reading.ongoing:
        yield _score("ongoing by its words", _points()["ongoing_by_words"], reason)
    elif declared.happening_now:
        yield _score("ongoing: declared", _points()["ongoing"])


def _score_demands(reading: StoryReading, declared: FormAnswers) -> Iterator[Explanation]:
    """Score the gravest demand by its weight, further ones a little."""
    rows, points = code_rows(), _points()
    declared_codes = [code for code in declared.demands if code in rows]
    codes = list(dict.fromkeys([*reading.actions, *declared_codes]))
    if not codes:
        return
    gravest = max(codes, key=lambda code: rows[code]["severity_weight"])
    top = next((code for code in codes if code in points["top_actions"]["codes"]), None)
    weight = rows[gravest]["severity_weight"] * points["action"]
    yield _score("demand: " + gravest, weight, _find_reason(reading, "actions", gravest + ":"))
    if top:
        reason = _find_reason(reading, "actions", top + ":")
        yield _score("top demand: " + top, points["top_actions"]["points"], reason)
    if len(codes) > 1:
        further, more = len(codes) - 1, points["more_actions"]
        yield _score(f"further demands: {further}", min(further * more["each"], more["most"]))


def _score_money(reading: StoryReading, declared: FormAnswers) -> Iterator[Explanation]:
    """Score the larger loss of story and form, and whether it is recent."""
    story_loss, typed = reading.money_lost_vnd or 0, declared.money_lost_vnd or 0
    reason = _find_reason(reading, "money_lost_vnd") if story_loss >= typed else None
    for least, points in _points()["money"]:
        if max(story_loss, typed) >= least:
            yield _score(f"money lost: {least} or more", points, reason)
            break
    else:
        if not declared.money_lost:
            return
        yield _score("money lost: sum not said", _points()["money_unknown"])
    if recent := _find_reason(reading, "just_now"):
        yield _score("money moved within hours", _points()["recent_loss"], recent)


def _score_people(
    reading: StoryReading, declared: FormAnswers, office: Explanation | None
) -> Iterator[Explanation]:
    for code in ("child", "elder", "other"):
        if reason := _find_reason(reading, "third_person", code + ":"):
            yield _score("third party: " + code, _points()[code], reason)
            break
    else:
        if declared.on_behalf:
            yield _score("third party: declared", _points()["other"])
    points = _points()["state_office"]
    if code_rows()[reading.scenario]["group"] == "authority":
        yield _score("office of state", points, _find_reason(reading, "scenario"))
    elif declared.claimed_office.strip():
        yield _score("office named on the form", points)
    elif office:
        yield _score("office of state", points, office)


def compute_priority(
    reading: StoryReading, *, declared: FormAnswers | None = None, office: Explanation | None = None
) -> PriorityScore:
    """Return the priority with its reasons; `office`: why an office of state is claimed."""
    form = declared or FormAnswers()
    reasons = [
        *_score_scenario(reading),
        *_score_ongoing(reading, form),
        *_score_demands(reading, form),
        *_score_money(reading, form),
        *_score_people(reading, form, office),
    ]
    score = int(sum(reason.points for reason in reasons))
    clamped = min(max(score, 0), HIGHEST)
    if clamped != score:
        reasons.append(_score(f"clamped to {clamped}", clamped - score))
    return PriorityScore(clamped, tuple(reasons))
