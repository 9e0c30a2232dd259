"""Requests to block what a finding is about: proposed, confirmed, kept or ended by two officers, ended
by time and with the finding.

A block is temporary: TERM from the second officer's press, whatever the partner answers, and once more
each time that two officers keep it. Every act is logged.
"""

from datetime import timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Min, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from core.audit import events, proposals
from core.errors import ActionError
from core.models import Proposal
from core.outbox import queue, sweeps
from reports.blocking import letters, mentions, partners
from reports.models import BlockingPartner, BlockLetter, BlockRequest, NumberFinding
from reports.numbers import findings

TERM = timedelta(days=7)
REVIEW_BEFORE = timedelta(days=1)  # the end, from when on the desk asks for a review
State, Ending, Kind = BlockRequest.State, BlockRequest.Ending, BlockLetter.Kind
_OPEN = "Nơi này đang có một đề nghị chặn về điều đó."
_NO_FINDING = "Ghi nhận này không còn hiệu lực nên không đề nghị chặn được."


def propose(finding: int, partner: int, reason: str, *, by: User) -> Proposal:
    """Propose to ask a partner to block what a finding is about. Raises ActionError."""
    findings.require_permission(by, findings.PROPOSE)
    if not reason.strip():
        raise ActionError("Chưa ghi lý do.")
    _require_askable(_get_finding(finding), partner)
    return proposals.propose(BLOCK, finding, {"partner": partner}, by=by, reason=reason)


def find_accusation(pk: int | str) -> NumberFinding | None:
    """Return the finding if it accuses today: only then something may be asked for it."""
    return NumberFinding.objects.in_effect(timezone.localdate()).accusing().filter(pk=pk).first()


def _get_finding(pk: int | str) -> NumberFinding:
    """Return a finding that accuses today. Raises ActionError for any other."""
    row = find_accusation(pk)
    if row is None:
        raise ActionError(_NO_FINDING)
    return row


def _require_askable(finding: NumberFinding, partner: int) -> None:
    """Raise ActionError for a partner that is asked already, or does not block such things (any more)."""
    if finding.block_requests.open().filter(partner=partner).exists():
        raise ActionError(_OPEN)
    if not partners.list_for(finding).filter(pk=partner).exists():
        raise ActionError("Chọn nơi chặn trong danh sách.")


class _Block(proposals.Act):
    """A request to a partner; its letter goes out at once."""

    def carry_out(self, proposal: Proposal, by: User) -> None:
        # Who withdraws the finding at this moment waits, and then ends this request too.
        NumberFinding.objects.select_for_update(no_key=True).get(pk=proposal.target)
        row, partner = _get_finding(proposal.target), proposal.new_values["partner"]
        _require_askable(row, partner)
        named = mentions.list_reports(row).aggregate(first=Min("received_at"))
        request = BlockRequest.objects.create(
            finding=row,
            partner=BlockingPartner.objects.get(pk=partner),
            proposed_by=proposal.proposed_by,
            confirmed_by=by,
            reported_at=named["first"],
            blocked_until=timezone.now() + TERM,
        )
        events.log_event("block", request.pk, "block_requested", by=by, reason=proposal.reason)
        letters.issue(request, Kind.BLOCK, by)


def propose_review(pk: int, reason: str, *, keep: bool, by: User) -> Proposal:
    """Propose to keep a block for another TERM, or to end it now. Raises ActionError."""
    findings.require_permission(by, findings.PROPOSE)
    if not reason.strip():
        raise ActionError("Chưa ghi lý do.")
    _require_reviewable(BlockRequest.objects.get(pk=pk), keep=keep)
    return proposals.propose(REVIEW, pk, {"keep": keep}, by=by, reason=reason)


def _require_reviewable(request: BlockRequest, *, keep: bool) -> None:
    if request.state == State.ENDED:
        raise ActionError("Đề nghị chặn này đã thôi rồi.")
    if keep and request.state == State.REFUSED:
        raise ActionError("Nơi này đã từ chối nên không có gì để giữ tiếp.")
    if keep:
        _get_finding(request.finding_id)


class _Review(proposals.Act):
    """What two officers decide of a block."""

    def carry_out(self, proposal: Proposal, by: User) -> None:
        request, keep = _lock(int(proposal.target)), proposal.new_values["keep"]
        _require_reviewable(request, keep=keep)
        if not keep:
            _end(request, Ending.REVIEWED, by, proposal.reason)
            return
        request.blocked_until = timezone.now() + TERM
        request.save(update_fields=["blocked_until"])
        events.log_event("block", request.pk, "block_kept", by=by, reason=proposal.reason)
        drop_letters(request)
        is_new = request.state == State.REQUESTED
        letters.issue(request, Kind.BLOCK if is_new else Kind.EXTENSION, by)


BLOCK = _Block("block", findings.CONFIRM)
REVIEW = _Review("block_review", findings.CONFIRM)


def _lock(pk: int) -> BlockRequest:
    return BlockRequest.objects.select_for_update().get(pk=pk)


def list_ending() -> QuerySet[BlockRequest]:
    """Return the blocks that end soon, unless two officers keep them."""
    soon = timezone.now() + REVIEW_BEFORE
    return BlockRequest.objects.filter(state=State.BLOCKED, blocked_until__lte=soon)


@queue.for_each_lease
@transaction.atomic
def end_withdrawn(lease: queue.Lease) -> None:
    """End what was asked because of an item's finding, which was withdrawn."""
    if queue.mark_done(lease):
        for request in BlockRequest.objects.open().filter(finding=int(lease.key)).order_by("pk"):
            _end_by_itself(request)


def end_due() -> None:
    """End the requests whose time is over, and those whose finding is."""
    is_over = Q(blocked_until__lte=Now()) | Q(finding__withdrawn_at__isnull=False)
    is_over |= Q(finding__valid_until__lt=timezone.localdate())
    due = BlockRequest.objects.open().filter(is_over)
    sweeps.for_each("blocks.end", sweeps.available("blocks.end", due), _end_by_itself)


@transaction.atomic
def _end_by_itself(row: BlockRequest) -> None:
    """End a request; in the name of who withdrew the finding, or who confirmed that it be temporary."""
    request = _lock(row.pk)
    if request.state != State.ENDED:
        withdrawn_by = request.finding.withdrawn_by
        ending = Ending.WITHDRAWN if withdrawn_by else Ending.LAPSED
        _end(request, ending, withdrawn_by or request.confirmed_by, "")


def _end(request: BlockRequest, ending: BlockRequest.Ending, by: User, reason: str) -> None:
    """End a locked request. What was not sent yet is void; a partner that may have been asked is told, also
    where it blocked first and refused to go on.
    """
    never_blocked = request.state == State.REFUSED and request.blocked_at is None
    request.state, request.ending, request.ended_at = State.ENDED, ending, timezone.now()
    request.save(update_fields=["state", "ending", "ended_at"])
    drop_letters(request)
    events.log_event("block", request.pk, "block_ended", by=by, outcome=ending.value, reason=reason)
    if not never_blocked and request.letters.filter(attempts__gt=0).exists():
        letters.issue(request, Kind.RELEASE, by)


def drop_letters(request: BlockRequest) -> None:
    """Expect no receipt any more of the letters before, and send none of them again."""
    request.letters.filter(received_at=None, dropped_at=None).update(
        dropped_at=Now(), next_attempt_at=None
    )
