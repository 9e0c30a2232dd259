"""Read a table that somebody sent, CSV in UTF-8 or XLSX: its headings, and the rows below that are not blank.

What is no such table is refused with one sentence, before a row of it is filed where it is XLSX.
"""

import csv
import json
import subprocess  # nosec B404
import sys
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain, islice
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

from core.form_data import sanitize_text
from reports.submission import row_parser
from reports.submission.row_parser import MAX_CELL_CHARS, MAX_COLUMNS, Column, Row, counts_columns

DELIMITERS = ",;\t"  # a Vietnamese spreadsheet writes semicolons
MAX_TITLE_ROWS = 20  # above the headings: whose list it is, of which month
MAX_NOTE_ROWS = 20  # below the calls: the sum, the day, who signs
_WORKBOOK_READER = Path(__file__).with_name("workbook_reader.py")
_ZIP = b"PK\x03\x04"
# First bytes of what else is sent under the name of a table.
_OTHERS = {
    b"\xd0\xcf\x11\xe0": "Excel cũ (.xls) hoặc Excel có mật khẩu",
    b"%PDF": "PDF",
    b"<": "trang web",
    b"{\\rtf": "văn bản",
    b"\xff\xfe": "chữ UTF-16",
    b"\xfe\xff": "chữ UTF-16",
}  # fmt: skip
_SAVE_AS = "Mở bảng bằng Excel, chọn Lưu thành: Excel (.xlsx) hoặc CSV UTF-8, rồi gửi lại."
_REFUSALS = {
    "other_format": f"Đây là tệp {{name}}, không phải Excel (.xlsx) hay CSV. {_SAVE_AS}",
    "no_workbook": f"Đây không phải bảng tính. {_SAVE_AS}",
    "too_large": "Bảng mở ra quá lớn. Chia thành nhiều tệp nhỏ rồi gửi từng tệp.",
    "unreadable": f"Máy không mở được tệp này: tệp hỏng, hoặc quá lớn. {_SAVE_AS}",
    "several_sheets": "Tệp có nhiều trang tính có chữ: {name}. Để mỗi trang tính một tệp rồi gửi từng tệp.",
    "merged": "Các ô {name} đang gộp làm một, máy không biết chữ ấy của dòng nào. Bỏ gộp ô rồi gửi lại.",
    "too_wide": f"Bảng rộng quá {MAX_COLUMNS} cột, từ {{name}}. Bỏ bớt cột rồi gửi lại.",
    "too_long": "Danh sách dài hơn {name} dòng. Chia thành nhiều tệp rồi gửi từng tệp, hoặc nhờ quản trị máy chủ nhập.",
    "blank": "Bảng không có dòng nào.",
    "too_many": "Bạn đang giữ {name} danh sách chưa nhập xong. Nhập hoặc bỏ bớt danh sách cũ rồi gửi tiếp.",
    "line": "Dòng {name} không đọc được: chữ không phải UTF-8, hoặc có ô mở ngoặc kép mà không đóng. "
    + _SAVE_AS,
}  # fmt: skip


class TableError(ValueError):
    """It is no table that can be read; the text is a sentence for who sent it."""

    def __init__(self, code: str, name: object = "") -> None:
        super().__init__(_REFUSALS[code].format(name=sanitize_text(str(name))[:200]))


class Table(NamedTuple):
    """The columns, the number of the row with their headings, and the rows below."""

    columns: list[Column]
    heading_row: int
    rows: Iterator[Row]


def open_table(file: IO[bytes], given: Mapping[str, str], seconds: int) -> Table:
    """Return the table of a file, whose fields are `given` for headings or found by them. Its rows raise
    TableError too, where they come to what cannot be read; a workbook has so many seconds of the processor.
    """
    source, all_merged = _open_rows(file, seconds)
    rows = _check_width(source)
    first = list(islice(rows, MAX_TITLE_ROWS))
    if not first:
        raise TableError("blank")
    found = [row_parser.match_columns(row.cells, given) for row in first]
    known = [sum(bool(column.field) for column in columns) > 1 for columns in found]
    place = known.index(True) if any(known) else 0
    number = first[place].number
    for merged, last_row in all_merged:
        if last_row >= number:
            raise TableError("merged", merged)
    below = first[place + 1 :]
    numbering = [row._replace(is_set_aside=True) for row in below[:1] if counts_columns(row)]
    columns = row_parser.mark_serial(found[place], below := below[len(numbering) :])
    calls = _set_notes_aside(columns, chain(below, rows))
    return Table(columns, number, chain(numbering, calls))


def _set_notes_aside(columns: Sequence[Column], rows: Iterable[Row]) -> Iterator[Row]:
    """Yield the rows, those at the end that are no calls set aside."""
    sizes, notes = Counter[int](), deque[Row]()
    for row in rows:
        usual_cells = max(sizes, key=sizes.__getitem__, default=0)
        if row_parser.is_note(columns, row, usual_cells):
            notes.append(row)
            if len(notes) > MAX_NOTE_ROWS:
                yield notes.popleft()
            continue
        sizes[len(row.texts)] += 1
        yield from notes
        notes.clear()
        yield row
    yield from (row._replace(is_set_aside=True) for row in notes)


def _check_width(rows: Iterable[Row]) -> Iterator[Row]:
    for row in rows:
        if any(row.cells[MAX_COLUMNS:]):
            raise TableError("too_wide", Column(MAX_COLUMNS, "", "").name_cell(row.number))
        yield row


def _open_rows(file: IO[bytes], seconds: int) -> tuple[Iterator[Row], list[tuple[str, int]]]:
    """Return the rows of a file that are not blank, and its merged cells with their last rows."""
    head = file.read(4)
    file.seek(0)
    if head == _ZIP:
        lines = _read_workbook(file.read(), seconds)
        merged = next(lines)["merged"]
        return map(Row.restore, lines), merged
    for beginning, name in _OTHERS.items():
        if head.startswith(beginning):
            raise TableError("other_format", name)
    return _read_csv(file), []


def _read_workbook(data: bytes, seconds: int) -> Iterator[Any]:
    """Yield the lines of the reading process. Raises TableError where it ended before the table did."""
    command = [sys.executable, "-I", str(_WORKBOOK_READER), str(seconds), str(MAX_CELL_CHARS)]
    end = ("unreadable", "")
    with subprocess.Popen(  # noqa: S603  # nosec B603
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={}
    ) as process:
        try:
            # It may have ended: what its lines say counts.
            with suppress(BrokenPipeError), cast("IO[bytes]", process.stdin) as stdin:
                stdin.write(data)
            for line in map(json.loads, cast("IO[bytes]", process.stdout)):
                if isinstance(line, dict) and "end" in line:
                    end = line["end"]
                else:
                    yield line
        except ValueError as error:  # a line that its end cut off
            raise TableError("unreadable") from error
        finally:
            process.kill()
    if end[0]:
        raise TableError(*end)


def _read_csv(file: IO[bytes]) -> Iterator[Row]:
    csv.field_size_limit(MAX_CELL_CHARS)
    lines = (line.decode() for line in file)
    rows = csv.reader(())
    try:
        first = next(lines, "").removeprefix("\ufeff")
        rows = csv.reader(chain([first], lines), delimiter=max(DELIMITERS, key=first.count))
        for number, cells in enumerate(rows, start=1):
            if any(map(str.strip, cells)):
                yield Row(number, cells)
    except (UnicodeDecodeError, csv.Error) as error:
        raise TableError("line", rows.line_num + 1) from error
