"""Grouping by people: merge, split, attach, detach, and undo of each; the only writer of it.

Each verb is one transaction: lock, compare what the officer saw, store the action with the state
before it, and log events. A lost race raises StaleVersionError.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import permutations
from uuid import UUID

from django.db.models import F, QuerySet
from django.db.models.functions import Now

from core.audit import events
from core.errors import ActionError, NotAllowedError, StaleVersionError
from reports.campaigns import membership
from reports.campaigns.matching import open_campaign
from reports.campaigns.membership import Actor, campaign_action
from reports.models import Campaign, CampaignAction, CampaignLink, MergeProposal

Kind = CampaignAction.Kind


@dataclass(frozen=True)
class MergeResult:
    """Actions of several merges, and refused campaigns with the sentence for the officer."""

    acts: list[CampaignAction]
    refused: list[tuple[UUID, str]]


@dataclass(frozen=True)
class UndoResult:
    """How many reports are as before, and how many stay where somebody placed them since."""

    act: CampaignAction
    restored: int
    left: int


def merge(source: UUID, into: UUID, actor: Actor, versions: Mapping[UUID, int]) -> CampaignAction:
    """Move all reports of one campaign into another; the first keeps its code and leads there.
    `versions` are those that the officer saw, of both. Raises ActionError.
    """
    if source == into:
        raise ActionError("Một đợt không gộp với chính nó.")
    with campaign_action(actor):
        campaigns = membership.lock_campaigns({source, into}, versions)
        target, origin = campaigns[into], campaigns[source]
        reports = membership.lock_all_members(origin)
        act = _store_action(Kind.MERGED, (target, origin), actor, len(reports))
        words = f"Gộp từ {origin.code}. "
        membership.move_to_campaign(reports, target, act, words, keeps_reason=True)
        membership.copy_exclusions(origin, target, act)
        Campaign.objects.filter(pk=source).update(merged_into=target)
    return act


def merge_many(
    sources: Iterable[UUID], into: UUID, actor: Actor, versions: Mapping[UUID, int]
) -> MergeResult:
    """Merge several into one; a refused one leaves the others. Raises NotAllowedError."""
    result, current = MergeResult([], []), dict(versions)
    for source in sources:
        try:
            result.acts.append(merge(source, into, actor, current))
            current[into] += 1
        except NotAllowedError:
            raise
        except ActionError as error:
            result.refused.append((source, str(error)))
    return result


def split(
    campaign: UUID, reports: Collection[UUID], actor: Actor, version: int, title: str = ""
) -> CampaignAction:
    """Move reports into a new campaign (`act.other`) for good. Raises ActionError."""
    with campaign_action(actor):
        origin = membership.lock_campaigns({campaign}, {campaign: version})[campaign]
        chosen = membership.lock_chosen_members(origin, reports)
        opened = open_campaign(title.strip()[:200] or origin.title)
        act = _store_action(Kind.SPLIT, (origin, opened), actor, len(chosen))
        words = f"Tách từ {origin.code}. {actor.words}"
        membership.move_to_campaign(chosen, opened, act, words, keeps_reason=False)
        membership.exclude(chosen, origin, act)
    return act


def detach(campaign: UUID, reports: Collection[UUID], actor: Actor, version: int) -> CampaignAction:
    """Take reports out of a campaign and exclude them from it. Raises ActionError."""
    with campaign_action(actor):
        origin = membership.lock_campaigns({campaign}, {campaign: version})[campaign]
        chosen = membership.lock_chosen_members(origin, reports)
        act = _store_action(Kind.DETACHED, (origin,), actor, len(chosen))
        membership.remove_from_campaign(chosen, origin, act)
    return act


def attach(
    campaign: UUID, placement: Mapping[UUID, UUID | None], actor: Actor, version: int
) -> CampaignAction:
    """Place reports; `placement`: where the officer saw them. Raises ActionError."""
    with campaign_action(actor):
        membership.lock_reports(placement)
        origins = {each for each in placement.values() if each}
        target = membership.lock_campaigns({campaign, *origins}, {campaign: version})[campaign]
        membership.check_membership(placement)
        if campaign in origins:
            raise ActionError("Có tin đã nằm trong đợt này rồi.")
        act = _store_action(Kind.ATTACHED, (target,), actor, len(placement))
        membership.move_to_campaign(placement, target, act, actor.words, keeps_reason=False)
        _count_versions(origins)
    return act


def reject_proposal(proposal_id: int, actor: Actor) -> MergeProposal:
    """Record that two campaigns stay two, for good. Raises ActionError."""
    with campaign_action(actor):
        rows = MergeProposal.objects.select_for_update(of=("self",))
        proposal = rows.select_related("campaign_a", "campaign_b").get(pk=proposal_id)
        if proposal.rejected_at:
            raise StaleVersionError("Đã có người trả lời đề nghị này.")
        MergeProposal.objects.filter(pk=proposal_id).update(rejected_at=Now(), rejected_by=actor.by)
        for one, other in permutations((proposal.campaign_a, proposal.campaign_b)):
            detail = {"other": other.code, "reason": actor.words}
            events.log_event("campaign", one.pk, "merge_proposal_rejected", by=actor.by, **detail)
    return proposal


def undo_action(action_id: int, actor: Actor) -> UndoResult:
    """Move an action's reports back, except those that a person has placed since; where that is all
    of them, nothing is done. Raises ActionError.
    """
    with campaign_action(actor):
        act = CampaignAction.objects.select_for_update().get(pk=action_id)
        if act.undone_at:
            raise StaleVersionError("Việc này đã được lấy lại rồi.")
        if act.kind == Kind.DETACHED:  # the other kinds lock the reports' links
            membership.lock_reports(list(act.membership_changes.values_list("report", flat=True)))
        _lock_for_undo(act)
        chosen = membership.unchanged_since(act)
        if act.reports and not chosen:
            raise ActionError("Các tin này đã được xếp lại sau đó, không còn gì để lấy lại.")
        _restore(act, chosen)
        _store_undo(act, actor, len(chosen))
    return UndoResult(act, len(chosen), act.reports - len(chosen))


def _restore(act: CampaignAction, chosen: list[UUID]) -> None:
    if act.kind == Kind.MERGED:
        _other_campaign(act).update(merged_into=None)
    membership.check_not_merged(membership.restore_targets(act, chosen))
    membership.undo_moves(act, chosen)
    if act.kind == Kind.SPLIT and not CampaignLink.objects.filter(campaign=act.other_id).exists():
        # Its code may stand in a link, so it leads back to the campaign that it was split from.
        _other_campaign(act).update(merged_into=act.campaign_id)


def _other_campaign(act: CampaignAction) -> QuerySet[Campaign]:
    return Campaign.objects.filter(pk=act.other_id or act.campaign_id)


def _lock_for_undo(act: CampaignAction) -> None:
    """Lock the campaigns of an action. Raises ActionError where one is merged away."""
    of_act = {act.campaign_id, act.other_id or act.campaign_id}
    list(Campaign.objects.select_for_update().filter(pk__in=of_act).order_by("pk"))
    membership.check_not_merged(of_act - ({act.other_id} if act.kind == Kind.MERGED else set()))


def _store_action(
    kind: str, pair: tuple[Campaign, ...], actor: Actor, reports: int
) -> CampaignAction:
    """Store and log an action, count the versions of its campaigns; return it."""
    campaign, other = pair[0], pair[1] if pair[1:] else None
    act = CampaignAction.objects.create(
        kind=kind,
        campaign=campaign,
        other=other,
        reason=actor.words,
        reports=reports,
        actor=actor.by,
    )
    _log_events(act, actor, f"campaign_{kind}", reports)
    _count_versions(campaign.pk for campaign in pair)
    return act


def _store_undo(act: CampaignAction, actor: Actor, restored: int) -> None:
    CampaignAction.objects.filter(pk=act.pk).update(undone_at=Now(), undone_by=actor.by)
    _log_events(act, actor, "campaign_action_undone", restored, undone=act.kind)
    _count_versions({act.campaign_id, act.other_id or act.campaign_id})


def _log_events(act: CampaignAction, actor: Actor, kind: str, reports: int, **more: str) -> None:
    detail = {"act": act.pk, "reason": actor.words, "reports": reports, **more}
    code = {"other": act.other.code} if act.other else {}
    events.log_event("campaign", act.campaign_id, kind, by=actor.by, **detail, **code)
    if act.other_id:
        detail["other"] = act.campaign.code
        events.log_event("campaign", act.other_id, f"{kind}_away", by=actor.by, **detail)


def _count_versions(campaigns: Iterable[UUID]) -> None:
    Campaign.objects.filter(pk__in=list(campaigns)).update(version=F("version") + 1)
