"""Triage: extract the facts of a report, each with its reason.

Idempotent: the same report under the same rules gives the same facts. It never changes the report
or its case.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import UUID

from django import db
from django.db import transaction
from django.utils import timezone

from core.outbox import queue
from core.outbox.queue import Leased
from core.text import normalize, normalize_as_meant
from reports.campaigns import matching, regrouping
from reports.campaigns.candidate_search import TAKE_TURN, TAKE_TURN_ALONE, IncomingReport
from reports.campaigns.link_scoring import sure_kind
from reports.extraction import story_reader
from reports.extraction.bank_accounts_and_links import bank_spellings
from reports.extraction.language.cue_matcher import code_rows
from reports.extraction.language.parsed_story import ParsedStory
from reports.extraction.language.scoring import Explanation, is_remainder
from reports.extraction.phones import find_mentions
from reports.extraction.priority import FormAnswers, compute_priority
from reports.extraction.story_reader import StoryReading
from reports.facts import followup_facts
from reports.facts.choices import actions_for
from reports.facts.merged_report import MergedReport
from reports.facts.named_things import NamedChanges
from reports.models import ExtractedFacts, Followup, Indicator, Report
from reports.reference import gazetteer, office_lexicon
from reports.triage import fact_storage
from reports.triage.fact_storage import TriageResult

RULES_VERSION = "2026-12-01n"  # raise it with every change of words or weights
# For one message. What is begun then reads, waits for its turn and is placed within the task's soft
# time limit of 20 seconds.
TIMEOUT_SECONDS = 8.0
MAX_TOGETHER = 64  # reports of one message, where many wait
TOGETHER_SECONDS = 2.0  # seconds of reading, after which what was read is written
_MAX_INDICATORS = 100
_ANY_STORY = "Có người xưng công an gọi, đòi chuyển 5 triệu vào stk 0992 000 456."

# Claimed offices that mean a scenario of the taxonomy.
_SCENARIO_OF_OFFICE = {
    "police": "police_case",
    "provincial_leader": "provincial_leader",
    "court_procuracy": "court_procuracy",
    "bank": "bank",
}


def triage(leased: Sequence[Leased]) -> set[int]:
    """Extract first, each report once; then write and complete the items in one short transaction.
    Return the items that were read in time. Raises Report.DoesNotExist.
    """
    readings, results = _extract_in_time(leased)
    with transaction.atomic():
        turn = TAKE_TURN_ALONE if len(results) == 1 else TAKE_TURN
        leases = [lease for lease, _ in leased if lease.item_id in readings]
        done = queue.mark_all_done(leases, turn)
        reports = {readings[item] for item in done}
        write_and_link([results[report] for report in sorted(reports)])
    return set(readings)


def _extract_in_time(leased: Iterable[Leased]) -> tuple[dict[int, UUID], dict[UUID, TriageResult]]:
    """Return the report of each item, and the facts by report, of as many as TOGETHER_SECONDS allow."""
    end = time.monotonic() + TOGETHER_SECONDS
    reports: dict[int, UUID] = {}
    results: dict[UUID, TriageResult] = {}
    for lease, row in leased:
        if results and time.monotonic() > end:
            break
        reading = fact_storage.parse_row(row)
        report = reports[lease.item_id] = reading.report.pk
        if report not in results:
            results[report] = extract(*reading)
    return reports, results


process_items = queue.for_each_batch(triage, fact_storage.READ)


def preload_models() -> None:
    """Load the tables that triage needs, before processes are forked."""
    with suppress(db.Error):
        extract(Report(story=_ANY_STORY, caller_number="0550 000 123", received_at=timezone.now()))


def extract(
    report: Report,
    followups: tuple[Followup, ...] = (),
    many: int = 0,
    named: dict[str, Any] | None = None,
) -> TriageResult:
    """Extract the facts of a report and the latest of `many` followups; writes nothing."""
    changes = NamedChanges.from_json(named)
    merged = MergedReport(report, followups)
    stories = followup_facts.parse_stories(merged)
    mentioned = [find_mentions(each.story.typed, each.story.copy) for each in stories]
    own = followup_facts.mentioned_in_form(merged)
    later = followup_facts.mentioned_in_followups(merged, mentioned[1:])
    people = followup_facts.mentioned_people(merged)
    mentions = [*own, *people, *followup_facts.mentioned_in_story(mentioned[0]), *later]
    indicators = changes.apply(mentions[:_MAX_INDICATORS])
    reading, typed = followup_facts.merge_followups(merged, stories)
    claims = followup_facts.all_claims(merged, stories, office_lexicon.office_lexicon())
    stages = followup_facts.all_stages(reading, stories)
    commune_id, commune_raw = _find_home(merged)
    declared = _form_answers(merged, typed)
    priority = compute_priority(reading, declared=declared, office=claims.of_state)
    facts = merge_form_facts(reading, declared)
    reasons = (*facts.reasons, *claims.reasons, *stages, *priority.reasons)
    return TriageResult(
        ExtractedFacts(
            report=report,
            scenario=facts.scenario,
            actions=list(facts.actions),
            money_lost_vnd=facts.money_lost_vnd,
            loss=facts.loss.as_row() | {"is_declared": facts.loss.is_declared},
            ongoing=facts.ongoing,
            priority=priority.score,
            offices=list(claims.offices),
            office_communes=list(claims.communes),
            stages=list(story_reader.stage_codes(stages)),
            commune_id=commune_id,
            commune_raw=commune_raw,
            reasons=[_reason_row(reason) for reason in reasons],
            search_text=_search_text(merged, stories, indicators),
            rules_version=RULES_VERSION,
            followups_read=many,
        ),
        indicators,
        matching.build_fingerprint(
            merged,
            mentioned[0],
            changes.apply([*own, *later]),
            sure_kind(facts),
            removed=changes.removed,
        ),
        named=named,
    )


def _find_home(merged: MergedReport) -> tuple[str | None, str]:
    """Return the commune of the latest follow-up's field, and its words; where no field of the report
    names one for certain, that of the latest answer or story that does.
    """
    place = merged.followup_with_latest_place
    typed = (place.commune_id, place.commune_raw[: gazetteer.MAX_LENGTH]) if place else (None, "")
    if merged.commune_id:
        return typed
    stories = [merged.report.story, *(each.story for each in merged.substantive_followups)]
    places = gazetteer.communes()
    homes = (gazetteer.find_home(story, places) for story in reversed(stories))
    return next(filter(None, homes), typed)


def read_report(report: Report, followups: tuple[Followup, ...] = ()) -> StoryReading:
    """Return the facts of story, follow-ups and form together, as triage extracts them."""
    merged = MergedReport(report, followups)
    reading, typed = followup_facts.merge_followups(merged, followup_facts.parse_stories(merged))
    return merge_form_facts(reading, _form_answers(merged, typed))


def merge_form_facts(reading: StoryReading, declared: FormAnswers) -> StoryReading:
    """Return the story's facts with those that the form declares.

    The form's sum leads; its "no loss" beside a told payment is unclear, and its "no longer" does
    not undo a story's "now".
    """
    facts = reading
    scenario = _SCENARIO_OF_OFFICE.get(declared.claimed_office)
    if scenario and facts.scenario == story_reader.UNCLEAR:
        facts = _declare(facts, "scenario", "claimed_office", scenario=scenario)
    if declared.happening_now and not reading.ongoing:
        facts = _declare(facts, "ongoing", "happening_now", ongoing=True)
    for action in declared.demands:
        if action not in facts.actions:
            facts = _declare(facts, "actions", "demands", actions=(*facts.actions, action))
    return _merge_loss(facts, declared)


def _merge_loss(facts: StoryReading, declared: FormAnswers) -> StoryReading:
    """Return the facts with the form's sum; of a "no" against a told payment, unclear."""
    typed, loss = declared.money_lost_vnd, facts.loss
    if typed is None and declared.money_lost is False:
        typed = 0
    is_told = loss.state == "some" or any(each.role == "paid" for each in loss.sums)
    if typed:
        loss = replace(loss, state="some", proposed_vnd=typed, is_declared=True)
    elif (typed == 0 and is_told) or (declared.money_lost and loss.state == "none"):
        loss = replace(loss, state="unclear", proposed_vnd=None)
    elif typed == 0:
        loss = replace(loss, state="none", proposed_vnd=0, is_declared=True)
    elif declared.money_lost and loss.state == "not_said":
        loss = replace(loss, state="some", is_declared=True)
    if loss == facts.loss:
        return facts
    return _declare(facts, "money_lost_vnd", "money_lost", loss=loss)


