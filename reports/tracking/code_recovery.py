"""A lost receipt code: an officer who has checked the phrase lets its owner fetch a new one.

The officer reads out a one-time word and never sees the code; the new code is pure chance, and the
old one opens nothing any more. Both ends are on record.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now

from core.audit import events
from core.keys import FieldKey, field_keys, newest_key
from reports.models import Receipt, ReplacedCode, Report
from reports.submission import receipt_codes

PERMISSION = "reports.reveal_contact"
LASTS = timedelta(minutes=30)
PHRASE_SEEN = timedelta(minutes=15)  # how fresh the officer's look at the phrase must be
# Wrong words from everywhere together, of 29^6. Each address has five of its own before
# (limits.py), so that no one stranger kills the word of its owner.
MAX_TRIES = 30


class ReleaseError(Exception):
    """No word was given out. Nothing has been written. `why` is permission, reason or phrase."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class RedeemedCode:
    """A report and its new code, shown once."""

    report: Report
    code: str


def issue_one_time_word(report: Report, by: User, reason: str) -> str:
    """A one-time word with which a new code can be fetched for half an hour; an older word is void.

    Raises NotReleased.
    """
    if not by.has_perm(PERMISSION):
        raise ReleaseError("permission")
    if not reason.strip():
        raise ReleaseError("reason")
    if not _has_seen_phrase(report, by):
        raise ReleaseError("phrase")
    word = receipt_codes.generate_one_time_word()
    with transaction.atomic():
        Receipt.objects.filter(pk=report.pk).update(
            recovery_hash=_word_hash(word, report.pk, newest_key()),
            recovery_until=Now() + LASTS,
            recovery_attempts=0,
        )
        events.log_event("report", report.pk, "code_released", by=by, reason=reason.strip())
    return word


def _has_seen_phrase(report: Report, by: User) -> bool:
    """Whether this very officer had the phrase shown a short while ago, so that there is one."""
    has_one = report.phrase_sealed or report.followups.exclude(phrase_sealed=None).exists()
    seen = events.events_for("report", report.pk).filter(
        kind="revealed", actor=by, detail__what="phrase", created_at__gt=Now() - PHRASE_SEEN
    )
    return bool(has_one) and seen.exists()


def redeem_one_time_word(public_number: str, word: str) -> RedeemedCode | None:
    """A new code for a report; None where number and word do not open one. A wrong word counts,
    and after MOST_TRIES the right one is dead. A word opens once.
    """
    with transaction.atomic():
        receipt = (
            Receipt.objects.select_for_update(of=("self",))
            .select_related("report")
            .filter(report__public_number=public_number, recovery_until__gt=Now())
            .filter(recovery_hash__isnull=False, recovery_attempts__lt=MAX_TRIES)
            .first()
        )
        if receipt is None:
            return None
        if not _is_its_word(receipt, word):
            Receipt.objects.filter(pk=receipt.pk).update(
                recovery_attempts=receipt.recovery_attempts + 1
            )
            return None
        return RedeemedCode(receipt.report, _replace(receipt))


def _is_its_word(receipt: Receipt, word: str) -> bool:
    known = bytes(receipt.recovery_hash or b"")
    hashes = (_word_hash(word, receipt.pk, key) for key in field_keys())
    return any(hmac.compare_digest(known, each) for each in hashes)


def _replace(receipt: Receipt) -> str:
    code, key = receipt_codes.generate_code(), newest_key()
    ReplacedCode.objects.create(report_id=receipt.pk, code_hash=bytes(receipt.code_hash))
    Receipt.objects.filter(pk=receipt.pk).update(
        code_hash=receipt_codes.code_hash(code, key),
        hashed_with=key.id,
        replaced_at=Now(),
        recovery_hash=None,
        recovery_until=None,
    )
    events.log_event("report", receipt.pk, "code_replaced")
    return code


def replaced_at(code: str) -> datetime | None:
    """When this code was replaced by another; None for a code that never opened a report."""
    hashes = [receipt_codes.code_hash(code, key) for key in field_keys()]
    gone = ReplacedCode.objects.filter(code_hash__in=hashes).first()
    return gone.replaced_at if gone else None


def _word_hash(word: str, report_id: UUID, key: FieldKey) -> bytes:
    return key.mac("pickup word", report_id.bytes + word.encode())


def read_number(typed: str) -> str:
    """A public number however it is spaced; what is none stays as it is and finds nothing."""
    signs = "".join(sign for sign in typed.upper() if sign.isalnum())
    return f"{signs[:2]}-{signs[2:6]}-{signs[6:]}" if len(signs) == 10 else typed.strip()[:32]
