"""Facts of a report with its follow-ups: readings, claims of the callers, stages. Writes nothing.

A follow-up adds and makes nothing smaller. Its reasons carry FROM_FOLLOWUP and no place: places count in
the report's own story. A further sum ("thêm 5 triệu nữa") is added to the loss; any other typed sum
replaces the one typed before.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from reports.extraction import phones, story_reader
from reports.extraction.bank_accounts_and_links import (
    ACCOUNT_CUE,
    FoundAccount,
    find_bank_accounts,
    find_links,
)
from reports.extraction.danger import DANGER
from reports.extraction.impersonation import claims
from reports.extraction.impersonation.claims import ImpersonationClaim, ImpersonationResult
from reports.extraction.impersonation.office_names import OfficeLexicon
from reports.extraction.language import amounts
from reports.extraction.language.cue_matcher import (
    Token,
    TokenizedText,
    WordSet,
    tokenize,
    word_set,
)
from reports.extraction.language.parsed_story import ParsedStory, parse_story
from reports.extraction.language.scoring import Explanation
from reports.extraction.loss.classifier import STATES_BY_WEIGHT as _STATES
from reports.extraction.loss.classifier import Loss
from reports.extraction.numbering_plan import MAX_NUMBER_CHARS_READ
from reports.extraction.phones import Mentions, ParsedCaller
from reports.extraction.story_reader import StoryReading
from reports.facts.merged_report import MergedReport
from reports.models import Indicator

FROM_FOLLOWUP = " (báo thêm)"
_BEFORE = word_set("thêm tiếp another extra nữa more again")  # "thêm 5 triệu", "lần nữa 5 triệu"
_BEHIND_SUM = word_set("nữa more again")
_ASKING = {"doi", "yeu", "bat"}  # "đòi thêm 20 triệu": no payment
_OTHERWISE = {"truc", "ke", "noi", "bao", "viet", "ghi", "hoi"}  # "chuyển trực tiếp", "kể thêm"
_IN_ALL = {"tong", "total", "altogether"}
_REACH, _BEHIND = 6, 3  # words before the sum of a story and behind it
_MAX_FIELD = 400  # characters of the form's field
_PLACES, _KINDS = Indicator.IndicatorSource, Indicator.Kind
_FOLLOWUP, _STORY = _PLACES.FOLLOWUP, _PLACES.STORY
_MAX_KEY_LENGTH, _MAX_HOLDER_LENGTH = 255, 80
CORRECTED = "corrected"  # the flag of a number that the reporter replaced


def parse_stories(merged: MergedReport) -> list[ParsedStory]:
    """Return the report's story and those of its follow-ups, each parsed once."""
    later = (followup.story for followup in merged.substantive_followups)
    return [parse_story(story) for story in (merged.report.story, *later)]


def merge_followups(
    merged: MergedReport, stories: Sequence[ParsedStory]
) -> tuple[StoryReading, int | None]:
    """Return the story's reading with those of its follow-ups, and the typed loss in đồng."""
    reading = story_reader.read_story(stories[0])
    typed = amounts.parse_money_field(merged.report.money_lost_raw).value
    for followup, parsed in zip(merged.substantive_followups, stories[1:], strict=True):
        later = story_reader.read_story(parsed) if parsed.words else None
        typed_later = amounts.parse_money_field(followup.money_lost_raw).value
        further = _further_loss(followup.money_lost_raw, parsed, later, typed_later)
        if further:
            typed = max(typed or 0, reading.money_lost_vnd or 0) + further
        elif typed_later is not None:
            typed = typed_later
        if later:
            reading = _add_reading(reading, later, is_further=bool(further))
    return reading, typed


def _further_loss(
    field: str, parsed: ParsedStory, later: StoryReading | None, typed: int | None
) -> int | None:
    """Return the loss beside all before; a sum in both story and field counts once."""
    is_further_story = later is not None and is_additional_loss(parsed, later.loss)
    story_loss = later.money_lost_vnd if later and is_further_story else None
    if typed is None:
        return story_loss or None
    is_further = typed == story_loss or is_additional_field(field)
    return typed if is_further else None


def is_additional_field(raw: str) -> bool:
    """Return whether the form's field names a further sum: "thêm 5tr"; not a total."""
    story = tokenize(raw[:_MAX_FIELD])
    words, amount = story.words, next(amounts.find_amounts(story), None)
    if amount is None or any(word.folded in _IN_ALL for word in words):
        return False
    return _has_word(story, words[: amount.first]) or _has_word(story, words[amount.last :])


