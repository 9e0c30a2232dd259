"""Letters on their way: each partner's by one process at a time, in order, and never after another's.

An outbox item says that something waits for a partner. Who works on it claims the partner first, so a
partner that hangs holds one process for one attempt; what else waits for it is then put off, too.
Sending is at least once: the number of the letter tells a partner that it has it already.
"""

import time
from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce, Greatest, Now
from django.utils import timezone

from core import encryption, mail, webhooks
from core.models import Channel
from core.outbox import queue
from reports.blocking import letters, requests
from reports.models import BlockingPartner, BlockLetter, BlockRequest

log = structlog.get_logger(__name__)

TIMEOUT_SECONDS = 9.0  # after which a task begins no further letter
CLAIM = timedelta(seconds=20)  # longer than one attempt
RETRY_DELAYS = (10, 30, 60, 300, 900, 1800)  # seconds after the first, second … failure
JITTER = (0.8, 1.2)
_LOST_AFTER = timedelta(minutes=1)  # an attempt whose outcome was not recorded


def dispatch_due() -> None:
    """End what is over, remind who has not confirmed in time, and enqueue the partners to be sent to."""
    requests.end_due()
    _remind()
    with transaction.atomic():
        due = BlockLetter.objects.waiting().filter(next_attempt_at__lte=Now())
        for partner in due.order_by().values_list("request__partner", flat=True).distinct():
            letters.enqueue(partner)


def _remind() -> None:
    """Owe every letter whose receipt is overdue once more."""
    late = BlockLetter.objects.unreceived(timezone.now()).filter(reminded_at=None)
    late.exclude(sent_at=None).update(reminded_at=Now(), next_attempt_at=Now())


@queue.for_each_lease
def process_items(lease: queue.Lease) -> None:
    """Send what waits for an item's partner. Another process at it looks once more when it is done."""
    partner = BlockingPartner.objects.filter(pk=lease.key)
    if partner.filter(claimed_until__lte=Now()).update(claimed_until=Now() + CLAIM):
        try:
            _send_waiting(partner.get())
        finally:
            partner.update(claimed_until=Now())
        if _list_due(partner.get()).exists():
            letters.enqueue(int(lease.key))
    queue.mark_done(lease)


def _list_due(partner: BlockingPartner) -> QuerySet[BlockLetter]:
    waiting = BlockLetter.objects.waiting().filter(request__partner=partner)
    return waiting.filter(next_attempt_at__lte=Now()).order_by("pk")


def _send_waiting(partner: BlockingPartner) -> None:
    end = time.monotonic() + TIMEOUT_SECONDS / 2  # one attempt more may take as long
    while time.monotonic() < end and (letter := _begin_attempt(partner)):
        if not _attempt(letter):
            return


@transaction.atomic
def _begin_attempt(partner: BlockingPartner) -> BlockLetter | None:
    """Return the next letter, its attempt counted: from now on the partner may have it."""
    row = _list_due(partner).select_for_update(of=("self",)).first()
    if row is None:
        return None
    BlockLetter.objects.filter(pk=row.pk).update(
        attempts=F("attempts") + 1, next_attempt_at=Now() + _LOST_AFTER
    )
    return BlockLetter.objects.select_related("request__finding", "request__partner").get(pk=row.pk)


def _attempt(letter: BlockLetter) -> bool:
    """Send outside any transaction, record the outcome; return whether the partner is to be reached."""
    try:
        status = _send(letter)
    except webhooks.WebhookDeliveryError as error:
        return _record_failure(letter, error.code, error.status)
    except mail.MailError as error:
        return _record_failure(letter, str(error))
    _record_success(letter, status)
    return True


def _send(letter: BlockLetter) -> int | None:
    """Send, and return a webhook's status. Raises WebhookDeliveryError or MailError."""
    partner = letter.request.partner
    if partner.channel == Channel.MAIL:
        mail.send(letters.render_letter_mail(letter))
        return None
    if not (secret := encryption.decrypt_field(partner, "secret")):
        raise webhooks.WebhookDeliveryError("no_key")
    return webhooks.send(partner.address, secret, letter.pk, letters.format_payload(letter))


@transaction.atomic
def _record_success(letter: BlockLetter, status: int | None) -> None:
    """Record that the partner's server took a letter; its receipt may have come before."""
    BlockLetter.objects.filter(pk=letter.pk).update(
        sent_at=Coalesce("sent_at", Now()), next_attempt_at=None, outcome="ok", status=status
    )
    asked = BlockRequest.objects.filter(pk=letter.request_id, state=BlockRequest.State.REQUESTED)
    asked.update(state=BlockRequest.State.SENT)


@transaction.atomic
def _record_failure(letter: BlockLetter, code: str, status: int | None = None) -> bool:
    """Put the letter off, and what else waits for a partner that was not reached; return whether it was."""
    log.warning("block_letter.failed", letter=letter.pk, why=code, status=status)
    due = Now() + timedelta(seconds=queue.pick_delay(RETRY_DELAYS, letter.attempts, JITTER))
    BlockLetter.objects.filter(pk=letter.pk).update(outcome=code, status=status)
    is_put_off = Q(pk=letter.pk) if status else Q(request__partner=letter.request.partner_id)
    waiting = BlockLetter.objects.waiting().filter(is_put_off)
    waiting.update(next_attempt_at=Greatest("next_attempt_at", due))
    return status is not None
