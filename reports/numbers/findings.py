"""Officers' findings on numbers, and residents' disputes about them; the only writer of both.

One officer proposes a finding, another confirms it; either may be withdrawn. One officer answers a
dispute, but only two clear a number. Every action is logged. The public page reveals nothing of a
submitted number.
"""

from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from core import encryption
from core.audit import events
from core.errors import ActionError, NotAllowedError
from core.keys import content_digests
from reports.calendar import deadline_rules
from reports.extraction import phones
from reports.models import Dispute, NumberFinding, OfficeNumber
from reports.models.numbers import new_dispute_number
from reports.numbers import lookup, report_counts
from reports.reference import confirmed_statements

VALID_DAYS = 92  # three months
PROPOSE = "reports.add_numberfinding"
CONFIRM = "reports.confirm_number"
ANSWER = "reports.change_dispute"
DISPUTE_WORKING_DAYS = 2  # for the desk, while no other number has been confirmed
STATEMENT_CODE = "dispute_answer"
_MAX_ATTEMPTS = 5  # to find a free public number


def usual_end() -> date:
    return timezone.localdate() + timedelta(days=VALID_DAYS)


def _min_cleared_until() -> date:
    """Return the earliest end of a clearing: by then earlier reports have expired."""
    return timezone.localdate() + timedelta(days=report_counts.DAYS)


def _valid_until(row: NumberFinding) -> date:
    """Return the last day of a finding that is confirmed today."""
    is_cleared = row.finding == NumberFinding.Finding.CLEARED
    return max(row.valid_until, _min_cleared_until()) if is_cleared else row.valid_until


def key_for(number: str) -> str:
    """Return the key of one number. Raises ActionError, also for a published one: it is forged."""
    key = lookup.lookup_key(phones.parse(number))
    if not key:
        raise ActionError("Chưa đọc được một số nào ở đây. Ghi một số, đủ các chữ số.")
    if OfficeNumber.objects.filter(key=key).exists():
        raise ActionError("Đây là số công bố của một cơ quan. Kẻ gian giả số này, không dùng nó.")
    return key


def validate_finding(
    number: str, finding: str, reason: str, *, by: User, valid_until: date | None = None
) -> NumberFinding:
    """Return an unsaved finding that may be proposed. Raises ActionError."""
    _require_permission(by, PROPOSE)
    valid_until = valid_until or usual_end()
    if not reason.strip():
        raise ActionError("Chưa ghi căn cứ.")
    if valid_until <= timezone.localdate():
        raise ActionError("Ngày hết giá trị phải sau hôm nay.")
    if finding == NumberFinding.Finding.CLEARED and valid_until < _min_cleared_until():
        days = report_counts.DAYS
        raise ActionError(f"Gỡ thì có giá trị ít nhất {days} ngày, kẻo tin cũ lại tính.")
    key = key_for(number)
    if NumberFinding.objects.filter(key=key, withdrawn_at=None).exists():
        raise ActionError(_ALREADY_FOUND)
    return NumberFinding(
        key=key,
        number=number.strip()[:40],
        finding=finding,
        reason=reason.strip(),
        valid_until=valid_until,
        proposed_by=by,
    )


def store_proposal(row: NumberFinding) -> NumberFinding:
    """Return what `validate_finding` returned, stored. Raises ActionError where there is one."""
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            events.log_event(
                "number", row.pk, "number_proposed", by=row.proposed_by, reason=row.reason
            )
    except IntegrityError as error:
        raise ActionError(_ALREADY_FOUND) from error
    return row


def confirm(pk: int, *, by: User) -> NumberFinding:
    """Return the confirmed finding, public from now on. Raises ActionError."""
    _require_permission(by, CONFIRM)
    with transaction.atomic():
        row = _lock_finding(pk)
        if row.confirmed_at:
            raise ActionError("Số này đã được xác nhận rồi.")
        if row.proposed_by_id == by.pk:
            raise ActionError("Người đề nghị không tự xác nhận được. Nhờ một người khác.")
        if row.valid_until < timezone.localdate():
            raise ActionError("Đề nghị này đã quá ngày có giá trị. Gỡ ra rồi đề nghị lại.")
        key_for(row.number)
        NumberFinding.objects.filter(pk=pk).update(
            confirmed_by=by, confirmed_at=Now(), valid_until=_valid_until(row)
        )
        events.log_event("number", pk, "number_confirmed", by=by)
    row.refresh_from_db()
    return row


def withdraw(pk: int, reason: str, *, by: User) -> None:
    """Withdraw a finding; its proposer may before it is confirmed. Raises ActionError."""
    if not reason.strip():
        raise ActionError("Chưa ghi lý do gỡ.")
    with transaction.atomic():
        row = _lock_finding(pk)
        if row.confirmed_at or row.proposed_by_id != by.pk:
            _require_permission(by, CONFIRM)
        _withdraw(row, reason.strip(), by)


