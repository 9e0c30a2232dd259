"""Candidate search: the stored fingerprints of reports, and for each report those that may belong with it.

The newest few reports of each key are compared, so the cost does not grow with the table. Workers
on reports that share a key take turns (TAKE_TURN, and an advisory lock a key, until COMMIT). A report
that ties nobody has no lookup keys: nobody finds it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from core.database import BY_INDEX, PreparedStatement, execute_pipeline, wait_in_line
from reports.campaigns.link_scoring import SCRIPT_DAYS, FingerprintData
from reports.campaigns.script_fingerprint import ScriptFingerprint, from_bytes, to_signed_64
from reports.campaigns.shared_identifiers import SharedIdentifier, adjacent_numbers, number_blocks
from reports.facts.abuse_flags import TYING_SQL

_MAX_BY_KEY = 16  # reports, the newest
_MAX_OTHERS = 48
# Weights of a shared key, by which the best others are chosen.
_EXACT, _NEIGHBOUR, _WORD = 1000, 100, 1

# An extraction of fewer follow-ups writes nothing. Where the planner takes a key for rarer than it
# is, a bitmap would fetch and sort all that share it; walking the index backwards ends early.
_LOCK_KEYS = PreparedStatement(
    "lock_keys", "SELECT pg_advisory_xact_lock(key) FROM unnest(%(lock_keys)s::bigint[]) AS key"
)
_WRITE = PreparedStatement(
    "write_fingerprints",
    f"""
WITH stands AS MATERIALIZED (
     SELECT found.* FROM jsonb_to_recordset(%(fingerprints)s::jsonb) AS found(
            report_id uuid, at timestamptz, known integer, keys text[], script text, scam text,
            lookup_keys bigint[])
       JOIN reports_extractedfacts AS facts USING (report_id)
      WHERE facts.followups_read = known),
     ties AS MATERIALIZED ({TYING_SQL}),
     ours AS MATERIALIZED (
     SELECT report_id, at, key FROM stands JOIN ties ON ties.id = report_id, unnest(lookup_keys) AS key),
     gone AS (DELETE FROM reports_fingerprintkey AS each
               USING (SELECT report_id, at, unnest(old.lookup_keys)
                        FROM stands JOIN reports_reportfingerprint AS old USING (report_id)
                      EXCEPT SELECT report_id, at, key FROM ours) AS lost(report_id, at, key)
               WHERE each.key = lost.key AND each.created_at = at AND each.report_id = lost.report_id),
     fresh AS (INSERT INTO reports_fingerprintkey (key, created_at, report_id)
               SELECT key, at, report_id FROM ours ON CONFLICT DO NOTHING)
INSERT INTO reports_reportfingerprint (report_id, created_at, keys, script_terms, scam, lookup_keys)
SELECT report_id, at, keys, decode(script, 'hex'), scam,
       ARRAY(SELECT key FROM ours WHERE ours.report_id = stands.report_id ORDER BY key)
  FROM stands
    ON CONFLICT (report_id) DO UPDATE
   SET keys = excluded.keys, script_terms = excluded.script_terms, scam = excluded.scam,
       lookup_keys = excluded.lookup_keys
""",  # noqa: S608  # nosec B608
)
# A statement of its own: it sees what others wrote before the locks were taken.
_FIND_OTHERS = PreparedStatement(
    "find_others",
    f"""
SELECT mine.report_id, other.report_id, extract(epoch FROM fingerprint.created_at)::float, keys, scam,
       script_terms, link.campaign_id,
       (SELECT campaign_id FROM reports_campaignlink WHERE report_id = mine.report_id),
       (SELECT lookup_keys <> '{{}}' FROM reports_reportfingerprint WHERE report_id = mine.report_id)
  FROM jsonb_to_recordset(%(searches)s::jsonb) AS mine(
       report_id uuid, at timestamptz, sought bigint[], since timestamptz[], until timestamptz[], worth integer[])
 CROSS JOIN LATERAL (
       SELECT found.report_id
         FROM unnest(sought, since, until, worth) AS wanted(key, since, until, worth)
        CROSS JOIN LATERAL (
              SELECT report_id FROM reports_fingerprintkey
               WHERE key = wanted.key AND created_at BETWEEN wanted.since AND wanted.until
                 AND (report_id <> ALL(%(reports)s::uuid[])
                      OR (created_at, report_id) < (mine.at, mine.report_id))
               ORDER BY created_at DESC LIMIT {_MAX_BY_KEY}) AS found
        GROUP BY found.report_id
        ORDER BY sum(wanted.worth) DESC, found.report_id LIMIT {_MAX_OTHERS}) AS other
  JOIN reports_reportfingerprint AS fingerprint ON fingerprint.report_id = other.report_id
  LEFT JOIN reports_campaignlink AS link ON link.report_id = other.report_id
