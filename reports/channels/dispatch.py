"""What is owed to reporters, by whichever channel, and when it goes.

A mailbox gets one message in GAP, whatever happens to how many reports, and a report whose message nobody
followed yet one in UNSEEN_GAP. A message is claimed before it is sent: an attempt that dies is made up for
after the gap, and never doubles one within it. An answer to who wrote by a channel goes at once, or so long
after an attempt that died that this one is over, and its address is forgotten.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import F, Max, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from core import encryption
from core.database import lock_until_commit
from core.outbox import queue
from reports.channels.mails import MailChannel
from reports.channels.message_channel import MessageChannel, MessageError
from reports.channels.zalo_answers import ZaloChannel
from reports.models import NoticeAddress
from reports.notices import addresses

log = structlog.get_logger(__name__)

SEND_TASK = "reports.send_notice"
TIMEOUT_SECONDS = 9.0  # after which a task begins no further message
CHANNELS: Mapping[str, MessageChannel] = {
    each.code: each for each in (MailChannel(), ZaloChannel())
}
_ANSWERING = [code for code, channel in CHANNELS.items() if channel.is_answer]
GAP, UNSEEN_GAP = timedelta(hours=4), timedelta(days=7)
ANSWER_GAP = timedelta(minutes=1)  # longer than any task: who hangs beyond its lease answers once
RETRY_DELAYS = (5, 30, 120, 480)  # minutes after the first, second … failure
MAX_TRIES = len(RETRY_DELAYS) + 1
_LOST_AFTER = timedelta(minutes=10)
BATCH_SIZE = 200


@transaction.atomic
def dispatch_due() -> int:
    """Enqueue what is due and return how many that was; what was tried often enough is dropped."""
    due = NoticeAddress.objects.filter(owed_at__isnull=False, next_attempt_at__lte=Now())
    _give_up(due.filter(attempts__gte=MAX_TRIES))
    rows = due.order_by("next_attempt_at").select_for_update(skip_locked=True)
    keys = [row.pk for row in rows.only("pk")[:BATCH_SIZE]]
    NoticeAddress.objects.filter(pk__in=keys).update(
        attempts=F("attempts") + 1, next_attempt_at=Now() + _LOST_AFTER
    )
    queue.enqueue_all(SEND_TASK, keys, priority=queue.Priority.IDLE)
    transaction.on_commit(queue.notify)
    return len(keys)


def _give_up(rows: QuerySet[NoticeAddress]) -> None:
    """Owe these nothing more; of an answer the address goes with it."""
    rows.filter(channel__in=_ANSWERING).delete()
    rows.update(owed_at=None, attempts=0)


@transaction.atomic
def owe_answer(report_id: UUID, address: str, channel: str) -> None:
    """Owe an answer to the address that wrote by this channel, and enqueue it; one that is owed already,
    or a mailbox that was given since, stays as it is.
    """
    values = {
        "channel": channel,
        "address_sealed": encryption.encrypt(address, "address", report_id),
        "address_index": addresses.compute_index(address),
        "owed_at": Now(),
        "next_attempt_at": Now() + _LOST_AFTER,
        "attempts": 1,
    }
    row, is_new = NoticeAddress.objects.get_or_create(report_id=report_id, defaults=values)
    if is_new:
        queue.enqueue(SEND_TASK, row.pk)


@queue.for_each_lease
def process_items(lease: queue.Lease) -> None:
    """Send the message of an outbox item, if it is still owed and its time has come."""
    row = NoticeAddress.objects.select_related("report").filter(pk=lease.key).first()
    if row:
        channel = CHANNELS[row.channel]
        address = encryption.decrypt_field(row, "address") or ""
        if _claim(row, channel, address if channel.is_address(address) else ""):
            _send(row, channel, address)
    queue.mark_done(lease)


@transaction.atomic
def _claim(row: NoticeAddress, channel: MessageChannel, address: str) -> bool:
    """Return whether the message may go now; it then counts as sent. Else defer it, or drop it for good."""
    lock_until_commit(f"notices {bytes(row.address_index).hex()}")
    owed = NoticeAddress.objects.select_for_update().filter(pk=row.pk, owed_at__isnull=False)
    present = owed.first()
    if present is None or present.address_index != row.address_index:
        return False
    if not address:
        _give_up(owed)
        return False
    due = _find_earliest_time(present, channel, address)
    if due > timezone.now():  # of a mail no failure; of an answer an attempt that died
        owed.update(next_attempt_at=due, attempts=present.attempts if channel.is_answer else 0)
        return False
    owed.update(sent_at=Now())
    return True


def _find_earliest_time(row: NoticeAddress, channel: MessageChannel, address: str) -> datetime:
    """Return when the next message may go: an answer after an attempt that may still run; others after
    the mailbox's last, long after one nobody followed.
    """
    if channel.is_answer:
        return row.sent_at + ANSWER_GAP if row.sent_at else timezone.now()
    last = addresses.list_rows_of_mailbox(address).aggregate(last=Max("sent_at"))["last"]
    times = [last + GAP] if last else []
    if row.sent_at and not (row.seen_at and row.seen_at >= row.sent_at):
        times.append(row.sent_at + UNSEEN_GAP)
    return max(times, default=timezone.now())


def _send(row: NoticeAddress, channel: MessageChannel, address: str) -> None:
    """Send the claimed message; if its channel does not take it, try again after a pause."""
    # Not an address that its reporter has given in place of this one meanwhile.
    same = NoticeAddress.objects.filter(
        pk=row.pk, owed_at=row.owed_at, address_index=row.address_index
    )
    try:
        channel.send(row, address)
    except MessageError as error:
        log.warning("notice.failed", notice=str(row.pk), channel=channel.code, why=str(error))
        due = Now() + timedelta(minutes=queue.pick_delay(RETRY_DELAYS, row.attempts))
        same.update(sent_at=row.sent_at, next_attempt_at=due)
        return
    if channel.is_answer:
        same.delete()
    else:
        same.update(owed_at=None, attempts=0)
