"""Matching: build a report's fingerprint and find the reports that it is linked to.

The newest few reports of each key are compared, so the cost does not grow with the table. Workers
on reports that share a key take turns (an advisory lock a key, until COMMIT). A report that ties
nobody has no lookup keys: nobody finds it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from core.database import BY_INDEX, PreparedStatement, execute_pipeline
from core.outbox import queue
from reports.campaigns import auto_grouping, link_scoring, shared_identifiers
from reports.campaigns.link_scoring import SCRIPT_DAYS, FingerprintData, Likeness, Link
from reports.campaigns.script_fingerprint import (
    ScriptFingerprint,
    fingerprint_script,
    from_bytes,
    to_signed_64,
)
from reports.campaigns.shared_identifiers import (
    SharedIdentifier,
    accounts_in,
    adjacent_numbers,
    collect_identifiers,
    host_of,
    is_common_link,
    number_blocks,
    restore_link_dots,
    site_names_in,
    sites_in,
)
from reports.extraction.language.parsed_story import MAX_LENGTH
from reports.extraction.numbering_plan import MAX_NUMBER_CHARS_READ
from reports.extraction.phones import Mentions, ParsedCaller
from reports.facts import followup_facts
from reports.facts.abuse_flags import TYING_SQL
from reports.facts.merged_report import MergedReport
from reports.models import FingerprintKey, Indicator, ReportFingerprint

REGROUP_TASK = "reports.regroup"
_PLACES, _KINDS = Indicator.IndicatorSource, Indicator.Kind


def build_fingerprint(
    merged: MergedReport,
    told: Mentions,
    named: Sequence[Indicator],
    kind: str = "",
    *,
    removed: Sequence[Indicator] = (),
) -> FingerprintData:
    """Return the fingerprint of a report, of its story, of what its form, follow-ups and officers
    name, and of its kind of scam where it is sure. A caller that the reporter corrected stays: it
    may link reports; what an officer `removed` links none.
    """
    dotted = restore_link_dots(told.plain)
    links = [*sites_in(dotted), *(each.key for each in named if each.kind == _KINDS.LINK)]
    sites = {host_of(link) for link in links if link and not is_common_link(link)}
    told_later = (
        (each.key, each.bank) for each in named if each.kind == _KINDS.ACCOUNT and each.key
    )
    accounts = [*accounts_in(told), *told_later]
    numbers = _list_callers(told, named)
    identifiers = collect_identifiers(numbers, accounts, sites, site_names_in(dotted, sites))
    claimed_later = (caller.name for caller in merged.followup_callers_with_corrected)
    claimed = [merged.report.claimed_name, *claimed_later]
    followups = (followup.story for followup in merged.substantive_followups)
    script = fingerprint_script(
        ". ".join(name[:MAX_NUMBER_CHARS_READ] for name in claimed if name),
        "\n".join([told.typed, *filter(None, followups)])[:MAX_LENGTH],
        sites,
    )
    at = merged.report.received_at.timestamp()
    return FingerprintData(frozenset(identifiers) - _identify(removed), script, at, kind)


def _identify(rows: Sequence[Indicator]) -> frozenset[SharedIdentifier]:
    """Return by what these numbers, accounts and links would tie a report."""
    numbers = followup_facts.phones_at(rows, *_PLACES)
    accounts = [(each.key, each.bank) for each in rows if each.kind == _KINDS.ACCOUNT]
    sites = {host_of(each.key) for each in rows if each.kind == _KINDS.LINK and each.key}
    return frozenset(collect_identifiers(numbers, accounts, sites, site_names_in("", sites)))


def _list_callers(told: Mentions, named: Sequence[Indicator]) -> list[ParsedCaller]:
    """Return the callers' numbers; those of the story only where nobody names a caller apart."""
    typed = followup_facts.phones_at(named, _PLACES.CALLER, _PLACES.FOLLOWUP, _PLACES.OFFICER)
    numbers = shared_identifiers.callers(typed, told)
    return numbers if typed else numbers + followup_facts.phones_at(named, _PLACES.STORY)


_MAX_BY_KEY = 16  # reports, the newest
_MAX_OTHERS = 48
_MAX_UNSURE, _MAX_AROUND = 8, 16  # of them that are compared with each other, the most alike
# Weights of a shared key, by which the best others are chosen.
_EXACT, _NEIGHBOUR, _WORD = 1000, 100, 1

