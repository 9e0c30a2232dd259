"""A resident says that a number is theirs, or wrongly reported: taken in sealed, with the hour by
which an officer answers. Whether the number is on any list, nobody is told.
"""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import uuid4

from django.db import IntegrityError, transaction
from django.utils import timezone

from core import encryption
from core.keys import FieldKey, field_keys, newest_key
from reports.calendar import deadline_rules
from reports.extraction import phones
from reports.models import Dispute
from reports.models.numbers import new_dispute_number
from reports.numbers import lookup
from reports.reference import confirmed_statements

WORKING_DAYS = 2  # for the desk, while no other number has been confirmed
STATEMENT = "dispute_answer"
_TRIES = 5  # public numbers; that one is taken already is rare

_json = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode


@dataclass(frozen=True)
class DisputeSubmission:
    """What was typed."""

    number: str
    reason: str = ""
    contact: str = ""


def submit_dispute(asked: DisputeSubmission, submission_key: str) -> Dispute:
    """Write it down, once: the same words under the same key are the same dispute, other words a
    further one. Raises DatabaseError or InterfaceError when it is not known to be written.
    """
    for _ in range(_TRIES):
        if before := _find_sent(asked, submission_key):
            return before
        try:
            return _write(asked, submission_key)
        except IntegrityError as error:  # the same words came in meanwhile, or the number is taken
            refused = error
    raise refused


def _find_sent(asked: DisputeSubmission, submission_key: str) -> Dispute | None:
    """The row of these words, under whichever of our keys they came."""
    digests = [_digest(asked, submission_key, key) for key in field_keys()]
    rows = Dispute.objects.filter(submission_key=submission_key, content_digest__in=digests)
    return rows.first()


def _write(asked: DisputeSubmission, submission_key: str) -> Dispute:
    key = uuid4()
    row = Dispute(
        id=key,
        public_number=new_dispute_number(),
        due_at=_get_due_at(timezone.now()),
        key=lookup.lookup_key(phones.parse(asked.number))[:64],
        number_sealed=encryption.encrypt(asked.number, "number", key),
        reason_sealed=encryption.encrypt(asked.reason, "reason", key),
        contact_sealed=encryption.encrypt(asked.contact, "contact", key),
        submission_key=submission_key,
        content_digest=_digest(asked, submission_key, newest_key()),
    )
    with transaction.atomic():
        row.save(force_insert=True)
    return row


def _digest(asked: DisputeSubmission, submission_key: str, key: FieldKey) -> bytes:
    return key.mac("dispute digest", _json([submission_key, asdict(asked)]).encode())


def _get_due_at(now: datetime) -> datetime:
    said = confirmed_statements.statements().get(STATEMENT)
    days = said.amount if said and said.amount else WORKING_DAYS
    return deadline_rules.add_working_days(now, days)
