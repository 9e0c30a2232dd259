"""Residents' disputes about numbers, accounts and links; the only writer of them.

One officer answers a dispute, but only two clear its subject. Every action is logged. The public pages
reveal nothing of what was submitted: with its code, status and answer alone.
"""

import hmac
import re
import secrets
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID, uuid4

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from core import encryption
from core.audit import events
from core.errors import ActionError, NotAllowedError
from core.keys import content_digests
from core.text import fold_code, normalize
from reports.calendar import deadline_rules
from reports.models import Dispute, SubjectKind
from reports.models.numbers import new_dispute_number
from reports.models.report import ALPHABET
from reports.numbers import findings, subjects
from reports.numbers.publishable_texts import find_faults
from reports.numbers.subjects import Subject, subject_of
from reports.reference import confirmed_statements

ANSWER = "reports.change_dispute"
DISPUTE_WORKING_DAYS = 2  # for the desk, while no other number has been confirmed
STATEMENT_CODE = "dispute_answer"
_MAX_ATTEMPTS = 5  # to find a free public number
_SECRET_CHARS = 4
_MIN_DIGITS_APART = 6  # a shorter number is easily made up of the digits of a day
_CODE = re.compile(
    rf"XL(\d\d)([{ALPHABET}]{{4}})([{ALPHABET}]{{4}})([{ALPHABET}]{{{_SECRET_CHARS}}})"
)


def answer(pk: UUID, *, upheld: bool, text: str, by: User) -> Dispute:
    """Reject a dispute, or propose to a colleague to uphold it; return it. Raises ActionError."""
    _require_permission(by)
    if not text.strip():
        raise ActionError("Chưa ghi câu trả lời.")
    with transaction.atomic():
        dispute = _lock_open_dispute(pk)
        if repeated := _find_repeated(subject_of(dispute), text):
            raise ActionError(f"{repeated} Ai có mã cũng đọc được câu trả lời.")
        row = findings.open_accusation(subject_of(dispute), lock=True)
        if not upheld and row and row.proposed_by_id == by.pk:
            raise ActionError("Bạn đã đề nghị ghi nhận này nên không tự giữ. Nhờ một người khác.")
        if upheld and dispute.upheld_by_id:
            raise ActionError("Đã có người đề nghị gỡ. Xem câu trả lời rồi xác nhận.")
        if upheld:
            _update(dispute, answer=text.strip(), upheld_by=by, upheld_at=Now())
            events.log_event("dispute", pk, "dispute_proposed", by=by)
        else:
            _store_answer(dispute, Dispute.Status.REJECTED, by, answer=text.strip())
    dispute.refresh_from_db()
    return dispute


def _find_repeated(subject: Subject, text: str) -> str:
    """Return why an answer may not name what was disputed or another's number, account, link; "" else."""
    words, bare = normalize(text).split(), subject.key.removeprefix("+84")
    if subject.kind == SubjectKind.LINK:
        is_named = bare in text.lower().replace("[.]", ".")
    elif len(bare) < _MIN_DIGITS_APART:
        is_named = bare in words
    else:
        is_named = bare in "".join(filter(str.isdecimal, "".join(words)))
    if bare and is_named:
        return "Đừng ghi lại số, tài khoản, đường link cần xem lại."
    return " ".join(find_faults([("Câu trả lời", text)]))


def confirm_clearing(pk: UUID, *, by: User) -> Dispute:
    """Return the dispute, upheld as a colleague proposed: an accusing finding is withdrawn, and
    earlier reports count no more. One of the two may confirm findings. Raises ActionError.
    """
    _require_permission(by)
    with transaction.atomic():
        dispute = _lock_open_dispute(pk)
        if dispute.upheld_by is None:
            raise ActionError("Chưa ai đề nghị gỡ.")
        if dispute.upheld_by == by:
            raise ActionError("Người đề nghị không tự xác nhận được. Nhờ một người khác.")
        if not dispute.upheld_by.has_perm(findings.CONFIRM):
            findings.require_permission(by, findings.CONFIRM)
        row = findings.open_accusation(subject_of(dispute), lock=True)
        _store_answer(dispute, Dispute.Status.UPHELD, by)
        if row:
            findings.withdraw_locked(row, f"Đề nghị xem lại {dispute.public_number}", by)
    dispute.refresh_from_db()
    return dispute


