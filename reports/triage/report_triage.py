"""Triage: extract the facts of a report, each with its reason.

Idempotent: the same report under the same rules gives the same facts. It never changes the report
or its case.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields, replace
from typing import Any

from django import db
from django.db import connection, transaction
from django.utils import timezone

from core.database import PreparedStatement, execute_pipeline
from core.outbox import queue
from core.outbox.queue import Lease
from core.text import normalize, normalize_as_meant
from reports.campaigns import matching, regrouping
from reports.campaigns.link_scoring import FingerprintData, sure_kind
from reports.extraction import story_reader
from reports.extraction.bank_accounts_and_links import bank_spellings
from reports.extraction.language.cue_matcher import code_rows
from reports.extraction.language.parsed_story import MAX_LENGTH, ParsedStory
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

RULES_VERSION = "2026-12-01m"  # raise it with every change of words or weights
TIMEOUT_SECONDS = 10.0  # seconds for one message, half of the task's soft time limit
_MAX_INDICATORS = 100
_ANY_STORY = "Có người xưng công an gọi, đòi chuyển 5 triệu vào stk 0992 000 456."

# Plain SQL: the ORM took twice as long to make these statements as PostgreSQL to run them (bar 11 of
# `make bench`). Triage reads no sealed column.
_COLUMNS = (
    "id", "public_number", "received_at", "happening_now", "channel", "caller_number", "claimed_office",
    "claimed_name", "story", "demands", "accounts", "links", "money_lost", "money_lost_raw", "commune_id",
    "on_behalf",
)  # fmt: skip
_FOLLOWUP_FIELDS = (
    "kind", "story", "callers", "accounts", "links", "money_lost_raw", "commune_id", "commune_raw",
)  # fmt: skip
# An answer to an officer is read like a follow-up of a story alone.
_LATER = f"""
SELECT received_at, id::text, {", ".join(_FOLLOWUP_FIELDS)} FROM reports_followup
 WHERE report_id = report.id AND kind <> '{Followup.Kind.WITHDRAWAL}'
 UNION ALL
SELECT sent_at, id::text, '{Followup.Kind.ANSWER}', story, '[]', '{{}}', '{{}}', '', NULL, ''
  FROM reports_message WHERE report_id = report.id AND story <> ''
"""  # noqa: S608  # nosec B608
_MAX_FOLLOWUPS = 50  # the latest; of each as much as of a story
# One statement: a report without followups or answers costs three index look-ups.
_READ = PreparedStatement(
    "read_report",
    f"""
SELECT {", ".join(_COLUMNS)},
       (SELECT count(*) FROM reports_followup WHERE report_id = report.id)
       + (SELECT count(*) FROM reports_message WHERE report_id = report.id AND actor_id IS NULL),
       (SELECT json_agg(to_jsonb(latest) || jsonb_build_object('story', left(story, {MAX_LENGTH}))
                        ORDER BY received_at, id)
          FROM (SELECT * FROM ({_LATER}) AS later
                 ORDER BY received_at DESC, id DESC LIMIT {_MAX_FOLLOWUPS}) AS latest),
       (SELECT (corrections_json -> 'named')::json FROM reports_case WHERE report_id = report.id)
  FROM reports_report AS report WHERE id = %(report)s
""",  # noqa: S608  # nosec B608
)

# Two statements in one pipeline: of two workers on a report the second waits at the facts, and its
# next statement sees the first one's indicators. Facts without the latest follow-ups and corrections do
# not replace facts with them, nor does reading again replace those of a report under a hold.
_FACTS = (
    "scenario", "actions", "money_lost_vnd", "loss", "ongoing", "priority", "offices", "office_communes",
    "stages", "commune_id", "commune_raw", "reasons", "search_text", "rules_version", "followups_read",
)  # fmt: skip
# Who decides meanwhile is waited for: junk ties nobody. First, as who erases takes the case first.
_LOCK_CASE_SQL = "SELECT FROM reports_case WHERE report_id = %(report_id)s FOR KEY SHARE"
_UPSERT_FACTS_SQL = PreparedStatement(
    "write_facts",
    f"""