# An extraction of fewer follow-ups writes nothing. Where the planner takes a key for rarer than it
# is, a bitmap would fetch and sort all that share it; walking the index backwards ends early.
_LOCK_KEYS = PreparedStatement(
    "lock_keys", "SELECT pg_advisory_xact_lock(key) FROM unnest(%(lock_keys)s::bigint[]) AS key"
)
_WRITE = PreparedStatement(
    "write_fingerprint",
    f"""
WITH stands AS (SELECT FROM reports_extractedfacts
                 WHERE report_id = %(report)s AND followups_read = %(known)s),
     ties AS MATERIALIZED ({TYING_SQL}),
     ours AS (SELECT unnest(%(lookup_keys)s::bigint[]) AS key WHERE EXISTS (SELECT FROM ties)),
     old AS (SELECT lookup_keys FROM reports_reportfingerprint WHERE report_id = %(report)s),
     gone AS (DELETE FROM reports_fingerprintkey
               WHERE EXISTS (SELECT FROM stands) AND report_id = %(report)s AND created_at = %(at)s
                 -- An array, so that rows are found by the index whatever is known of the table.
                 AND key = ANY(ARRAY(SELECT unnest(lookup_keys) FROM old
                                     EXCEPT SELECT key FROM ours))),
     fresh AS (INSERT INTO reports_fingerprintkey (key, created_at, report_id)
               SELECT key, %(at)s, %(report)s FROM ours WHERE EXISTS (SELECT FROM stands)
                   ON CONFLICT DO NOTHING)
INSERT INTO reports_reportfingerprint (report_id, created_at, keys, script_terms, scam, lookup_keys)
SELECT %(report)s, %(at)s, %(keys)s, %(script)s, %(scam)s, ARRAY(SELECT key FROM ours ORDER BY key)
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
SELECT report_id, extract(epoch FROM fingerprint.created_at)::float, keys, scam,
       nullif(script_terms, %(script)s), link.campaign_id,
       (SELECT campaign_id FROM reports_campaignlink WHERE report_id = %(report)s),
       (SELECT lookup_keys <> '{{}}' FROM reports_reportfingerprint WHERE report_id = %(report)s)
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
  JOIN reports_reportfingerprint AS fingerprint USING (report_id)
  LEFT JOIN reports_campaignlink AS link USING (report_id)
""",  # noqa: S608  # nosec B608
)
_SHARE = "SELECT pg_advisory_xact_lock_shared(hashtextextended('campaigns', 0))"  # regrouping.py
_STEPS = (BY_INDEX, _SHARE, _LOCK_KEYS, _WRITE, _FIND_OTHERS)
_STEPS_AGAIN = (BY_INDEX, _WRITE, _FIND_OTHERS)
_MAX_TIED = 2  # campaigns; a report that ties more ties none


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
class _Candidates:
    """Reports that may belong with the incoming one, itself among them, and their campaigns."""

    fingerprints: dict[UUID, FingerprintData]
    placement: dict[UUID, UUID | None] = field(default_factory=dict)
    is_tying: bool = True

    def arrival(self, report: UUID) -> tuple[float, UUID]:
        return self.fingerprints[report].at or 0.0, report


class _Edge(NamedTuple):
    """Two linked reports, compared by whether the reason says what they share, and by strength."""

    is_told: bool
    strength: float
    link: Link
    one: UUID
    other: UUID


def _join(link: Link, one: UUID, other: UUID) -> _Edge:
    return _Edge(link.kind != "same_script" or bool(link.words), link.strength, link, one, other)


def link_report(incoming: IncomingReport) -> None:
    """Store a report's fingerprint and group what it links. Part of triage's transaction."""
    is_new = incoming.former is None
    candidates = _find_candidates(incoming, _STEPS if is_new else _STEPS_AGAIN)
    edges = list(_edges(incoming, candidates)) if candidates.is_tying else []
    tied = {candidates.placement[edge.other] for edge in edges if edge.one == incoming.report}
    if len(tied - {None}) > _MAX_TIED:
        _untie(incoming)
        if is_new and candidates.placement[incoming.report]:
            queue.enqueue_once(REGROUP_TASK, incoming.report)  # it tied fewer when it was placed
        return
    for group in _groups(edges, candidates):
        placement = {report: candidates.placement.get(report) for report in group}
        auto_grouping.assign_campaign(group, placement, incoming.title, incoming.former)


def _untie(incoming: IncomingReport) -> None:
    """Let no key lead to the report any more."""
    keys = FingerprintKey.objects.filter(key__in=_written_values(incoming)["lookup_keys"])
    keys.filter(created_at=incoming.at, report_id=incoming.report).delete()
    ReportFingerprint.objects.filter(report=incoming.report).update(lookup_keys=[])


def find_linked(incoming: IncomingReport) -> dict[UUID, UUID | None]:
    """Return the reports that are linked with this one, and their campaigns; writes nothing."""
    candidates = _find_candidates(incoming, (BY_INDEX, _FIND_OTHERS))
    linked = {end for edge in _edges(incoming, candidates) for end in edge[-2:]}
    return {report: candidates.placement[report] for report in linked}


