"""Matching: build a report's fingerprint, and place the reports that belong together in one campaign.

A report joins the campaign of its linked reports. The machine joins no two campaigns: where a report
links two, a person is asked, whoever had placed their reports. What a person placed is never moved
(trigger).
"""

import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache
from itertools import combinations
from typing import Any, NamedTuple
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from core.database import PreparedStatement, execute_pipeline, fetch_all
from core.outbox import queue
from reports.campaigns import link_scoring, shared_identifiers
from reports.campaigns.candidate_search import (
    Candidates,
    IncomingReport,
    find_candidates,
    lookup_keys,
    store_and_find,
)
from reports.campaigns.link_scoring import FingerprintData, Likeness, Link
from reports.campaigns.script_fingerprint import fingerprint_script, shared_phrases
from reports.campaigns.shared_identifiers import (
    SharedIdentifier,
    accounts_in,
    collect_identifiers,
    host_of,
    is_common_link,
    restore_link_dots,
    site_names_in,
    sites_in,
)
from reports.extraction.language.parsed_story import MAX_LENGTH
from reports.extraction.numbering_plan import MAX_NUMBER_CHARS_READ
from reports.extraction.phones import Mentions, ParsedCaller
from reports.facts import followup_facts
from reports.facts.merged_report import MergedReport
from reports.models import Campaign, FingerprintKey, Indicator, MergeProposal, ReportFingerprint
from reports.models.report import ALPHABET

# Campaigns where a person has excluded a report of one from the other.
_EXCLUDED_PAIRS_SQL = """
SELECT link.campaign_id, exclusion.campaign_id
  FROM reports_campaignexclusion AS exclusion JOIN reports_campaignlink AS link USING (report_id)
 WHERE exclusion.campaign_id = ANY(%(campaigns)s::uuid[]) AND link.campaign_id = ANY(%(campaigns)s::uuid[])
"""
_EXCLUDED_CAMPAIGNS_SQL = (
    "SELECT campaign_id FROM reports_campaignexclusion WHERE report_id = ANY(%s::uuid[])"
)
# Plain SQL: nearly every report runs this, and the ORM took longer than PostgreSQL.
_PLACE_REPORTS = PreparedStatement(
    "place_reports",
    """
INSERT INTO reports_campaignlink (report_id, campaign_id, kind, strength, reason)
SELECT report, %(campaign)s, kind, strength, reason
  FROM unnest(%(reports)s::uuid[], %(kinds)s::text[], %(strengths)s::numeric[], %(reasons)s::text[])
       AS placed(report, kind, strength, reason)
    ON CONFLICT DO NOTHING
RETURNING report_id
""",
)
# Reports that belong together, in the order of arrival, each with its strongest link.
Links = Mapping[UUID, Link]
Placement = Mapping[UUID, UUID | None]  # report -> its campaign


def assign_campaign(
    links: Links, placement: Placement, title: str, former: dict[UUID, UUID] | None = None
) -> dict[UUID, UUID]:
    """Place these reports in one campaign, as far as people have left it to the machine; return the
    campaign of each that was placed. `title`: of a new one, which may be a `former` one of them. Part
    of triage's transaction.
    """
    unplaced = [report for report in sorted(links) if placement.get(report) is None]
    campaigns = {campaign for campaign in placement.values() if campaign}
    if len(campaigns) > 1:
        return _place_and_propose(links, placement, unplaced)
    if not unplaced:
        return {}
    return _place(links, unplaced, campaigns.pop() if campaigns else _open(unplaced, title, former))


def _open(reports: Iterable[UUID], title: str, former: dict[UUID, UUID] | None) -> UUID:
    """Return the first campaign that one of the reports lay in and nobody has again, or a new one."""
    former = former or {}
    again = next((former[report] for report in reports if report in former), None)
    for report in [report for report, campaign in former.items() if campaign == again]:
        del former[report]
    return again or open_campaign(title).pk


