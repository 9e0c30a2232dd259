"""Whom the callers of a report claimed to be, and the steps that they took: the form, the story
and what was told later, together. Writes nothing.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from reports.extraction import script_stages
from reports.extraction.impersonation import claims
from reports.extraction.impersonation.claims import ImpersonationClaim, ImpersonationResult
from reports.extraction.impersonation.lexicon import OfficeLexicon
from reports.extraction.language.explanations import Explanation
from reports.extraction.story_reader import StoryReading
from reports.facts.followup_facts import ADDED
from reports.facts.merged_report import MergedReport
from reports.models import Followup


def all_claims(whole: MergedReport, names: OfficeLexicon) -> ImpersonationResult:
    """All that the callers claimed; what the form says first."""
    return claims.merge_claims([*_of_form(whole, names), *_of_stories(whole, names)])


def _of_form(whole: MergedReport, names: OfficeLexicon) -> Iterator[ImpersonationClaim]:
    for leg in whole.callers:
        yield from claims.claims_from_checkbox(leg.office, names)
        yield from claims.claims_in_field(leg.name, names)


def _of_stories(whole: MergedReport, names: OfficeLexicon) -> Iterator[ImpersonationClaim]:
    yield from claims.claims_in_story(whole.report.story, names)
    for addition in whole.substantive_followups:
        for claim in claims.claims_in_story(addition.story, names):
            yield replace(claim, reason=_added(claim.reason))


def all_stages(said: StoryReading, story: str, additions: Iterable[Followup]) -> list[Explanation]:
    """The steps of the story, then those that only later words tell. `said`: what was read in all."""
    found = script_stages.find_stages(
        story, [reason for reason in said.reasons if ADDED not in reason.rule]
    )
    for addition in additions:
        known = set(script_stages.stage_codes(found))
        later = script_stages.find_stages(addition.story)
        found += [
            _added(reason) for reason in later if script_stages.stage_code(reason) not in known
        ]
    return found


def _added(reason: Explanation) -> Explanation:
    """A reason whose words stand in what was told later: it has no place in the story."""
    return replace(reason, rule=reason.rule + ADDED, start=None, end=None)
