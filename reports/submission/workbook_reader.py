"""Read a workbook: its only sheet, row by row, each cell as the text that a CSV of it would have.

A process of its own that the input may kill: the file on standard input, on standard output lines of JSON. The
first names the merged cells and their last rows, one for each row that is not blank follows ([number, texts, problems by place]), and
the last says how it ended. It imports nothing of the portal, so it has
neither keys nor database; memory and processor time are limited. Its arguments: seconds, the most columns and
the most characters of a cell that are read.
"""

import io
import json
import re
import resource
import sys
import warnings
from collections.abc import Iterator
from datetime import datetime, time
from itertools import repeat
from typing import Any
from zipfile import ZipFile

from openpyxl import load_workbook

MAX_UNPACKED_BYTES = 512 * 1024**2  # as the archive says, which unpacks no more than it says
MAX_EXACT = 10**15  # Excel keeps fifteen digits of a number
MEMORY = 768 * 1024**2  # bytes of address space, the interpreter's included
_SCAN_BYTES = 1024**2
_MERGED = re.compile(rb'mergeCell [^>]{0,99}?ref="([A-Z]{1,3}[0-9]{1,7}:[A-Z]{1,3}([0-9]{1,7}))"')
_FORMULA = re.compile(rb"<(?:[a-z]+:)?f[\s>/]")


class RefusedError(Exception):
    """It is no workbook that can be read: a code, and what is to be named beside it."""


def apply_rlimits(seconds: int) -> None:
    """Limit memory and processor time; forbid files and core dumps of personal data."""
    for limit, maximum in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (maximum, maximum))


def check_archive(data: bytes) -> None:
    """Raise RefusedError for another format in the same wrapping, and for what unpacks to too much."""
    with ZipFile(io.BytesIO(data)) as archive:
        names = {member.filename for member in archive.infolist()}
        if "content.xml" in names:
            raise RefusedError("other_format", "LibreOffice (.ods)")
        if "xl/workbook.xml" not in names:
            raise RefusedError("no_workbook")
        if sum(member.file_size for member in archive.infolist()) > MAX_UNPACKED_BYTES:
            raise RefusedError("too_large")


def find_sheet(book: Any, max_columns: int) -> str:
    """Return the name of the only sheet with something in it. Raises RefusedError for several."""
    shown = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    for sheet in shown:
        sheet.reset_dimensions()  # a program may have written wrong ones
    filled = [
        sheet.title
        for sheet in shown
        if any(map(any, sheet.iter_rows(max_col=max_columns, values_only=True)))
    ]
    if len(filled) != 1:
        raise RefusedError("several_sheets" if filled else "blank", ", ".join(filled))
    return str(filled[0])


def scan_sheet(data: bytes, path: str) -> tuple[list[tuple[str, int]], bool]:
    """Return the ranges of merged cells, each with its last row, and whether there is a formula: openpyxl
    tells neither while it reads by the row.
    """
    merged, has_formula, rest = list[tuple[str, int]](), False, b""
    with ZipFile(io.BytesIO(data)) as archive, archive.open(path.lstrip("/")) as source:
        while chunk := source.read(_SCAN_BYTES):
            rest += chunk
            has_formula = has_formula or _FORMULA.search(rest) is not None
            merged += [(each.decode(), int(last)) for each, last in _MERGED.findall(rest)]
            rest = rest[-200:].rpartition(b">")[2]  # the beginning of a tag that goes on
    return merged, has_formula


def iter_rows(
    sheet: Any, formulas: Any, max_columns: int, max_chars: int
) -> Iterator[tuple[int, list[str], dict[int, str]]]:
    """Yield number, texts and problems of each row that is not blank; `formulas`: the same sheet uncalculated."""
    behind = repeat(()) if formulas is None else formulas.iter_rows(max_col=max_columns)
    rows = zip(sheet.iter_rows(max_col=max_columns), behind, strict=False)
    for number, (row, uncalculated) in enumerate(rows, start=1):
        cells = [format_cell(cell, max_chars) for cell in row]
        problems = {place: problem for place, (_, problem) in enumerate(cells) if problem}
        problems |= {
            place: "formula"
            for place, (cell, source) in enumerate(zip(row, uncalculated, strict=False))
            if cell.value is None and source.data_type == "f"
        }
        texts = [text for text, _ in cells]
        if any(texts) or problems:
            yield number, texts, problems


def format_cell(cell: Any, max_chars: int) -> tuple[str, str]:
    """Return the text of a cell and what is wrong with it, if anything."""
    value = cell.value
    if value is None or cell.data_type == "e":
        return "", "error" if value else ""
    if isinstance(value, datetime):
        return f"{value:%d/%m/%Y %H:%M}".removesuffix(" 00:00"), ""
    if isinstance(value, time):
        return f"{value:%H:%M}", ""
    if isinstance(value, bool):
        return str(value).upper(), ""
    if isinstance(value, (int, float)):
        return format_number(value), "digits_lost" if abs(value) >= MAX_EXACT else ""
    text = str(value).strip()
    return (text, "") if len(text) <= max_chars else ("", "too_long")


def format_number(value: float) -> str:
    is_whole = isinstance(value, int) or value.is_integer()
    return str(int(value)) if is_whole else f"{value:.15g}"


def read_workbook(data: bytes, max_columns: int, max_chars: int) -> Iterator[Any]:
    """Yield what the lines of the output are. Raises RefusedError, and whatever openpyxl raises."""
    check_archive(data)
    book = load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    name = find_sheet(book, max_columns)
    merged, has_formula = scan_sheet(data, book[name]._worksheet_path)  # noqa: SLF001  # no other name for it
    yield {"merged": merged}
    formulas = None
    if has_formula:
        formulas = load_workbook(io.BytesIO(data), read_only=True, keep_links=False)[name]
        formulas.reset_dimensions()
    yield from iter_rows(book[name], formulas, max_columns, max_chars)
    yield {"end": "", "name": ""}


def main(*limits: int) -> None:
    warnings.simplefilter("ignore")
    try:
        for line in read_workbook(sys.stdin.buffer.read(), *limits):
            print(json.dumps(line))  # noqa: T201
    except RefusedError as refused:
        code, name = (*refused.args, "")[:2]
        print(json.dumps({"end": code, "name": name}))  # noqa: T201
    except MemoryError:
        print(json.dumps({"end": "too_large", "name": ""}))  # noqa: T201
    except Exception:  # noqa: BLE001  # whatever a broken file makes of openpyxl
        print(json.dumps({"end": "unreadable", "name": ""}))  # noqa: T201


if __name__ == "__main__":
    seconds, *bounds = map(int, sys.argv[1:])
    apply_rlimits(seconds)
    main(*bounds)
