"""Published numbers of offices and banks; the only writer of them. One officer proposes a
change, another confirms it; until then the old number stays.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import timezone

from core.audit import events
from core.database import fetch_all, set_local
from core.errors import ActionError, NotAllowedError
from reports.extraction import phones
from reports.models import (
    BankHotline,
    Indicator,
    OfficeNumber,
    PublishedNumberChange,
    Report,
)
from reports.numbers import lookup, report_counts
from reports.numbers.findings import open_accusation
from reports.reference import confirmed_statements

CONFIRM = "reports.confirm_published"
_FIELDS = {
    PublishedNumberChange.Table.OFFICE: (
        "office_id", "number", "key", "label", "label_en", "source", "verified_on",
    ),
    PublishedNumberChange.Table.BANK: ("name", "number", "source", "verified_on"),
}  # fmt: skip
Row = OfficeNumber | BankHotline


def table_for(row: Row) -> PublishedNumberChange.Table:
    tables = PublishedNumberChange.Table
    return tables.OFFICE if isinstance(row, OfficeNumber) else tables.BANK


def propose(row: Row, by: User) -> PublishedNumberChange:
    """Propose to publish *row*, new or changed and not saved. Raises ActionError."""
    return _store_proposal(row, PublishedNumberChange.Act.SAVE, _list_values(row), by)


def propose_removal(row: Row, by: User) -> PublishedNumberChange:
    """Propose to remove *row*. Raises ActionError."""
    return _store_proposal(row, PublishedNumberChange.Act.REMOVE, {}, by)


def _store_proposal(
    row: Row, act: PublishedNumberChange.Act, values: dict[str, str], by: User
) -> PublishedNumberChange:
    stored = type(row).objects.filter(pk=row.pk).first() if row.pk else None
    change = PublishedNumberChange(
        table=table_for(row),
        act=act,
        target=row.pk,
        new_values=values,
        old_values=_list_values(stored) if stored else {},
        proposed_by=by,
    )
    try:
        with transaction.atomic():
            change.save(force_insert=True)
            _log_change("published_proposed", change, by)
    except IntegrityError as error:
        raise ActionError("Số này đang có một đề nghị chờ xác nhận.") from error
    return change


def _list_values(row: Row) -> dict[str, str]:
    return {name: str(getattr(row, name)) for name in _FIELDS[table_for(row)]}


def confirm(pk: int, *, by: User) -> PublishedNumberChange:
    """Return the change after making it. Raises ActionError, with nothing written."""
    if not by.has_perm(CONFIRM):
        raise NotAllowedError("Bạn không có quyền xác nhận số công bố.")
    try:
        with transaction.atomic():
            change = _lock_open_change(pk)
            if change.proposed_by_id == by.pk:
                raise ActionError("Người đề nghị không tự xác nhận được. Nhờ một người khác.")
            _decide(change, PublishedNumberChange.Outcome.CONFIRMED, by)
            _apply(change)
            _log_change("published_confirmed", change, by)
    except IntegrityError as error:
        raise ActionError("Số hoặc tên này đã có trong danh sách.") from error
    confirmed_statements.clear_cache()
    return change


def refuse(pk: int, reason: str, *, by: User) -> None:
    """Refuse a change; its proposer may withdraw it so. Raises ActionError."""
    if not reason.strip():
        raise ActionError("Chưa ghi lý do.")
    with transaction.atomic():
        change = _lock_open_change(pk)
        if change.proposed_by_id != by.pk and not by.has_perm(CONFIRM):
            raise NotAllowedError("Bạn không có quyền xác nhận số công bố.")
        _decide(change, PublishedNumberChange.Outcome.REFUSED, by)
        _log_change("published_refused", change, by, reason=reason.strip())


def _lock_open_change(pk: int) -> PublishedNumberChange:
    change = PublishedNumberChange.objects.select_for_update().get(pk=pk)
    if change.outcome:
        raise ActionError("Đề nghị này đã quyết rồi.")
    return change


def _decide(
    change: PublishedNumberChange, outcome: PublishedNumberChange.Outcome, by: User
) -> None:
    change.outcome, change.decided_by = outcome, by
    PublishedNumberChange.objects.filter(pk=change.pk).update(
        outcome=outcome, decided_by=by, decided_at=Now()
    )


def _apply(change: PublishedNumberChange) -> None:
    """Write the row, if it is still as it was when the change was proposed."""
    model = OfficeNumber if change.table == PublishedNumberChange.Table.OFFICE else BankHotline
    rows: Any = model.objects.select_for_update().filter(pk=change.target or 0)
    row = rows.first()
    if change.target and (row is None or _list_values(row) != change.old_values):
        raise ActionError("Số này đã đổi từ khi đề nghị. Gỡ đề nghị ra rồi đề nghị lại.")
    with _writing(str(change.pk)):
        if change.act == PublishedNumberChange.Act.REMOVE:
            rows.delete()
            return
        values: dict[str, Any] = dict(change.new_values)
        values["verified_on"] = date.fromisoformat(values["verified_on"])
        if row is None:
            model.objects.create(**values)
        else:
            rows.update(**values)


@contextmanager
def bypass_four_eyes_for_seed() -> Iterator[None]:
    """Write rows of the data files without a second officer: they came with the release."""
    with transaction.atomic(), _writing("reference"):
        yield


@contextmanager
def _writing(change: str) -> Iterator[None]:
    """Set for the trigger by which change the next rows are written."""
    ((before,),) = fetch_all("SELECT current_setting('reports.number_change', true)")
    set_local("reports.number_change", change)
    yield
    set_local("reports.number_change", before or "")


def _log_change(kind: str, change: PublishedNumberChange, by: User, **more: str) -> None:
    numbers = {"number": change.new_values.get("number") or change.old_values.get("number", "")}
    events.log_event("published", change.pk, kind, by=by, table=change.table, **numbers, **more)


_MAX_NAMED = 3  # reports that the sentence names


def publication_blocker(number: str) -> str:
    """Return why a number may not be published, in a sentence, or ""."""
    key = lookup.lookup_key(phones.parse(number))
    if not key:
        return ""
    if open_accusation(key):
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
