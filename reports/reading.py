"""A resident's story -> scenario, demands, loss, whether it goes on. Pure.

Every fact carries the words that say so, their place in the text as typed, and the rule.
The machine proposes; an officer decides. Rules and words: data/taxonomy.json, data/cues.json.
How soon an officer should look is another question: urgency.py.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from reports.cues import (
    Cue,
    Hit,
    Story,
    between,
    code_rows,
    cover,
    covered,
    cut,
    find_cues,
    inside,
)
from reports.losses import read_loss

UNCLEAR = "unclear"
_FALLBACKS = {"other_impersonation", "abuse_prank"}
_JUNK_TEXT = "spam_submission"
_LONGEST = 20_000  # signs that are read; no resident's story is longer
_NEGATED_WITHIN = 3  # words before a demand
_MOST_REASONS = 8  # of one fact; more tell an officer nothing new


@dataclass(frozen=True, slots=True)
class Reason:
    """One ground of a fact: the rule, the words at text[start:end] (None: not from the story)."""

    fact: str
    rule: str
    words: str
    start: int | None
    end: int | None
    points: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What a story says. ``money_lost_vnd``: đồng, 0 none, None not said."""

    scenario: str
    actions: tuple[str, ...]
    money_lost_vnd: int | None
    ongoing: bool
    reasons: tuple[Reason, ...]
    not_done: tuple[str, ...] = ()  # demanded, and the story says that it was not done


def _reason(story: Story, fact: str, rule: str, hit: Hit, points: float) -> Reason:
    start, end = story.span(hit.first, hit.last)
    return Reason(fact, rule, story.text[start:end], start, end, points)


def _counted(hits: list[Hit], family: str, silences: list[Hit]) -> dict[str, list[Hit]]:
    """The hits that count, by code: each cue once, none silenced or inside a longer one."""
    own = [hit for hit in hits if hit.cue.family == family]
    silenced = cover(silences)
    by_code: dict[str, dict[Cue, Hit]] = {}
    for hit in own:
        if not covered(hit, silenced):
            by_code.setdefault(hit.cue.code, {}).setdefault(hit.cue, hit)
    return {code: _outermost(list(cues.values())) for code, cues in by_code.items()}


def _outermost(hits: list[Hit]) -> list[Hit]:
    return [hit for hit in hits if not inside(hit, hits)]


def _silences(hits: list[Hit], family: str) -> list[Hit]:
    return [hit for hit in hits if hit.cue.family == "silence" and hit.cue.code == family]


def _score(hits: Iterable[Hit]) -> float:
    return sum(hit.cue.points for hit in hits)


def _choose(scores: dict[str, float]) -> str:
    """The highest score; a tie goes to the graver code; a fallback only where all else is mute."""
    sure = {code: score for code, score in scores.items() if score >= 1}
    candidates = {code: score for code, score in sure.items() if code not in _FALLBACKS} or sure
    if not candidates:
        return UNCLEAR
    rows = code_rows()
    return max(
        candidates,
        key=lambda code: (candidates[code], rows[code]["severity_weight"], -rows[code]["rank"]),
    )


def _scenario(story: Story, hits: list[Hit]) -> tuple[str, list[Reason]]:
    counted = _counted(hits, "scenarios", _silences(hits, "scenarios"))
    if any(hit.cue.family == "first_person" for hit in hits):
        counted.pop(_JUNK_TEXT, None)
    code = _choose({code: _score(found) for code, found in counted.items()})
    return code, [
        _reason(story, "scenario", f"{code}: {hit.cue.phrase}", hit, hit.cue.points)
        for hit in counted.get(code, ())
    ]


def _is_negated(story: Story, hit: Hit, negations: list[Hit]) -> bool:
    """Whether a "không", "chưa" or "nỏ" is within three words before, in the same clause."""
    clause = story.words[hit.first].clause
    before = between(negations, hit.first - _NEGATED_WITHIN, hit.first)
    return any(story.words[no.first].clause == clause for no in before)


def _actions(
    story: Story, hits: list[Hit]
) -> tuple[tuple[str, ...], tuple[str, ...], list[Reason]]:
    """Demands, those of them not done, and the reasons. A negation never erases a demand."""
    counted = _counted(hits, "actions", _silences(hits, "actions"))
    negations = [hit for hit in hits if hit.cue.family == "negation"]
    not_done: list[str] = []
    reasons: list[Reason] = []
    codes = sorted(counted, key=lambda code: code_rows()[code]["rank"])
    for code in codes:
        denied = [_is_negated(story, hit, negations) for hit in counted[code]]
        if all(denied):
            not_done.append(code)
        for hit, no in zip(counted[code][:_MOST_REASONS], denied, strict=False):
            rule = f"{code}: {hit.cue.phrase}" + (" (asked, not done)" if no else "")
            reasons.append(_reason(story, "actions", rule, hit, hit.cue.points))
    return tuple(codes), tuple(not_done), reasons


def _ongoing(story: Story, hits: list[Hit]) -> list[Reason]:
    counted = _counted(hits, "ongoing", _silences(hits, "ongoing")).get("now", [])
    return [
        _reason(story, "ongoing", "ongoing: " + hit.cue.phrase, hit, hit.cue.points)
        for hit in counted[:_MOST_REASONS]
    ]


def _around(story: Story, hits: list[Hit]) -> list[Reason]:
    """Who was called and how lately money moved: one reason for each, the first words."""
    found: dict[tuple[str, str], Reason] = {}
    for hit in hits:
        family, code = hit.cue.family, hit.cue.code
        if family in {"third_person", "just_now"} and (family, code) not in found:
            found[family, code] = _reason(story, family, f"{code}: {hit.cue.phrase}", hit, 0)
    return list(found.values())


def read_story(text: str) -> Reading:
    """Read one story. Never raises; time in proportion to the text."""
    story = cut(text[:_LONGEST])
    hits = find_cues(story)
    scenario, reasons = _scenario(story, hits)
    actions, not_done, why_actions = _actions(story, hits)
    loss = read_loss(story, hits)
    for because in loss.because[:_MOST_REASONS]:
        start, end = story.span(because.first, because.last)
        words = text[start:end]
        reasons.append(Reason("money_lost_vnd", because.rule, words, start, end, 1))
    why_ongoing = _ongoing(story, hits)
    return Reading(
        scenario=scenario,
        actions=actions,
        money_lost_vnd=loss.value,
        ongoing=bool(why_ongoing),
        reasons=(*reasons, *why_actions, *why_ongoing, *_around(story, hits)),
        not_done=not_done,
    )
