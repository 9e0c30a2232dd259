"""Officers' findings on numbers, accounts and links; the only writer of them.

One officer proposes a finding, another confirms it; what was confirmed, two withdraw (core/audit/proposals.py).
Every action is logged.
"""

from datetime import date, timedelta

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from core.audit import events, proposals
from core.errors import ActionError, NotAllowedError
from core.models import Proposal
from core.outbox import queue
from reports.extraction import phones
from reports.models import Indicator, NumberFinding, Report, SubjectKind
from reports.models.numbers import MAX_KEY_CHARS
from reports.numbers import lookup, report_counts, subjects
from reports.numbers.subjects import Subject
from reports.public import link_hosts

END_BLOCKS_TASK = "reports.end_blocks"
VALID_DAYS = 92  # three months
MAX_NUMBER_CHARS = 40  # of a number as typed
PROPOSE = "reports.add_numberfinding"
CONFIRM = "reports.confirm_number"


def usual_end() -> date:
    return timezone.localdate() + timedelta(days=VALID_DAYS)


def _min_cleared_until() -> date:
    """Return the earliest end of a clearing: by then earlier reports have expired."""
    return timezone.localdate() + timedelta(days=report_counts.DAYS)


def _valid_until(row: NumberFinding) -> date:
    """Return the last day of a finding that is confirmed today."""
    is_cleared = row.finding == NumberFinding.Finding.CLEARED
    return max(row.valid_until, _min_cleared_until()) if is_cleared else row.valid_until


def parse_finding_subject(typed: str) -> Subject:
    """Return what a finding may be about. Raises ActionError: for a card, and for what is genuine and
    only imitated.
    """
    if subjects.has_card(typed):
        raise ActionError("Đây là số thẻ, không phải số tài khoản. Số thẻ không ghi ở đây.")
    subject = subjects.find_account_or_link(typed)
    if subject is None:
        return Subject(SubjectKind.NUMBER, _number_key(typed))
    if subject.kind == SubjectKind.LINK:
        return _link_subject(subject)
    if not subject.bank:
        raise ActionError("Ghi thêm tên ngân hàng, ví dụ: Vietcombank 0992000456789.")
    return subject


def _number_key(typed: str) -> str:
    key = lookup.lookup_key(phones.parse(typed))
    if not key:
        raise ActionError("Chưa đọc được một số nào ở đây. Ghi một số, đủ các chữ số.")
    if lookup.find_published([key]):
        raise ActionError(
            "Đây là số công bố của một cơ quan, ngân hàng. Kẻ gian giả số này, không dùng nó."
        )
    return key


def _link_subject(link: Subject) -> Subject:
    subject = subjects.finding_subject(link)
    if link_hosts.may_be_genuine(link_hosts.host_of(link.key)):
        raise ActionError("Đây là trang của nơi thật. Kẻ gian giả trang này, không dùng nó.")
    if not subject.key:
        raise ActionError(
            "Trang này nhiều người dùng chung. Ghi cả đường link, không chỉ tên trang."
        )
    if len(subject.key) > MAX_KEY_CHARS:
        raise ActionError("Đường link này dài quá. Ghi phần trước dấu / thôi.")
    return subject


