"""A story cut once, for every question that is asked of it. Pure: no Django."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice

from reports.extraction.amounts import Amount, amounts
from reports.extraction.cue_matcher import Cue, Hit, Story, cover, covered, cut, find_cues, inside
from reports.extraction.loss.implicit_amounts import elided
from reports.extraction.loss.payment_verbs import Deed, deeds_of, grams_of_deeds, grams_of_turns
from reports.extraction.ngram_model import Gram, endings_of, grams_of, last_sentence_of, words_of

LONGEST = 20_000  # signs that are read; no resident's story is longer
_MOST_SUMS = 100


@dataclass(frozen=True, slots=True)
class Look:
    """The words of a story, the phrases and sums in them, and its grams."""

    story: Story
    hits: list[Hit]
    sums: list[Amount]
    words: list[Gram]
    grams: list[Gram]
    deeds: list[Deed]

    @property
    def endings(self) -> list[Gram]:
        """The grams, those with which the story ends, what was done and what was not, its turns."""
        return [
            *self.grams,
            *endings_of(self.words),
            *last_sentence_of(self.story, self.grams),
            *grams_of_deeds(self.deeds),
            *grams_of_turns(self.hits, self.deeds, self.sums),
        ]

    def counted(self, family: str) -> dict[str, list[Hit]]:
        """The phrases that count, by code: each once, none silenced or inside a longer one."""
        silences = (hit for hit in self.hits if hit.cue.family == "silence")
        silenced = cover(hit for hit in silences if hit.cue.code == family)
        by_code: dict[str, dict[Cue, Hit]] = {}
        for hit in self.hits:
            if hit.cue.family == family and not covered(hit, silenced):
                by_code.setdefault(hit.cue.code, {}).setdefault(hit.cue, hit)
        return {code: _outermost(cues.values()) for code, cues in by_code.items()}


def _outermost(hits: Iterable[Hit]) -> list[Hit]:
    every = list(hits)
    return [hit for hit in every if not inside(hit, every)]


def look_at(text: str) -> Look:
    """Cut a story and find everything that answers rest on. Time in proportion to the text."""
    story = cut(text[:LONGEST])
    hits = find_cues(story)
    sums = [amount for amount, _ in zip(amounts(story), range(_MOST_SUMS), strict=False)]
    more = islice(elided(story, sums), 2 * _MOST_SUMS)
    sums = sorted([*sums, *more], key=lambda amount: amount.first)[:_MOST_SUMS]
    words = words_of(story, sums)
    return Look(story, hits, sums, words, grams_of(words, hits), deeds_of(story, hits, sums))
