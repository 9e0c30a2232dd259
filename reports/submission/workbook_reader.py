"""Read a workbook: its only sheet, row by row, each cell as the text that a CSV of it would have.

A process of its own that the input may kill: the file on standard input, on standard output lines of JSON. The
first names the merged cells and their last rows, one for each row that is not blank follows ([number, texts,
problems by place]), and the last says how it ended, unless a broken file ended it first. It imports nothing of the portal, so it has neither keys nor
database; memory and processor time are limited. Its arguments: seconds, and characters of a cell.
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
# Bytes of address space, the interpreter's included; a list of 100,000 rows takes half of it.
MEMORY = 400 * 1024**2
_SCAN_BYTES, _TAG_BYTES = 1024**2, 200
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


def check_archive(archive: ZipFile) -> None:
    """Raise RefusedError for another format in the same wrapping, and for what unpacks to too much."""
    sizes = {member.filename: member.file_size for member in archive.infolist()}
    if "content.xml" in sizes:
        raise RefusedError("other_format", "LibreOffice (.ods)")
    if "xl/workbook.xml" not in sizes:
        raise RefusedError("no_workbook", "")
    if sum(sizes.values()) > MAX_UNPACKED_BYTES:
        raise RefusedError("too_large", "")


def find_sheet(book: Any) -> Any:
    """Return the only sheet with something in it. Raises RefusedError for several."""
    shown = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    for sheet in shown:
        sheet.reset_dimensions()  # a program may have written wrong ones
    filled = [sheet for sheet in shown if any(map(any, sheet.iter_rows(values_only=True)))]
    if len(filled) != 1:
        names = ", ".join(sheet.title for sheet in filled)
        raise RefusedError("several_sheets" if filled else "blank", names)
    return filled[0]


def scan_sheet(source: Any) -> tuple[list[tuple[str, int]], bool]:
    """Return the ranges of merged cells, each with its last row, and whether there is a formula: openpyxl
    tells neither while it reads by the row.
    """
    merged, has_formula, rest = dict[str, int](), False, b""
    while chunk := source.read(_SCAN_BYTES):
        rest += chunk
        has_formula = has_formula or _FORMULA.search(rest) is not None
        merged |= {each.decode(): int(last) for each, last in _MERGED.findall(rest)}
        rest = rest[-_TAG_BYTES:]
    return list(merged.items()), has_formula


def iter_rows(
    sheet: Any, uncalculated: Any, max_chars: int
) -> Iterator[tuple[int, list[str], dict[int, str]]]:
    """Yield number, texts and problems of each row that is not blank; `uncalculated`: the same sheet, for its
    formulas, where it has any.
    """
    sources = repeat(()) if uncalculated is None else uncalculated.iter_rows()
    for number, (cells, behind) in enumerate(
        zip(sheet.iter_rows(), sources, strict=False), start=1
    ):
        told = [format_cell(cell, max_chars) for cell in cells]
        problems = {place: problem for place, (_, problem) in enumerate(told) if problem}
        for place, (cell, source) in enumerate(zip(cells, behind, strict=False)):
            if cell.value is None and source.data_type == "f":
                problems[place] = "formula"
        texts = [text for text, _ in told]
        while texts and not texts[-1]:
            del texts[-1]
        if texts or problems:
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
        is_whole = isinstance(value, int) or value.is_integer()
        text = str(int(value)) if is_whole else f"{value:.15g}"
        return text, "digits_lost" if abs(value) >= MAX_EXACT else ""
    text = str(value).strip()
    return (text, "") if len(text) <= max_chars else ("", "too_long")


def read_workbook(data: bytes, max_chars: int) -> Iterator[Any]:
    """Yield what the lines of the output are. Raises RefusedError, and whatever openpyxl raises."""
    file = io.BytesIO(data)
    with ZipFile(file) as archive:
        check_archive(archive)
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        sheet = find_sheet(book)
        with archive.open(sheet._worksheet_path) as source:  # noqa: SLF001  # it has no other name
            merged, has_formula = scan_sheet(source)
    yield {"merged": merged}
    formulas = None
    if has_formula:
        formulas = load_workbook(file, read_only=True, keep_links=False)[sheet.title]
        formulas.reset_dimensions()
    yield from iter_rows(sheet, formulas, max_chars)


def main(max_chars: int) -> None:
    end = ("", "")
    try:
        for line in read_workbook(sys.stdin.buffer.read(), max_chars):
            print(json.dumps(line))  # noqa: T201
    except RefusedError as refused:
        end = refused.args
    except MemoryError:
        end = ("too_large", "")
    print(json.dumps({"end": end}))  # noqa: T201


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    apply_rlimits(int(sys.argv[1]))
    main(int(sys.argv[2]))