def _place(links: Links, reports: Iterable[UUID], campaign: UUID) -> dict[UUID, UUID]:
    """Place reports, except where a person or another worker was first; return those placed."""
    placed = [(report, links[report]) for report in reports]
    values: dict[str, Any] = {
        "campaign": campaign,
        "reports": [report for report, _ in placed],
        "kinds": [link.kind for _, link in placed],
        "strengths": [Decimal(str(link.strength)) for _, link in placed],
        "reasons": [link.reason for _, link in placed],
    }
    with connection.cursor() as cursor:
        execute_pipeline(cursor, values, _PLACE_REPORTS)
        return {report: campaign for (report,) in cursor.fetchall()}


def _place_and_propose(
    links: Links, placement: Placement, unplaced: Collection[UUID]
) -> dict[UUID, UUID]:
    """Place reports in the campaign of the strongest link, and propose each pair of campaigns once,
    ever; none that a person keeps apart.
    """
    excluded = {campaign for (campaign,) in fetch_all(_EXCLUDED_CAMPAIGNS_SQL, [list(links)])}
    campaigns = sorted(set(filter(None, placement.values())) - excluded)
    apart = fetch_all(_EXCLUDED_PAIRS_SQL, {"campaigns": campaigns})
    pairs = {*combinations(campaigns, 2)} - {(min(pair), max(pair)) for pair in apart}
    proposals = [_build_proposal(pair, links, placement) for pair in pairs]
    MergeProposal.objects.bulk_create(proposals, ignore_conflicts=True)
    if campaigns and (target := placement[_find_strongest(links, placement, campaigns)]):
        return _place(links, unplaced, target)
    return {}


def _find_strongest(links: Links, placement: Placement, among: Collection[UUID]) -> UUID:
    """Return the report in one of these campaigns that has the strongest link."""
    placed = [report for report in links if placement.get(report) in among]
    return max(placed, key=lambda report: links[report].strength)


def _build_proposal(pair: tuple[UUID, UUID], links: Links, placement: Placement) -> MergeProposal:
    report = _find_strongest(links, placement, pair)
    link, (one, other) = links[report], pair
    why = {"kind": link.kind, "strength": Decimal(str(link.strength)), "reason": link.reason}
    return MergeProposal(campaign_a_id=one, campaign_b_id=other, report_id=report, **why)


# --- new campaigns


