"""Why a story is read as it is: reasons with their words, place and points. Pure: no Django.

A code has points from two voices: phrases of the rules, and all words by their weights. Its
score is the sum of its reasons to the cent, and each reason points at words of the story.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from reports.extraction.language.cue_matcher import CueMatch, TokenizedText
from reports.extraction.language.ngram_model import FeatureContribution

ALL_OTHERS = "all other words"
DENIED = " (asked, not done)"
_MAX_WORDS = 6  # that are shown one by one
_MAX_PHRASES = 8
_MAX_OF_PHRASES = 3.0  # points of their own: many phrases say no more than a few


@dataclass(frozen=True, slots=True)
class Explanation:
    """One ground of a fact: the rule, the words at text[start:end] (None: not from the story)."""

    fact: str
    rule: str
    words: str
    start: int | None
    end: int | None
    points: float


@dataclass(frozen=True, slots=True)
class ExplanationTarget:
    """What the reasons are for: the name of the fact, the code, what a phrase's point is worth."""

    name: str
    code: str
    worth: float


def explanation_at(
    story: TokenizedText, fact: str, rule: str, place: tuple[int, int], points: float
) -> Explanation:
    """A reason at words [first, last)."""
    start, end = story.char_span(*place)
    return Explanation(fact, rule, story.text[start:end], start, end, round(points, 2))


def phrase_score(phrases: Iterable[CueMatch], worth: float) -> float:
    """What the phrases of a code add to it."""
    return min(sum(hit.cue.points for hit in phrases), _MAX_OF_PHRASES) * worth


def explain(
    story: TokenizedText,
    fact: ExplanationTarget,
    phrases: Sequence[CueMatch],
    parts: Sequence[FeatureContribution],
    denied: Collection[CueMatch] = (),
) -> list[Explanation]:
    """Every point of a code: its phrases, its weightiest words, and its other words as one.
    `denied` are the phrases of what was asked and not done.
    """
    listed = phrases[:_MAX_PHRASES]
    rules = [f"{fact.code}: {hit.cue.phrase}{DENIED if hit in denied else ''}" for hit in listed]
    return [
        *_of_phrases(
            story, fact, list(zip(listed, rules, strict=True)), phrase_score(phrases, fact.worth)
        ),
        *_of_words(story, fact, parts),
    ]


def _of_phrases(
    story: TokenizedText,
    fact: ExplanationTarget,
    phrases: Sequence[tuple[CueMatch, str]],
    together: float,
) -> Iterator[Explanation]:
    """Each phrase with its share of what they add together."""
    total = sum(hit.cue.points for hit, _ in phrases) or 1.0
    for hit, rule in phrases:
        yield explanation_at(story, fact.name, rule, hit[1:], together * hit.cue.points / total)


def _of_words(
    story: TokenizedText, fact: ExplanationTarget, parts: Sequence[FeatureContribution]
) -> Iterator[Explanation]:
    for part in parts[:_MAX_WORDS]:
        rule = f"{fact.code}: words “{part.gram.name}”"
        yield explanation_at(story, fact.name, rule, part.gram[1:], part.points)
    rest = round(sum(part.points for part in parts[_MAX_WORDS:]), 2)
    if rest:
        whole = (0, len(story.words))
        yield explanation_at(story, fact.name, f"{fact.code}: {ALL_OTHERS}", whole, rest)


def is_model_reason(rule: str) -> bool:
    """Whether a reason is a word, a pair or a family by its weight, not a phrase of the rules."""
    return ": words “" in rule


def is_remainder(rule: str) -> bool:
    """Whether a reason is the one of all the words that are not shown one by one."""
    return ALL_OTHERS in rule


def score_of(reasons: Iterable[Explanation]) -> float:
    """The points of reasons together, to the cent."""
    return round(sum(reason.points for reason in reasons), 2)
