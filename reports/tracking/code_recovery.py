"""Replace a lost receipt code by a one-time word, which an officer reads out after the phrase.

The owner gets a new random code, which the officer never sees; the old one opens nothing. Both
steps are in the audit log.
"""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models.functions import Now

from core.audit import events
from core.errors import CodedError
from core.keys import FieldKey, field_keys, newest_key
from core.text import fold_code
from reports.models import Receipt, ReplacedCode, Report
from reports.submission import receipt_codes

PERMISSION = "reports.reveal_contact"
WORD_LIFETIME = timedelta(minutes=30)
PHRASE_MAX_AGE = timedelta(minutes=15)  # since the officer revealed the phrase
# Wrong words of all addresses together, of 29^6. Each address has five of its own
# (core/rate_limits.py), so that one stranger cannot use up the owner's word.
MAX_TRIES = 30


class ReleaseError(CodedError):
    """No word was issued and nothing written. `code` is permission, reason or phrase."""


@dataclass(frozen=True)
class RedeemedCode:
    report: Report
    code: str


def issue_one_time_word(report: Report, by: User, reason: str) -> str:
    """Return a new one-time word, valid for WORD_LIFETIME; void older ones. Raises ReleaseError."""
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
            recovery_until=Now() + WORD_LIFETIME,
            recovery_attempts=0,
        )
        events.log_event("report", report.pk, "one_time_word_issued", by=by, reason=reason.strip())
    return word


def _has_seen_phrase(report: Report, by: User) -> bool:
    """Return whether there is a phrase and this officer had it shown within PHRASE_MAX_AGE."""
    has_phrase = report.phrase_sealed or report.followups.exclude(phrase_sealed=None).exists()
    views = events.events_for("report", report.pk).filter(
        kind="revealed", actor=by, detail__field="phrase", created_at__gt=Now() - PHRASE_MAX_AGE
    )
    return bool(has_phrase) and views.exists()


def redeem_one_time_word(public_number: str, word: str) -> RedeemedCode | None:
    """Return the report with a new code, None where number and word do not match.

    A word works once. A wrong one counts, and after MAX_TRIES the right one is void.
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
        if not _is_word_of(receipt, word):
            Receipt.objects.filter(pk=receipt.pk).update(
                recovery_attempts=receipt.recovery_attempts + 1
            )
            return None
        return RedeemedCode(receipt.report, _replace(receipt))


def _is_word_of(receipt: Receipt, word: str) -> bool:
    stored = bytes(receipt.recovery_hash or b"")
    hashes = (_word_hash(word, receipt.pk, key) for key in field_keys())
    return any(hmac.compare_digest(stored, each) for each in hashes)


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
    """Return when this code was replaced; None for one that never opened a report or still does."""
    hashes = [receipt_codes.code_hash(code, key) for key in field_keys()]
    replaced = ReplacedCode.objects.filter(code_hash__in=hashes).first()
    return replaced.replaced_at if replaced else None


def _word_hash(word: str, report_id: UUID, key: FieldKey) -> bytes:
    return key.mac("one-time word", report_id.bytes + word.encode())


def normalize_public_number(typed: str) -> str:
    """Return a report's number as stored, however it is spaced; anything else nearly as typed."""
    chars = fold_code(typed)
    return f"{chars[:2]}-{chars[2:6]}-{chars[6:]}" if len(chars) == 10 else typed.strip()[:32]
