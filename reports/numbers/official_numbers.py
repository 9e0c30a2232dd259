"""The numbers that pages tell people to ring, and the only writer of them: one officer proposes a
change, another confirms it, and until then the old one stays. Every act is on record.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now

from core.audit import events
from reports.models import BankHotline, OfficeNumber, PublishedNumberChange
from reports.numbers.findings import FindingError, NotPermittedError
from reports.reference import confirmed_statements

CONFIRM = "reports.confirm_published"
_FIELDS = {
    PublishedNumberChange.Table.OFFICE: (
        "office_id", "number", "key", "label", "label_en", "source", "verified_on",
    ),
    PublishedNumberChange.Table.BANK: ("name", "number", "source", "verified_on"),
}  # fmt: skip
_SUBJECTS = {
    PublishedNumberChange.Table.OFFICE: "officenumber",
    PublishedNumberChange.Table.BANK: "bank",
}
Row = OfficeNumber | BankHotline


def table_for(row: Row) -> PublishedNumberChange.Table:
    tables = PublishedNumberChange.Table
    return tables.OFFICE if isinstance(row, OfficeNumber) else tables.BANK


def propose(row: Row, by: User) -> PublishedNumberChange:
    """Ask that *row*, new or changed and not saved, be published. Raises FindingError."""
    return _ask(row, PublishedNumberChange.Act.SAVE, _list_values(row), by)


def propose_removal(row: Row, by: User) -> PublishedNumberChange:
    """Ask that *row* be published no more. Raises FindingError."""
    return _ask(row, PublishedNumberChange.Act.REMOVE, {}, by)


def _ask(
    row: Row, act: PublishedNumberChange.Act, values: dict[str, str], by: User
) -> PublishedNumberChange:
    stored = type(row).objects.filter(pk=row.pk).first() if row.pk else None
    was = _list_values(stored) if stored else {}
    table = table_for(row)
    change = PublishedNumberChange(
        table=table, act=act, target=row.pk, new_values=values, old_values=was, proposed_by=by
    )
    try:
        with transaction.atomic():
            change.save(force_insert=True)
            _record("published_proposed", change, by)
    except IntegrityError as error:
        raise FindingError("Số này đang có một đề nghị chờ xác nhận.") from error
    return change


def _list_values(row: Row) -> dict[str, str]:
    return {name: str(getattr(row, name)) for name in _FIELDS[table_for(row)]}


def confirm(pk: int, *, by: User) -> PublishedNumberChange:
    """Make the change. Raises FindingError; nothing has been written then."""
    if not by.has_perm(CONFIRM):
        raise NotPermittedError("Bạn không có quyền xác nhận số công bố.")
    try:
        with transaction.atomic():
            change = _open(pk)
            if change.proposed_by_id == by.pk:
                raise FindingError("Người đề nghị không tự xác nhận được. Nhờ một người khác.")
            _decide(change, PublishedNumberChange.Outcome.CONFIRMED, by)
            _apply(change)
            _record("published_confirmed", change, by)
    except IntegrityError as error:
        raise FindingError("Số hoặc tên này đã có trong danh sách.") from error
    confirmed_statements.clear_cache()
    return change


def refuse(pk: int, reason: str, *, by: User) -> None:
    """Leave everything as it is; who proposed may take it back. Raises FindingError."""
    if not reason.strip():
        raise FindingError("Chưa ghi lý do.")
    with transaction.atomic():
        change = _open(pk)
        if change.proposed_by_id != by.pk and not by.has_perm(CONFIRM):
            raise NotPermittedError("Bạn không có quyền xác nhận số công bố.")
        _decide(change, PublishedNumberChange.Outcome.REFUSED, by)
        _record("published_refused", change, by, reason=reason.strip())


def _open(pk: int) -> PublishedNumberChange:
    change = PublishedNumberChange.objects.select_for_update().get(pk=pk)
    if change.outcome:
        raise FindingError("Đề nghị này đã quyết rồi.")
    return change


def _decide(
    change: PublishedNumberChange, outcome: PublishedNumberChange.Outcome, by: User
) -> None:
    change.outcome, change.decided_by = outcome, by
    PublishedNumberChange.objects.filter(pk=change.pk).update(
        outcome=outcome, decided_by=by, decided_at=Now()
    )


def _apply(change: PublishedNumberChange) -> None:
    """Write the row as it was confirmed, if it still says what it said when that was asked."""
    model = OfficeNumber if change.table == PublishedNumberChange.Table.OFFICE else BankHotline
    rows: Any = model.objects.select_for_update().filter(pk=change.target or 0)
    row = rows.first()
    if change.target and (row is None or _list_values(row) != change.old_values):
        raise FindingError("Số này đã đổi từ khi đề nghị. Gỡ đề nghị ra rồi đề nghị lại.")
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
    """Rows of the data files need no second officer: they came with the release."""
    with transaction.atomic(), _writing("reference"):
        yield


@contextmanager
def _writing(change: str) -> Iterator[None]:
    """Tell the trigger by which change the next rows are written."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('reports.number_change', true)")
        before = (cursor.fetchone() or ("",))[0] or ""
        cursor.execute("SELECT set_config('reports.number_change', %s, true)", [change])
        yield
        cursor.execute("SELECT set_config('reports.number_change', %s, true)", [before])


def _record(kind: str, change: PublishedNumberChange, by: User, **more: str) -> None:
    numbers = {"number": change.new_values.get("number") or change.old_values.get("number", "")}
    events.log_event("published", change.pk, kind, by=by, table=change.table, **numbers, **more)
