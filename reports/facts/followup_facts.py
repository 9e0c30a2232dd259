"""Facts of a report with its follow-ups: readings, claims of the callers, stages. Writes nothing.

A follow-up adds and makes nothing smaller. Its reasons carry FROM_FOLLOWUP and no place: places count in
the report's own story. A further sum ("thêm 5 triệu nữa") is added to the loss; any other typed sum
replaces the one typed before.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from reports.extraction import phones, story_reader
from reports.extraction.bank_accounts_and_links import (
    FoundAccount,
    find_bank_accounts,
    find_links,
)
from reports.extraction.danger import DANGER
from reports.extraction.digits_in_text import MAX_NUMBER_CHARS_READ, MAX_STORY_CHARS_READ
from reports.extraction.impersonation import claims
from reports.extraction.impersonation.claims import ImpersonationClaim, ImpersonationResult
from reports.extraction.impersonation.office_names import OfficeLexicon
from reports.extraction.language import amounts
from reports.extraction.language.scoring import Explanation
from reports.extraction.loss import classifier
from reports.extraction.phones import FoundPhone, ParsedCaller
from reports.extraction.story_reader import StoryReading
from reports.facts.merged_report import MergedReport
from reports.models import Followup, Indicator

FROM_FOLLOWUP = " (báo thêm)"
_LABEL = "stk "  # makes every line of the field for accounts one
_FOLLOWUP, _STORY = Indicator.IndicatorSource.FOLLOWUP, Indicator.IndicatorSource.STORY
_KINDS = Indicator.Kind
_CONTEXT = {"third_person"}  # facts that have no value but their reasons
CORRECTED = "corrected"  # the flag of a number that the reporter replaced


@dataclass(frozen=True)
class MentionedIndicator:
    """A number, an account or a link; `is_corrected`: the reporter replaced it by another."""

    kind: str
    source: str
    raw: str
    key: str
    phone: ParsedCaller | None = None
    is_corrected: bool = False
    bank: str = ""
    holder: str = ""


def merge_followups(merged: MergedReport) -> tuple[StoryReading, int | None]:
    """Return the story's reading with those of its follow-ups, and the typed loss in đồng."""
    reading = story_reader.extract_from_story(merged.report.story)
    typed = amounts.parse_money_field(merged.report.money_lost_raw).value
    for followup in merged.substantive_followups:
        later = story_reader.extract_from_story(followup.story) if followup.story.strip() else None
        typed_later = amounts.parse_money_field(followup.money_lost_raw).value
        further = _further_loss(followup, later, typed_later)
        if further:
            typed = max(typed or 0, reading.money_lost_vnd or 0) + further
        elif typed_later is not None:
            typed = typed_later
        if later:
            reading = _add_reading(reading, later, is_further=bool(further))
    return reading, typed


def _further_loss(followup: Followup, later: StoryReading | None, typed: int | None) -> int | None:
    """Return the loss beside all before; a sum in both story and field counts once."""
    is_further_story = later is not None and classifier.is_additional_loss(followup.story)
    story_loss = later.money_lost_vnd if later and is_further_story else None
    if typed is None:
        return story_loss or None
    is_further = typed == story_loss or classifier.is_additional_field(followup.money_lost_raw)
    return typed if is_further else None


def _add_reading(reading: StoryReading, later: StoryReading, *, is_further: bool) -> StoryReading:
    facts: dict[str, Any] = {}
    if reading.scenario == story_reader.UNCLEAR:
        facts["scenario"] = later.scenario
    if later.ongoing and not reading.ongoing:
        facts["ongoing"] = later.ongoing
    if is_further:
        facts["money_lost_vnd"] = reading.money_lost_vnd  # later.reasons still explain the sum
    elif later.money_lost_vnd is not None and later.money_lost_vnd > (reading.money_lost_vnd or -1):
        facts["money_lost_vnd"] = later.money_lost_vnd
    if fresh := tuple(code for code in later.actions if code not in reading.actions):
        facts["actions"] = (*reading.actions, *fresh)
    reasons = (reason for reason in later.reasons if _is_new(reason, reading, facts, fresh))
    return replace(reading, **facts, reasons=(*reading.reasons, *map(_without_place, reasons)))


