"""The poster of a warning: one A4 page, PDF, with a code to scan. Pure."""

from collections.abc import Iterable
from io import BytesIO
from typing import Any

import segno
from font_roboto import Roboto, RobotoBold
from fpdf import FPDF
from fpdf.enums import XPos, YPos
from fpdf.fonts import TTFFont

from alerts.formats.xml import strip_invalid_xml
from alerts.models import AlertRevision
from core.province import province

_WIDTH, _MARGIN = 210, 14  # millimetres
_ROOM = _WIDTH - 2 * _MARGIN
_QR = 38
_FOOT = 297 - _MARGIN - _QR
_NEXT_LINE: Any = {"new_x": XPos.LMARGIN, "new_y": YPos.NEXT}
_SIZES = (1.0, 0.92, 0.84, 0.76, 0.68, 0.6, 0.5, 0.4)


def render_poster(revision: AlertRevision) -> bytes:
    """Return one page; a long text is set smaller until it fits, and at the smallest ends early."""
    for size in _SIZES:
        sheet = _compose_sheet(revision, size)
        if sheet.get_y() <= _FOOT - 3:
            break
        _close_fonts(sheet)
    _add_foot(sheet, revision)
    document = bytes(sheet.output())
    _close_fonts(sheet)
    return document


def _compose_sheet(revision: AlertRevision, size: float) -> FPDF:
    words = revision.frozen_content
    sheet = FPDF(format="A4")
    sheet.set_creation_date(words.message.sent)
    sheet.set_title(strip_invalid_xml(words.title))
    sheet.set_lang("vi")
    sheet.set_margin(_MARGIN)
    sheet.set_auto_page_break(auto=False)
    sheet.add_font("Roboto", "", Roboto)
    sheet.add_font("Roboto", "B", RobotoBold)
    sheet.add_page()
    _add_head(sheet)
    _add_text(sheet, words.title, 26 * size, bold=True)
    _add_text(sheet, words.summary, 15 * size)
    _add_text(sheet, "Làm gì khi gặp", 17 * size, bold=True)
    for line in words.advice:
        _add_text(sheet, f"•  {line}", 16 * size)
    _add_text(sheet, "Họ lừa thế nào", 17 * size, bold=True)
    for number, step in enumerate(words.steps, 1):
        _add_text(sheet, f"{number}. {step.title}. {step.text}", 13 * size)
    return sheet


def _close_fonts(sheet: FPDF) -> None:
    for font in sheet.fonts.values():
        if isinstance(font, TTFFont):
            font.close()


def _add_head(sheet: FPDF) -> None:
    sheet.set_font("Roboto", "B", 15)
    sheet.cell(_ROOM / 2, 8, "CẢNH BÁO LỪA ĐẢO")
    sheet.set_font("Roboto", "", 13)
    sheet.cell(_ROOM / 2, 8, province.police, align="R", **_NEXT_LINE)
    sheet.set_line_width(1.2)
    sheet.rect(_MARGIN, sheet.get_y() + 2, _ROOM, 30)
    sheet.set_y(sheet.get_y() + 5)
    sheet.set_font("Roboto", "B", 27)
    for line in ("CÚP MÁY. KHÔNG CHUYỂN TIỀN.", f"GỌI {province.hotline}"):
        sheet.cell(_ROOM, 12, line, align="C", **_NEXT_LINE)
    sheet.set_y(sheet.get_y() + 6)


def _add_text(sheet: FPDF, text: str, points: float, *, bold: bool = False) -> None:
    """Add a paragraph, down to the foot and no further."""
    height = points * 0.5
    sheet.set_font("Roboto", "B" if bold else "", points)
    sheet.set_y(sheet.get_y() + points * 0.12)
    lines: Any = sheet.multi_cell(
        _ROOM, height, strip_invalid_xml(text), dry_run=True, output="LINES"
    )
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
