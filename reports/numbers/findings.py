"""What officers find on a number, and the only writer of it: one proposes, another confirms, either
may be taken back; and who asks for a second look gets an answer, a clearing one from two. Every act is
on record.
"""

from datetime import date, timedelta
from uuid import UUID

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from core.audit import events
from reports.extraction import phones
from reports.models import Dispute, NumberFinding, OfficeNumber
from reports.numbers import lookup, report_counts

VALID_DAYS = 92  # three months
PROPOSE = "reports.add_numberfinding"
CONFIRM = "reports.confirm_number"
ANSWER = "reports.change_dispute"


class FindingError(Exception):
    """An act that was not done, with what the officer is told; nothing has been written."""


class NotPermittedError(FindingError):
    """An act that is not for this officer at all."""


def usual_end() -> date:
    """Until when a finding is valid if nobody says otherwise."""
    return timezone.localdate() + timedelta(days=VALID_DAYS)


def _least_end() -> date:
    """Until when a number is cleared at least: until all that was told before has gone."""
    return timezone.localdate() + timedelta(days=report_counts.DAYS)


def _end_of(row: NumberFinding) -> date:
    """Until when a finding is valid that is confirmed today."""
    is_cleared = row.finding == NumberFinding.Finding.CLEARED
    return max(row.valid_until, _least_end()) if is_cleared else row.valid_until


def key_for(number: str) -> str:
    """The key of one whole number. Raises FindingError for anything else, and for a number that an
    institution has published: that one is forged when crooks show it.
    """
    key = lookup.lookup_key(phones.parse(number))
    if not key:
        raise FindingError("Chưa đọc được một số nào ở đây. Ghi một số, đủ các chữ số.")
    if OfficeNumber.objects.filter(key=key).exists():
        raise FindingError("Đây là số công bố của một cơ quan. Kẻ gian giả số này, không dùng nó.")
    return key


def validate_finding(
    number: str, finding: str, reason: str, *, by: User, valid_until: date | None = None
) -> NumberFinding:
    """A finding as it may be put before a colleague; nothing is written. Raises FindingError."""
    _must(by, PROPOSE)
    valid_until = valid_until or usual_end()
    if not reason.strip():
        raise FindingError("Chưa ghi căn cứ.")
    if valid_until <= timezone.localdate():
        raise FindingError("Ngày hết giá trị phải sau hôm nay.")
    if finding == NumberFinding.Finding.CLEARED and valid_until < _least_end():
        raise FindingError(
            f"Gỡ thì có giá trị ít nhất {report_counts.DAYS} ngày, kẻo tin cũ lại tính."
        )
    key = key_for(number)
    if NumberFinding.objects.filter(key=key, withdrawn_at=None).exists():
        raise FindingError(_TAKEN)
    return NumberFinding(
        key=key,
        number=number.strip()[:40],
        finding=finding,
        reason=reason.strip(),
        valid_until=valid_until,
        proposed_by=by,
    )


def store_proposal(row: NumberFinding) -> None:
    """Put what `weigh` gave before a colleague; no page shows it yet. Raises FindingError where
    somebody was quicker.
    """
    try:
        with transaction.atomic():
            row.save(force_insert=True)
            events.log_event(
                "number", row.pk, "number_proposed", by=row.proposed_by, reason=row.reason
            )
    except IntegrityError as error:
        raise FindingError(_TAKEN) from error


def propose(
    number: str, finding: str, reason: str, *, by: User, valid_until: date | None = None
) -> NumberFinding:
    """Weigh a finding and put it before a colleague. Raises FindingError."""
    row = validate_finding(number, finding, reason, by=by, valid_until=valid_until)
    store_proposal(row)
    return row


def confirm(pk: int, *, by: User) -> NumberFinding:
    """Let the public page say it. Raises FindingError."""
    _must(by, CONFIRM)
    with transaction.atomic():
        row = _locked(pk)
        if row.confirmed_at:
            raise FindingError("Số này đã được xác nhận rồi.")
        if row.proposed_by_id == by.pk:
            raise FindingError("Người đề nghị không tự xác nhận được. Nhờ một người khác.")
        if row.valid_until < timezone.localdate():
            raise FindingError("Đề nghị này đã quá ngày có giá trị. Gỡ ra rồi đề nghị lại.")
        key_for(row.number)
        NumberFinding.objects.filter(pk=pk).update(
            confirmed_by=by, confirmed_at=Now(), valid_until=_end_of(row)
        )
        events.log_event("number", pk, "number_confirmed", by=by)
    row.refresh_from_db()
    return row


def withdraw(pk: int, reason: str, *, by: User) -> None:
    """Take a finding back; who proposed it may while it is not confirmed. Raises FindingError."""
    if not reason.strip():
        raise FindingError("Chưa ghi lý do gỡ.")
    with transaction.atomic():
        row = _locked(pk)
        if row.confirmed_at or row.proposed_by_id != by.pk:
            _must(by, CONFIRM)
        _take_back(row, reason.strip(), by)