""",  # noqa: S608  # nosec B608
)
_ALONE = (BY_INDEX, _LOCK_KEYS, _WRITE, _FIND_OTHERS)
_TOGETHER = (BY_INDEX, _WRITE, _FIND_OTHERS)
# The first step of a transaction that places reports: whoever waits holds no row that others want.
# Where a report comes alone, workers whose reports share no key do not wait for each other. A batch
# would take thousands of such locks: it takes the one of all, as placing anew does. Of the lease's
# 15 seconds two are for reading, and what the wait leaves is for comparing and writing.
_TURN_SECONDS = 8
_CAMPAIGNS = "hashtextextended('campaigns', 0)"
TAKE_TURN = wait_in_line(f"pg_advisory_xact_lock({_CAMPAIGNS})", _TURN_SECONDS)
TAKE_TURN_ALONE = wait_in_line(f"pg_advisory_xact_lock_shared({_CAMPAIGNS})", _TURN_SECONDS)


@dataclass(frozen=True)
class IncomingReport:
    """A report with stored facts, the follow-ups they rest on, and a title for a new campaign.

    `former`, of a report that is placed again as when it came: report -> campaign it may lie in.
    """

    report: UUID
    at: datetime
    fingerprint: FingerprintData
    title: str
    followups_read: int = 0
    former: dict[UUID, UUID] | None = None


@dataclass
class Candidates:
    """Reports that may belong with the incoming one, itself among them, and their campaigns."""

    fingerprints: dict[UUID, FingerprintData]
    placement: dict[UUID, UUID | None] = field(default_factory=dict)
    is_tying: bool = True

    def update(self, placed: Mapping[UUID, UUID], untied: Iterable[UUID]) -> None:
        """Take in where reports were placed since they were found, and who ties nobody any more."""
        for report in untied:
            self.fingerprints.pop(report, None)
        known = placed.keys() & self.placement.keys()
        self.placement |= {report: placed[report] for report in known}

    def arrival(self, report: UUID) -> tuple[float, UUID]:
        return self.fingerprints[report].at or 0.0, report


class _WrittenValues(NamedTuple):
    """A fingerprint's row, and the locks of whoever else may write or look for one like it."""

    fingerprint: dict[str, Any]
    lock_keys: set[int]


def store_and_find(batch: Sequence[IncomingReport]) -> dict[UUID, Candidates]:
    """Store the fingerprints of reports and find as `find_candidates`, after TAKE_TURN."""
    return find_candidates(batch, _choose_steps(batch)) if batch else {}


def find_candidates(
    batch: Sequence[IncomingReport],
    steps: Sequence[PreparedStatement | str] = (BY_INDEX, _FIND_OTHERS),
) -> dict[UUID, Candidates]:
    """Return those who may belong with each of the reports, but for what comes after it in the batch,
    which finds it in turn; nothing of a report that nobody is like.
    """
    own = {incoming.report: incoming.fingerprint for incoming in batch}
    found: dict[UUID, Candidates] = {}
    scripts: dict[bytes, ScriptFingerprint] = {}  # identical ones are parsed once
    with connection.cursor() as cursor:
        execute_pipeline(cursor, _build_values(batch), *steps)
        for mine, report, at, keys, scam, packed, campaign, own_campaign, is_tying in cursor:
            candidates = found.setdefault(mine, Candidates({mine: own[mine]}))
            candidates.is_tying = is_tying
            stored = bytes(packed)
            if stored not in scripts:
                scripts[stored] = from_bytes(stored)
            identifiers = frozenset(map(SharedIdentifier.from_text, keys))
            candidates.fingerprints[report] = FingerprintData(
                identifiers, scripts[stored], at, scam
            )
            candidates.placement |= {report: campaign, mine: own_campaign}
    return found


def _build_values(batch: Sequence[IncomingReport]) -> dict[str, Any]:
    written = [_written_values(incoming) for incoming in batch]
    return {
        "reports": [incoming.report for incoming in batch],
        "fingerprints": json.dumps([each.fingerprint for each in written]),
        "searches": json.dumps([_search_values(incoming) for incoming in batch]),
        # Sorted: workers that take the same locks in another order would deadlock.
        "lock_keys": sorted({key for each in written for key in each.lock_keys}),
    }


def _written_values(incoming: IncomingReport) -> _WrittenValues:
    fingerprint = incoming.fingerprint
    found_by = lookup_keys(fingerprint)
    blocks = (_signed_hash(f"numbers {block}") for block in number_blocks(fingerprint.keys))
    row = {
        "report_id": str(incoming.report),
        "at": incoming.at.isoformat(),
        "known": incoming.followups_read,
        "keys": sorted(key.text for key in fingerprint.keys),
        "script": fingerprint.script.to_bytes().hex(),
        "scam": fingerprint.kind,
        "lookup_keys": sorted(found_by),
    }
    return _WrittenValues(row, found_by.union(blocks))


def lookup_keys(fingerprint: FingerprintData) -> set[int]:
    return {*map(_hash, fingerprint.keys), *map(to_signed_64, fingerprint.script.keys)}


def _search_values(incoming: IncomingReport) -> dict[str, Any]:
    """Return the keys to search, each with its period and weight; of a report that is placed again
    no later ones.
    """
    numbers = [key.value for key in incoming.fingerprint.keys if key.kind == "same_number"]
    neighbour_keys = [
        _hash(SharedIdentifier("same_number", value))
        for each in numbers
        for value in adjacent_numbers(each)
    ]
    is_new = incoming.former is None
    span = timedelta(days=SCRIPT_DAYS)
    until = "infinity" if is_new else incoming.at.isoformat()
    wave_until = incoming.at + (span if is_new else timedelta())
    wave = (incoming.at - span).isoformat(), wave_until.isoformat()
    rows = [
        *((_hash(key), "-infinity", until, _EXACT) for key in incoming.fingerprint.keys),
        *((key, *wave, _NEIGHBOUR) for key in neighbour_keys),
        *((to_signed_64(key), *wave, _WORD) for key in incoming.fingerprint.script.keys),
    ]
    columns = zip(*rows, strict=True) if rows else ((), (), (), ())
    found = dict(zip(("sought", "since", "until", "worth"), map(list, columns), strict=True))
    return {"report_id": str(incoming.report), "at": incoming.at.isoformat()} | found


def _hash(key: SharedIdentifier) -> int:
    return _signed_hash(f"{key.kind}:{key.value}")


def _signed_hash(text: str) -> int:
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)


def _choose_steps(batch: Sequence[IncomingReport]) -> Sequence[PreparedStatement | str]:
    return _ALONE if len(batch) == 1 and batch[0].former is None else _TOGETHER
