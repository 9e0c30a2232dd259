"""Facts in the database: what is read of many reports with their leases, and written of many at once.

Plain SQL: the ORM took twice as long to make these statements as PostgreSQL to run them (bar 11 of
`make bench`). Triage reads no sealed column.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from core.database import BY_INDEX, PreparedStatement, execute_pipeline
from core.outbox.queue import LEASED_COLUMNS, LEASED_SQL
from reports.campaigns.link_scoring import FingerprintData
from reports.extraction.language.parsed_story import MAX_LENGTH
from reports.models import ExtractedFacts, Followup, Indicator, Report

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
# A report without followups or answers costs four index look-ups.
READ = PreparedStatement(
    "read_reports",
    f"""
SELECT {LEASED_COLUMNS}, {", ".join(f"report.{name}" for name in _COLUMNS)},
       (SELECT count(*) FROM reports_followup WHERE report_id = report.id)
       + (SELECT count(*) FROM reports_message WHERE report_id = report.id AND actor_id IS NULL),
       (SELECT json_agg(to_jsonb(latest) || jsonb_build_object('story', left(story, {MAX_LENGTH}))
                        ORDER BY received_at, id)
          FROM (SELECT * FROM ({_LATER}) AS later
                 ORDER BY received_at DESC, id DESC LIMIT {_MAX_FOLLOWUPS}) AS latest),
       (SELECT (corrections_json -> 'named')::json FROM reports_case WHERE report_id = report.id)
  FROM (SELECT item.* FROM {LEASED_SQL}) AS item
  LEFT JOIN reports_report AS report
    ON report.id = CASE WHEN pg_input_is_valid(item.key, 'uuid') THEN item.key::uuid END
 ORDER BY item.id
""",  # noqa: S608  # nosec B608
)

# Statements of one pipeline: of two workers on a report the second waits at the facts, and its
# next statement sees the first one's indicators. Facts without the latest follow-ups and corrections do
# not replace facts with them, nor does reading again replace those of a report under a hold.
_FACTS = {
    "scenario": "text", "actions": "text[]", "money_lost_vnd": "bigint", "loss": "jsonb",
    "ongoing": "boolean", "priority": "integer", "offices": "text[]", "office_communes": "text[]",
    "stages": "text[]", "commune_id": "text", "commune_raw": "text", "reasons": "jsonb",
    "search_text": "text", "rules_version": "text", "followups_read": "integer",
}  # fmt: skip
# Who decides meanwhile is waited for: junk ties nobody. First, as who erases takes the case first.
_LOCK_CASES_SQL = """\
SELECT FROM reports_case WHERE report_id = ANY(%(reports)s::uuid[]) ORDER BY report_id FOR KEY SHARE
"""
_UPSERT_FACTS = PreparedStatement(
    "write_facts",
    f"""
INSERT INTO reports_extractedfacts (report_id, received_at, {", ".join(_FACTS)}, extracted_at)
SELECT report_id, received_at, {", ".join(_FACTS)}, statement_timestamp()
  FROM jsonb_to_recordset(%(facts)s::jsonb) AS found(
       report_id uuid, received_at timestamptz, {", ".join(f"{name} {kind}" for name, kind in _FACTS.items())})
 ORDER BY report_id
ON CONFLICT (report_id) DO UPDATE
   SET {", ".join(f"{name} = excluded.{name}" for name in (*_FACTS, "extracted_at"))}
 WHERE (reports_extractedfacts.followups_read < excluded.followups_read
        OR reports_extractedfacts.followups_read = excluded.followups_read
           AND NOT reports_is_held(reports_extractedfacts.report_id))
   AND coalesce(%(named)s::jsonb -> excluded.report_id::text, 'null')
       = coalesce((SELECT corrections_json -> 'named' FROM reports_case
                    WHERE report_id = excluded.report_id), 'null')
""",  # noqa: S608  # nosec B608
)
_INDICATOR = {
    "kind": "text", "source": "text", "raw": "text", "key": "text", "number_kind": "text",
    "bank": "text", "holder": "text", "flags": "text[]",
}  # fmt: skip
# An array, so that rows are found by the index whatever is known of the table.
_WRITE_INDICATORS = PreparedStatement(
    "write_indicators",
    f"""
WITH stands AS MATERIALIZED (
     SELECT report_id FROM reports_extractedfacts
      WHERE report_id = ANY(%(reports)s::uuid[]) AND extracted_at = statement_timestamp()),
     gone AS (DELETE FROM reports_indicator WHERE report_id = ANY(ARRAY(SELECT report_id FROM stands))),
     fresh AS (
INSERT INTO reports_indicator (report_id, {", ".join(_INDICATOR)})
SELECT report_id, {", ".join(_INDICATOR)}
  FROM jsonb_to_recordset(%(indicators)s::jsonb) AS found(
       report_id uuid, {", ".join(f"{name} {kind}" for name, kind in _INDICATOR.items())})
 WHERE report_id IN (SELECT report_id FROM stands))
SELECT report_id FROM stands
""",  # noqa: S608  # nosec B608
)


class ReportReading(NamedTuple):
    """A report, its latest followups, their number, and what officers put right of what it names."""

    report: Report
    followups: tuple[Followup, ...]
    followup_count: int
    named: dict[str, Any] | None


@dataclass(frozen=True)
class TriageResult:
    facts: ExtractedFacts
    indicators: list[Indicator]
    fingerprint: FingerprintData
    named: dict[str, Any] | None = None  # what officers put right, as it was read


def parse_row(row: Sequence[Any]) -> ReportReading:
    """Return what READ selects behind the lease. Raises Report.DoesNotExist."""
    *columns, many, later, named = row
    if columns[0] is None:
        raise Report.DoesNotExist
    followups = (
        Followup(**{name: each[name] for name in _FOLLOWUP_FIELDS}) for each in later or ()
    )
    report = Report.from_db(connection.alias, _COLUMNS, columns)
    return ReportReading(report, tuple(followups), many, named)


def write_facts(results: Sequence[TriageResult]) -> set[UUID]:
    """Write facts and indicators of these reports in one round trip; return the reports whose facts
    stand. What is left out has facts that were read from more.
    """
    values = {
        "reports": [each.facts.report_id for each in results],
        "facts": _json([_facts_row(each.facts) for each in results]),
        "named": _json({str(each.facts.report_id): each.named for each in results}),
        "indicators": _json([row for each in results for row in _indicator_rows(each)]),
    }
    steps = (_LOCK_CASES_SQL, BY_INDEX, _UPSERT_FACTS, _WRITE_INDICATORS)
    with connection.cursor() as cursor:
        execute_pipeline(cursor, values, *steps)
        return {report for (report,) in cursor.fetchall()}


def _facts_row(facts: ExtractedFacts) -> dict[str, Any]:
    keys = {"report_id": str(facts.report_id), "received_at": str(facts.report.received_at)}
    return keys | {name: getattr(facts, name) for name in _FACTS}


def _indicator_rows(result: TriageResult) -> list[dict[str, Any]]:
    report = {"report_id": str(result.facts.report_id)}
    return [
        report | {name: getattr(each, name) for name in _INDICATOR} for each in result.indicators
    ]


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