def _is_new(
    reason: Explanation, reading: StoryReading, facts: Mapping[str, Any], fresh: tuple[str, ...]
) -> bool:
    """Return whether a reason is for what the follow-up adds."""
    if reason.fact == "actions":
        return reason.rule.partition(":")[0] in fresh
    if reason.fact == DANGER:
        return True
    is_explained = any(each.fact == reason.fact for each in reading.reasons)
    return reason.fact in facts or (reason.fact in _CONTEXT and not is_explained)


def _without_place(reason: Explanation) -> Explanation:
    return replace(reason, rule=reason.rule + FROM_FOLLOWUP, start=None, end=None)


def mentioned_in_followups(merged: MergedReport) -> list[MentionedIndicator]:
    """Return what the follow-ups name: in their fields, then in their stories."""
    mentions = list(_mentioned_in_fields(merged))
    for followup in merged.substantive_followups:
        story = followup.story[:MAX_STORY_CHARS_READ]
        mentions += mentioned_in_story(story, phones.find_in_text(story))
    return mentions


def _mentioned_in_fields(merged: MergedReport) -> Iterator[MentionedIndicator]:
    for caller in merged.followup_callers_with_corrected:
        is_corrected = caller not in merged.followup_callers
        yield from mentioned_callers(caller.number, _FOLLOWUP, is_corrected=is_corrected)
    for line in merged.accounts:
        accounts = find_bank_accounts(_LABEL + line[:MAX_NUMBER_CHARS_READ])
        account = accounts[0] if accounts else FoundAccount("", 0, 0)
        yield _mentioned_account(_FOLLOWUP, line, account)
    for line in merged.links:
        links = find_links(line[:MAX_NUMBER_CHARS_READ])
        yield MentionedIndicator(_KINDS.LINK, _FOLLOWUP, line, links[0].link if links else "")


def mentioned_callers(
    typed: str, source: str, *, is_corrected: bool
) -> Iterator[MentionedIndicator]:
    typed = typed[:MAX_NUMBER_CHARS_READ]
    for phone in phones.parse_many(typed) if typed.strip() else ():
        yield MentionedIndicator(_KINDS.NUMBER, source, phone.raw, phone.key, phone, is_corrected)


def mentioned_in_story(story: str, in_story: Iterable[FoundPhone]) -> Iterator[MentionedIndicator]:
    """Yield the numbers (`in_story`), accounts and links of a story."""
    for phone in (each.phone for each in in_story):
        yield MentionedIndicator(_KINDS.NUMBER, _STORY, phone.raw, phone.key, phone)
    for account in find_bank_accounts(story):
        yield _mentioned_account(_STORY, story[account.start : account.end], account)
    for link in find_links(story):
        yield MentionedIndicator(_KINDS.LINK, _STORY, story[link.start : link.end], link.link)


def _mentioned_account(source: str, raw: str, account: FoundAccount) -> MentionedIndicator:
    bank, holder = account.bank, account.holder
    return MentionedIndicator(
        _KINDS.ACCOUNT, source, raw, account.account, bank=bank, holder=holder
    )


def phones_at(source: str, named: Iterable[MentionedIndicator]) -> list[ParsedCaller]:
    return [each.phone for each in named if each.phone and each.key and each.source == source]


def indicator_keys(kind: str, named: Iterable[MentionedIndicator]) -> list[str]:
    return [each.key for each in named if each.kind == kind and each.key]


def all_claims(merged: MergedReport, names: OfficeLexicon) -> ImpersonationResult:
    """Return all that the callers claimed, the form's answers first."""
    every: list[ImpersonationClaim] = []
    for caller in merged.callers:
        every += claims.claims_from_checkbox(caller.office, names)
        every += claims.claims_in_field(caller.name, names)
    every += claims.claims_in_story(merged.report.story, names)
    for followup in merged.substantive_followups:
        for claim in claims.claims_in_story(followup.story, names):
            every.append(replace(claim, reason=_without_place(claim.reason)))
    return claims.merge_claims(every)


def all_stages(
    reading: StoryReading, story: str, followups: Iterable[Followup]
) -> list[Explanation]:
    """Return the reasons of the story's stages, then of those in follow-ups alone."""
    own = [reason for reason in reading.reasons if FROM_FOLLOWUP not in reason.rule]
    reasons = story_reader.find_stages(story, own)
    for followup in followups:
        earlier = set(story_reader.stage_codes(reasons))
        reasons += [
            _without_place(reason)
            for reason in story_reader.find_stages(followup.story)
            if story_reader.stage_code(reason) not in earlier
        ]
    return reasons
