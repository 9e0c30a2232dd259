"""Triage: a report becomes facts, each with its reason. Idempotent: the same report under the
same rules gives the same facts, however often. It never touches the report nor its case.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from itertools import islice
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from reports import indicators, linking, money, outbox, phones, reading, urgency
from reports.cues import code_rows
from reports.demands import actions_of
from reports.folding import fold
from reports.indicators import READ_OF_NUMBER, READ_OF_STORY
from reports.models import Facts, Indicator, Report
from reports.outbox import Claim
from reports.reading import Reading, Reason
from reports.urgency import Declared

RULES_VERSION = "2026-11"  # raise it with every change of words or weights
_LONGEST_KEY = 255
_MOST_INDICATORS = 100
_REPLACED = (
    "scenario", "actions", "money_lost_vnd", "ongoing", "priority", "reasons", "search",
    "rules_version", "read_at",
)  # fmt: skip

# Columns of a report that triage has no business with.
_SEALED = ("content_digest", "story_sealed", "contact_sealed", "phrase_sealed", "contact_index")
# What a caller claimed to be, where it says as much as a scenario of the taxonomy.
_CLAIMED = {
    "police": "police_case",
    "provincial_leader": "provincial_leader",
    "court_procuracy": "court_procuracy",
    "bank": "bank",
}


@dataclass(frozen=True)
class Findings:
    """All that triage writes of one report; nothing of it is in the database yet."""

    facts: Facts
    indicators: list[Indicator]


def work_off(items: Iterable[int]) -> None:
    """Triage what these outbox items owe, each by itself: one failing leaves the others be."""
    for item in items:
        claim = outbox.claim(item)
        if claim:
            with claim:
                triage(claim)


def triage(claim: Claim) -> None:
    """Read the report outside, write and settle inside one short transaction."""
    report = Report.objects.defer(*_SEALED).get(pk=claim.key)
    findings = find(report)
    with transaction.atomic():
        if outbox.settle(claim):
            _write(findings)


def find(report: Report) -> Findings:
    """Read a report; writes nothing."""
    found = list(islice(_indicators(report), _MOST_INDICATORS))
    said = reading.read_story(report.story)
    declared = _declared(report)
    priority = urgency.priority(said, declared=declared)
    facts = merge(said, declared)
    return Findings(
        Facts(
            report=report,
            scenario=facts.scenario,
            actions=list(facts.actions),
            money_lost_vnd=facts.money_lost_vnd,
            ongoing=facts.ongoing,
            priority=priority.score,
            reasons=[asdict(reason) for reason in (*facts.reasons, *priority.reasons)],
            search=_search(report, found),
            rules_version=RULES_VERSION,
            read_at=Now(),
        ),
        found,
    )


def merge(said: Reading, declared: Declared) -> Reading:
    """The story's facts and what the form said outright. Nothing makes a report look smaller:
    of two losses the larger stands, and "no longer" on the form does not undo "now" in a story.
    """
    facts = _with_scenario(said, declared)
    if declared.happening_now and not said.ongoing:
        facts = _with(facts, "ongoing", "happening_now", ongoing=True)
    for action in declared.demands:
        if action not in facts.actions:
            facts = _with(facts, "actions", "demands", actions=(*facts.actions, action))
    return _with_loss(facts, declared)


def _with_scenario(facts: Reading, declared: Declared) -> Reading:
    claimed = _CLAIMED.get(declared.claimed_office)
    if not claimed or facts.scenario != reading.UNCLEAR:
        return facts
    return _with(facts, "scenario", "claimed_office", scenario=claimed)


def _with_loss(facts: Reading, declared: Declared) -> Reading:
    typed, told = declared.money_lost_vnd, facts.money_lost_vnd
    if typed is None and declared.money_lost is False:
        typed = 0
    if typed is None or (told is not None and told >= typed):
        return facts
    return _with(facts, "money_lost_vnd", "money_lost", money_lost_vnd=typed)


def _with(facts: Reading, fact: str, field: str, **changed: Any) -> Reading:
    """A fact that the form declares, with the field that says so as its reason."""
    reason = Reason(fact, f"declared: {field}", "", None, None, 0)
    return replace(facts, reasons=(*facts.reasons, reason), **changed)


def _declared(report: Report) -> Declared:
    return Declared(
        happening_now=report.happening_now,
        money_lost=report.money_lost,
        money_lost_vnd=money.read_money(report.money_lost_raw).value,
        demands=tuple(action for demand in report.demands for action in _sure_action(demand)),
        claimed_office=report.claimed_office,
        on_behalf=report.on_behalf,
    )


def _sure_action(demand: str) -> tuple[str, ...]:
    """The action that a demand names; a box that may mean several says none for sure."""
    actions = actions_of(demand)
    return actions if len(actions) == 1 else ()


def _indicators(report: Report) -> Iterator[Indicator]:
    """The caller's number, and the numbers, accounts and links of the story."""
    kinds, story = Indicator.Kind, report.story[:READ_OF_STORY]
    caller = report.caller_number[:READ_OF_NUMBER]
    if caller.strip():
        for phone in phones.read_all(caller):
            yield _number(report, Indicator.Place.CALLER, phone)
    for found in phones.find(story):
        yield _number(report, Indicator.Place.STORY, found.phone)
    for account in indicators.find_accounts(story):
        raw = story[account.start : account.end]
        yield _in_story(report, kinds.ACCOUNT, raw, account.account)
    for link in indicators.find_links(story):
        yield _in_story(report, kinds.LINK, story[link.start : link.end], link.link)


def _number(report: Report, place: str, phone: phones.Phone) -> Indicator:
    return Indicator(
        report=report,
        kind=Indicator.Kind.NUMBER,
        place=place,
        raw=phone.raw,
        key=phone.key,
        number_kind=phone.kind,
        flags=list(phone.flags),
    )


def _in_story(report: Report, kind: str, raw: str, key: str) -> Indicator:
    place = Indicator.Place.STORY
    return Indicator(report=report, kind=kind, place=place, raw=raw, key=key[:_LONGEST_KEY])


def _search(report: Report, found: Iterable[Indicator]) -> str:
    """What the desk's search looks through: folded words, and numbers in each usual spelling."""
    spellings = [spelling for each in found for spelling in _spellings(each)]
    name = report.claimed_name[:READ_OF_NUMBER]
    words = fold(f"{report.public_number} {name} {report.story[:READ_OF_STORY]}")
    return " ".join([words, *dict.fromkeys(spellings)])


def _spellings(indicator: Indicator) -> Iterator[str]:
    """An indicator without spaces; a number also as people dial it at home."""
    yield from filter(None, (indicator.key, fold(indicator.raw).replace(" ", "")))
    if indicator.key.startswith("+84"):
        yield "0" + indicator.key.removeprefix("+84")


def _write(findings: Findings) -> None:
    """Replace what an earlier triage of the report wrote, and place it in a campaign."""
    facts = findings.facts
    Facts.objects.bulk_create(
        [facts],
        update_conflicts=True,
        unique_fields=["report"],
        update_fields=_REPLACED,
    )
    Indicator.objects.filter(report=facts.report_id).delete()
    Indicator.objects.bulk_create(findings.indicators)
    title = code_rows()[facts.scenario]["label_vi"]
    linking.link(facts.report, title)
