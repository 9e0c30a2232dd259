"""Mails to reporters that there is something new: fixed text, no link, nothing of any report.

Whoever forced a reporter may read the mailbox. A mailbox gets one mail in GAP, whatever happens to how
many reports, and a report whose mail nobody followed yet one in UNSEEN_GAP. A mail is claimed before
it is sent: an attempt that dies is made up for after the gap, and never doubles one within it.
"""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F, Max
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone, translation

from core import mail
from core.database import lock_until_commit
from core.outbox import queue
from core.province_names import build_page_context
from reports.models import NoticeAddress
from reports.notices import addresses

log = structlog.get_logger(__name__)

SEND_TASK = "reports.send_notice"
TIMEOUT_SECONDS = 9.0  # after which a task begins no further mail
GAP, UNSEEN_GAP = timedelta(hours=4), timedelta(days=7)
RETRY_DELAYS = (5, 30, 120, 480)  # minutes after the first, second … failure
MAX_TRIES = len(RETRY_DELAYS) + 1
_LOST_AFTER = timedelta(minutes=10)
BATCH_SIZE = 200


@transaction.atomic
def dispatch_due() -> int:
    """Enqueue what is due and return how many that was; what was tried often enough is dropped."""
    due = NoticeAddress.objects.filter(owed_at__isnull=False, next_attempt_at__lte=Now())
    due.filter(attempts__gte=MAX_TRIES).update(owed_at=None, attempts=0)
    rows = due.order_by("next_attempt_at").select_for_update(skip_locked=True)
    keys = [row.pk for row in rows.only("pk")[:BATCH_SIZE]]
    NoticeAddress.objects.filter(pk__in=keys).update(
        attempts=F("attempts") + 1, next_attempt_at=Now() + _LOST_AFTER
    )
    queue.enqueue_all(SEND_TASK, keys, priority=queue.Priority.IDLE)
    transaction.on_commit(queue.notify)
    return len(keys)


@queue.for_each_lease
def process_items(lease: queue.Lease) -> None:
    """Send the mail of an outbox item, if it is still owed and its time has come."""
    row = NoticeAddress.objects.select_related("report").filter(pk=lease.key).first()
    address = addresses.load_usable_address(row) if row else ""
    if row and _claim(row, address):
        _send(row, address)
    queue.mark_done(lease)


@transaction.atomic
def _claim(row: NoticeAddress, address: str) -> bool:
    """Return whether the mail may go now; it then counts as sent. Else defer it, or drop it for good."""
    lock_until_commit(f"notices {bytes(row.address_index).hex()}")
    owed = NoticeAddress.objects.select_for_update().filter(pk=row.pk, owed_at__isnull=False)
    present = owed.first()
    if present is None or present.address_index != row.address_index:
        return False
    if not address:
        owed.update(owed_at=None, attempts=0)
        return False
    if (due := _find_earliest_time(present, address)) > timezone.now():
        owed.update(next_attempt_at=due, attempts=0)
        return False
    owed.update(sent_at=Now())
    return True


def _find_earliest_time(row: NoticeAddress, address: str) -> datetime:
    """Return when the next mail may go: after the mailbox's last, long after one nobody followed."""
    last = addresses.list_rows_of_mailbox(address).aggregate(last=Max("sent_at"))["last"]
    times = [last + GAP] if last else []
    if row.sent_at and not (row.seen_at and row.seen_at >= row.sent_at):
        times.append(row.sent_at + UNSEEN_GAP)
    return max(times, default=timezone.now())


def _send(row: NoticeAddress, address: str) -> None:
    """Send the claimed mail; if the server does not take it, try again after a pause."""
    same = NoticeAddress.objects.filter(pk=row.pk, owed_at=row.owed_at)
    try:
        mail.send(render_notice(row, address))
    except mail.MailError as error:
        log.warning("notice.failed", notice=str(row.pk), why=str(error))
        due = Now() + timedelta(minutes=queue.pick_delay(RETRY_DELAYS, row.attempts))
        same.update(sent_at=row.sent_at, next_attempt_at=due)
        return
    same.update(owed_at=None, attempts=0)


def render_notice(row: NoticeAddress, address: str) -> EmailMessage:
    """Return the mail in the language of the report; its headers alone have an address to open."""
    host = urlsplit(settings.PORTAL_URL).netloc
    with translation.override(row.report.language):
        page = f"{host}{reverse('reports:track')}"
        context = build_page_context() | {"page": page}
        notice = mail.render_mail("reports/notice.txt", [address], context)
        end = reverse("reports:notice_end", args=[addresses.sign_end_token(row)])
    mail.add_one_click_end(notice, f"{settings.PORTAL_URL}{end}")
    return notice