def _declare(facts: StoryReading, fact: str, field: str, **changed: Any) -> StoryReading:
    """Return the facts with one that a form field declares, and its reason."""
    reason = Explanation(fact, f"declared: {field}", "", None, None, 0)
    return replace(facts, reasons=(*facts.reasons, reason), **changed)


def _form_answers(merged: MergedReport, typed: int | None) -> FormAnswers:
    report = merged.report
    office = next((caller.office for caller in merged.followup_callers if caller.office), "")
    return FormAnswers(
        happening_now=report.happening_now,
        money_lost=report.money_lost,
        money_lost_vnd=typed,
        # A box that may mean several actions declares none.
        demands=tuple(acts[0] for acts in map(actions_for, report.demands) if len(acts) == 1),
        claimed_office=report.claimed_office or office,
        on_behalf=report.on_behalf,
    )


def _search_text(
    merged: MergedReport, stories: Iterable[ParsedStory], indicators: Sequence[Indicator]
) -> str:
    """Return the text for the desk's search: folded words, numbers in each usual spelling."""
    spellings = [
        spelling
        for each in indicators
        if each.kind != Indicator.Kind.PERSON
        for spelling in _list_spellings(each)
    ]
    names = [each.raw for each in indicators if each.kind == Indicator.Kind.PERSON]
    named = normalize_as_meant(" ".join([merged.report.public_number, *names]))
    words = [named, *(normalize(each.story.text) for each in stories)]
    return " ".join(filter(None, [*words, *dict.fromkeys(spellings)]))