INSERT INTO reports_extractedfacts (report_id, {", ".join(_FACTS)}, extracted_at)
VALUES (%(report_id)s, {", ".join(f"%({name})s" for name in _FACTS)}, statement_timestamp())
ON CONFLICT (report_id) DO UPDATE
   SET {", ".join(f"{name} = excluded.{name}" for name in (*_FACTS, "extracted_at"))}
 WHERE (reports_extractedfacts.followups_read < excluded.followups_read
        OR reports_extractedfacts.followups_read = excluded.followups_read
           AND NOT reports_is_held(reports_extractedfacts.report_id))
   AND %(named)s::jsonb = coalesce((SELECT corrections_json -> 'named' FROM reports_case
                                     WHERE report_id = excluded.report_id), 'null')
""",  # noqa: S608  # nosec B608
)
_WRITE_INDICATORS = PreparedStatement(
    "write_indicators",
    """
WITH stands AS (SELECT FROM reports_extractedfacts
                 WHERE report_id = %(report_id)s AND extracted_at = statement_timestamp()),
     gone AS (DELETE FROM reports_indicator
               WHERE report_id = %(report_id)s AND EXISTS (SELECT FROM stands)),
     fresh AS (
INSERT INTO reports_indicator (report_id, kind, source, raw, key, number_kind, bank, holder, flags)
SELECT %(report_id)s, kind, source, raw, key, number_kind, bank, holder, flags
  FROM jsonb_to_recordset(%(found)s) AS found(
       kind text, source text, raw text, key text, number_kind text, bank text, holder text, flags text[])
 WHERE EXISTS (SELECT FROM stands))
SELECT EXISTS (SELECT FROM stands)
""",
)
_REASON = tuple(field.name for field in fields(Explanation))
_INDICATOR = ("kind", "source", "raw", "key", "number_kind", "bank", "holder", "flags")
# Claimed offices that mean a scenario of the taxonomy.
_SCENARIO_OF_OFFICE = {
    "police": "police_case",
    "provincial_leader": "provincial_leader",
    "court_procuracy": "court_procuracy",
    "bank": "bank",
}


@dataclass(frozen=True)
class TriageResult:
    facts: ExtractedFacts
    indicators: list[Indicator]
    fingerprint: FingerprintData
    named: dict[str, Any] | None = None  # what officers put right, as it was read


def triage(lease: Lease) -> None:
    """Extract first, then write and complete the item in one short transaction."""
    findings = extract(*_load_report(lease.key))
    with transaction.atomic():
        if queue.mark_done(lease):
            _write(findings)


process_items = queue.for_each_lease(triage)


def preload_models() -> None:
    """Load the tables that triage needs, before processes are forked."""
    with suppress(db.Error):
        extract(Report(story=_ANY_STORY, caller_number="0550 000 123", received_at=timezone.now()))


def _load_report(key: str) -> tuple[Report, tuple[Followup, ...], int, dict[str, Any] | None]:
    """Return the report, its latest followups, their number, and what officers put right of what
    it names. Raises Report.DoesNotExist.
    """
    with connection.cursor() as cursor:
        execute_pipeline(cursor, {"report": key}, _READ)
        row = cursor.fetchone()
    if row is None:
        raise Report.DoesNotExist
    *columns, many, later, named = row
    followups = [
        Followup(**{name: each[name] for name in _FOLLOWUP_FIELDS}) for each in later or ()
    ]
    report = Report.from_db(connection.alias, _COLUMNS, columns)
    return report, tuple(followups), many, named


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


def _write(findings: TriageResult) -> None:
    """Replace what an earlier triage wrote of no more, and link the report to a campaign."""
    facts = findings.facts
    rows = [{name: getattr(each, name) for name in _INDICATOR} for each in findings.indicators]
    with connection.cursor() as cursor:
        json_values = {name: _json(getattr(facts, name)) for name in ("reasons", "loss")}
        json_values |= {"found": _json(rows), "named": _json(findings.named)}
        steps = (_LOCK_CASE_SQL, _UPSERT_FACTS_SQL, _WRITE_INDICATORS)
        execute_pipeline(cursor, facts.__dict__ | json_values, *steps)
        if not cursor.fetchone()[0]:
            return  # what stands was read from more
    matching.link_report(
        matching.IncomingReport(
            facts.report_id,
            facts.report.received_at,
            findings.fingerprint,
            code_rows()[facts.scenario]["label_vi"],
            facts.followups_read,
        )
    )
    if (findings.named or {}).get("removed"):  # it may have tied the report
        regrouping.enqueue_if_ungrounded(facts.report_id)


def _reason_row(reason: Explanation) -> dict[str, Any]:
    """Return the stored form of a reason; the remainder without its words, which are the story."""
    row = {name: getattr(reason, name) for name in _REASON}
    return row | {"words": ""} if is_remainder(reason.rule) else row


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
