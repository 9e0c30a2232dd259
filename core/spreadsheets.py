"""Tables as files for a spreadsheet, row after row: CSV and XLSX. Pure.

No cell is ever a formula. XLSX says of each cell that it is a text or a number. CSV cannot say so: a
spreadsheet runs what begins with = + - @, also after blanks and in wide letters, so such a text gets
an apostrophe before it, as a hand would type it. Where the computer's list sign is the semicolon (it
often is in Vietnamese) cells are cut there and quotes hold nothing together: what follows a semicolon,
a tab or the end of a line is guarded alike. A sign that XML forbids is shown by its code point.
"""

import csv
import io
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Sequence
from typing import IO
from xml.sax.saxutils import escape  # nosec B406

Cell = str | int
MAX_CHARS = 32_000  # of a cell; Excel takes 32,767

_STARTERS = tuple("=+-@")
_SHIFTERS = frozenset("\t\r\n")  # they move what follows into a cell of its own
# A run of blanks and cuts before a starter, tried once from its beginning: each of its signs anew would
# take a square of the time.
_BLANK = r"[;\s\ufeff\u200b\u00ad\"]"
_INSIDE = re.compile(rf"(?<!{_BLANK}){_BLANK}++(?=[=+\-@＝＋－＠﹢﹣﹦﹫⁼⁺⁻])")
_CUT = re.compile(r"[;\t\n]")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels"'
    ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/>'
    "</Types>",
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="r1"'
    f' Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
    '<sheet name="Tin" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="r1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    "</Relationships>",
}


def is_formula(text: str) -> bool:
    """Whether a spreadsheet may take a text for a formula."""
    begins = unicodedata.normalize("NFKC", text[:64]).lstrip("\ufeff\u200b\u00ad\x00").lstrip()
    return bool(text) and (begins[:1] in _STARTERS or text[0] in _SHIFTERS)


def escape_formula(cell: Cell) -> str:
    """A cell of CSV: a text that no spreadsheet runs."""
    if isinstance(cell, int):
        return str(cell)
    text = _legible(cell)
    text = _INSIDE.sub(lambda run: _CUT.sub(r"\g<0>'", run[0]), text)
    return f"'{text}" if is_formula(text) else text


def _legible(text: str) -> str:
    shown = _FORBIDDEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", text[:MAX_CHARS])
    return shown.replace("\r\n", "\n").replace("\r", "\n")


def write_csv(file: IO[bytes], rows: Iterable[Sequence[Cell]]) -> int:
    """CSV in UTF-8 with its mark, each cell in quotes; how many rows were written."""
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
    """A workbook of one sheet, its rows as they come; how many were written."""
    count = 0
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as book:
        for name, text in _PARTS.items():
            book.writestr(name, _HEAD + text)
        with book.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(f'{_HEAD}<worksheet xmlns="{_MAIN}"><sheetData>'.encode())
            for row in rows:
                sheet.write(f"<row>{''.join(map(_xml, row))}</row>".encode())
                count += 1
            sheet.write(b"</sheetData></worksheet>")
    return count


def _xml(cell: Cell) -> str:
    if isinstance(cell, int):
        return f"<c><v>{cell}</v></c>"
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(_legible(cell))}</t></is></c>'