def answer(pk: UUID, *, upheld: bool, text: str, by: User) -> Dispute:
    """Reject a dispute, or propose to a colleague to uphold it; return it. Raises ActionError."""
    _require_permission(by, ANSWER)
    if not text.strip():
        raise ActionError("Chưa ghi câu trả lời.")
    with transaction.atomic():
        dispute = _lock_open_dispute(pk)
        row = open_accusation(dispute.key, lock=True)
        if not upheld and row and row.proposed_by_id == by.pk:
            raise ActionError("Bạn đã đề nghị số này nên không tự giữ nguyên. Nhờ một người khác.")
        if upheld and dispute.upheld_by_id:
            raise ActionError("Đã có người đề nghị gỡ số này. Xem căn cứ rồi xác nhận.")
        if upheld:
            _change(dispute, answer=text.strip(), upheld_by=by, upheld_at=Now())
            events.log_event("dispute", pk, "dispute_proposed", by=by)
        else:
            _store_answer(dispute, Dispute.Status.REJECTED, by, answer=text.strip())
    dispute.refresh_from_db()
    return dispute


def confirm_clearing(pk: UUID, *, by: User) -> Dispute:
    """Return the dispute, upheld as a colleague proposed: an accusing finding is withdrawn, and
    earlier reports count no more. One of the two may confirm numbers. Raises ActionError.
    """
    _require_permission(by, ANSWER)
    with transaction.atomic():
        dispute = _lock_open_dispute(pk)
        if dispute.upheld_by is None:
            raise ActionError("Chưa ai đề nghị gỡ số này.")
        if dispute.upheld_by == by:
            raise ActionError("Người đề nghị không tự xác nhận được. Nhờ một người khác.")
        if not dispute.upheld_by.has_perm(CONFIRM):
            _require_permission(by, CONFIRM)
        if row := open_accusation(dispute.key, lock=True):
            _withdraw(row, f"Đề nghị xem lại {dispute.public_number}", by)
        _store_answer(dispute, Dispute.Status.UPHELD, by)
    dispute.refresh_from_db()
    return dispute


def may_confirm_clearing(dispute: Dispute, by: User) -> bool:
    """Return whether the officer is a second one, and one of the two may confirm numbers."""
    first = dispute.upheld_by
    if dispute.status != Dispute.Status.OPEN or first in {None, by} or not by.has_perm(ANSWER):
        return False
    return by.has_perm(CONFIRM) or (first is not None and first.has_perm(CONFIRM))


def _lock_open_dispute(pk: UUID) -> Dispute:
    dispute = Dispute.objects.select_for_update(of=("self",)).select_related("upheld_by").get(pk=pk)
    if dispute.status != Dispute.Status.OPEN:
        raise ActionError("Đề nghị này đã được trả lời rồi.")
    return dispute


def _store_answer(dispute: Dispute, status: Dispute.Status, by: User, **words: str) -> None:
    _change(dispute, status=status, answered_at=Now(), answered_by=by, **words)
    events.log_event("dispute", dispute.pk, "dispute_answered", by=by, outcome=status.value)


def _change(dispute: Dispute, **changes: object) -> None:
    Dispute.objects.filter(pk=dispute.pk).update(**changes)


def open_accusation(key: str, *, lock: bool = False) -> NumberFinding | None:
    """Return the accusing finding on a number that was not withdrawn, or None."""
    rows = NumberFinding.objects.exclude(key="")
    rows = rows.select_for_update() if lock else rows
    confirmed = NumberFinding.Finding.CONFIRMED
    return rows.filter(key=key, finding=confirmed, withdrawn_at=None).first()


def _lock_finding(pk: int) -> NumberFinding:
    row = NumberFinding.objects.select_for_update().get(pk=pk)
    if row.withdrawn_at:
        raise ActionError("Ghi nhận này đã gỡ rồi.")
    return row


def _withdraw(row: NumberFinding, reason: str, by: User) -> None:
    NumberFinding.objects.filter(pk=row.pk).update(withdrawn_at=Now(), withdrawn_by=by)
    events.log_event("number", row.pk, "number_withdrawn", by=by, reason=reason)


def _require_permission(by: User, permission: str) -> None:
    if not by.has_perm(permission):
        raise NotAllowedError(_MISSING_PERMISSION[permission])


_ALREADY_FOUND = "Số này đã có một ghi nhận. Gỡ ghi nhận ấy trước."
_MISSING_PERMISSION = {
    PROPOSE: "Bạn không có quyền đề nghị số.",
    CONFIRM: "Việc này cần người có quyền xác nhận số.",
    ANSWER: "Bạn không có quyền trả lời đề nghị xem lại.",
}


# --- disputes as residents submit them


@dataclass(frozen=True)
class DisputeSubmission:
    """The fields of the form."""

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
    key = uuid4()
    row = Dispute(
        id=key,
        public_number=new_dispute_number(),
        due_at=_compute_due_at(timezone.now()),
        key=lookup.lookup_key(phones.parse(submission.number))[:64],
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
