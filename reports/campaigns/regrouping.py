"""Regrouping: take back what a report tied when it becomes junk, is erased or suspected, or when what
tied it is taken off, and tie it again when it counts again.

All that may depend on it, campaigns that it or a proposal links, is placed anew in the order of
arrival, so that they lie as if the report had never come (or never been away). What people placed,
and campaigns in which a person had a hand, stay; campaigns keep their codes.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from uuid import UUID

import structlog
from django.db import connection, transaction
from django.db.models import ProtectedError, Q

from core.database import fetch_all
from core.outbox import queue
from core.outbox.queue import Lease
from reports.campaigns import matching
from reports.campaigns.candidate_search import TAKE_TURN, IncomingReport
from reports.campaigns.link_scoring import FingerprintData
from reports.campaigns.matching import REGROUP_TASK
from reports.campaigns.script_fingerprint import from_bytes
from reports.campaigns.shared_identifiers import SharedIdentifier
from reports.extraction.language.cue_matcher import code_rows
from reports.facts.abuse_flags import TYING_SQL
from reports.models import Campaign, CampaignLink, MergeProposal, ReportFingerprint

log = structlog.get_logger(__name__)

Kind = CampaignLink.Kind

MAX_REPORTS = 500  # that are placed anew; of more the report alone is taken out
_NEARBY_SQL = """
WITH RECURSIVE near (id) AS (
    SELECT unnest(%(campaigns)s::uuid[])
     UNION SELECT CASE near.id WHEN campaign_a_id THEN campaign_b_id ELSE campaign_a_id END
             FROM near JOIN reports_mergeproposal ON near.id IN (campaign_a_id, campaign_b_id))
SELECT id FROM near
"""


@queue.for_each_lease
@transaction.atomic
def process_items(lease: Lease) -> None:
    """Regroup the reports of these outbox items."""
    if queue.mark_done(lease):
        regroup(UUID(lease.key))


def enqueue_if_changed(report: UUID) -> None:
    """Enqueue a report that ties others and no longer should, or does not and should."""
    if _is_changed(report):
        queue.enqueue_once(REGROUP_TASK, report)


def _is_changed(report: UUID) -> bool:
    fingerprints = ReportFingerprint.objects.filter(report=report)
    if fetch_all(TYING_SQL, {"reports": [report]}):
        return fingerprints.filter(lookup_keys=[]).exists()
    placed = CampaignLink.objects.filter(report=report).exclude(kind=Kind.OFFICER)
    return fingerprints.exclude(lookup_keys=[]).exists() or placed.exists()


def enqueue_if_ungrounded(report: UUID) -> None:
    """Enqueue a report that an officer took off what had tied it."""
    if _is_ungrounded(report):
        queue.enqueue_once(REGROUP_TASK, report)


def _is_ungrounded(report: UUID) -> bool:
    """Return whether a report lies in a campaign for something that it no longer names."""
    link = CampaignLink.objects.filter(report=report).first()
    rows = ReportFingerprint.objects.filter(report=report).values_list("keys", flat=True)
    stored = rows.first()
    if link is None or stored is None or link.kind in {Kind.OFFICER, Kind.SAME_SCRIPT}:
        return False
    keys = map(SharedIdentifier.from_text, stored)
    if link.kind == Kind.NEAR_NUMBER:
        return all(key.kind != Kind.SAME_NUMBER for key in keys)
    return not any(
        key.kind == link.kind
        and (key.reason == link.reason or link.reason.endswith(f" {key.value}"))
        for key in keys
    )


def regroup(report: UUID) -> None:
    """Place a report, and what may depend on it, as if it had always been what it is now."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE_TURN)  # no report is placed meanwhile
    is_stored = ReportFingerprint.objects.filter(report=report).exists()
    if is_stored and not (_is_changed(report) or _is_ungrounded(report)):
        return  # another's turn placed it already
    campaigns, linked = _find_nearby(report)
    free = Campaign.objects.filter(pk__in=campaigns, version=1).exclude(links__kind=Kind.OFFICER)
    in_free = set(free.values_list("pk", flat=True))
    links = CampaignLink.objects.filter(Q(campaign__in=campaigns) | Q(report=report))
    members = {report, *linked, *links.values_list("report", flat=True)}
    members |= _find_untied(members)
    movable = links.filter(Q(campaign__in=in_free) | Q(report=report)).exclude(kind=Kind.OFFICER)
    before = {link.pk: link for link in movable}
    if len(members) > MAX_REPORTS:
        log.warning("campaigns.regrouping_limited", reports=len(members))
        before, members = {pk: link for pk, link in before.items() if pk == report}, {report}
    _untie(report, before, campaigns if len(members) > 1 else ())
    former = {pk: link.campaign_id for pk, link in before.items() if link.campaign_id in in_free}
    for incoming in _load(members, former):
        matching.link_report(incoming)
    _restore_words(before)
    _delete_empty(in_free)


