"""Letters on their way: each partner's by one process at a time, in order, and never after another's.

An outbox item says that something waits for a partner. Who works on it claims the partner first, and one
that was not reached stays claimed for a while: a partner that hangs holds one process for one attempt.
Sending is at least once: the number of the letter tells a partner that it has it already.
"""

import time
from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce, Least, Now
from django.utils import timezone

from core import encryption, mail, webhooks
from core.models import PartnerChannel
from core.outbox import queue
from reports.blocking import letters, requests
from reports.models import BlockingPartner, BlockLetter, BlockRequest

log = structlog.get_logger(__name__)

TIMEOUT_SECONDS = 9.0  # after which a task begins no further letter
CLAIM = timedelta(seconds=20)  # longer than one attempt
RETRY_DELAYS = (10, 30, 60, 300, 900, 1800)  # seconds after the first, second … failure
JITTER = (0.8, 1.2)
MAX_ATTEMPTS = 60  # of one letter, in a little over a day: from then on somebody rings the partner
_LOST_AFTER = timedelta(minutes=1)  # an attempt whose outcome was not recorded


def dispatch_due() -> None:
    """End what is over, remind who has not confirmed in time, and enqueue the partners to be sent to."""
    requests.end_due()
    _remind()
    with transaction.atomic():
        is_free = {"request__partner__claimed_until__lte": Now()}
        due = BlockLetter.objects.waiting().filter(next_attempt_at__lte=Now(), **is_free)
        for partner in due.order_by().values_list("request__partner", flat=True).distinct():
            letters.enqueue(partner)


def _remind() -> None:
    """Owe every letter whose receipt is overdue once more; what arrived late itself has its time too."""
    now = timezone.now()
    late = BlockLetter.objects.unreceived(now).filter(reminded_at=None, outcome="ok")
    sent = late.filter(sent_at__lte=now - letters.RECEIPT_TIME)
    sent.update(reminded_at=Now(), next_attempt_at=Now())


@queue.for_each_lease
def process_items(lease: queue.Lease) -> None:
    """Send what waits for an item's partner. Another process at it looks once more when it is done."""
    partner = BlockingPartner.objects.filter(pk=lease.key)
    if partner.filter(claimed_until__lte=Now()).update(claimed_until=Now() + CLAIM):
        pause = timedelta()
        try:
            pause = _send_waiting(partner.get())
        finally:
            partner.update(claimed_until=Now() + pause)
        if not pause and _list_due(partner.get()).exists():
            letters.enqueue(int(lease.key))
    queue.mark_done(lease)


def _list_due(partner: BlockingPartner) -> QuerySet[BlockLetter]:
    waiting = BlockLetter.objects.waiting().filter(request__partner=partner)
    return waiting.filter(next_attempt_at__lte=Now()).order_by("pk")


def _send_waiting(partner: BlockingPartner) -> timedelta:
    """Send letter after letter; return for how long to leave a partner alone that was not reached."""
    end = time.monotonic() + TIMEOUT_SECONDS / 2  # one attempt more may take as long
    pause = timedelta()
    while not pause and time.monotonic() < end and (letter := _begin_attempt(partner)):
        pause = _attempt(letter)
    return pause


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


def _attempt(letter: BlockLetter) -> timedelta:
    """Send outside any transaction, record the outcome; return as `_send_waiting`."""
    try:
        status = _send(letter)
    except webhooks.WebhookDeliveryError as error:
        return _record_failure(letter, error.code, error.status)
    except mail.MailError as error:
        return _record_failure(letter, str(error))
    _record_success(letter, status)
    return timedelta()


def _send(letter: BlockLetter) -> int | None:
    """Send, and return a webhook's status. Raises WebhookDeliveryError or MailError."""
    partner = letter.request.partner
    if partner.channel == PartnerChannel.MAIL:
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


def _record_failure(letter: BlockLetter, code: str, status: int | None = None) -> timedelta:
    """Put the letter off, or give it up, overdue as from now; return as `_send_waiting`."""
    log.warning("block_letter.failed", letter=letter.pk, why=code, status=status)
    pause = timedelta(seconds=queue.pick_delay(RETRY_DELAYS, letter.attempts, JITTER))
    tried = BlockLetter.objects.filter(pk=letter.pk)
    tried.update(outcome=code, status=status)
    if letter.attempts < MAX_ATTEMPTS:
        tried.waiting().update(next_attempt_at=Now() + pause)
    else:
        tried.waiting().update(next_attempt_at=None, receive_by=Least("receive_by", Now()))
    return timedelta() if status else pause
