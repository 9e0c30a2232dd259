"""Tables as files for a spreadsheet, row after row: CSV and XLSX, in which no cell is a formula.

XLSX gives each cell its type. In CSV a text that a spreadsheet may run (= + - @, also after blanks
and in wide letters) gets an apostrophe; so does one after a semicolon, tab or line end, where
Vietnamese settings cut a cell. A character that XML forbids is shown by its code point.
"""

import csv
import io
import re
import tempfile
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import IO

from xlsxwriter import Workbook

Cell = str | int | datetime
MAX_WIDTH_CHARS, _TIME_FORMAT = 40, "hh:mm dd/mm/yyyy"
MAX_CHARS = 32_000  # of a cell; Excel takes 32,767

_STARTERS = tuple("=+-@")
_SHIFTERS = frozenset("\t\r\n")  # they move what follows into a cell of its own
# A run of blanks and cuts before a starter, tried once from its beginning: each of its characters anew would
# take a square of the time.
_BLANK = r"[;\s\ufeff\u200b\u00ad\"]"
_INSIDE = re.compile(rf"(?<!{_BLANK}){_BLANK}++(?=[=+\-@＝＋－＠﹢﹣﹦﹫⁼⁺⁻])")
_CUT = re.compile(r"[;\t\n]")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def is_formula(text: str) -> bool:
    begins = unicodedata.normalize("NFKC", text[:64]).lstrip("\ufeff\u200b\u00ad\x00").lstrip()
    return bool(text) and (begins[:1] in _STARTERS or text[0] in _SHIFTERS)


def escape_formula(cell: Cell) -> str:
    """Return a cell of CSV as a text that no spreadsheet runs."""
    if isinstance(cell, int):
        return str(cell)
    if isinstance(cell, datetime):
        return f"{cell:%H:%M %d/%m/%Y}"
    text = _make_printable(cell)
    text = _INSIDE.sub(lambda run: _CUT.sub(r"\g<0>'", run[0]), text)
    return f"'{text}" if is_formula(text) else text


def _make_printable(text: str) -> str:
    text = _FORBIDDEN.sub(lambda char: f"[U+{ord(char[0]):04X}]", text[:MAX_CHARS])
    return text.replace("\r\n", "\n").replace("\r", "\n")


def write_csv(file: IO[bytes], rows: Iterable[Sequence[Cell]]) -> int:
    """Write CSV in UTF-8 with a byte order mark, each cell in quotes; return how many rows."""
    count = 0
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    for row in rows:
        writer.writerow([escape_formula(cell) for cell in row])
        count += 1
    text.flush()
    text.detach()
    return count


def write_xlsx(file: IO[bytes], rows: Iterable[Sequence[Cell]]) -> int:
    """Write a workbook of one sheet, its head frozen and with filters, one row in memory at a time;
    return how many were written. A time is written as it stands, without its zone.
    """
    count = width = 0
    with (
        tempfile.TemporaryDirectory() as folder,
        Workbook(
            file, {"constant_memory": True, "tmpdir": folder, "remove_timezone": True}
        ) as book,
    ):
        sheet = book.add_worksheet("Tin")
        head, time = book.add_format({"bold": True}), book.add_format({"num_format": _TIME_FORMAT})
        for row in rows:
            if count == 0:
                sheet.freeze_panes(1, 0)
                width = len(row)
                for column, cell in enumerate(row):
                    sheet.set_column(
                        column, column, min(max(len(str(cell)) + 4, 16), MAX_WIDTH_CHARS)
                    )
            for column, cell in enumerate(row):
                if isinstance(cell, int):
                    sheet.write_number(count, column, cell)
                elif isinstance(cell, datetime):
                    sheet.write_datetime(count, column, cell, time)
                else:
                    sheet.write_string(
                        count, column, _make_printable(cell), head if count == 0 else None
                    )
            count += 1
        if width:
            sheet.autofilter(0, 0, count - 1, width - 1)
    return count
