"""Extract from a story: scenario, demands, loss, whether it goes on. Pure: no Django.

Two sources add up: phrases of rules (data/taxonomy.json, data/cues.json) and weights learnt from labelled
stories (language/ngram_model.py). Every fact carries its words, their place in the text as typed, and the rule.
The machine proposes; an officer decides. The priority is computed in priority.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reports.extraction.language.cue_matcher import (
    CueMatch,
    TokenizedText,
    action_codes,
    matches_between,
    scenario_codes,
)
from reports.extraction.language.explanations import (
    Explanation,
    ExplanationTarget,
    explain,
    explanation_at,
    phrase_score,
    score_of,
)
from reports.extraction.language.ngram_model import Scores, load_model
from reports.extraction.language.ngram_model import score as weigh
from reports.extraction.language.parsed_story import ParsedStory, parse_story
from reports.extraction.loss.classifier import collect_loss_evidence, extract_loss, loss_features

UNCLEAR = "unclear"
_FALLBACKS = {"other_impersonation", "abuse_prank"}
_VAGUE = {"other_impersonation", UNCLEAR}
_JUNK_TEXT = "spam_submission"
_JUNK = {_JUNK_TEXT, "abuse_prank"}
_NEGATED_WITHIN = 3  # words before a demand
# What a point of a phrase is worth beside the points of the words.
PHRASE_OF_SCENARIO = 0.5
PHRASE_OF_ACTION = 2.0
PHRASE_OF_NOW = 4.0
MIN_WORDS = 5  # fewer words say a thing only where they are a phrase of the rules
SURE = 0.1  # a lead under this is none: the story is unclear


@dataclass(frozen=True, slots=True)
class StoryReading:
    """What a story says. ``money_lost_vnd``: đồng, 0 none, None not said. ``score`` is the sum of
    the scenario's reasons; ``margin`` is how far it led before the next code.
    """

    scenario: str
    actions: tuple[str, ...]
    money_lost_vnd: int | None
    ongoing: bool
    reasons: tuple[Explanation, ...]
    not_done: tuple[str, ...] = ()  # demanded, and the story says that it was not done
    score: float = 0.0
    margin: float = 0.0


def _phrases_of_scenarios(parsed: ParsedStory) -> Mapping[str, list[CueMatch]]:
    """The phrases that speak for a scenario. "Posing as" says of which kind only where no other
    phrase does, and who tells what happened to him has not posted an advertisement.
    """
    counted = parsed.active_cues("scenarios")
    if any(hit.cue.family == "first_person" for hit in parsed.hits):
        counted.pop(_JUNK_TEXT, None)
    named = {code: hits for code, hits in counted.items() if code not in _FALLBACKS}
    return named or counted


def _scenario(parsed: ParsedStory, weighing: Scores) -> tuple[str, float, list[Explanation]]:
    """Return the code with the most points, its lead and its reasons; unclear where the lead is small.

    A code that the weights do not know yet has points from its phrases alone. It is named where they stand
    and the weights name nothing better than a fallback.
    """
    phrases, model_scores = _phrases_of_scenarios(parsed), weighing.scores
    scores = {
        code: model_scores[code] + phrase_score(phrases.get(code, ()), PHRASE_OF_SCENARIO)
        for code in scenario_codes()
        if code in model_scores
    }
    first, second = sorted(scores, key=lambda code: -scores[code])[:2]
    margin = scores[first] - scores[second]
    enough = len(parsed.words) >= MIN_WORDS or first in phrases
    code = first if margin >= SURE and enough else UNCLEAR
    if code in _VAGUE:
        code = _find_untrained(phrases, model_scores) or code
    fact = ExplanationTarget("scenario", code, PHRASE_OF_SCENARIO)
    return (
        code,
        margin,
        explain(parsed.story, fact, phrases.get(code, []), weighing.contributions(code)),
    )


def _find_untrained(
    phrases: Mapping[str, list[CueMatch]], model_scores: Mapping[str, float]
) -> str:
    """Return the code with the weightiest phrases among those that the weights do not know, or ""."""
    worth = {
        code: phrase_score(hits, PHRASE_OF_SCENARIO)
        for code, hits in phrases.items()
        if code not in model_scores
    }
    return max(worth, key=lambda code: worth[code], default="")


def _is_negated(story: TokenizedText, hit: CueMatch, negations: Sequence[CueMatch]) -> bool:
    """Whether a "không", "chưa" or "nỏ" is within three words before, in the same clause."""
    clause = story.words[hit.first].clause
    before = matches_between(negations, hit.first - _NEGATED_WITHIN, hit.first)
    return any(story.words[no.first].clause == clause for no in before)


def _actions(parsed: ParsedStory, weighing: Scores) -> tuple[dict[str, bool], list[Explanation]]:
    """The demands, each with whether the story says that it was not done, and the reasons. A
    negation never erases a demand.
    """
    phrases, model_scores, needed = (
        parsed.active_cues("actions"),
        weighing.scores,
        weighing.table.needed,
    )
    negations = [hit for hit in parsed.hits if hit.cue.family == "negation"]
    found: dict[str, bool] = {}
    reasons: list[Explanation] = []
    for code in action_codes():
        own = phrases.get(code, [])
        reached = model_scores.get(code, 0.0) + phrase_score(own, PHRASE_OF_ACTION)
        if reached < needed.get(code, PHRASE_OF_ACTION):
            continue
        denied = [hit for hit in own if _is_negated(parsed.story, hit, negations)]
        found[code] = bool(own) and len(denied) == len(own)
        fact = ExplanationTarget("actions", code, PHRASE_OF_ACTION)
        reasons += explain(parsed.story, fact, own, weighing.contributions(code), denied)
    return found, reasons


def _ongoing(parsed: ParsedStory, weighing: Scores) -> list[Explanation]:
    """Why it goes on as this is written; nothing where it does not."""
    phrases = parsed.active_cues("ongoing").get("now", [])
    reached = weighing.scores["ongoing"] + phrase_score(phrases, PHRASE_OF_NOW)
    if reached < weighing.table.needed["ongoing"]:
        return []
    fact = ExplanationTarget("ongoing", "ongoing", PHRASE_OF_NOW)
    return explain(parsed.story, fact, phrases, weighing.contributions("ongoing"))


def _around(story: TokenizedText, hits: Sequence[CueMatch]) -> list[Explanation]:
    """Who was called and how lately money moved: one reason for each, the first words."""
    found: dict[tuple[str, str], Explanation] = {}
    for hit in hits:
        family, code = hit.cue.family, hit.cue.code
        if family in {"third_person", "just_now"} and (family, code) not in found:
            found[family, code] = explanation_at(
                story, family, f"{code}: {hit.cue.phrase}", hit[1:], 0
            )
    return list(found.values())


def extract_from_story(text: str) -> StoryReading:
    """Read one story. Never raises; time in proportion to the text."""
    parsed = parse_story(text)
    evidence = collect_loss_evidence(parsed)
    kinds, state = (
        weigh(load_model("kinds"), parsed.grams),
        weigh(load_model("state"), loss_features(parsed, evidence)),
    )
    scenario, margin, why = _scenario(parsed, kinds)
    actions, why_actions = _actions(parsed, kinds)
    loss = extract_loss(parsed, evidence, state, scenario in _JUNK)
    why_ongoing = _ongoing(parsed, state)
    around = _around(parsed.story, parsed.hits)
    return StoryReading(
        scenario=scenario,
        actions=tuple(actions),
        money_lost_vnd=loss.value,
        ongoing=bool(why_ongoing),
        reasons=(*why, *why_actions, *loss.reasons, *why_ongoing, *around),
        not_done=tuple(code for code, undone in actions.items() if undone),
        score=score_of(why),
        margin=margin,
    )
