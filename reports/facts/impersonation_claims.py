"""Whom the callers of a report claimed to be, and the steps that they took: the form, the story
and what was told later, together. Writes nothing.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from reports.extraction import script_stages as stages
from reports.extraction.explanations import Reason
from reports.extraction.impersonation import claims as claimed
from reports.extraction.impersonation.claims import Claim, Claimed
from reports.extraction.impersonation.lexicon import Names
from reports.extraction.story_reader import Reading
from reports.facts.followup_facts import ADDED
from reports.facts.merged_report import Whole
from reports.models import Addition


def claims(whole: Whole, names: Names) -> Claimed:
    """All that the callers claimed; what the form says first."""
    return claimed.together([*_of_form(whole, names), *_of_stories(whole, names)])


def _of_form(whole: Whole, names: Names) -> Iterator[Claim]:
    for leg in whole.callers:
        yield from claimed.of_form(leg.office, names)
        yield from claimed.of_field(leg.name, names)


def _of_stories(whole: Whole, names: Names) -> Iterator[Claim]:
    yield from claimed.of_story(whole.report.story, names)
    for addition in whole.told:
        for claim in claimed.of_story(addition.story, names):
            yield replace(claim, reason=_added(claim.reason))


def steps(said: Reading, story: str, additions: Iterable[Addition]) -> list[Reason]:
    """The steps of the story, then those that only later words tell. `said`: what was read in all."""
    found = stages.find(story, [reason for reason in said.reasons if ADDED not in reason.rule])
    for addition in additions:
        known = set(stages.codes(found))
        later = stages.find(addition.story)
        found += [_added(reason) for reason in later if stages.code_of(reason) not in known]
    return found


def _added(reason: Reason) -> Reason:
    """A reason whose words stand in what was told later: it has no place in the story."""
    return replace(reason, rule=reason.rule + ADDED, start=None, end=None)
