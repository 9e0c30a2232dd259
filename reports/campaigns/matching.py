"""Which reports a report belongs with, asked in the database at the same cost however many there
are: by its keys, of each the newest few, and no further.

Workers on reports that share a key take turns (an advisory lock for each key, until COMMIT), so the
second one sees the first. Where what belongs together lies is gathering.py.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from core.prepared_statements import BY_INDEX, PreparedStatement, execute_pipeline
from reports.campaigns import auto_grouping, link_scoring
from reports.campaigns.auto_grouping import new_code
from reports.campaigns.link_scoring import SCRIPT_DAYS, Link, ReportFingerprint
from reports.campaigns.script_fingerprint import ScriptFingerprint, from_bytes, to_signed_64
from reports.campaigns.shared_identifiers import (
    NEIGHBOUR_HOURS,
    NEIGHBOURS,
    SharedIdentifier,
    adjacent_numbers,
)

__all__ = ["link_report", "new_code"]

_MAX_BY_KEY = 16  # reports, the newest
_MAX_OTHERS = 48
_MAX_UNSURE, _MAX_AROUND = 8, 16  # of them that are compared with each other, the most alike
# What a shared key counts when there are more others than that.
_EXACT, _NEIGHBOUR, _WORD = 1000, 100, 1
_EVER = ("-infinity", "infinity")
_BLOCK = 2 * NEIGHBOURS  # numbers that take turns together

# What was read before an addition came changes nothing any more once that has been read. Where the
# planner takes a key for rarer than it is, a bitmap would fetch and sort all that share it; walking
# the index backwards ends with the newest few.
_TAKE_TURNS = PreparedStatement(
    "take_turns", "SELECT pg_advisory_xact_lock(key) FROM unnest(%(turns)s::bigint[]) AS key"
)
_WRITE = PreparedStatement(
    "write_footprint",
    """
WITH stands AS (SELECT FROM reports_extractedfacts
                 WHERE report_id = %(report)s AND followups_read = %(known)s),
     old AS (SELECT lookup_keys FROM reports_reportfingerprint WHERE report_id = %(report)s),
     gone AS (DELETE FROM reports_fingerprintkey
               WHERE EXISTS (SELECT FROM stands) AND report_id = %(report)s AND created_at = %(at)s
                 -- An array, so that rows are found by the index whatever is known of the table.
                 AND key = ANY(ARRAY(SELECT unnest(lookup_keys) FROM old
                                     EXCEPT SELECT unnest(%(own)s::bigint[])))),
     fresh AS (INSERT INTO reports_fingerprintkey (key, created_at, report_id)
               SELECT key, %(at)s, %(report)s FROM unnest(%(own)s::bigint[]) AS key
                WHERE EXISTS (SELECT FROM stands)
                   ON CONFLICT DO NOTHING)
INSERT INTO reports_reportfingerprint (report_id, created_at, keys, script_terms, lookup_keys)
SELECT %(report)s, %(at)s, %(keys)s, %(script)s, %(own)s::bigint[] FROM stands
    ON CONFLICT (report_id) DO UPDATE
   SET keys = excluded.keys, script_terms = excluded.script_terms, lookup_keys = excluded.lookup_keys
""",
)
# A statement of its own: it sees what others wrote before it was our turn.
_FIND_OTHERS = PreparedStatement(
    "find_others",
    f"""
SELECT report_id, extract(epoch FROM footprint.created_at)::float, keys,
       nullif(script_terms, %(script)s), link.campaign_id,
       (SELECT campaign_id FROM reports_campaignlink WHERE report_id = %(report)s)
  FROM (SELECT found.report_id
          FROM unnest(%(sought)s::bigint[], %(since)s::timestamptz[], %(until)s::timestamptz[],
                      %(worth)s::int[]) AS wanted(key, since, until, worth)
         CROSS JOIN LATERAL (
               SELECT report_id FROM reports_fingerprintkey
                WHERE key = wanted.key AND created_at BETWEEN wanted.since AND wanted.until
                  AND report_id <> %(report)s
                ORDER BY created_at DESC LIMIT {_MAX_BY_KEY}) AS found
         GROUP BY found.report_id
         ORDER BY sum(wanted.worth) DESC, found.report_id LIMIT {_MAX_OTHERS}) AS other
  JOIN reports_reportfingerprint AS footprint USING (report_id)
  LEFT JOIN reports_campaignlink AS link USING (report_id)
