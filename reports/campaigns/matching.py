"""Matching: build a report's fingerprint and group the reports that it is linked to."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple
from uuid import UUID

from core.outbox import queue
from reports.campaigns import auto_grouping, link_scoring, shared_identifiers
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
from reports.models import FingerprintKey, Indicator, ReportFingerprint

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
        placed |= auto_grouping.assign_campaign(group, placement, incoming.title, incoming.former)
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
