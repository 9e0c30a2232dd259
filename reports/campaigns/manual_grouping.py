"""What people do with campaigns, and the only writer of it: merge, split, attach, detach, and take
any of these back.

Each verb is one transaction: lock what it touches (reports, then campaigns, then links), compare
what the officer saw, write the act with where everything lay before, and its events. A lost race is
told and nothing is overwritten. What a person places the machine never moves (migration 0020).
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from core.audit import events
from reports.campaigns import grouping_locks, membership
from reports.campaigns.grouping_locks import (
    Actor,
    GroupingError,
    NotAllowedError,
    StaleVersionError,
    campaign_action,
)
from reports.campaigns.matching import new_code
from reports.models import Campaign, CampaignAction, CampaignLink, MergeProposal

K = CampaignAction.Kind


@dataclass(frozen=True)
class MergeResult:
    """What became of a merge of many: the acts, and who was refused with what is told."""

    acts: list[CampaignAction]
    refused: list[tuple[UUID, str]]


@dataclass(frozen=True)
class UndoResult:
    """How many reports lie again as before, and how many were left as somebody placed them since."""

    act: CampaignAction
    restored: int
    left: int


def merge(source: UUID, into: UUID, hand: Actor, seen: Mapping[UUID, int]) -> CampaignAction:
    """Lay all reports of one campaign into another; the first keeps its code and leads there.
    `seen` has the version of both as the officer saw them. Raises GroupingError.
    """
    if source == into:
        raise GroupingError("Một đợt không gộp với chính nó.")
    with campaign_action(hand):
        held = grouping_locks.lock_campaigns({source, into}, seen)
        target, away = held[into], held[source]
        reports = membership.lock_members(away)
        act = _write(K.MERGED, (target, away), hand, len(reports))
        membership.move_to_campaign(
            reports, target, act, f"Gộp từ {away.code}. ", keeps_reason=True
        )
        membership.copy_exclusions(away, target, act)
        Campaign.objects.filter(pk=source).update(merged_into=target)
    return act


def merge_many(
    sources: Iterable[UUID], into: UUID, hand: Actor, seen: Mapping[UUID, int]
) -> MergeResult:
    """Merge several into one, each by itself: one that is refused leaves the others be. Raises
    NotAllowedError.
    """
    merged, known = MergeResult([], []), dict(seen)
    for source in sources:
        try:
            merged.acts.append(merge(source, into, hand, known))
            known[into] += 1
        except NotAllowedError:
            raise
        except GroupingError as error:
            merged.refused.append((source, str(error)))
    return merged


def split(
    campaign: UUID, reports: Collection[UUID], hand: Actor, version: int, title: str = ""
) -> CampaignAction:
    """Lay some reports of a campaign into a new one (`act.other`) and keep them out of the old.
    Raises GroupingError.
    """
    with campaign_action(hand):
        origin = grouping_locks.lock_campaigns({campaign}, {campaign: version})[campaign]
        chosen = grouping_locks.lock_members(origin, reports)
        opened = _open(title.strip()[:200] or origin.title)
        act = _write(K.SPLIT, (origin, opened), hand, len(chosen))
        words = f"Tách từ {origin.code}. {hand.words}"
        membership.move_to_campaign(chosen, opened, act, words, keeps_reason=False)
        membership.exclude(chosen, origin, act)
    return act


def detach(campaign: UUID, reports: Collection[UUID], hand: Actor, version: int) -> CampaignAction:
    """Take reports out of a campaign; the machine does not put them there again. Raises
    GroupingError.
    """
    with campaign_action(hand):
        origin = grouping_locks.lock_campaigns({campaign}, {campaign: version})[campaign]
        chosen = grouping_locks.lock_members(origin, reports)
        act = _write(K.DETACHED, (origin,), hand, len(chosen))
        membership.remove_from_campaign(chosen, origin, act)
    return act


def attach(
    campaign: UUID, lay: Mapping[UUID, UUID | None], hand: Actor, version: int
) -> CampaignAction:
    """Lay reports into a campaign by hand. `lay`: in which campaign the officer saw each, or None.
    Raises GroupingError.
    """
    with campaign_action(hand):
        grouping_locks.lock_reports(lay)
        away = {each for each in lay.values() if each}
        target = grouping_locks.lock_campaigns({campaign, *away}, {campaign: version})[campaign]
        grouping_locks.check_membership(lay)
        if campaign in away:
            raise GroupingError("Có tin đã nằm trong đợt này rồi.")
        act = _write(K.ATTACHED, (target,), hand, len(lay))
        membership.move_to_campaign(lay, target, act, hand.words, keeps_reason=False)
        _count(away)
    return act


def undo_machine_merge(away: UUID, hand: Actor) -> CampaignAction:
    """Take back a merge that the machine did: what it moved lies under its old code again, and the
    machine keeps its hands off. What a person has placed otherwise since stays. Raises
    GroupingError.
    """
    with campaign_action(hand):
        opened = Campaign.objects.select_for_update().get(pk=away)
        if opened.merged_into_id is None:
            raise StaleVersionError("Đợt này đã được tách ra rồi.")
        into = grouping_locks.lock_campaigns({opened.merged_into_id}, {})[opened.merged_into_id]
        chosen = membership.lock_machine_members(_moved_by_machine(away), into)
        if not chosen:
            raise GroupingError("Không còn tin nào do máy chuyển sang để lấy lại.")
        Campaign.objects.filter(pk=away).update(merged_into=None)
        act = _write(K.SPLIT, (into, opened), hand, len(chosen))
        membership.move_to_campaign(
            chosen, opened, act, f"Về lại {opened.code}. ", keeps_reason=True
        )
        membership.exclude(chosen, into, act)
    return act


def reject_proposal(proposal_id: int, hand: Actor) -> MergeProposal:
    """Say that two campaigns that the machine would merge are two; it asks no more. Raises
    GroupingError.
    """
    with campaign_action(hand):
        rows = MergeProposal.objects.select_for_update(of=("self",))
        proposal = rows.select_related("campaign_a", "campaign_b").get(pk=proposal_id)
        if proposal.rejected_at:
            raise StaleVersionError("Đã có người trả lời đề nghị này.")
        MergeProposal.objects.filter(pk=proposal_id).update(rejected_at=Now(), rejected_by=hand.by)
        for here, there in (
            (proposal.campaign_a, proposal.campaign_b),
            (proposal.campaign_b, proposal.campaign_a),
        ):
            said = {"other": there.code, "reason": hand.words}
            events.log_event("campaign", here.pk, "campaign_kept_two", by=hand.by, **said)
    return proposal


def _moved_by_machine(away: UUID) -> list[UUID]:
    """The reports that the machine moved when it merged this campaign away, as it wrote down."""
    merges = events.events_for("campaign", away).filter(kind="campaign_merged_away", actor=None)
    last = merges.first()
    return [UUID(report) for report in last.detail.get("moved", ())] if last else []


def undo_action(action_id: int, hand: Actor) -> UndoResult:
    """Undo an act: its reports lie again as they lay before. Those that a person has placed
    otherwise since stay; where that is all of them, nothing is done. Raises GroupingError.
    """
    with campaign_action(hand):
        act = CampaignAction.objects.select_for_update().get(pk=action_id)
        if act.undone_at:
            raise StaleVersionError("Việc này đã được lấy lại rồi.")
        if act.kind == K.DETACHED:  # the others' reports have links to hold
            grouping_locks.lock_reports(act.membership_changes.values_list("report", flat=True))
        _hold_for_return(act)
        chosen = membership.unchanged_since(act)
        if act.reports and not chosen:
            raise GroupingError("Các tin này đã được xếp lại sau đó, không còn gì để lấy lại.")
        _put_back(act, chosen)
        _end(act, hand, len(chosen))
    return UndoResult(act, len(chosen), act.reports - len(chosen))


def _put_back(act: CampaignAction, chosen: list[UUID]) -> None:
    if act.kind == K.MERGED:
        _other(act).update(merged_into=None)
    grouping_locks.check_not_merged(membership.restore_targets(act, chosen))
    membership.undo_moves(act, chosen)
    if act.kind == K.SPLIT and not CampaignLink.objects.filter(campaign=act.other_id).exists():
        # Its code is on record and perhaps in a link: it leads back to where it came from.
        _other(act).update(merged_into=act.campaign_id)


def _other(act: CampaignAction) -> QuerySet[Campaign]:
    return Campaign.objects.filter(pk=act.other_id or act.campaign_id)


def _hold_for_return(act: CampaignAction) -> None:
    """Lock the campaigns of an act that is taken back; what leads elsewhere by now is in the way."""
    of_act = {act.campaign_id, act.other_id or act.campaign_id}
    list(Campaign.objects.select_for_update().filter(pk__in=of_act).order_by("pk"))
    grouping_locks.check_not_merged(of_act - ({act.other_id} if act.kind == K.MERGED else set()))


def _open(title: str) -> Campaign:
    """A new campaign under a code that nobody has."""
    for tried in range(100):
        try:
            with transaction.atomic():
                return Campaign.objects.create(code=new_code(3 + tried // 10), title=title)
        except IntegrityError:
            continue
    raise RuntimeError("no free campaign code in a hundred tries")


def _write(kind: str, pair: tuple[Campaign, ...], hand: Actor, reports: int) -> CampaignAction:
    """The act, its events, and the versions that it ends."""
    campaign, other = pair[0], pair[1] if pair[1:] else None
    act = CampaignAction.objects.create(
        kind=kind, campaign=campaign, other=other, reason=hand.words, reports=reports, actor=hand.by
    )
    _record(act, hand, f"campaign_{kind}", reports)
    _count(campaign.pk for campaign in pair)
    return act


def _end(act: CampaignAction, hand: Actor, restored: int) -> None:
    CampaignAction.objects.filter(pk=act.pk).update(undone_at=Now(), undone_by=hand.by)
    _record(act, hand, "campaign_taken_back", restored, what=act.kind)
    _count({act.campaign_id, act.other_id or act.campaign_id})


def _record(act: CampaignAction, hand: Actor, kind: str, reports: int, **detail: str) -> None:
    """On record at each campaign of the act, with the other's code."""
    said = {"act": act.pk, "reason": hand.words, "reports": reports, **detail}
    code = {"other": act.other.code} if act.other else {}
    events.log_event("campaign", act.campaign_id, kind, by=hand.by, **said, **code)
    if act.other_id:
        said["other"] = act.campaign.code
        events.log_event("campaign", act.other_id, f"{kind}_away", by=hand.by, **said)


def _count(campaigns: Iterable[UUID]) -> None:
    Campaign.objects.filter(pk__in=list(campaigns)).update(version=F("version") + 1)
