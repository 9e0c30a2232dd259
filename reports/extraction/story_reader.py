"""Extract from a story: scenario, demands, loss, whether it goes on, stages. Pure: no Django.

Trained weights over words, pairs and families of words (language/scoring.py) name the scenario, the
demands and whether it goes on; a kind that they do not know yet is named by its phrases in
data/taxonomy.json. Every fact has its words and their place in the text. Stages are phrases of
data/stages.json and demands, but nothing denied or done by the reporter.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from reports.data.loader import load_json
from reports.extraction.danger import DANGER, find_dangers, find_parts
from reports.extraction.language.cue_matcher import (
    PhraseMatch,
    PhraseTrie,
    TokenizedText,
    action_codes,
    code_rows,
    drop_nested,
    scenario_codes,
)
from reports.extraction.language.parsed_story import ParsedStory, parse_story
from reports.extraction.language.scoring import (
    Explanation,
    Scores,
    explain,
    explanation_at,
    is_remainder,
    load_model,
    score,
    sum_points,
)
from reports.extraction.loss.classifier import Loss, extract_loss

UNCLEAR, ONGOING = "unclear", "ongoing"
_VAGUE = {"other_impersonation", UNCLEAR}
_JUNK = {"spam_submission", "abuse_prank"}
STAGES = "stages"  # the fact
MAX_STAGE_REASONS = 3  # of one stage
_CLEAR = 2.5  # points from which a word by its weight says a demand by itself
_LONG = 1000  # characters
_STEP, _NEVER, _NEGATION = "step", "never", "negations"
MIN_WORDS = 5  # fewer words say no kind


@dataclass(frozen=True, slots=True)
class StoryReading:
    """The facts of a story. ``loss``: what it says of money, with the total that it proposes.

    ``score``: the sum of the scenario's reasons; ``margin``: its lead over the next code.
    """

    scenario: str
    actions: tuple[str, ...]
    loss: Loss
    ongoing: bool
    reasons: tuple[Explanation, ...]
    score: float = 0.0
    margin: float = 0.0

    @property
    def fact_words(self) -> list[str]:
        """Return the facts by which a danger is weighed, besides the words of the story."""
        return [self.scenario, self.loss.state, *([ONGOING] if self.ongoing else [])]

    @property
    def is_dangerous(self) -> bool:
        return any(reason.fact == DANGER for reason in self.reasons)

    @property
    def money_lost_vnd(self) -> int | None:
        """Return the proposed total in đồng, 0 for none, None where it is not plain."""
        return self.loss.proposed_vnd


def extract_from_story(text: str) -> StoryReading:
    """Return the facts of one story. Never raises; linear time."""
    return read_story(parse_story(text))


def read_story(parsed: ParsedStory) -> StoryReading:
    """Return the facts of a parsed story.

    Of a long one that seems junk, or in which nobody seems in danger, the parts that say so are read
    by themselves: neither junk nor anything else hides a danger.
    """
    reading = _extract(parsed)
    is_seen = reading.is_dangerous and reading.scenario not in _JUNK
    if len(parsed.story.typed) < _LONG or is_seen:
        return reading
    parts = (part for part in _read_parts(parsed) if part.is_dangerous)
    gravest = max(parts, key=lambda part: part.score, default=None)
    return _merge(reading, gravest) if gravest else reading


def _read_parts(parsed: ParsedStory) -> Iterator[StoryReading]:
    """Yield the readings of the parts of a text that tell of a danger, with their places."""
    for start, end in find_parts(parsed):
        part = _extract(parse_story(parsed.story.typed[start:end]))
        places = [
            why._replace(start=start + (why.start or 0), end=start + (why.end or 0))
            for why in part.reasons
        ]
        yield replace(part, loss=part.loss.moved(start), reasons=tuple(places))


def _merge(reading: StoryReading, part: StoryReading) -> StoryReading:
    """Return the reading with a part's scenario and danger, and the demands of both."""
    actions = {*reading.actions, *part.actions}
    loss = max(reading.loss, part.loss, key=lambda each: each.proposed_vnd or 0)
    of_part = {"scenario", ONGOING, DANGER, *(["money_lost_vnd"] if loss is part.loss else [])}
    others = [why for why in reading.reasons if why.fact not in of_part]
    added = [
        why
        for why in part.reasons
        if why.fact in of_part or (why.fact == "actions" and stage_code(why) not in reading.actions)
    ]
    return replace(
        part,
        actions=tuple(code for code in action_codes() if code in actions),
        loss=loss,
        reasons=(*added, *others),
    )


def _extract(parsed: ParsedStory) -> StoryReading:
    reading = read_facts(parsed)
    dangers = find_dangers(parsed, reading.fact_words, reading.loss)
    return replace(reading, reasons=(*reading.reasons, *dangers))


def read_facts(parsed: ParsedStory) -> StoryReading:
    """Return the facts of a story without its dangers, which are weighed with them."""
    facts = score(load_model("facts"), parsed.grams)
    scenario, margin = _choose_scenario(parsed, facts)
    why = _explain(parsed, facts, "scenario", scenario) or _explain_phrases(parsed, scenario)
    actions = tuple(code for code in action_codes() if _is_said(facts, code))
    loss, why_loss = extract_loss(parsed, scenario in _JUNK)
    return StoryReading(
        scenario=scenario,
        actions=actions,
        loss=loss,
        ongoing=_is_said(facts, ONGOING),
        reasons=(
            *why,
            *(reason for code in actions for reason in _explain(parsed, facts, "actions", code)),
            *why_loss,
            *(_explain(parsed, facts, ONGOING, ONGOING) if _is_said(facts, ONGOING) else ()),
        ),
        score=sum_points(why),
        margin=margin,
    )


