"""A story cut once, for every question that is asked of it. Pure: no Django."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from reports.extraction.language.amounts import MoneyAmount, find_amounts
from reports.extraction.language.cue_matcher import (
    CueMatch,
    CuePhrase,
    TokenizedText,
    find_cues,
    inside,
    is_covered,
    longest_match_by_token,
    tokenize,
)
from reports.extraction.language.implicit_amounts import find_implicit_amounts
from reports.extraction.language.ngram_model import (
    Feature,
    ending_features,
    extract_features,
    feature_tokens,
    last_sentence_features,
)
from reports.extraction.language.payment_verbs import (
    PaymentAction,
    action_features,
    find_payment_actions,
    sequence_features,
)

MAX_LENGTH = 20_000  # signs that are read; no resident's story is longer
_MAX_SUMS = 100


@dataclass(frozen=True, slots=True)
class ParsedStory:
    """The words of a story, the phrases and sums in them, and its grams."""

    story: TokenizedText
    hits: list[CueMatch]
    sums: list[MoneyAmount]
    words: list[Feature]
    grams: list[Feature]
    deeds: list[PaymentAction]

    @property
    def all_features(self) -> list[Feature]:
        """The grams, those with which the story ends, what was done and what was not, its turns."""
        return [
            *self.grams,
            *ending_features(self.words),
            *last_sentence_features(self.story, self.grams),
            *action_features(self.deeds),
            *sequence_features(self.hits, self.deeds, self.sums),
        ]

    def active_cues(self, family: str) -> dict[str, list[CueMatch]]:
        """The phrases that count, by code: each once, none silenced or inside a longer one."""
        silences = (hit for hit in self.hits if hit.cue.family == "silence")
        silenced = longest_match_by_token(hit for hit in silences if hit.cue.code == family)
        by_code: dict[str, dict[CuePhrase, CueMatch]] = {}
        for hit in self.hits:
            if hit.cue.family == family and not is_covered(hit, silenced):
                by_code.setdefault(hit.cue.code, {}).setdefault(hit.cue, hit)
        return {code: _outermost(cues.values()) for code, cues in by_code.items()}


def _outermost(hits: Iterable[CueMatch]) -> list[CueMatch]:
    every = list(hits)
    return [hit for hit in every if not inside(hit, every)]


def parse_story(text: str) -> ParsedStory:
    """Cut a story and find everything that answers rest on. Time in proportion to the text."""
    story = tokenize(text[:MAX_LENGTH])
    hits = find_cues(story)
    sums = [amount for amount, _ in zip(find_amounts(story), range(_MAX_SUMS), strict=False)]
    more = islice(find_implicit_amounts(story, sums), 2 * _MAX_SUMS)
    sums = sorted([*sums, *more], key=lambda amount: amount.first)[:_MAX_SUMS]
    words = feature_tokens(story, sums)
    return ParsedStory(
        story,
        hits,
        sums,
        words,
        extract_features(words, hits),
        find_payment_actions(story, hits, sums),
    )