def _list_spellings(indicator: Indicator) -> Iterator[str]:
    """Yield an indicator without spaces, a number also as it is dialled in Vietnam; bank and holder."""
    yield from filter(None, (indicator.key, normalize(indicator.raw).replace(" ", "")))
    if indicator.key.startswith("+84"):
        yield "0" + indicator.key.removeprefix("+84")
    link = indicator.key if indicator.kind == Indicator.Kind.LINK else ""
    names = (*bank_spellings(indicator.bank), indicator.holder, link)
    yield from filter(None, map(normalize, names))


def write_and_link(results: Sequence[TriageResult]) -> None:
    """Replace what an earlier triage wrote of no more, and link the reports to campaigns."""
    written = fact_storage.write_facts(results)
    standing = [each for each in results if each.facts.report_id in written]
    matching.link_reports([_incoming(each) for each in standing])
    for each in standing:
        if (each.named or {}).get("removed"):  # it may have tied the report
            regrouping.enqueue_if_ungrounded(each.facts.report_id)


def _incoming(result: TriageResult) -> IncomingReport:
    facts = result.facts
    return IncomingReport(
        facts.report_id,
        facts.report.received_at,
        result.fingerprint,
        code_rows()[facts.scenario]["label_vi"],
        facts.followups_read,
    )


def _reason_row(reason: Explanation) -> dict[str, Any]:
    """Return the stored form of a reason; the remainder without its words, which are the story."""
    shown = reason._replace(words="") if is_remainder(reason.rule) else reason
    return shown._asdict()