def open_campaign(title: str) -> Campaign:
    """Return a new campaign under a free code; codes grow when a year's are taken."""
    for attempt in range(100):
        try:
            with transaction.atomic():
                return Campaign.objects.create(code=new_code(3 + attempt // 10), title=title)
        except IntegrityError:
            continue
    raise RuntimeError("no free campaign code in a hundred tries")


def new_code(length: int = 3) -> str:
    """Return a code as Đ-26-K4M: the year and random characters, no counter."""
    year = f"{timezone.localtime():%y}"
    return f"Đ-{year}-" + "".join(secrets.choice(ALPHABET) for _ in range(length))


# --- a report and what it is linked to

REGROUP_TASK = "reports.regroup"
_MAX_UNSURE, _MAX_AROUND = 8, 16  # that are compared with each other, the most alike
_MAX_TIED = 2  # campaigns; a report that ties more ties none
# Of other reports, which in a flood are nearly the same for each that comes.
KnownPairs = dict[tuple[UUID, UUID], Likeness | None]
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


class _Edge(NamedTuple):
    """Two linked reports, compared by whether the reason names what they share, and by strength."""

    has_words: bool
    strength: float
    link: Link
    one: UUID
    other: UUID

    @property
    def ends(self) -> tuple[UUID, UUID]:
        return self.one, self.other


def _join(link: Link, one: UUID, other: UUID) -> _Edge:
    return _Edge(link.kind != "same_script" or bool(link.words), link.strength, link, one, other)


def link_report(incoming: IncomingReport) -> None:
    """Store a report's fingerprint and group what it links. Part of triage's transaction."""
    link_reports([incoming])


def link_reports(batch: Sequence[IncomingReport]) -> None:
    """Store the fingerprints of reports and group what they link, as though one had come after the
    other. Part of triage's transaction.
    """
    batch = sorted(batch, key=lambda each: (each.at, each.report))
    found = store_and_find(batch)
    placed: dict[UUID, UUID] = {}
    untied: set[UUID] = set()
    known: KnownPairs = {}
    for incoming in batch:
        candidates = found.get(incoming.report)
        if candidates and candidates.is_tying:
            candidates.update(placed, untied)
            edges = list(_iter_edges(incoming, candidates, known))
            if _ties_too_many(incoming, edges, candidates):
                _untie(incoming, candidates)
                untied.add(incoming.report)
            else:
                placed |= _assign(incoming, edges, candidates)


def _ties_too_many(
    incoming: IncomingReport, edges: Iterable[_Edge], candidates: Candidates
) -> bool:
    tied = {candidates.placement[edge.other] for edge in edges if edge.one == incoming.report}
    return len(tied - {None}) > _MAX_TIED


def _assign(
    incoming: IncomingReport, edges: Iterable[_Edge], candidates: Candidates
) -> dict[UUID, UUID]:
    """Group what a report links; return the campaign of each report that was placed."""
    placed: dict[UUID, UUID] = {}
    for group in _list_groups(edges, candidates):
        placement = {report: candidates.placement.get(report) for report in group}
        placed |= assign_campaign(group, placement, incoming.title, incoming.former)
    return placed


def _untie(incoming: IncomingReport, candidates: Candidates) -> None:
    """Let no key lead to the report any more."""
    keys = FingerprintKey.objects.filter(key__in=lookup_keys(incoming.fingerprint))
    keys.filter(created_at=incoming.at, report_id=incoming.report).delete()
    ReportFingerprint.objects.filter(report=incoming.report).update(lookup_keys=[])
    if incoming.former is None and candidates.placement[incoming.report]:
        queue.enqueue_once(REGROUP_TASK, incoming.report)  # it tied fewer when it was placed


def find_linked(incoming: IncomingReport) -> dict[UUID, UUID | None]:
    """Return the reports that are linked with this one, and their campaigns; writes nothing."""
    found = find_candidates([incoming])
    if not (candidates := found.get(incoming.report)):
        return {}
    linked = {end for edge in _iter_edges(incoming, candidates, {}) for end in edge.ends}
    return {report: candidates.placement[report] for report in linked}


def _list_groups(edges: Iterable[_Edge], candidates: Candidates) -> list[dict[UUID, Link]]:
    """Return the groups of linked reports in the order of arrival, each with its best link."""
    strongest: dict[UUID, _Edge] = {}
    group_of: dict[UUID, list[UUID]] = {}
    for edge in edges:
        one, other = (group_of.setdefault(report, [report]) for report in edge.ends)
        if one is not other:
            one += other
            group_of |= dict.fromkeys(other, one)
        for report in edge.ends:
            strongest[report] = max(strongest.get(report, edge), edge)
    return [
        {report: strongest[report].link for report in sorted(group, key=candidates.arrival)}
        for first, group in group_of.items()
        if first == group[0]
    ]


def _iter_edges(
    incoming: IncomingReport, candidates: Candidates, known: KnownPairs
) -> Iterator[_Edge]:
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
    pairs = _list_uncertain_pairs(similar.get(own_id, {}), exact)
    for report, scores in link_scoring.similar_pairs(fingerprints, pairs, known).items():
        similar.setdefault(report, {}).update(scores)
    quote = cache(shared_phrases)
    for one, other, score in link_scoring.script_pairs(fingerprints, similar, own_id):
        first, second = (other, one) if other == own_id else (one, other)
        ends = fingerprints[first], fingerprints[second]
        link = link_scoring.script_link(score, fingerprint.script, *ends, quote)
        yield _join(link, first, second)


def _list_uncertain_pairs(
    similar: Mapping[UUID, Likeness], exact: Iterable[UUID]
) -> list[tuple[UUID, UUID]]:
    """Return the pairs of others that may support an uncertain link."""
    scores = {report: likeness.score for report, likeness in similar.items()}
    ranked = sorted(scores, key=lambda report: (-scores[report], report))
    unsure = [report for report in ranked if scores[report] < link_scoring.MIN_SURE][:_MAX_UNSURE]
    around = [*sorted(exact), *ranked][:_MAX_AROUND]
    pairs = {(min(one, two), max(one, two)) for one in unsure for two in around if one != two}
    return sorted(pairs)