def validate_finding(
    number: str, finding: str, reason: str, *, by: User, valid_until: date | None = None
) -> NumberFinding:
    """Return an unsaved finding that may be proposed. Raises ActionError."""
    require_permission(by, PROPOSE)
    valid_until = valid_until or usual_end()
    if not reason.strip():
        raise ActionError("Chưa ghi căn cứ.")
    if valid_until <= timezone.localdate():
        raise ActionError("Ngày hết giá trị phải sau hôm nay.")
    if finding == NumberFinding.Finding.CLEARED and valid_until < _min_cleared_until():
        days = report_counts.DAYS
        raise ActionError(f"Gỡ thì có giá trị ít nhất {days} ngày, kẻo tin cũ lại tính.")
    subject = parse_finding_subject(number)
    if open_findings(subject).exists():
        raise ActionError(_ALREADY_FOUND)
    bare = subject.text if subject.kind == SubjectKind.ACCOUNT else subject.key
    return NumberFinding(
        kind=subject.kind,
        key=subject.key,
        bank=subject.bank,
        number=number.strip()[:MAX_NUMBER_CHARS] if subject.kind == SubjectKind.NUMBER else bare,
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
    require_permission(by, CONFIRM)
    with transaction.atomic():
        row = _lock_finding(pk)
        if row.confirmed_at:
            raise ActionError("Ghi nhận này đã được xác nhận rồi.")
        if row.proposed_by_id == by.pk:
            raise ActionError("Người đề nghị không tự xác nhận được. Nhờ một người khác.")
        if row.valid_until < timezone.localdate():
            raise ActionError("Đề nghị này đã quá ngày có giá trị. Gỡ ra rồi đề nghị lại.")
        _require_accusable(row)
        NumberFinding.objects.filter(pk=pk).update(
            confirmed_by=by, confirmed_at=Now(), valid_until=_valid_until(row)
        )
        events.log_event("number", pk, "number_confirmed", by=by)
    row.refresh_from_db()
    return row


def withdraw(pk: int, reason: str, *, by: User) -> Proposal | None:
    """Withdraw a finding that is not confirmed: its proposer or who may confirm. Return the proposal
    where it is, which a colleague who may confirm then confirms. Raises ActionError.
    """
    if not reason.strip():
        raise ActionError("Chưa ghi lý do gỡ.")
    with transaction.atomic():
        row = _lock_finding(pk)
        if row.confirmed_at:
            require_permission(by, PROPOSE)
            return proposals.propose(WITHDRAWAL, pk, {}, by=by, reason=reason)
        if row.proposed_by_id != by.pk:
            require_permission(by, CONFIRM)
        withdraw_locked(row, reason.strip(), by)
    return None


class _Withdrawal(proposals.Act):
    """The withdrawal of a confirmed finding."""

    def carry_out(self, proposal: Proposal, by: User) -> None:
        withdraw_locked(_lock_finding(int(proposal.target)), proposal.reason, by)


WITHDRAWAL = _Withdrawal("withdrawal", CONFIRM)


def open_accusation(subject: Subject, *, lock: bool = False) -> NumberFinding | None:
    """Return the accusing finding that was not withdrawn, or None."""
    rows = open_findings(subject).filter(finding=NumberFinding.Finding.CONFIRMED)
    return (rows.select_for_update() if lock else rows).first()


def open_findings(subject: Subject) -> QuerySet[NumberFinding]:
    """Return the findings that were not withdrawn; of an account whose bank is not told, at any."""
    of_bank = {"bank": subject.bank} if subject.bank else {}
    key = subjects.finding_subject(subject).key
    rows = NumberFinding.objects.filter(kind=subject.kind, key=key, withdrawn_at=None, **of_bank)
    return rows.exclude(key="")


def _require_accusable(row: NumberFinding) -> None:
    """Raise ActionError where the thing has become a genuine one since it was proposed."""
    if row.kind == SubjectKind.NUMBER:
        _number_key(row.number)
    elif row.kind == SubjectKind.LINK:
        _link_subject(Subject(SubjectKind.LINK, row.key))


def _lock_finding(pk: int) -> NumberFinding:
    row = NumberFinding.objects.select_for_update().get(pk=pk)
    if row.withdrawn_at:
        raise ActionError("Ghi nhận này đã gỡ rồi.")
    return row


def withdraw_locked(row: NumberFinding, reason: str, by: User) -> None:
    """Withdraw a finding that the caller has locked; what was asked to be blocked for it is owed its end."""
    NumberFinding.objects.filter(pk=row.pk).update(withdrawn_at=Now(), withdrawn_by=by)
    events.log_event("number", row.pk, "number_withdrawn", by=by, reason=reason)
    if row.confirmed_at:
        queue.enqueue(END_BLOCKS_TASK, row.pk, priority=queue.Priority.URGENT)
        transaction.on_commit(queue.notify)


def require_permission(by: User, permission: str) -> None:
    if not by.has_perm(permission):
        raise NotAllowedError(_MISSING_PERMISSION[permission])


_ALREADY_FOUND = "Đã có một ghi nhận về số, tài khoản hoặc link này. Gỡ ghi nhận ấy trước."
_MISSING_PERMISSION = {
    PROPOSE: "Bạn không có quyền đề nghị ghi nhận.",
    CONFIRM: "Việc này cần người có quyền xác nhận ghi nhận.",
}


# --- numbers that shall be published

_MAX_SHORT = 6  # digits of a code that is nobody's telephone, as a bank's *1234#
_MAX_NAMED = 3  # reports that the sentence names


def publication_blocker(number: str) -> str:
    """Return why a number may not be published, in a sentence, or ""."""
    key = lookup.lookup_key(phones.parse(number))
    if not key:
        is_short = sum(map(str.isdigit, number)) <= _MAX_SHORT
        return "" if is_short else "Chưa đọc được số này. Ghi một số, đủ chữ số, không thừa chữ số."
    if open_accusation(Subject(SubjectKind.NUMBER, key)):
        return "Số này đang có ghi nhận là kẻ gian dùng. Gỡ ghi nhận ấy trước đã."
    if reports := _list_reports_of_calls(key):
        numbers = ", ".join(reports)
        return (
            f"Trong {report_counts.DAYS} ngày qua có tin báo bị gọi từ số này ({numbers}). Xem các tin ấy;"
            " số này chưa cho lên trang được."
        )
    return ""


def _list_reports_of_calls(key: str) -> list[str]:
    """Return the public numbers of the newest reports of a call from this number."""
    called = Indicator.objects.filter(
        key=key, kind=Indicator.Kind.NUMBER, source__in=report_counts.CALLERS
    )
    since = timezone.now() - timedelta(days=report_counts.DAYS)
    reports = Report.objects.filter(pk__in=called.values("report_id"), received_at__gte=since)
    newest = reports.order_by("-received_at").values_list("public_number", flat=True)
    return list(newest[:_MAX_NAMED])
