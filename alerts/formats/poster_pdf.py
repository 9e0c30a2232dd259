"""The poster of a warning: one A4 page, PDF, with a code to scan. Pure."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

import segno
from font_roboto import Roboto, RobotoBold
from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import TTFFont

from alerts.formats.wording import bind_names, first_sentence
from alerts.formats.xml import strip_invalid_xml
from alerts.models import AlertRevision
from alerts.models.content import Content
from core.province import province

_WIDTH, _MARGIN = 210, 14  # millimetres
_ROOM = _WIDTH - 2 * _MARGIN
_QR = 38
_FOOT = 297 - _MARGIN - _QR
_NEXT_LINE: Any = {"new_x": XPos.LMARGIN, "new_y": YPos.NEXT}
# Points of the running text: read from two metres off. Under LEGIBLE less is said rather than smaller.
_SIZES = (34, 31, 28, 26, 24)
_LEGIBLE = 24
_SMALLEST = 10  # a text that nobody should write: it ends early
_Paragraph = tuple[
    str, float, bool
]  # text, its size in that of the running text, whether it is bold


def render_poster(revision: AlertRevision) -> bytes:
    """Return one page, as large as its words allow: the steps go first, then the summary, then what
    stands behind each first sentence of the advice.
    """
    choices = list(_list_contents(revision.frozen_content))
    tries = [(size, paragraphs) for paragraphs in choices for size in _SIZES]
    tries += [(size, choices[-1]) for size in range(_LEGIBLE - 2, _SMALLEST - 1, -2)]
    with _open_sheet(revision) as draft:  # to read the fonts takes longer than to try all sizes
        fitting = (each for each in tries if _write_page(draft, *each) <= _FOOT - 3)
        size, paragraphs = next(fitting, tries[-1])
    with _open_sheet(revision) as sheet:
        _write_page(sheet, size, paragraphs)
        _add_foot(sheet, revision)
        return bytes(sheet.output())


def _list_contents(words: Content) -> Iterator[list[_Paragraph]]:
    """Yield what a poster may say, the most first."""
    title, summary = (words.title, 1.3, True), (words.summary, 1.0, False)
    whole, brief = (
        [(f"•  {line}", 1.0, True) for line in advice]
        for advice in (words.advice, list(map(first_sentence, words.advice)))
    )
    steps = [("Họ lừa thế nào", 1.1, True)]
    steps += [(f"{number}. {step.title}", 1.0, False) for number, step in enumerate(words.steps, 1)]
    yield [title, summary, *whole, *steps]
    yield [title, summary, *whole]
    yield [title, summary, *brief]
    yield [title, *brief]


@contextmanager
def _open_sheet(revision: AlertRevision) -> Iterator[FPDF]:
    words = revision.frozen_content
    sheet = FPDF(format="A4")
    sheet.set_creation_date(words.message.sent)
    sheet.set_title(strip_invalid_xml(words.title))
    sheet.set_lang("vi")
    sheet.set_margin(_MARGIN)
    sheet.set_auto_page_break(auto=False)
    sheet.add_font("Roboto", "", Roboto)
    sheet.add_font("Roboto", "B", RobotoBold)
    try:
        yield sheet
    finally:
        for font in sheet.fonts.values():
            if isinstance(font, TTFFont):
                font.close()


def _write_page(sheet: FPDF, size: float, paragraphs: list[_Paragraph]) -> float:
    """Return down to where the paragraphs reach."""
    sheet.add_page()
    _add_head(sheet)
    for text, factor, bold in paragraphs:
        if sheet.get_y() > _FOOT + _QR:
            break
        _add_text(sheet, text, size * factor, bold=bold)
    return sheet.get_y()


def _add_head(sheet: FPDF) -> None:
    sheet.set_font("Roboto", "B", 15)
    sheet.cell(_ROOM / 2, 8, "CẢNH BÁO LỪA ĐẢO")
    sheet.set_font("Roboto", "", 13)
    sheet.cell(_ROOM / 2, 8, province.police, align="R", **_NEXT_LINE)
    sheet.set_line_width(1.2)
    sheet.rect(_MARGIN, sheet.get_y() + 2, _ROOM, 36)
    sheet.set_y(sheet.get_y() + 5)
    for line, points in (
        ("CÚP MÁY. KHÔNG CHUYỂN TIỀN.", 30),
        (f"GỌI {province.hotline} HOẶC 113", 34),
    ):
        sheet.set_font("Roboto", "B", points)
        sheet.cell(_ROOM, 15, line, align="C", **_NEXT_LINE)
    sheet.set_y(sheet.get_y() + 4)


def _add_text(sheet: FPDF, text: str, points: float, *, bold: bool = False) -> None:
    """Add a paragraph, down to the foot and no further."""
    height = points * 0.45
    sheet.set_font("Roboto", "B" if bold else "", points)
    sheet.set_y(sheet.get_y() + points * 0.1)
    words = strip_invalid_xml(bind_names(text))
    lines: Any = sheet.multi_cell(_ROOM, height, words, dry_run=True, output="LINES", align="L")
    for line in lines:
        if sheet.get_y() > _FOOT + _QR:
            return
        sheet.cell(_ROOM, height, line, **_NEXT_LINE)


def _add_foot(sheet: FPDF, revision: AlertRevision) -> None:
    picture = BytesIO()
    segno.make(revision.frozen_content.message.web, error="m").save(
        picture, kind="png", scale=8, border=1
    )
    sheet.set_fill_color(255)
    sheet.rect(0, _FOOT - 2, _WIDTH, 297 - _FOOT + 2, "F")
    sheet.image(picture, _WIDTH - _MARGIN - _QR, _FOOT, _QR, _QR)
    sheet.set_y(_FOOT + 2)
    for line in _reference_lines(revision):
        sheet.set_font("Roboto", "", 11)
        sheet.multi_cell(_ROOM - _QR - 6, 5.5, strip_invalid_xml(line), **_NEXT_LINE)


def _reference_lines(revision: AlertRevision) -> Iterable[str]:
    words, document = revision.frozen_content, revision.frozen_content.document
    if document.number:
        dated = f", ngày {document.dated:%d/%m/%Y}" if document.dated else ""
        yield f"Văn bản {document.number}{dated}."
    until = words.message.expires
    yield (
        f"Hiệu lực đến {until:%H:%M, %d/%m/%Y}." if until else "Hiệu lực đến khi có thông báo mới."
    )
    yield f"Mã {revision.identifier}. Quét mã để xem bản mới nhất:"
    yield words.message.web
