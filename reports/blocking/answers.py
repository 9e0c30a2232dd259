"""What partners answer, by the link in a letter or to an officer: received, blocked, refused, released.

An answer is believed as far as it goes: times are ours, nothing turns back a receipt, and who says
"blocked" when it is over is asked anew to end the block. What one officer was told by telephone counts
once another has confirmed it.
"""

from dataclasses import dataclass

from django.contrib.auth.models import User
from django.db import models, transaction
from django.utils import timezone

from core import keys
from core.audit import events, proposals
from core.errors import ActionError
from core.models import Proposal
from reports.blocking import letters, mentions
from reports.models import BlockLetter, BlockRequest
from reports.notices import addresses
from reports.numbers import findings

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
    """Return what is to be answered to a letter now, nothing once the end is confirmed."""
    if letter.request.state == State.ENDED:
        releases = letter.request.letters.filter(kind=BlockLetter.Kind.RELEASE)
        return [] if releases.exclude(received_at=None).exists() else [Answer.RELEASED]
    return [Answer.RECEIVED, Answer.BLOCKED, Answer.REFUSED]


class _ToldAnswer(proposals.Act):
    """An answer that one officer was told by telephone or on paper, and another believes."""

    def carry_out(self, proposal: Proposal, by: User) -> None:
        letter = BlockLetter.objects.get(pk=proposal.new_values["letter"])
        record(letter, proposal.new_values["answer"], proposal.reason, by=proposal.proposed_by)


TOLD = _ToldAnswer("block_told", findings.PROPOSE)


def record_told(request: BlockRequest, typed: str, words: str, *, by: User) -> Proposal | None:
    """Record that an officer was told of a receipt of the newest letter; propose any other answer to a
    colleague, and return that. Raises ActionError.
    """
    findings.require_permission(by, findings.PROPOSE)
    letter = request.letters.select_related("request").first()
    if letter is None or typed not in list_answers(letter):
        raise ActionError("Chọn một câu trả lời. Đề nghị vừa đổi tình trạng thì mở lại trang.")
    if typed == Answer.RECEIVED:
        record(letter, typed, by=by)
        return None
    if not words.strip():
        raise ActionError("Ghi ai nói, nói gì: người thứ hai gọi lại hỏi được.")
    values = {"letter": letter.pk, "answer": typed}
    return proposals.propose(TOLD, request.pk, values, by=by, reason=words)


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
    elif release.next_attempt_at is None:
        rows = BlockLetter.objects.filter(pk=release.pk)
        rows.update(received_at=None)  # awaited anew, whether it is sent or somebody rings
        if release.attempts < MAX_RELEASE_ATTEMPTS:
            letters.owe_again(rows, request.partner)
            events.log_event("block", request.pk, "block_contradicted", by=by)
