"""A resident says that a number is theirs, or wrongly reported: taken in sealed, with the hour by
which an officer answers. Whether the number is on any list, nobody is told.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from reports import clocks, confirmed, lookup, phones, privacy
from reports.models import Dispute

WORKING_DAYS = 2  # for the desk, while no other number has been confirmed
STATEMENT = "dispute_answer"


@dataclass(frozen=True)
class Asked:
    """What was typed."""

    number: str
    reason: str = ""
    contact: str = ""


def take_in(asked: Asked, submission_key: str) -> Dispute:
    """Write it down, once for one key. Raises DatabaseError or InterfaceError when it is not known
    to be written.
    """
    row = Dispute(
        due_at=_due(timezone.now()),
        key=lookup.key_of(phones.read(asked.number))[:64],
        number_sealed=privacy.seal(asked.number),
        reason_sealed=privacy.seal(asked.reason),
        contact_sealed=privacy.seal(asked.contact),
        submission_key=submission_key,
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return Dispute.objects.get(submission_key=submission_key)
    return row


def _due(now: datetime) -> datetime:
    said = confirmed.statements().get(STATEMENT)
    days = said.amount if said and said.amount else WORKING_DAYS
    return clocks.in_working_days(now, days)
