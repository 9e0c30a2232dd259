"""Triage: a report becomes facts, each with its reason. Idempotent: the same report under the
same rules gives the same facts, however often. It never touches the report nor its case.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from itertools import islice
from math import inf
from typing import Any

from django.db import Error as DatabaseTrouble
from django.db import connection, transaction
from django.utils import timezone

from core.outbox import queue
from core.outbox.queue import Lease
from core.prepared_statements import PreparedStatement, execute_pipeline
from core.text import normalize
from reports.campaigns import fingerprints, matching
from reports.campaigns.link_scoring import ReportFingerprint
from reports.extraction import accounts_and_links, phones, script_stages, story_reader
from reports.extraction.accounts_and_links import (
    MAX_NUMBER_CHARS_READ,
    MAX_STORY_CHARS_READ,
    FoundAccount,
    FoundLink,
)
from reports.extraction.language.cue_matcher import code_rows
from reports.extraction.language.explanations import Explanation, is_remainder
from reports.extraction.phones import FoundPhone, ParsedCaller
from reports.extraction.priority import FormAnswers, compute_priority
from reports.extraction.story_reader import StoryReading
from reports.facts import followup_facts
from reports.facts.choices import actions_for
from reports.facts.merged_report import MergedReport
from reports.models import ExtractedFacts, Followup, Indicator, Report
from reports.reference import gazetteer, office_lexicon

RULES_VERSION = "2026-11-28a"  # raise it with every change of words or weights
TIMEOUT_SECONDS = 10.0  # seconds for one message, half of the task's soft time limit
_MAX_KEY_LENGTH = 255
_MAX_INDICATORS = 100
_ANY_STORY = "Có người xưng công an gọi, đòi chuyển 5 triệu vào stk 0992 000 456."

# Plain SQL: the ORM spent twice as long on making these statements as PostgreSQL on all of them
# (bar 11 of `make bench`). What is sealed, triage has no business with.
_COLUMNS = (
    "id", "public_number", "received_at", "happening_now", "channel", "caller_number", "claimed_office",
    "claimed_name", "story", "demands", "money_lost", "money_lost_raw", "on_behalf",
)  # fmt: skip
_LATER = (
    "kind", "story", "callers", "accounts", "links", "money_lost_raw", "commune_id", "commune_raw",
)  # fmt: skip
_MAX_FOLLOWUPS = 50  # followups, the latest; of each as much as of a story
# One statement: a report without followups costs a look into their index.
_READ = PreparedStatement(
    "read_report",
    f"""
SELECT {", ".join(_COLUMNS)},
       (SELECT count(*) FROM reports_followup WHERE report_id = report.id),
       (SELECT json_agg(latest ORDER BY received_at, id)
          FROM (SELECT id, received_at, kind, left(story, {MAX_STORY_CHARS_READ}) AS story,
                       callers, accounts, links, money_lost_raw, commune_id, commune_raw
                  FROM reports_followup
                 WHERE report_id = report.id AND kind <> '{Followup.Kind.WITHDRAWAL}'
                 ORDER BY received_at DESC, id DESC LIMIT {_MAX_FOLLOWUPS}) AS latest)
  FROM reports_report AS report WHERE id = %(report)s
""",  # noqa: S608  # nosec B608
)

# Two statements on one way: of two workers on one report the second waits at the facts, and its
# next statement sees the indicators of the first. Who read before an addition came changes nothing
# any more once it has been read; nor does a reading anew of a report that is under a hold.
_UPSERT_FACTS_SQL = PreparedStatement(
    "write_facts",
    """
INSERT INTO reports_extractedfacts (
    report_id, scenario, actions, money_lost_vnd, ongoing, priority, offices, office_communes,
    stages, commune_id, commune_raw, reasons, search_text, rules_version, followups_read, extracted_at)
VALUES (
    %(report_id)s, %(scenario)s, %(actions)s, %(money_lost_vnd)s, %(ongoing)s, %(priority)s,
    %(offices)s, %(office_communes)s, %(stages)s, %(commune_id)s, %(commune_raw)s, %(reasons)s,
    %(search_text)s, %(rules_version)s, %(followups_read)s, statement_timestamp())
