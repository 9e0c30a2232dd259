"""The address of a reporter who wants to be told: taken, ended, and what is owed to it.

An address is sealed and found by a keyed hash, as a contact is; nobody reads it, no page shows it.
What happens to a report makes a mail owed in its own transaction; channels/dispatch.py sends it.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from core import encryption, keys
from core.database import lock_until_commit
from core.keys import FieldKey, field_keys, newest_key
from core.mail import mailbox_digest
from reports.models import Campaign, Case, NoticeAddress, Report

MAX_ADDRESS_CHARS = 254
MAX_REPORTS_A_DAY = 5  # that one mailbox is given for, whoever gives it
LEAVE = "link end notices"
MAIL = NoticeAddress.Channel.MAIL
_DAY = timedelta(days=1)
Status = Case.Status
_ENDED = (Status.HANDED_OVER, Status.CRIME_REPORT, Status.CLOSED, Status.JUNK, Status.WITHDRAWN)
# What a reporter is told of. Not junk: whoever sends it may have given somebody else's address.
_TOLD = {
    Status.WAITING, Status.HANDED_OVER, Status.CRIME_REPORT, Status.CLOSED, Status.WITHDRAWN,
}  # fmt: skip


def is_address(typed: str) -> bool:
    try:
        validate_email(typed[: MAX_ADDRESS_CHARS + 1].strip())
    except ValidationError:
        return False
    return len(typed) <= MAX_ADDRESS_CHARS


def load_address(report: Report) -> str:
    """Return what was typed for a report, "" for nothing."""
    row = NoticeAddress.objects.filter(report=report, channel=MAIL).first()
    return (row and encryption.decrypt_field(row, "address")) or ""


def load_usable_address(row: NoticeAddress) -> str:
    """Return the address, "" where no mail can go to what was typed."""
    address = encryption.decrypt_field(row, "address") or ""
    return address if is_address(address) else ""


def compute_index(address: str, key: FieldKey | None = None) -> bytes:
    return mailbox_digest("notice address", address, key or newest_key())


def list_rows_of_mailbox(address: str) -> QuerySet[NoticeAddress]:
    indexes = [compute_index(address, key) for key in field_keys()]
    return NoticeAddress.objects.filter(address_index__in=indexes)


@transaction.atomic
def register(report_id: UUID, typed: str, *, replaces: bool = True) -> bool:
    """Keep a mail address for a report; `replaces` another. Nothing is sent to it before something happens.

    Return False for an erased report, and where the mailbox was given for many today.
    """
    address = typed.strip()[:MAX_ADDRESS_CHARS]
    # Of two at once the second counts the first.
    lock_until_commit(f"notices {compute_index(address).hex()}")
    present = Report.objects.select_for_update(no_key=True).filter(pk=report_id, erased_at=None)
    given = list_rows_of_mailbox(address).filter(added_at__gt=Now() - _DAY)
    is_full = given.exclude(report=report_id).count() >= MAX_REPORTS_A_DAY
    if is_full or not present.values("pk").first():
        return False
    sealed = encryption.encrypt(address, "address", report_id)
    values: dict[str, object] = {
        "channel": MAIL,
        "address_sealed": sealed,
        "address_index": compute_index(address),
    }
    rows = NoticeAddress.objects.filter(report=report_id)
    fresh = {"added_at": Now(), "sent_at": None, "seen_at": None, "attempts": 0}
    if not (replaces and rows.update(**values, **fresh)):
        NoticeAddress.objects.get_or_create(report_id=report_id, defaults=values)
    return True


def mark_seen(row: NoticeAddress) -> None:
    """Owe nothing any more: the reporter reads the page."""
    NoticeAddress.objects.filter(pk=row.pk).update(seen_at=Now(), owed_at=None, attempts=0)


def sign_end_token(row: NoticeAddress) -> str:
    return keys.sign_token(LEAVE, "", str(row.pk))


def is_end_token(token: str) -> bool:
    """Return whether a link that ends notices is genuine, also when its address is gone."""
    return keys.read_token(LEAVE, token) is not None


def list_rows_of_token(token: str) -> QuerySet[NoticeAddress]:
    """Return the rows of the link's mailbox, of whatever reports: a mail names none that could be meant
    alone.
    """
    parts = keys.read_token(LEAVE, token)
    row = NoticeAddress.objects.filter(pk=parts[0]).first() if parts else None
    if row is None:
        return NoticeAddress.objects.none()
    address = encryption.decrypt_field(row, "address") or ""
    return list_rows_of_mailbox(address) | NoticeAddress.objects.filter(pk=row.pk)


def owe(reports: Iterable[UUID] | QuerySet[Report]) -> None:
    """Owe a mail to those of these reports that have an address and are owed none."""
    rows = NoticeAddress.objects.filter(report__in=reports, owed_at=None)
    rows.update(owed_at=Now(), next_attempt_at=Now(), attempts=0)


def owe_after_decision(report_id: UUID, event: Mapping[str, object]) -> None:
    """Owe a mail where by the event of a decision its reporter reads a message or another status."""
    before, after = event["before"], event["after"]
    is_back = after == Status.IN_REVIEW and before in _ENDED
    if "message" in event or (after != before and (after in _TOLD or is_back)):
        owe([report_id])


def owe_campaign(campaign_id: str) -> None:
    """Owe a mail to the reporters of a campaign and of those merged into it: a warning came of it."""
    campaigns = Campaign.objects.with_merged_into(Campaign.objects.get(pk=campaign_id))
    linked = Report.objects.filter(campaign_link__campaign__in=campaigns)
    owe(linked.exclude(case__status__in=(Status.JUNK, Status.WITHDRAWN)))
