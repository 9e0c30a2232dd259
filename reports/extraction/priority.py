"""The priority of a report, 0 to 100: the sum of named reasons. Pure: no Django.

The points are data/priority.json. Khẩn and above need a danger (danger.py): any one is enough, and
nothing else is. Only junk lowers a priority, and it never closes a report.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from reports.data.loader import load_json
from reports.extraction.danger import DANGER
from reports.extraction.language.cue_matcher import code_rows
from reports.extraction.language.scoring import Explanation, is_remainder
from reports.extraction.story_reader import StoryReading

HIGHEST = 100
URGENT: int = load_json("priority.json")["least"]  # of Khẩn, which every danger is


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
    """A priority, its reasons, whose points add up to it, and the dangers among them."""

    score: int
    reasons: tuple[Explanation, ...]
    dangers: tuple[Explanation, ...] = ()


def _points() -> dict[str, Any]:
    return load_json("priority.json")


def _find_reason(reading: StoryReading, fact: str, rule: str = "") -> Explanation | None:
    own = [each for each in reading.reasons if each.fact == fact and each.rule.startswith(rule)]
    listed = (each for each in own if not is_remainder(each.rule))
    return max(listed, key=lambda each: each.points, default=None)


def _score(rule: str, points: int, reason: Explanation | None = None) -> Explanation:
    """Return a reason of the priority, with the words of another reason if any."""
    if reason is None:
        return Explanation("priority", rule, "", None, None, points)
    return reason._replace(fact="priority", rule=rule, points=points)


def _score_scenario(reading: StoryReading) -> Iterator[Explanation]:
    row, reason = code_rows()[reading.scenario], _find_reason(reading, "scenario")
    if row["severity_weight"]:
        points = row["severity_weight"] * _points()["severity"]
        yield _score("scenario: " + reading.scenario, points, reason)
    if reading.scenario in _points()["junk"]["codes"]:
        yield _score("junk: " + reading.scenario, _points()["junk"]["points"], reason)


def _score_demands(reading: StoryReading, declared: FormAnswers) -> Iterator[Explanation]:
    """Score the gravest demand by its weight, further ones a little."""
    rows, points = code_rows(), _points()
    declared_codes = [code for code in declared.demands if code in rows]
    codes = list(dict.fromkeys([*reading.actions, *declared_codes]))
    if not codes:
        return
    gravest = max(codes, key=lambda code: rows[code]["severity_weight"])
    weight = rows[gravest]["severity_weight"] * points["action"]
    yield _score("demand: " + gravest, weight, _find_reason(reading, "actions", gravest + ":"))
    if len(codes) > 1:
        further, more = len(codes) - 1, points["more_actions"]
        yield _score(f"further demands: {further}", min(further * more["each"], more["most"]))


def _score_money(reading: StoryReading, declared: FormAnswers) -> Iterator[Explanation]:
    """Score the larger loss of story and form."""
    story_loss, typed = reading.loss.least_vnd, declared.money_lost_vnd or 0
    reason = _find_reason(reading, "money_lost_vnd") if story_loss >= typed else None
    for least, points in _points()["money"]:
        if max(story_loss, typed) >= least:
            yield _score(f"money lost: {least} or more", points, reason)
            break
    else:
        if declared.money_lost:
            yield _score("money lost: sum not said", _points()["money_unknown"])


def _score_people(
    reading: StoryReading, declared: FormAnswers, office: Explanation | None
) -> Iterator[Explanation]:
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
    form, points = declared or FormAnswers(), _points()
    reasons = [
        *_score_scenario(reading),
        *_score_demands(reading, form),
        *_score_money(reading, form),
        *_score_people(reading, form, office),
    ]
    base, dangers = int(sum(reason.points for reason in reasons)), list_dangers(reading, form)
    least = URGENT if dangers else 0
    reasons += _raise(max(base, least) - base, points["each"], dangers)
    score = int(sum(reason.points for reason in reasons))
    clamped = min(max(score, 0), HIGHEST if dangers else points["most_without"])
    if clamped != score:
        reasons.append(_score(f"clamped to {clamped}", clamped - score))
    return PriorityScore(clamped, tuple(reasons), tuple(dangers))


def _raise(first: int, further: int, dangers: Iterable[Explanation]) -> Iterator[Explanation]:
    """Yield the dangers as reasons: the first lifts to the least of Khẩn, others by `further`."""
    for number, danger in enumerate(dangers):
        points = further if number else first
        yield danger._replace(fact="priority", rule=f"{DANGER} {danger.rule}", points=points)


def list_dangers(reading: StoryReading, declared: FormAnswers | None = None) -> list[Explanation]:
    """Return what puts somebody in danger, one reason a code: what the story tells, and what facts
    and form say.
    """
    form = declared or FormAnswers()
    told = {each.rule.partition(":")[0]: each for each in reading.reasons if each.fact == DANGER}
    if form.happening_now:
        told.pop("pressed", None)  # a ticked box is surer
    facts = {each.rule.partition(":")[0]: each for each in _list_facts(reading, form)}
    return list((facts | told).values())


def _list_facts(reading: StoryReading, form: FormAnswers) -> Iterator[Explanation]:
    lost = max(reading.loss.least_vnd, form.money_lost_vnd or 0)
    is_ongoing = form.happening_now or reading.ongoing
    is_safe = reading.money_lost_vnd == 0 and not form.money_lost and not is_ongoing
    if form.happening_now or (reading.ongoing and reading.scenario not in _points()["harmless"]):
        yield _danger("pressed", _find_reason(reading, "ongoing"))
    if lost >= _points()["large_loss"]:
        reason = _find_reason(reading, "money_lost_vnd")
        yield _danger("large_loss", reason, f" {_say_sum(lost)}")
    if not is_safe and (code := code_rows()[reading.scenario]["danger"]):
        yield _danger(code, _find_reason(reading, "scenario"))


def _danger(code: str, reason: Explanation | None, amount: str = "") -> Explanation:
    plain, named = load_json("danger.json")[code]
    rule = f"{code}: {named if amount else plain}{amount}"
    return _score("", 0, reason)._replace(fact=DANGER, rule=rule)


def _say_sum(vnd: int) -> str:
    """Return "350 triệu", "1,15 tỷ"."""
    size, unit = (10**9, "tỷ") if vnd >= 10**9 else (10**6, "triệu")
    return f"{vnd / size:.4g} {unit}".replace(".", ",")