def may_confirm_clearing(dispute: Dispute, by: User) -> bool:
    """Return whether the officer is a second one, and one of the two may confirm findings."""
    first = dispute.upheld_by
    if dispute.status != Dispute.Status.OPEN or first in {None, by} or not by.has_perm(ANSWER):
        return False
    return by.has_perm(findings.CONFIRM) or (first is not None and first.has_perm(findings.CONFIRM))


def _lock_open_dispute(pk: UUID) -> Dispute:
    dispute = Dispute.objects.select_for_update(of=("self",)).select_related("upheld_by").get(pk=pk)
    if dispute.status != Dispute.Status.OPEN:
        raise ActionError("Đề nghị này đã được trả lời rồi.")
    return dispute


def _store_answer(dispute: Dispute, status: Dispute.Status, by: User, **words: str) -> None:
    _update(dispute, status=status, answered_at=Now(), answered_by=by, **words)
    events.log_event("dispute", dispute.pk, "dispute_answered", by=by, outcome=status.value)


def _update(dispute: Dispute, **changes: object) -> None:
    Dispute.objects.filter(pk=dispute.pk).update(**changes)


def _require_permission(by: User) -> None:
    if not by.has_perm(ANSWER):
        raise NotAllowedError("Bạn không có quyền trả lời đề nghị xem lại.")


# --- disputes as residents submit them


@dataclass(frozen=True)
class DisputeSubmission:
    number: str
    reason: str = ""
    contact: str = ""


def submit_dispute(submission: DisputeSubmission, submission_key: str) -> Dispute:
    """Return the stored dispute; the same texts under the same key are the same dispute. Raises
    DatabaseError or InterfaceError when it may not be stored.
    """
    for _ in range(_MAX_ATTEMPTS):
        if before := _find_submitted_dispute(submission, submission_key):
            return before
        try:
            return _store_dispute(submission, submission_key)
        except IntegrityError as error:  # the same words came in meanwhile, or the number is taken
            refused = error
    raise refused


def _find_submitted_dispute(submission: DisputeSubmission, submission_key: str) -> Dispute | None:
    """Return the dispute of these texts, digested under any of our keys."""
    digests = _digests(submission, submission_key)
    rows = Dispute.objects.filter(submission_key=submission_key, content_digest__in=digests)
    return rows.first()


def _store_dispute(submission: DisputeSubmission, submission_key: str) -> Dispute:
    key, subject = uuid4(), subjects.parse_subject(submission.number)
    secret = "".join(secrets.choice(ALPHABET) for _ in range(_SECRET_CHARS))
    row = Dispute(
        id=key,
        public_number=new_dispute_number(),
        due_at=_compute_due_at(timezone.now()),
        kind=subject.kind,
        key=subject.key,
        bank=subject.bank,
        secret_sealed=encryption.encrypt(secret, "secret", key),
        number_sealed=encryption.encrypt(submission.number, "number", key),
        reason_sealed=encryption.encrypt(submission.reason, "reason", key),
        contact_sealed=encryption.encrypt(submission.contact, "contact", key),
        submission_key=submission_key,
        content_digest=_digests(submission, submission_key)[0],
    )
    with transaction.atomic():
        row.save(force_insert=True)
    return row


def _digests(submission: DisputeSubmission, submission_key: str) -> list[bytes]:
    return content_digests("dispute digest", submission_key, asdict(submission))


def _compute_due_at(now: datetime) -> datetime:
    statement = confirmed_statements.statements().get(STATEMENT_CODE)
    days = statement.amount if statement and statement.amount else DISPUTE_WORKING_DAYS
    return deadline_rules.add_working_days(now, days)


# --- the answer, as its owner reads it


def format_code(dispute: Dispute) -> str:
    """Return the code that opens the answer: the public number and a secret group."""
    return f"{dispute.public_number}-{encryption.decrypt_field(dispute, 'secret')}"


def parse_code(typed: str) -> str:
    """Return a typed code as `format_code` writes it, "" for what is none."""
    match = _CODE.fullmatch(fold_code(typed))
    return "-".join(("XL", *match.groups())) if match else ""


def find_by_code(code: str) -> Dispute | None:
    """Return the dispute of a parsed code, None for a wrong one or where its words were erased."""
    dispute = Dispute.objects.filter(public_number=code[: -_SECRET_CHARS - 1]).first()
    if dispute is None or dispute.secret_sealed is None:
        return None
    is_right = hmac.compare_digest(format_code(dispute).encode(), code.encode())
    return dispute if is_right else None