def is_additional_loss(parsed: ParsedStory, loss: Loss) -> bool:
    """Return whether the loss of a story is a further one.

    The first lost sum decides: "mất 10 triệu, rồi thêm 20 triệu nữa" tells the whole anew. A sum
    that is only demanded is no loss.
    """
    rows = zip(parsed.sums, loss.sums, strict=False)
    first = next((amount for amount, told in rows if told.role == "paid"), None)
    if loss.state != "some" or first is None:
        return False
    story, words = parsed.story, parsed.story.words
    near = words[max(0, first.first - _REACH) : first.first]
    before = [word for word in near if word.clause == words[first.first].clause]
    is_asked = any(word.folded in _ASKING for word in before)
    if is_asked or any(word.folded in _IN_ALL for word in words):
        return False
    behind = words[first.last : first.last + _BEHIND]
    return _has_word(story, before) or _has_word(story, behind, _BEHIND_SUM)


def _has_word(story: TokenizedText, words: Iterable[Token], wanted: WordSet | None = None) -> bool:
    """Return whether one of the words says that a sum is a further one."""
    last = ""
    for word in words:
        if (wanted or _BEFORE).has(story, word) and last not in _OTHERWISE:
            return True
        last = word.folded
    return False


def _add_reading(reading: StoryReading, later: StoryReading, *, is_further: bool) -> StoryReading:
    facts: dict[str, Any] = {}
    if reading.scenario == story_reader.UNCLEAR:
        facts["scenario"] = later.scenario
    if later.ongoing and not reading.ongoing:
        facts["ongoing"] = later.ongoing
    if later.loss != Loss():
        facts["loss"] = _add_loss(reading.loss, later.loss, is_further=is_further)
    if fresh := tuple(code for code in later.actions if code not in reading.actions):
        facts["actions"] = (*reading.actions, *fresh)
    reasons = (reason for reason in later.reasons if _is_new(reason, facts, fresh))
    return replace(reading, **facts, reasons=(*reading.reasons, *map(_without_place, reasons)))


def _add_loss(loss: Loss, later: Loss, *, is_further: bool) -> Loss:
    """Return the loss with what a follow-up tells; none of it makes the loss smaller."""
    sums = (*loss.sums, *(replace(each, start=None, end=None) for each in later.sums))
    surer = max(loss, later, key=lambda each: (_STATES.index(each.state), each.proposed_vnd or 0))
    return replace(loss if is_further and loss.state == "some" else surer, sums=sums)


def _is_new(reason: Explanation, facts: Mapping[str, Any], fresh: tuple[str, ...]) -> bool:
    """Return whether a reason is for what the follow-up adds."""
    if reason.fact == "actions":
        return reason.rule.partition(":")[0] in fresh
    if reason.fact == DANGER:
        return True
    if reason.fact == "money_lost_vnd":
        return "loss" in facts
    return reason.fact in facts


def _without_place(reason: Explanation) -> Explanation:
    return reason._replace(rule=reason.rule + FROM_FOLLOWUP, start=None, end=None)


def mentioned_in_form(merged: MergedReport) -> list[Indicator]:
    """Return what the report's own fields name beside its story, unsaved."""
    report, is_corrected = merged.report, merged.is_caller_corrected
    return [
        *mentioned_callers(report.caller_number, _PLACES.CALLER, is_corrected=is_corrected),
        *(mentioned_account(line, _PLACES.FORM) for line in report.accounts),
        *(mentioned_link(line, _PLACES.FORM) for line in report.links),
    ]


def mentioned_in_followups(merged: MergedReport, stories: Iterable[Mentions]) -> list[Indicator]:
    """Return what the follow-ups name, unsaved: in their fields, then in their stories."""
    in_stories = (each for story in stories for each in mentioned_in_story(story))
    return [*_mentioned_in_fields(merged), *in_stories]


def _mentioned_in_fields(merged: MergedReport) -> Iterator[Indicator]:
    for caller in merged.followup_callers_with_corrected:
        is_corrected = caller not in merged.followup_callers
        yield from mentioned_callers(caller.number, _FOLLOWUP, is_corrected=is_corrected)
    report = merged.report  # `mentioned_in_form`
    accounts = (line for line in merged.accounts if line not in report.accounts)
    links = (line for line in merged.links if line not in report.links)
    yield from (mentioned_account(line, _FOLLOWUP) for line in accounts)
    yield from (mentioned_link(line, _FOLLOWUP) for line in links)