""",  # noqa: S608  # nosec B608
)
_STEPS = (BY_INDEX, _TAKE_TURNS, _WRITE, _FIND_OTHERS)


@dataclass(frozen=True)
class IncomingReport:
    """A report whose facts are written: when it came in, what may tie it, how many followups that
    rests on, and a title for a campaign that it may open.
    """

    report: UUID
    at: datetime
    trail: ReportFingerprint
    title: str
    followups_read: int = 0


@dataclass
class _Candidates:
    """Reports that may belong with the newcomer, itself among them, and where they lie. `shown`:
    the words for the newcomer's terms, which are kept of no other.
    """

    trails: dict[UUID, ReportFingerprint]
    shown: Mapping[int, str]
    lies_in: dict[UUID, UUID | None] = field(default_factory=dict)


class _Edge(NamedTuple):
    """Two reports that belong together, the strongest of edges the largest; what holds them is put
    into words when it is asked for.
    """

    strength: float
    close: float
    exact: Link | tuple[()]
    one: UUID
    other: UUID

    def tie(self, found: _Candidates) -> Link:
        if self.exact:
            return self.exact
        told = found.trails[self.one].script, found.trails[self.other].script
        return link_scoring.script_link(self.close, link_scoring.shared_words(*told, found.shown))


@dataclass(frozen=True)
class _Group(Mapping[UUID, Link]):
    """Reports that ties hold together, each with its strongest."""

    edges: Mapping[UUID, _Edge]
    found: _Candidates

    def __getitem__(self, report: UUID) -> Link:
        return self.edges[report].tie(self.found)

    def __iter__(self) -> Iterator[UUID]:
        return iter(self.edges)

    def __len__(self) -> int:
        return len(self.edges)


def link_report(newcomer: IncomingReport) -> None:
    """Write by what a report is found, and bring together what it ties. Part of triage's
    transaction.
    """
    found = _find_candidates(newcomer)
    for edges in _groups(newcomer, found):
        lies_in = {report: found.lies_in.get(report) for report in edges}
        auto_grouping.assign_campaign(_Group(edges, found), lies_in, newcomer.title)


def _find_candidates(newcomer: IncomingReport) -> _Candidates:
    mine = newcomer.trail
    values = _written_values(newcomer) | _search_values(newcomer)
    found = _Candidates({newcomer.report: mine}, mine.script.shown)
    with connection.cursor() as cursor:
        execute_pipeline(cursor, values, *_STEPS)
        # What is told word for word is compared once; the newcomer's own is not sent again.
        scripts: dict[bytes, ScriptFingerprint] = {b"": mine.script}
        for report, at, keys, packed, campaign, own in cursor.fetchall():
            told = bytes(packed or b"")
            if told not in scripts:
                scripts[told] = from_bytes(told)
            found.trails[report] = ReportFingerprint(
                frozenset(_parse_keys(keys)), scripts[told], at
            )
            found.lies_in |= {report: campaign, newcomer.report: own}
    return found


def _written_values(newcomer: IncomingReport) -> dict[str, Any]:
    trail = newcomer.trail
    own = {*map(_hash, trail.keys), *map(to_signed_64, trail.script.keys)}
    turns = {*own, *(_signed_hash(f"numbers {block}") for block in _blocks(trail))}
    return {
        "report": newcomer.report,
        "at": newcomer.at,
        "known": newcomer.followups_read,
        "keys": sorted(f"{key.kind}:{key.value}" for key in trail.keys),
        "script": trail.script.to_bytes(),
        "own": sorted(own),
        # Sorted: two workers that want the same locks in another order would wait for ever.
        "turns": sorted(turns),
    }


def _blocks(trail: ReportFingerprint) -> Iterator[int]:
    """Of a caller's numbers and their neighbours."""
    for key in trail.keys:
        digits = key.value.removeprefix("+")
        if key.kind == "same_number" and digits.isdecimal():
            yield from {(int(digits) - NEIGHBOURS) // _BLOCK, (int(digits) + NEIGHBOURS) // _BLOCK}


def _search_values(newcomer: IncomingReport) -> dict[str, list[Any]]:
    """The keys to look for, each within its time."""
    numbers = [key.value for key in newcomer.trail.keys if key.kind == "same_number"]
    near = [
        _hash(SharedIdentifier("same_number", value))
        for each in numbers
        for value in adjacent_numbers(each)
    ]
    beside, wave = (
        (newcomer.at - span, newcomer.at + span)
        for span in (timedelta(hours=NEIGHBOUR_HOURS), timedelta(days=SCRIPT_DAYS))
    )
    rows = [
        *((_hash(key), *_EVER, _EXACT) for key in newcomer.trail.keys),
        *((key, *beside, _NEIGHBOUR) for key in near),
        *((to_signed_64(key), *wave, _WORD) for key in newcomer.trail.script.keys),
    ]
    columns = zip(*rows, strict=True) if rows else ((), (), (), ())
    return dict(zip(("sought", "since", "until", "worth"), map(list, columns), strict=True))


def _hash(key: SharedIdentifier) -> int:
    return _signed_hash(f"{key.kind}:{key.value}")


def _signed_hash(text: str) -> int:
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)