def _is_said(facts: Scores, code: str) -> bool:
    return code in facts.scores and facts.lead(code) >= 0


def _explain(parsed: ParsedStory, facts: Scores, fact: str, code: str) -> list[Explanation]:
    return explain(parsed.story, fact, code, facts.contributions(code))


def _choose_scenario(parsed: ParsedStory, facts: Scores) -> tuple[str, float]:
    """Return the code with the most points and its lead; unclear of few words.

    A code without weights counts by its phrases, where the weights name nothing better than a
    fallback.
    """
    points = {code: facts.scores[code] for code in scenario_codes() if code in facts.scores}
    first, second = sorted(points, key=lambda code: -points[code])[:2]
    margin = points[first] - points[second]
    code = first if len(parsed.words) >= MIN_WORDS else UNCLEAR
    if code in _VAGUE:
        code = next((match.phrase.code for match in _find_untrained(parsed)), code)
    return code, margin


@lru_cache(maxsize=1)
def _untrained_kinds() -> PhraseTrie:
    known = load_model("facts").labels
    rows = [code_rows()[code] for code in scenario_codes() if code not in known]
    return PhraseTrie([("", row["code"], cue) for row in rows for cue in row.get("cues", ())])


def _find_untrained(parsed: ParsedStory) -> list[PhraseMatch]:
    return _untrained_kinds().find(parsed.story)


def _explain_phrases(parsed: ParsedStory, code: str) -> list[Explanation]:
    matches = [match for match in _find_untrained(parsed) if match.phrase.code == code]
    return [
        explanation_at(parsed.story, "scenario", f"{code}: {match.phrase.text}", match[1:], 0)
        for match in drop_nested(matches)[:MAX_STAGE_REASONS]
    ]


# --- stages of the script


def _stage_rows() -> list[dict[str, Any]]:
    return list(load_json("stages.json")["stages"])


@lru_cache(maxsize=1)
def stage_labels() -> Mapping[str, str]:
    return {row["code"]: row["label"] for row in _stage_rows()}


@lru_cache(maxsize=1)
def _stage_of_action() -> Mapping[str, str]:
    return {action: row["code"] for row in _stage_rows() for action in row["by_action"]}


@lru_cache(maxsize=1)
def _stage_trie() -> PhraseTrie:
    steps = [(_STEP, row["code"], text) for row in _stage_rows() for text in row["phrases"]]
    data = load_json("stages.json")
    others = [(kind, "", text) for kind in (_NEVER, _NEGATION) for text in data[kind]]
    return PhraseTrie([*steps, *others])


def find_stages(story: TokenizedText, reasons: Iterable[Explanation] = ()) -> list[Explanation]:
    """Return the reasons of each stage, at most MAX_STAGE_REASONS, in order of the story."""
    steps = [*_list_stage_phrases(story), *_list_demand_stages(reasons)]
    by_stage: dict[str, list[Explanation]] = {}
    for reason in sorted(steps, key=lambda reason: (reason.start or 0, reason.end or 0)):
        same = by_stage.setdefault(stage_code(reason), [])
        if len(same) < MAX_STAGE_REASONS and not any(_overlap(reason, other) for other in same):
            same.append(reason)
    return [reason for reasons in by_stage.values() for reason in reasons]


def stage_codes(reasons: Iterable[Explanation]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(stage_code(reason) for reason in reasons if reason.fact == STAGES))


def stage_code(reason: Explanation) -> str:
    return reason.rule.partition(":")[0]


def _overlap(one: Explanation, other: Explanation) -> bool:
    return one.words.lower() == other.words.lower() or (one.start or 0) < (other.end or 0)


def _list_stage_phrases(story: TokenizedText) -> Iterator[Explanation]:
    matches = _stage_trie().find(story)
    negated = {match.last for match in matches if _negates(story, match)}
    for match in drop_nested(match for match in matches if match.phrase.kind != _NEGATION):
        if match.phrase.kind == _STEP and match.first not in negated:
            rule = f"{match.phrase.code}: {match.phrase.text}"
            yield explanation_at(story, STAGES, rule, match[1:], 0)


def _negates(story: TokenizedText, match: PhraseMatch) -> bool:
    """Return whether a phrase is a negation; a bare "no" is rather nó, the caller, than nỏ."""
    is_bare = story.words[match.first].spelled == "no"
    return match.phrase.kind == _NEGATION and not is_bare


def _list_demand_stages(reasons: Iterable[Explanation]) -> Iterator[Explanation]:
    """Yield the weightiest reason of each demand, as one of its stage."""
    weightiest: dict[str, Explanation] = {}
    for reason in reasons:
        action = stage_code(reason)
        if reason.fact == "actions" and action in _stage_of_action() and _is_plain_demand(reason):
            weightiest[action] = max(
                weightiest.get(action, reason), reason, key=lambda each: each.points
            )
    for action, reason in weightiest.items():
        rule = f"{_stage_of_action()[action]}: {action}"
        yield Explanation(STAGES, rule, reason.words, reason.start, reason.end, 0)


def _is_plain_demand(reason: Explanation) -> bool:
    """Return whether its words alone say the demand."""
    return reason.start is not None and not is_remainder(reason.rule) and reason.points >= _CLEAR