def mentioned_account(line: str, source: str) -> Indicator:
    """Return the account of a field, without a key where none is found."""
    accounts = find_bank_accounts(ACCOUNT_CUE + line[:MAX_NUMBER_CHARS_READ])
    return _account(source, line, accounts[0] if accounts else FoundAccount("", 0, 0))


def mentioned_link(line: str, source: str) -> Indicator:
    """Return the link of a field, without a key where none is found."""
    links = find_links(line[:MAX_NUMBER_CHARS_READ])
    return _link(source, line, links[0].link if links else "")


def mentioned_people(merged: MergedReport) -> Iterator[Indicator]:
    """Yield the names and titles that the callers gave, corrected ones too."""
    later = (caller.name for caller in merged.followup_callers_with_corrected)
    first = (merged.report.claimed_name, Indicator.IndicatorSource.CALLER)
    for name, source in dict((*((name, _FOLLOWUP) for name in later), first)).items():
        if name.strip():
            yield person(name, source)


def person(name: str, source: str) -> Indicator:
    return Indicator(kind=_KINDS.PERSON, source=source, raw=name[:MAX_NUMBER_CHARS_READ].strip())


def mentioned_callers(typed: str, source: str, *, is_corrected: bool) -> Iterator[Indicator]:
    typed = typed[:MAX_NUMBER_CHARS_READ]
    for phone in phones.parse_many(typed) if typed.strip() else ():
        yield _number(source, phone, *([CORRECTED] if is_corrected else []))


def mentioned_in_story(story: Mentions) -> list[Indicator]:
    """Return the numbers, accounts and links of a story."""
    text = story.typed
    return [
        *(_number(_STORY, each.phone) for each in story.phones),
        *(_account(_STORY, text[each.start : each.end], each) for each in story.accounts),
        *(_link(_STORY, text[each.start : each.end], each.link) for each in story.links),
    ]


def _number(source: str, phone: ParsedCaller, *flags: str) -> Indicator:
    indicator = Indicator(kind=_KINDS.NUMBER, source=source, raw=phone.raw, key=phone.key)
    indicator.number_kind, indicator.flags = phone.kind, [*phone.flags, *flags]
    return indicator


def _account(source: str, raw: str, found: FoundAccount) -> Indicator:
    owner = {"bank": found.bank, "holder": found.holder[:_MAX_HOLDER_LENGTH]}
    return Indicator(kind=_KINDS.ACCOUNT, source=source, raw=raw, key=found.account, **owner)


def _link(source: str, raw: str, key: str) -> Indicator:
    return Indicator(kind=_KINDS.LINK, source=source, raw=raw, key=key[:_MAX_KEY_LENGTH])


def phones_at(named: Iterable[Indicator], *sources: str) -> list[ParsedCaller]:
    """Return the numbers from these places."""
    return [
        ParsedCaller(each.raw, each.number_kind, each.key, tuple(each.flags))
        for each in named
        if each.kind == _KINDS.NUMBER and each.key and each.source in sources
    ]


def all_claims(
    merged: MergedReport, stories: Sequence[ParsedStory], names: OfficeLexicon
) -> ImpersonationResult:
    """Return all that the callers claimed, the form's answers first."""
    every: list[ImpersonationClaim] = []
    for caller in merged.callers:
        every += claims.claims_from_checkbox(caller.office, names)
        every += claims.claims_in_field(caller.name, names)
    every += claims.claims_in_story(stories[0].story, names)
    for later in stories[1:]:
        for claim in claims.claims_in_story(later.story, names):
            every.append(replace(claim, reason=_without_place(claim.reason)))
    return claims.merge_claims(every)


def all_stages(reading: StoryReading, stories: Sequence[ParsedStory]) -> list[Explanation]:
    """Return the reasons of the story's stages, then of those in follow-ups alone."""
    own = [reason for reason in reading.reasons if FROM_FOLLOWUP not in reason.rule]
    reasons = story_reader.find_stages(stories[0].story, own)
    for later in stories[1:]:
        earlier = set(story_reader.stage_codes(reasons))
        reasons += [
            _without_place(reason)
            for reason in story_reader.find_stages(later.story)
            if story_reader.stage_code(reason) not in earlier
        ]
    return reasons