def _parse_keys(keys: Iterable[str]) -> Iterator[SharedIdentifier]:
    for key in keys:
        kind, _, value = key.partition(":")
        yield SharedIdentifier(kind, value)


# --- what belongs together


def _groups(newcomer: IncomingReport, found: _Candidates) -> list[dict[UUID, _Edge]]:
    """The reports that ties hold together, each with its strongest; the newcomer may make sure
    what two others tell, too.
    """
    strongest: dict[UUID, _Edge] = {}
    group_of: dict[UUID, list[UUID]] = {}
    for edge in _edges(newcomer, found):
        one, other = (group_of.setdefault(report, [report]) for report in edge[-2:])
        if one is not other:
            one += other
            group_of |= dict.fromkeys(other, one)
        for report in edge[-2:]:
            strongest[report] = max(strongest.get(report, edge), edge)
    return [
        {report: strongest[report] for report in group}
        for first, group in group_of.items()
        if first == group[0]
    ]


def _edges(newcomer: IncomingReport, found: _Candidates) -> Iterator[_Edge]:
    me, mine = newcomer.report, newcomer.trail
    others = {report: trail for report, trail in found.trails.items() if report != me}
    exact = {
        report: tie
        for report, trail in others.items()
        if (tie := link_scoring.exact_link(mine, trail))
    }
    for report, tie in exact.items():
        yield _Edge(tie.strength, 0.0, tie, me, report)
    near = link_scoring.similar_pairs(found.trails, ((me, report) for report in others))
    _merge_distances(
        near, link_scoring.similar_pairs(found.trails, _uncertain_pairs(near.get(me, {}), exact))
    )
    for one, other, close in link_scoring.script_pairs(found.trails, near):
        first, second = (other, one) if other == me else (one, other)
        yield _Edge(link_scoring.strength_of_script(close), close, (), first, second)


def _uncertain_pairs(near: Mapping[UUID, float], exact: Iterable[UUID]) -> list[tuple[UUID, UUID]]:
    """Pairs of others of which the newcomer may make sure: one that tells something alike and is
    not surely tied to it, with another that is near it in whatever way.
    """
    alike = sorted(near, key=lambda report: (-near[report], report))
    unsure = [report for report in alike if near[report] < link_scoring.SURE][:_MAX_UNSURE]
    around = [*sorted(exact), *alike][:_MAX_AROUND]
    pairs = {(min(one, two), max(one, two)) for one in unsure for two in around if one != two}
    return sorted(pairs)


def _merge_distances(
    near: dict[UUID, dict[UUID, float]], more: Mapping[UUID, Mapping[UUID, float]]
) -> None:
    for report, others in more.items():
        near.setdefault(report, {}).update(others)


def to_timestamp(at: datetime) -> float:
    """Seconds, as trails have them."""
    return at.astimezone(UTC).timestamp()
