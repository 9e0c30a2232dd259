"""What partners answer, by the link in a letter or to an officer: received, blocked, refused, released.

An answer is believed as far as it goes: times are ours, nothing turns back a receipt, and who says
"blocked" when it is over is asked anew to end the block.
"""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import models, transaction
from django.db.models.functions import Now
from django.utils import timezone

from core import keys
from core.audit import events
from core.errors import ActionError
from reports.blocking import letters, mentions
from reports.models import BlockLetter, BlockRequest
from reports.notices import addresses

MAX_REASON_CHARS = 500
MAX_RELEASE_ATTEMPTS = 20  # of one letter to a partner that says again and again that it blocks
State = BlockRequest.State


class Answer(models.TextChoices):
    RECEIVED = "received", "Đã nhận"
    BLOCKED = "blocked", "Đã chặn"
    REFUSED = "refused", "Từ chối"
    RELEASED = "released", "Đã bỏ chặn"


@dataclass(frozen=True)
class _Change:
    """A state of a request that an answer leads to, and from which."""

    to: State
    sources: tuple[State, ...]


_UNANSWERED = (State.REQUESTED, State.SENT, State.RECEIVED)
_CHANGES = {
    Answer.RECEIVED: _Change(State.RECEIVED, (State.REQUESTED, State.SENT)),
    Answer.BLOCKED: _Change(State.BLOCKED, (*_UNANSWERED, State.REFUSED)),
    Answer.REFUSED: _Change(State.REFUSED, (*_UNANSWERED, State.BLOCKED)),
}


def find_letter(token: str) -> BlockLetter | None:
    """Return the letter of a link, None where its signature is invalid or expired. Nothing is written:
    mail programs open links by themselves.
    """
    parts = keys.read_token(letters.LINK_PURPOSE, token)
    rows = BlockLetter.objects.select_related("request__finding", "request__partner")
    return rows.filter(pk=parts[0]).first() if parts else None


def list_answers(letter: BlockLetter) -> list[Answer]:
    """Return what may be answered to a letter now."""
    if letter.request.state == State.ENDED:
        return [Answer.RELEASED]
    return [Answer.RECEIVED, Answer.BLOCKED, Answer.REFUSED]


def record(letter: BlockLetter, typed: str, reason: str = "", *, by: User | None = None) -> None:
    """Record what the partner answered to a letter; `by`: the officer who was told. The same answer
    once more changes nothing. Raises ActionError for what is none, and for a refusal without a reason.
    """
    if typed not in Answer.values:
        raise ActionError("Chọn một câu trả lời: đã nhận, đã chặn, từ chối, hoặc đã bỏ chặn.")
    answer, reason = Answer(typed), reason.strip()[:MAX_REASON_CHARS]
    if answer == Answer.REFUSED and not reason:
        raise ActionError("Ghi lý do từ chối. Ví dụ: số đã chuyển sang mạng khác.")
    with transaction.atomic():
        request = BlockRequest.objects.select_for_update().get(pk=letter.request_id)
        if request.state == State.ENDED:
            _record_after_end(request, letter, answer, by)
        elif answer == Answer.RELEASED:
            raise ActionError("Đề nghị này còn hiệu lực: chưa có công văn thôi chặn.")
        else:
            _mark_received(letter)
            _change_state(request, answer, reason, by)


def _mark_received(letter: BlockLetter) -> bool:
    """Mark a letter as received, so that it is sent no more; return whether it was not before."""
    rows = BlockLetter.objects.filter(pk=letter.pk, received_at=None)
    return bool(rows.update(received_at=timezone.now(), next_attempt_at=None))


def _change_state(request: BlockRequest, answer: Answer, reason: str, by: User | None) -> None:
    change, now = _CHANGES[answer], timezone.now()
    if request.state not in change.sources:
        return
    request.state, request.refusal = change.to, reason if answer == Answer.REFUSED else ""
    request.received_at = request.received_at or now
    if answer != Answer.RECEIVED:
        request.answered_at = now
    if answer == Answer.BLOCKED and request.blocked_at is None:
        request.blocked_at = now
        # Once: whoever has the link could have reporters written to again and again.
        addresses.owe(mentions.list_told(request.finding).filter(received_at__lte=now))
    request.save()
    events.log_event("block", request.pk, f"block_{answer.value}", by=by, reason=request.refusal)


def _record_after_end(
    request: BlockRequest, letter: BlockLetter, answer: Answer, by: User | None
) -> None:
    """Take an answer after the end: who blocks all the same is sent the release once more."""
    release = request.letters.filter(kind=BlockLetter.Kind.RELEASE).first()
    is_receipt = answer == Answer.RELEASED or (answer, letter) == (Answer.RECEIVED, release)
    if answer != Answer.BLOCKED:
        if release and is_receipt and _mark_received(release):
            events.log_event("block", request.pk, "block_released", by=by)
    elif release is None:
        letters.issue(request, BlockLetter.Kind.RELEASE, by or request.confirmed_by)
        events.log_event("block", request.pk, "block_contradicted", by=by)
    elif release.next_attempt_at is None and release.attempts < MAX_RELEASE_ATTEMPTS:
        receive_by = letters.compute_receive_by(request.partner)
        again = {"received_at": None, "next_attempt_at": Now(), "receive_by": receive_by}
        BlockLetter.objects.filter(pk=release.pk).update(**again)
        letters.enqueue(request.partner_id)
        events.log_event("block", request.pk, "block_contradicted", by=by)