ON CONFLICT (report_id) DO UPDATE
   SET scenario = excluded.scenario, actions = excluded.actions,
       money_lost_vnd = excluded.money_lost_vnd, ongoing = excluded.ongoing,
       priority = excluded.priority, offices = excluded.offices,
       office_communes = excluded.office_communes, stages = excluded.stages,
       commune_id = excluded.commune_id, commune_raw = excluded.commune_raw,
       reasons = excluded.reasons, search_text = excluded.search_text,
       rules_version = excluded.rules_version, followups_read = excluded.followups_read,
       extracted_at = excluded.extracted_at
 WHERE reports_extractedfacts.followups_read < excluded.followups_read
    OR reports_extractedfacts.followups_read = excluded.followups_read
       AND NOT reports_is_held(reports_extractedfacts.report_id)
""",
)
_WRITE_INDICATORS = PreparedStatement(
    "write_indicators",
    """
WITH stands AS (SELECT FROM reports_extractedfacts
                 WHERE report_id = %(report_id)s AND extracted_at = statement_timestamp()),
     gone AS (DELETE FROM reports_indicator
               WHERE report_id = %(report_id)s AND EXISTS (SELECT FROM stands))
INSERT INTO reports_indicator (report_id, kind, place, raw, key, number_kind, flags)
SELECT %(report_id)s, kind, place, raw, key, number_kind, flags
  FROM jsonb_to_recordset(%(found)s) AS found(
       kind text, place text, raw text, key text, number_kind text, flags text[])
 WHERE EXISTS (SELECT FROM stands)