def _find_nearby(report: UUID) -> tuple[list[UUID], Collection[UUID]]:
    """Return the campaigns that may depend on a report, and the reports that it is linked with."""
    placed = CampaignLink.objects.filter(report=report).values_list("campaign", flat=True)
    campaigns, linked = set(placed), dict[UUID, UUID | None]()
    for incoming in _load({report}, None):
        linked = matching.find_linked(incoming)
        campaigns |= set(filter(None, linked.values()))
    return [pk for (pk,) in fetch_all(_NEARBY_SQL, {"campaigns": list(campaigns)})], linked


def _find_untied(members: Iterable[UUID]) -> set[UUID]:
    """Return the reports that tie nobody, because they tied too many, and may tie these now."""
    rows = ReportFingerprint.objects.filter(report__in=members).values_list("keys", flat=True)
    keys = {key for keys in rows for key in keys}
    untied = ReportFingerprint.objects.filter(lookup_keys=[], keys__overlap=list(keys))
    reports = list(untied.values_list("report", flat=True))
    return {pk for (pk,) in fetch_all(TYING_SQL, {"reports": reports})}


def _untie(report: UUID, links: Iterable[UUID], campaigns: Collection[UUID]) -> None:
    """Delete links, and the proposals of report or campaigns that nobody answered."""
    CampaignLink.objects.filter(pk__in=list(links)).delete()
    proposals = MergeProposal.objects.filter(rejected_at=None)
    of_them = Q(campaign_a__in=campaigns, campaign_b__in=campaigns)
    proposals.filter(of_them | Q(report=report)).delete()


def _load(reports: Collection[UUID], former: dict[UUID, UUID] | None) -> Iterator[IncomingReport]:
    """Yield reports as triage stored them, in the order of arrival."""
    rows = ReportFingerprint.objects.filter(report__in=reports).order_by("created_at", "report")
    facts = rows.exclude(report__facts=None).values_list(
        "report", "created_at", "keys", "script_terms", "scam", "report__facts__scenario",
        "report__facts__followups_read",
    )  # fmt: skip
    for report, at, keys, terms, scam, scenario, followups in facts:
        identifiers = frozenset(map(SharedIdentifier.from_text, keys))
        fingerprint = FingerprintData(identifiers, from_bytes(bytes(terms)), at.timestamp(), scam)
        title = code_rows()[scenario]["label_vi"]
        yield IncomingReport(report, at, fingerprint, title, followups, former)


def _restore_words(before: Mapping[UUID, CampaignLink]) -> None:
    """Give links that are as before their time, and the words that two scripts share, again: the
    words are not stored elsewhere.
    """
    links = list(CampaignLink.objects.filter(pk__in=list(before)).exclude(kind=Kind.OFFICER))
    for link in links:
        old = before[link.pk]
        if old.campaign_id == link.campaign_id:
            link.placed_at = old.placed_at
        if old.kind == link.kind == Kind.SAME_SCRIPT:
            link.reason, link.strength = old.reason, old.strength
    CampaignLink.objects.bulk_update(links, ["placed_at", "reason", "strength"])


def _delete_empty(campaigns: Iterable[UUID]) -> None:
    """Delete those of the campaigns that have no report, unless something tells of them."""
    for campaign in Campaign.objects.filter(pk__in=list(campaigns), links=None):
        with suppress(ProtectedError):
            campaign.delete()
