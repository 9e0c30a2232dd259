"""Facts of a report with its follow-ups: what was read, what callers claimed to be, the stages. Writes nothing.

A later story adds what the first left out and makes nothing smaller. Its reasons carry ADDED and no place:
places count characters of the report's own story. A sum called a further one ("thêm 5 triệu nữa") is added to
the loss before; any other typed sum replaces the one typed before.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from reports.extraction import accounts_and_links, phones, script_stages, story_reader
from reports.extraction.accounts_and_links import MAX_NUMBER_CHARS_READ, MAX_STORY_CHARS_READ
from reports.extraction.impersonation import claims
from reports.extraction.impersonation.claims import ImpersonationClaim, ImpersonationResult
from reports.extraction.impersonation.office_names import OfficeLexicon
from reports.extraction.language import amounts
from reports.extraction.language.explanations import Explanation
from reports.extraction.loss import classifier
from reports.extraction.phones import ParsedCaller
from reports.extraction.story_reader import StoryReading
from reports.facts.merged_report import MergedReport
from reports.models import Followup, Indicator

ADDED = " (báo thêm)"
_LABEL = "stk "  # what stands in the field for accounts is one, with or without the word
_LATER, _STORY = Indicator.IndicatorSource.LATER, Indicator.IndicatorSource.STORY
_KINDS = Indicator.Kind
CORRECTED = "corrected"  # the flag of a number in whose place its reporter named another


@dataclass(frozen=True)
class MentionedIndicator:
    """A number, an account or a link of an addition: where it stood, as it was written, and its
    canonical form, "" where it has none. `is_corrected`: its reporter named another instead.
    """

    kind: str
    place: str
    raw: str
    key: str
    phone: ParsedCaller | None = None
    is_corrected: bool = False


def merge_followups(whole: MergedReport) -> tuple[StoryReading, int | None]:
    """The reading of the report's own story, with what its followups say beside it; and the sum
    that was typed, with all that was lost since, in đồng.
    """
    reading = story_reader.extract_from_story(whole.report.story)
    typed = amounts.parse_money_field(whole.report.money_lost_raw).value
    for addition in whole.substantive_followups:
        later = story_reader.extract_from_story(addition.story) if addition.story.strip() else None
        further = _further(addition, later)
        if further:
            typed = max(typed or 0, reading.money_lost_vnd or 0) + further
        elif (total := amounts.parse_money_field(addition.money_lost_raw).value) is not None:
            typed = total
        if later:
            reading = _beside(reading, later, is_further=bool(further))
    return reading, typed


def _further(addition: Followup, later: StoryReading | None) -> int | None:
    """What was lost beside all that was told before. A sum that stands both in the story and in
    its field is one.
    """
    typed = amounts.parse_money_field(addition.money_lost_raw).value
    story_loss = (
        later.money_lost_vnd if later and classifier.is_additional_loss(addition.story) else None
    )
    if typed is None:
        return story_loss or None
    return (
        typed
        if typed == story_loss or classifier.is_additional_field(addition.money_lost_raw)
        else None
    )


def _beside(reading: StoryReading, later: StoryReading, *, is_further: bool) -> StoryReading:
    facts: dict[str, Any] = {}
    if reading.scenario == story_reader.UNCLEAR:
        facts["scenario"] = later.scenario
    if later.ongoing and not reading.ongoing:
        facts["ongoing"] = later.ongoing
    if is_further:
        facts["money_lost_vnd"] = reading.money_lost_vnd  # its words are a reason of the sum
    elif later.money_lost_vnd is not None and later.money_lost_vnd > (reading.money_lost_vnd or -1):
        facts["money_lost_vnd"] = later.money_lost_vnd
    if fresh := tuple(code for code in later.actions if code not in reading.actions):
        facts["actions"] = (*reading.actions, *fresh)
    reasons = (reason for reason in later.reasons if _is_new(reason, reading, facts, fresh))
    return replace(reading, **facts, reasons=(*reading.reasons, *map(_without_place, reasons)))


def _is_new(
    reason: Explanation, reading: StoryReading, facts: Mapping[str, Any], fresh: tuple[str, ...]
) -> bool:
    """Whether a reason speaks for what the addition brought."""
    if reason.fact == "actions":
        return reason.rule.partition(":")[0] in fresh
    known = {each.fact for each in reading.reasons}
    return reason.fact in facts or (reason.fact in _AROUND and reason.fact not in known)


_AROUND = {"third_person", "just_now"}  # facts that are nothing but their reasons


def _without_place(reason: Explanation) -> Explanation:
    return replace(reason, rule=reason.rule + ADDED, start=None, end=None)


def mentioned_in_followups(whole: MergedReport) -> list[MentionedIndicator]:
    """All that the followups name, in the order of their fields and then of their stories."""
    return [*_in_fields(whole), *_in_stories(whole.substantive_followups)]


def _in_fields(whole: MergedReport) -> Iterator[MentionedIndicator]:
    for leg in whole.all_followup_callers:
        number, is_corrected = leg.number[:MAX_NUMBER_CHARS_READ], leg not in whole.legs
        for phone in phones.parse_many(number) if number.strip() else ():
            yield MentionedIndicator(
                _KINDS.NUMBER, _LATER, phone.raw, phone.key, phone, is_corrected
            )
    for line in whole.accounts:
        found = accounts_and_links.find_bank_accounts(_LABEL + line[:MAX_NUMBER_CHARS_READ])
        yield MentionedIndicator(_KINDS.ACCOUNT, _LATER, line, found[0].account if found else "")
    for line in whole.links:
        links = accounts_and_links.find_links(line[:MAX_NUMBER_CHARS_READ])
        yield MentionedIndicator(_KINDS.LINK, _LATER, line, links[0].link if links else "")


def _in_stories(followups: Iterable[Followup]) -> Iterator[MentionedIndicator]:
    for addition in followups:
        story = addition.story[:MAX_STORY_CHARS_READ]
        for phone in phones.find_in_text(story):
            yield MentionedIndicator(
                _KINDS.NUMBER, _STORY, phone.phone.raw, phone.phone.key, phone.phone
            )
        for account in accounts_and_links.find_bank_accounts(story):
            raw = story[account.start : account.end]
            yield MentionedIndicator(_KINDS.ACCOUNT, _STORY, raw, account.account)
        for link in accounts_and_links.find_links(story):
            yield MentionedIndicator(_KINDS.LINK, _STORY, story[link.start : link.end], link.link)


def phones_at(place: str, named: Iterable[MentionedIndicator]) -> list[ParsedCaller]:
    """The numbers that stood there and can be told apart."""
    return [each.phone for each in named if each.phone and each.key and each.place == place]


def indicator_keys(kind: str, named: Iterable[MentionedIndicator]) -> list[str]:
    return [each.key for each in named if each.kind == kind and each.key]


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
            yield replace(claim, reason=_without_place(claim.reason))


def all_stages(
    reading: StoryReading, story: str, followups: Iterable[Followup]
) -> list[Explanation]:
    """The steps of the story, then those that only later words tell. `said`: what was read in all."""
    found = script_stages.find_stages(
        story, [reason for reason in reading.reasons if ADDED not in reason.rule]
    )
    for addition in followups:
        known = set(script_stages.stage_codes(found))
        later = script_stages.find_stages(addition.story)
        found += [
            _without_place(reason)
            for reason in later
            if script_stages.stage_code(reason) not in known
        ]
    return found