def _find_candidates(
    incoming: IncomingReport, steps: Sequence[PreparedStatement | str]
) -> _Candidates:
    fingerprint = incoming.fingerprint
    values = _written_values(incoming) | _search_values(incoming)
    candidates = _Candidates({incoming.report: fingerprint})
    with connection.cursor() as cursor:
        execute_pipeline(cursor, values, *steps)
        # Identical scripts are parsed once; the incoming one's own is not sent again.
        scripts: dict[bytes, ScriptFingerprint] = {b"": fingerprint.script}
        for report, at, keys, scam, packed, campaign, own_campaign, is_tying in cursor.fetchall():
            candidates.is_tying = is_tying
            stored = bytes(packed or b"")
            if stored not in scripts:
                scripts[stored] = from_bytes(stored)
            identifiers = frozenset(map(SharedIdentifier.from_text, keys))
            found = FingerprintData(identifiers, scripts[stored], at, scam)
            candidates.fingerprints[report] = found
            candidates.placement |= {report: campaign, incoming.report: own_campaign}
    return candidates


def _written_values(incoming: IncomingReport) -> dict[str, Any]:
    fingerprint = incoming.fingerprint
    lookup_keys = {*map(_hash, fingerprint.keys), *map(to_signed_64, fingerprint.script.keys)}
    lock_keys = lookup_keys.union(
        _signed_hash(f"numbers {block}") for block in number_blocks(fingerprint.keys)
    )
    return {
        "report": incoming.report,
        "reports": [incoming.report],
        "at": incoming.at,
        "known": incoming.followups_read,
        "keys": sorted(key.text for key in fingerprint.keys),
        "script": fingerprint.script.to_bytes(),
        "scam": fingerprint.kind,
        "lookup_keys": sorted(lookup_keys),
        # Sorted: workers that take the same locks in another order would deadlock.
        "lock_keys": sorted(lock_keys),
    }


def _search_values(incoming: IncomingReport) -> dict[str, list[Any]]:
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
    wave = incoming.at - span, incoming.at + (span if is_new else timedelta())
    rows = [
        *(
            (_hash(key), "-infinity", "infinity" if is_new else incoming.at, _EXACT)
            for key in incoming.fingerprint.keys
        ),
        *((key, *wave, _NEIGHBOUR) for key in neighbour_keys),
        *((to_signed_64(key), *wave, _WORD) for key in incoming.fingerprint.script.keys),
    ]
    columns = zip(*rows, strict=True) if rows else ((), (), (), ())
    return dict(zip(("sought", "since", "until", "worth"), map(list, columns), strict=True))


def _hash(key: SharedIdentifier) -> int:
    return _signed_hash(f"{key.kind}:{key.value}")


def _signed_hash(text: str) -> int:
    digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little", signed=True)


def _groups(edges: Iterable[_Edge], candidates: _Candidates) -> list[dict[UUID, Link]]:
    """Return the groups of linked reports in the order of arrival, each with its best link."""
    strongest: dict[UUID, _Edge] = {}
    group_of: dict[UUID, list[UUID]] = {}
    for edge in edges:
        one, other = (group_of.setdefault(report, [report]) for report in edge[-2:])
        if one is not other:
            one += other
            group_of |= dict.fromkeys(other, one)
        for report in edge[-2:]:
            strongest[report] = max(strongest.get(report, edge), edge)
    return [
        {report: strongest[report].link for report in sorted(group, key=candidates.arrival)}
        for first, group in group_of.items()
        if first == group[0]
    ]


def _edges(incoming: IncomingReport, candidates: _Candidates) -> Iterator[_Edge]:
    fingerprints = link_scoring.without_unsure_accounts(candidates.fingerprints)
    own_id, fingerprint = incoming.report, fingerprints[incoming.report]
    others = {report: each for report, each in fingerprints.items() if report != own_id}
    exact = {
        report: link
        for report, each in others.items()
        if (link := link_scoring.exact_link(fingerprint, each))
    }
    for report, link in exact.items():
        yield _join(link, own_id, report)
    similar = link_scoring.similar_pairs(fingerprints, ((own_id, report) for report in others))
    pairs = _uncertain_pairs(similar.get(own_id, {}), exact)
    for report, scores in link_scoring.similar_pairs(fingerprints, pairs).items():
        similar.setdefault(report, {}).update(scores)
    for one, other, score in link_scoring.script_pairs(fingerprints, similar, own_id):
        first, second = (other, one) if other == own_id else (one, other)
        ends = (fingerprints[end] for end in (first, second))
        yield _join(link_scoring.script_link(score, fingerprint.script, *ends), first, second)


def _uncertain_pairs(
    similar: Mapping[UUID, Likeness], exact: Iterable[UUID]
) -> list[tuple[UUID, UUID]]:
    """Return the pairs of others that may support an uncertain link."""
    scores = {report: likeness.score for report, likeness in similar.items()}
    ranked = sorted(scores, key=lambda report: (-scores[report], report))
    unsure = [report for report in ranked if scores[report] < link_scoring.MIN_SURE][:_MAX_UNSURE]
    around = [*sorted(exact), *ranked][:_MAX_AROUND]
    pairs = {(min(one, two), max(one, two)) for one in unsure for two in around if one != two}
    return sorted(pairs)
