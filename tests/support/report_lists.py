"""Lists that communes send: workbooks whole and broken, and the worker that files an uploaded one."""

import io
from collections.abc import Sequence
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from openpyxl import Workbook

from core.models import OutboxItem
from reports.submission import report_lists

HEADINGS = ("STT", "Ngày gọi", "Số gọi đến", "Nội dung", "Số tiền", "Ghi chú")
SHEET = "xl/worksheets/sheet1.xml"


def make_workbook(rows: Sequence[Sequence[Any]], merge: str = "", **sheets: Any) -> bytes:
    """A workbook of these rows, and of a cell in each further sheet."""
    book = Workbook()
    for row in rows:
        book.active.append(row)
    if merge:
        book.active.merge_cells(merge)
    for name, cell in sheets.items():
        book.create_sheet(name)["A1"] = cell
    return save(book)


def save(book: Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def rewrite(workbook: bytes, member: str, old: bytes, new: bytes) -> bytes:
    """The workbook with other bytes in one of its files."""
    file = io.BytesIO()
    with ZipFile(io.BytesIO(workbook)) as source, ZipFile(file, "w", ZIP_DEFLATED) as target:
        for name in source.namelist():
            data = source.read(name)
            target.writestr(name, data.replace(old, new) if name == member else data)
    return file.getvalue()


def make_archive(*names: str) -> bytes:
    """What looks like a workbook from outside."""
    file = io.BytesIO()
    with ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return file.getvalue()


def list_owed() -> list[OutboxItem]:
    items = OutboxItem.objects.filter(task=report_lists.FILE_TASK, done_at=None, failed_at=None)
    return list(items.order_by("id"))


def file_steps(most: int = 100) -> None:
    """Do what the worker owes to uploaded lists, so many steps at most."""
    for _ in range(most):
        if owed := list_owed():
            report_lists.process_items([owed[0].pk])