def answer(pk: UUID, *, upheld: bool, text: str, by: User) -> Dispute:
    """Answer who asked for a second look. The number stays as it is: at once. Upheld: put before a
    colleague, who alone can `agree`. Raises FindingError.
    """
    _must(by, ANSWER)
    if not text.strip():
        raise FindingError("Chưa ghi câu trả lời.")
    with transaction.atomic():
        dispute = _open(pk)
        row = open_accusation(dispute.key, lock=True)
        if not upheld and row and row.proposed_by_id == by.pk:
            raise FindingError("Bạn đã đề nghị số này nên không tự giữ nguyên. Nhờ một người khác.")
        if upheld and dispute.upheld_by_id:
            raise FindingError("Đã có người đề nghị gỡ số này. Xem căn cứ rồi xác nhận.")
        if upheld:
            _change(dispute, answer=text.strip(), upheld_by=by, upheld_at=Now())
            events.log_event("dispute", pk, "dispute_proposed", by=by)
        else:
            _answered(dispute, Dispute.Status.REJECTED, by, answer=text.strip())
    dispute.refresh_from_db()
    return dispute


def confirm_clearing(pk: UUID, *, by: User) -> Dispute:
    """Uphold what a colleague found right: an accusing finding is taken back, and what was reported
    before counts no more. One of the two may confirm numbers. Raises FindingError.
    """
    _must(by, ANSWER)
    with transaction.atomic():
        dispute = _open(pk)
        if dispute.upheld_by is None:
            raise FindingError("Chưa ai đề nghị gỡ số này.")
        if dispute.upheld_by == by:
            raise FindingError("Người đề nghị không tự xác nhận được. Nhờ một người khác.")
        if not dispute.upheld_by.has_perm(CONFIRM):
            _must(by, CONFIRM)
        if row := open_accusation(dispute.key, lock=True):
            _take_back(row, f"Đề nghị xem lại {dispute.public_number}", by)
        _answered(dispute, Dispute.Status.UPHELD, by)
    dispute.refresh_from_db()
    return dispute


def may_agree(dispute: Dispute, by: User) -> bool:
    """Whether this officer can confirm that a number is cleared: another than who proposed it, and
    one of the two may confirm numbers.
    """
    first = dispute.upheld_by
    if dispute.status != Dispute.Status.OPEN or first in {None, by} or not by.has_perm(ANSWER):
        return False
    return by.has_perm(CONFIRM) or (first is not None and first.has_perm(CONFIRM))


def _open(pk: UUID) -> Dispute:
    """A wish that nobody has answered, until COMMIT nobody else's to answer."""
    dispute = Dispute.objects.select_for_update(of=("self",)).select_related("upheld_by").get(pk=pk)
    if dispute.status != Dispute.Status.OPEN:
        raise FindingError("Đề nghị này đã được trả lời rồi.")
    return dispute


def _answered(dispute: Dispute, status: Dispute.Status, by: User, **words: str) -> None:
    _change(dispute, status=status, answered_at=Now(), answered_by=by, **words)
    events.log_event("dispute", dispute.pk, "dispute_answered", by=by, outcome=status.value)


def _change(dispute: Dispute, **changes: object) -> None:
    Dispute.objects.filter(pk=dispute.pk).update(**changes)


def open_accusation(key: str, *, lock: bool = False) -> NumberFinding | None:
    """The accusing finding on a number that has not been taken back."""
    rows = NumberFinding.objects.exclude(key="")
    rows = rows.select_for_update() if lock else rows
    found = NumberFinding.Finding.CONFIRMED
    return rows.filter(key=key, finding=found, withdrawn_at=None).first()


def _locked(pk: int) -> NumberFinding:
    row = NumberFinding.objects.select_for_update().get(pk=pk)
    if row.withdrawn_at:
        raise FindingError("Ghi nhận này đã gỡ rồi.")
    return row


def _take_back(row: NumberFinding, reason: str, by: User) -> None:
    NumberFinding.objects.filter(pk=row.pk).update(withdrawn_at=Now(), withdrawn_by=by)
    events.log_event("number", row.pk, "number_withdrawn", by=by, reason=reason)


def _must(by: User, permission: str) -> None:
    if not by.has_perm(permission):
        raise NotPermittedError(_LACKING[permission])


_TAKEN = "Số này đã có một ghi nhận. Gỡ ghi nhận ấy trước."
_LACKING = {
    PROPOSE: "Bạn không có quyền đề nghị số.",
    CONFIRM: "Việc này cần người có quyền xác nhận số.",
    ANSWER: "Bạn không có quyền trả lời đề nghị xem lại.",
}