""",
)
_REASON = tuple(field.name for field in fields(Explanation))
_INDICATOR = ("kind", "place", "raw", "key", "number_kind", "flags")
# What a caller claimed to be, where it says as much as a scenario of the taxonomy.
_CLAIMED = {
    "police": "police_case",
    "provincial_leader": "provincial_leader",
    "court_procuracy": "court_procuracy",
    "bank": "bank",
}


@dataclass(frozen=True)
class TriageResult:
    """All that triage writes of one report; nothing of it is in the database yet."""

    facts: ExtractedFacts
    indicators: list[Indicator]
    trail: ReportFingerprint


@dataclass(frozen=True)
class MentionedIndicator:
    """The numbers on the form and in the story, the accounts and the links, found once for all;
    and what the followups name.
    """

    callers: tuple[ParsedCaller, ...]
    phones: list[FoundPhone]
    accounts: Sequence[FoundAccount]
    links: Sequence[FoundLink]
    later: list[followup_facts.MentionedIndicator]
    is_caller_corrected: bool = False


def process_items(items: Iterable[int], patience: float = inf) -> None:
    """Triage what these outbox items owe, each by itself: one failing leaves the others be.
    After `patience` seconds no further one is begun.
    """
    for claim in queue.iter_leases(items, patience):
        with claim:
            triage(claim)


def triage(claim: Lease) -> None:
    """Read the report outside, write and settle inside one short transaction."""
    findings = extract(*_report(claim.key))
    with transaction.atomic():
        if queue.mark_done(claim):
            _write(findings)


def preload_models() -> None:
    """Read the tables that triage rests on, for all processes that are forked afterwards. What a
    database that is away leaves unread each of them reads later.
    """
    with suppress(DatabaseTrouble):
        extract(Report(story=_ANY_STORY, caller_number="0550 000 123", received_at=timezone.now()))


def _report(key: str) -> tuple[Report, tuple[Followup, ...], int]:
    """The report, without what is sealed; its latest followups, oldest first, and how many it has
    in all. Raises Report.DoesNotExist.
    """
    with connection.cursor() as cursor:
        execute_pipeline(cursor, {"report": key}, _READ)
        row = cursor.fetchone()
    if row is None:
        raise Report.DoesNotExist
    *columns, many, later = row
    followups = [Followup(**{name: row_json[name] for name in _LATER}) for row_json in later or ()]
    return Report.from_db(connection.alias, _COLUMNS, columns), tuple(followups), many


def extract(report: Report, followups: tuple[Followup, ...] = (), many: int = 0) -> TriageResult:
    """Read a report and the latest of `many` followups; writes nothing."""
    whole = MergedReport(report, followups)
    named = _named(whole)
    found = list(islice(_indicators(report, named), _MAX_INDICATORS))
    reading, typed = followup_facts.merge_followups(whole)
    claims = followup_facts.all_claims(whole, office_lexicon.office_lexicon())
    steps = followup_facts.all_stages(reading, report.story, whole.substantive_followups)
    place = whole.followup_with_latest_place
    declared = _declared(whole, typed)
    priority = compute_priority(reading, declared=declared, office=claims.of_state)
    facts = merge_form_facts(reading, declared)
    reasons = (*facts.reasons, *claims.reasons, *steps, *priority.reasons)
    return TriageResult(
        ExtractedFacts(
            report=report,
            scenario=facts.scenario,
            actions=list(facts.actions),
            money_lost_vnd=facts.money_lost_vnd,
            ongoing=facts.ongoing,
            priority=priority.score,
            offices=list(claims.offices),
            office_communes=list(claims.communes),
            stages=list(script_stages.stage_codes(steps)),
            commune_id=place.commune_id if place else None,
            commune_raw=place.commune_raw[: gazetteer.MAX_LENGTH] if place else "",
            reasons=[_row(reason) for reason in reasons],
            search_text=_search(whole, found),
            rules_version=RULES_VERSION,
            followups_read=many,
        ),
        found,
        fingerprints.build_fingerprint(whole, named.callers, named.phones, named.later),
    )


def read_report(report: Report, followups: tuple[Followup, ...] = ()) -> StoryReading:
    """What a report says as triage reads it: story, followups and form together."""
    whole = MergedReport(report, followups)
    reading, typed = followup_facts.merge_followups(whole)
    return merge_form_facts(reading, _declared(whole, typed))


def merge_form_facts(reading: StoryReading, declared: FormAnswers) -> StoryReading:
    """The story's facts and what the form said outright. Nothing makes a report look smaller:
    of two losses the larger stands, and "no longer" on the form does not undo "now" in a story.
    """
    facts = _with_scenario(reading, declared)
    if declared.happening_now and not reading.ongoing:
        facts = _with(facts, "ongoing", "happening_now", ongoing=True)
    for action in declared.demands:
        if action not in facts.actions:
            facts = _with(facts, "actions", "demands", actions=(*facts.actions, action))
    return _with_loss(facts, declared)


def _with_scenario(facts: StoryReading, declared: FormAnswers) -> StoryReading:
    claimed = _CLAIMED.get(declared.claimed_office)
    if not claimed or facts.scenario != story_reader.UNCLEAR:
        return facts
    return _with(facts, "scenario", "claimed_office", scenario=claimed)


def _with_loss(facts: StoryReading, declared: FormAnswers) -> StoryReading:
    typed, story_loss = declared.money_lost_vnd, facts.money_lost_vnd
    if typed is None and declared.money_lost is False:
        typed = 0
    if typed is None and declared.money_lost and story_loss == 0:
        return _with(facts, "money_lost_vnd", "money_lost", money_lost_vnd=None)
    if typed is None or (story_loss is not None and story_loss >= typed):
        return facts
    return _with(facts, "money_lost_vnd", "money_lost", money_lost_vnd=typed)


def _with(facts: StoryReading, fact: str, field: str, **changed: Any) -> StoryReading:
    """A fact that the form declares, with the field that says so as its reason."""
    reason = Explanation(fact, f"declared: {field}", "", None, None, 0)
    return replace(facts, reasons=(*facts.reasons, reason), **changed)


def _declared(whole: MergedReport, typed: int | None) -> FormAnswers:
    report = whole.report
    office = next((leg.office for leg in whole.legs if leg.office), "")
    return FormAnswers(
        happening_now=report.happening_now,
        money_lost=report.money_lost,
        money_lost_vnd=typed,
        demands=tuple(action for demand in report.demands for action in _sure_action(demand)),
        claimed_office=report.claimed_office or office,
        on_behalf=report.on_behalf,
    )


def _sure_action(demand: str) -> tuple[str, ...]:
    """The action that a demand names; a box that may mean several says none for sure."""
    actions = actions_for(demand)
    return actions if len(actions) == 1 else ()


def _named(whole: MergedReport) -> MentionedIndicator:
    report = whole.report
    caller, story = (
        report.caller_number[:MAX_NUMBER_CHARS_READ],
        report.story[:MAX_STORY_CHARS_READ],
    )
    return MentionedIndicator(
        phones.parse_many(caller) if caller.strip() else (),
        phones.find_in_text(story),
        accounts_and_links.find_bank_accounts(story),
        accounts_and_links.find_links(story),
        followup_facts.mentioned_in_followups(whole),
        whole.is_caller_corrected,
    )


def _indicators(report: Report, named: MentionedIndicator) -> Iterator[Indicator]:
    """The caller's number, the numbers, accounts and links of the story, those told later."""
    kinds, story = Indicator.Kind, report.story
    for phone in named.callers:
        yield _number(
            report, Indicator.IndicatorSource.CALLER, phone, is_corrected=named.is_caller_corrected
        )
    for found in named.phones:
        yield _number(report, Indicator.IndicatorSource.STORY, found.phone, is_corrected=False)
    for account in named.accounts:
        raw = story[account.start : account.end]
        yield _in_story(report, kinds.ACCOUNT, raw, account.account)
    for link in named.links:
        yield _in_story(report, kinds.LINK, story[link.start : link.end], link.link)
    for each in named.later:
        yield _later(report, each)


