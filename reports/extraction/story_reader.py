"""A resident's story -> scenario, demands, loss, whether it goes on. Pure.

Two voices are heard. Rules are phrases that say a thing by themselves (data/taxonomy.json,
data/cues.json); weights are what every word meant in stories that people labelled (grams.py).
Every fact carries the words that say so, their place in the text as typed, and the rule.
The machine proposes; an officer decides. How soon to look is another question: urgency.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reports.extraction.cue_matcher import Hit, Story, action_codes, between, scenario_codes
from reports.extraction.explanations import Fact, Reason, grounds, score_of, spot, worth_of
from reports.extraction.loss.classifier import hear, read_loss, told
from reports.extraction.ngram_model import Weighing, weigh, weights
from reports.extraction.parsed_story import Look, look_at

UNCLEAR = "unclear"
_FALLBACKS = {"other_impersonation", "abuse_prank"}
_JUNK_TEXT = "spam_submission"
_JUNK = {_JUNK_TEXT, "abuse_prank"}
_NEGATED_WITHIN = 3  # words before a demand
# What a point of a phrase is worth beside the points of the words.
PHRASE_OF_SCENARIO = 0.5
PHRASE_OF_ACTION = 2.0
PHRASE_OF_NOW = 4.0
FEWEST_WORDS = 5  # fewer words say a thing only where they are a phrase of the rules
SURE = 0.1  # a lead under this is none: the story is unclear


@dataclass(frozen=True, slots=True)
class Reading:
    """What a story says. ``money_lost_vnd``: đồng, 0 none, None not said. ``score`` is the sum of
    the scenario's reasons; ``margin`` is how far it led before the next code.
    """

    scenario: str
    actions: tuple[str, ...]
    money_lost_vnd: int | None
    ongoing: bool
    reasons: tuple[Reason, ...]
    not_done: tuple[str, ...] = ()  # demanded, and the story says that it was not done
    score: float = 0.0
    margin: float = 0.0


def _phrases_of_scenarios(look: Look) -> Mapping[str, list[Hit]]:
    """The phrases that speak for a scenario. "Posing as" says of which kind only where no other
    phrase does, and who tells what happened to him has not posted an advertisement.
    """
    counted = look.counted("scenarios")
    if any(hit.cue.family == "first_person" for hit in look.hits):
        counted.pop(_JUNK_TEXT, None)
    named = {code: hits for code, hits in counted.items() if code not in _FALLBACKS}
    return named or counted


def _scenario(look: Look, weighing: Weighing) -> tuple[str, float, list[Reason]]:
    """The code with the most points, its lead, its reasons; unclear where the lead is small."""
    phrases, said = _phrases_of_scenarios(look), weighing.scores
    scores = {
        code: said[code] + worth_of(phrases.get(code, ()), PHRASE_OF_SCENARIO)
        for code in scenario_codes()
    }
    first, second = sorted(scores, key=lambda code: -scores[code])[:2]
    margin = scores[first] - scores[second]
    enough = len(look.words) >= FEWEST_WORDS or first in phrases
    code = first if margin >= SURE and enough else UNCLEAR
    fact = Fact("scenario", code, PHRASE_OF_SCENARIO)
    return code, margin, grounds(look.story, fact, phrases.get(code, []), weighing.parts(code))


def _is_negated(story: Story, hit: Hit, negations: Sequence[Hit]) -> bool:
    """Whether a "không", "chưa" or "nỏ" is within three words before, in the same clause."""
    clause = story.words[hit.first].clause
    before = between(negations, hit.first - _NEGATED_WITHIN, hit.first)
    return any(story.words[no.first].clause == clause for no in before)


def _actions(look: Look, weighing: Weighing) -> tuple[dict[str, bool], list[Reason]]:
    """The demands, each with whether the story says that it was not done, and the reasons. A
    negation never erases a demand.
    """
    phrases, said, needed = look.counted("actions"), weighing.scores, weighing.table.needed
    negations = [hit for hit in look.hits if hit.cue.family == "negation"]
    found: dict[str, bool] = {}
    reasons: list[Reason] = []
    for code in action_codes():
        own = phrases.get(code, [])
        if said[code] + worth_of(own, PHRASE_OF_ACTION) < needed[code]:
            continue
        denied = [hit for hit in own if _is_negated(look.story, hit, negations)]
        found[code] = bool(own) and len(denied) == len(own)
        fact = Fact("actions", code, PHRASE_OF_ACTION)
        reasons += grounds(look.story, fact, own, weighing.parts(code), denied)
    return found, reasons


def _ongoing(look: Look, weighing: Weighing) -> list[Reason]:
    """Why it goes on as this is written; nothing where it does not."""
    phrases = look.counted("ongoing").get("now", [])
    reached = weighing.scores["ongoing"] + worth_of(phrases, PHRASE_OF_NOW)
    if reached < weighing.table.needed["ongoing"]:
        return []
    fact = Fact("ongoing", "ongoing", PHRASE_OF_NOW)
    return grounds(look.story, fact, phrases, weighing.parts("ongoing"))


def _around(story: Story, hits: Sequence[Hit]) -> list[Reason]:
    """Who was called and how lately money moved: one reason for each, the first words."""
    found: dict[tuple[str, str], Reason] = {}
    for hit in hits:
        family, code = hit.cue.family, hit.cue.code
        if family in {"third_person", "just_now"} and (family, code) not in found:
            found[family, code] = spot(story, family, f"{code}: {hit.cue.phrase}", hit[1:], 0)
    return list(found.values())


def read_story(text: str) -> Reading:
    """Read one story. Never raises; time in proportion to the text."""
    look = look_at(text)
    said = hear(look)
    kinds, state = weigh(weights("kinds"), look.grams), weigh(weights("state"), told(look, said))
    scenario, margin, why = _scenario(look, kinds)
    actions, why_actions = _actions(look, kinds)
    loss = read_loss(look, said, state, scenario in _JUNK)
    why_ongoing = _ongoing(look, state)
    around = _around(look.story, look.hits)
    return Reading(
        scenario=scenario,
        actions=tuple(actions),
        money_lost_vnd=loss.value,
        ongoing=bool(why_ongoing),
        reasons=(*why, *why_actions, *loss.reasons, *why_ongoing, *around),
        not_done=tuple(code for code, undone in actions.items() if undone),
        score=score_of(why),
        margin=margin,
    )
