"""What a reporter's later words add to the reading of a report. Writes nothing.

A later story adds what the first left out and makes nothing smaller. Its reasons carry its words
and the mark ADDED, and no place: places count characters of the report's own story. A sum that is
called a further one ("thêm 5 triệu nữa") is added to what was lost before; any other that is typed
stands in the place of the one typed before.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from reports.extraction import accounts_and_links as indicators
from reports.extraction import amounts as money
from reports.extraction import phones
from reports.extraction import story_reader as reading
from reports.extraction.accounts_and_links import READ_OF_NUMBER, READ_OF_STORY
from reports.extraction.explanations import Reason
from reports.extraction.loss import additional_loss as more
from reports.extraction.phones import Phone
from reports.extraction.story_reader import Reading
from reports.facts.merged_report import Whole
from reports.models import Addition, Indicator

ADDED = " (báo thêm)"
_LABEL = "stk "  # what stands in the field for accounts is one, with or without the word
_LATER, _STORY = Indicator.Place.LATER, Indicator.Place.STORY
_KINDS = Indicator.Kind
CORRECTED = "corrected"  # the flag of a number in whose place its reporter named another


@dataclass(frozen=True)
class Named:
    """A number, an account or a link of an addition: where it stood, as it was written, and its
    canonical form, "" where it has none. `is_corrected`: its reporter named another instead.
    """

    kind: str
    place: str
    raw: str
    key: str
    phone: Phone | None = None
    is_corrected: bool = False


def read(whole: Whole) -> tuple[Reading, int | None]:
    """The reading of the report's own story, with what its additions say beside it; and the sum
    that was typed, with all that was lost since, in đồng.
    """
    said = reading.read_story(whole.report.story)
    typed = money.read_money(whole.report.money_lost_raw).value
    for addition in whole.told:
        later = reading.read_story(addition.story) if addition.story.strip() else None
        further = _further(addition, later)
        if further:
            typed = max(typed or 0, said.money_lost_vnd or 0) + further
        elif (total := money.read_money(addition.money_lost_raw).value) is not None:
            typed = total
        if later:
            said = _beside(said, later, is_further=bool(further))
    return said, typed


def _further(addition: Addition, later: Reading | None) -> int | None:
    """What was lost beside all that was told before. A sum that stands both in the story and in
    its field is one.
    """
    typed = money.read_money(addition.money_lost_raw).value
    told = later.money_lost_vnd if later and more.tells_more(addition.story) else None
    if typed is None:
        return told or None
    return typed if typed == told or more.says_more(addition.money_lost_raw) else None


def _beside(said: Reading, later: Reading, *, is_further: bool) -> Reading:
    facts: dict[str, Any] = {}
    if said.scenario == reading.UNCLEAR:
        facts["scenario"] = later.scenario
    if later.ongoing and not said.ongoing:
        facts["ongoing"] = later.ongoing
    if is_further:
        facts["money_lost_vnd"] = said.money_lost_vnd  # its words are a reason of the sum
    elif later.money_lost_vnd is not None and later.money_lost_vnd > (said.money_lost_vnd or -1):
        facts["money_lost_vnd"] = later.money_lost_vnd
    if fresh := tuple(code for code in later.actions if code not in said.actions):
        facts["actions"] = (*said.actions, *fresh)
    reasons = (reason for reason in later.reasons if _is_new(reason, said, facts, fresh))
    return replace(said, **facts, reasons=(*said.reasons, *map(_without_place, reasons)))


def _is_new(
    reason: Reason, said: Reading, facts: Mapping[str, Any], fresh: tuple[str, ...]
) -> bool:
    """Whether a reason speaks for what the addition brought."""
    if reason.fact == "actions":
        return reason.rule.partition(":")[0] in fresh
    known = {each.fact for each in said.reasons}
    return reason.fact in facts or (reason.fact in _AROUND and reason.fact not in known)


_AROUND = {"third_person", "just_now"}  # facts that are nothing but their reasons


def _without_place(reason: Reason) -> Reason:
    return replace(reason, rule=reason.rule + ADDED, start=None, end=None)


def named(whole: Whole) -> list[Named]:
    """All that the additions name, in the order of their fields and then of their stories."""
    return [*_in_fields(whole), *_in_stories(whole.told)]


def _in_fields(whole: Whole) -> Iterator[Named]:
    for leg in whole.told_legs:
        number, is_corrected = leg.number[:READ_OF_NUMBER], leg not in whole.legs
        for phone in phones.read_all(number) if number.strip() else ():
            yield Named(_KINDS.NUMBER, _LATER, phone.raw, phone.key, phone, is_corrected)
    for line in whole.accounts:
        found = indicators.find_accounts(_LABEL + line[:READ_OF_NUMBER])
        yield Named(_KINDS.ACCOUNT, _LATER, line, found[0].account if found else "")
    for line in whole.links:
        links = indicators.find_links(line[:READ_OF_NUMBER])
        yield Named(_KINDS.LINK, _LATER, line, links[0].link if links else "")


def _in_stories(additions: Iterable[Addition]) -> Iterator[Named]:
    for addition in additions:
        story = addition.story[:READ_OF_STORY]
        for phone in phones.find(story):
            yield Named(_KINDS.NUMBER, _STORY, phone.phone.raw, phone.phone.key, phone.phone)
        for account in indicators.find_accounts(story):
            raw = story[account.start : account.end]
            yield Named(_KINDS.ACCOUNT, _STORY, raw, account.account)
        for link in indicators.find_links(story):
            yield Named(_KINDS.LINK, _STORY, story[link.start : link.end], link.link)


def phones_at(place: str, named: Iterable[Named]) -> list[Phone]:
    """The numbers that stood there and can be told apart."""
    return [each.phone for each in named if each.phone and each.key and each.place == place]


def keys_of(kind: str, named: Iterable[Named]) -> list[str]:
    return [each.key for each in named if each.kind == kind and each.key]