def _number(
    report: Report, place: str, phone: phones.ParsedCaller, *, is_corrected: bool
) -> Indicator:
    return Indicator(
        report=report,
        kind=Indicator.Kind.NUMBER,
        place=place,
        raw=phone.raw,
        key=phone.key,
        number_kind=phone.kind,
        flags=[*phone.flags, *([followup_facts.CORRECTED] if is_corrected else [])],
    )


def _in_story(report: Report, kind: str, raw: str, key: str) -> Indicator:
    place = Indicator.IndicatorSource.STORY
    return Indicator(report=report, kind=kind, place=place, raw=raw, key=key[:_MAX_KEY_LENGTH])


def _later(report: Report, named: followup_facts.MentionedIndicator) -> Indicator:
    if named.phone:
        return _number(report, named.place, named.phone, is_corrected=named.is_corrected)
    key = named.key[:_MAX_KEY_LENGTH]
    return Indicator(report=report, kind=named.kind, place=named.place, raw=named.raw, key=key)


def _search(whole: MergedReport, found: Iterable[Indicator]) -> str:
    """What the desk's search looks through: folded words, and numbers in each usual spelling."""
    spellings = [spelling for each in found for spelling in _spellings(each)]
    report = whole.report
    names = [
        report.claimed_name[:MAX_NUMBER_CHARS_READ],
        *(leg.name for leg in whole.all_followup_callers),
    ]
    stories = [report.story, *(addition.story for addition in whole.substantive_followups)]
    text = " ".join([*names, *(story[:MAX_STORY_CHARS_READ] for story in stories)])
    words = normalize(f"{report.public_number} {text}")
    return " ".join([words, *dict.fromkeys(spellings)])


def _spellings(indicator: Indicator) -> Iterator[str]:
    """An indicator without spaces; a number also as people dial it at home."""
    yield from filter(None, (indicator.key, normalize(indicator.raw).replace(" ", "")))
    if indicator.key.startswith("+84"):
        yield "0" + indicator.key.removeprefix("+84")


def _write(findings: TriageResult) -> None:
    """Replace what an earlier triage of the report wrote, and place it in a campaign."""
    facts = findings.facts
    found = [{name: getattr(each, name) for name in _INDICATOR} for each in findings.indicators]
    with connection.cursor() as cursor:
        json_values = {"reasons": _json(facts.reasons), "found": _json(found)}
        execute_pipeline(cursor, facts.__dict__ | json_values, _UPSERT_FACTS_SQL, _WRITE_INDICATORS)
    matching.link_report(
        matching.IncomingReport(
            facts.report_id,
            facts.report.received_at,
            findings.trail,
            code_rows()[facts.scenario]["label_vi"],
            facts.followups_read,
        )
    )


def _row(reason: Explanation) -> dict[str, Any]:
    """What is kept of a reason; of all the other words their place, not the story once more."""
    row = {name: getattr(reason, name) for name in _REASON}
    return row | {"words": ""} if is_remainder(reason.rule) else row


def _json(value: list[Any]) -> str:
    return json.dumps(value, ensure_ascii=False)
