"""Render official documents as PDF and DOCX in the form of decree 30/2020. The packages take most of a
second and tens of megabytes to load: import this module inside a function.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import docx
import font_source_serif_pro
from docx.document import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Mm, Pt
from fontTools.ttLib import TTFont
from fpdf import FPDF
from fpdf.enums import XPos, YPos

from core.province import province

_FONTS = Path(font_source_serif_pro.font_directory)
_FACES = {"": "SourceSerifPro-Regular.ttf", "B": "SourceSerifPro-Bold.ttf"}
_LEFT, _TOP, _RIGHT, _BOTTOM = 30, 20, 15, 20  # mm, as decree 30/2020 has them
_LINE = 6.2  # mm
_BODY = 12.5  # points
MAX_CHARS = 8000  # of one text: two pages; the rest stays on the portal


@dataclass(frozen=True)
class OfficialDocument:
    """The texts of a document; `facts` are titles with texts of one or more lines. A letter has a
    `subject` below its number instead of `title` and `about`.
    """

    number: str
    issued_on: date
    to: str
    opening: str
    facts: tuple[tuple[str, str], ...]
    closing: str
    receivers: tuple[str, ...]
    signed_as: str
    signer: str
    title: str = ""
    about: str = ""
    subject: str = ""
    foot: str = ""
    urgency: str = ""  # stamped below the number

    @property
    def place_and_day(self) -> str:
        day = self.issued_on
        return f"{province.name}, ngày {day:%d} tháng {day:%m} năm {day.year}"


def render_pdf(document: OfficialDocument) -> bytes:
    pdf = create_pdf(f"{document.title or document.subject} {document.number}")
    _draw_heading(pdf, document)
    if document.title:
        _draw_centred(pdf, document.title, 15, bold=True)
        _draw_centred(pdf, document.about, _BODY)
        pdf.ln(3)
    _draw_centred(pdf, f"Kính gửi: {document.to}", 13, bold=True)
    pdf.ln(2)
    _draw_paragraph(pdf, document.opening)
    for title, text in document.facts:
        _draw_fact(pdf, title, text)
    _draw_paragraph(pdf, document.closing)
    _draw_ending(pdf, document)
    return bytes(pdf.output())


def replace_missing_glyphs(text: str) -> str:
    """Return the text with characters missing in the font as code points and plain ends of lines."""
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        sign if sign in "\n " or ord(sign) in _load_glyphs() else f"[U+{ord(sign):04X}]"
        for sign in plain
    )


def truncate_to_pages(text: str) -> str:
    """Return a text that fits two pages, with the number of omitted characters."""
    left = len(text) - MAX_CHARS
    if left <= 0:
        return text
    return f"{text[:MAX_CHARS]}… (còn {left} ký tự, xem trên cổng tiếp nhận tin)"


@lru_cache(maxsize=1)
def _load_glyphs() -> frozenset[int]:
    with TTFont(_FONTS / _FACES[""]) as font:
        return frozenset(font.getBestCmap())


def create_pdf(title: str) -> FPDF:
    """Return a document of one empty page, with the fonts and margins of official ones."""
    pdf = FPDF(format="A4")
    pdf.set_margins(_LEFT, _TOP, _RIGHT)
    pdf.set_auto_page_break(auto=True, margin=_BOTTOM)
    for style, file in _FACES.items():
        pdf.add_font("serif", style, _FONTS / file)
    pdf.set_title(replace_missing_glyphs(title))
    pdf.set_lang("vi")
    pdf.set_creator("")
    pdf.add_page()
    return pdf


def _draw_heading(pdf: FPDF, document: OfficialDocument) -> None:
    left, right = 66.0, pdf.epw - 66
    nation = ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", 11.5, "B")
    _draw_pair(pdf, (province.police.upper(), 11.5, ""), nation)
    motto = ("Độc lập - Tự do - Hạnh phúc", 12, "B")
    _draw_pair(pdf, (province.office_name.upper(), 11.5, "B"), motto)
    y = pdf.get_y() + 0.6
    pdf.line(_LEFT + left / 2 - 11, y, _LEFT + left / 2 + 11, y)
    pdf.line(_LEFT + left + right / 2 - 28, y, _LEFT + left + right / 2 + 28, y)
    pdf.ln(3)
    _draw_pair(pdf, (f"Số: {document.number}", 12, ""), (document.place_and_day, 12, ""))
    if document.subject:
        _draw_column(pdf, (_LEFT, 66), [(document.subject, "")], align="C")
    if document.urgency:
        pdf.set_font("serif", "B", 13)
        pdf.set_xy(_LEFT + 21, pdf.get_y() + 1.5)
        pdf.cell(24, 8, document.urgency, 1, align="C", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    pdf.ln(6)


def _draw_pair(pdf: FPDF, left: tuple[str, float, str], right: tuple[str, float, str]) -> None:
    """Draw two texts (text, points, style) side by side, each centred in its column."""
    columns = (66.0, left, XPos.RIGHT), (pdf.epw - 66, right, XPos.LMARGIN)
    for width, (text, size, style), after in columns:
        pdf.set_font("serif", style, size)
        while pdf.get_string_width(text) > width:  # a province of a long name
            pdf.set_font_size(pdf.font_size_pt - 0.5)
        down = YPos.TOP if after == XPos.RIGHT else YPos.NEXT
        pdf.cell(width, _LINE, replace_missing_glyphs(text), align="C", new_x=after, new_y=down)


def write_text(pdf: FPDF, text: str, height: float, *, width: float = 0, align: str = "J") -> None:
    """Write a text of lines of that height, then go to the left margin of the next line."""
    words = replace_missing_glyphs(text)
    pdf.multi_cell(width, height, words, align=align, new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _draw_centred(pdf: FPDF, text: str, size: float, *, bold: bool = False) -> None:
    pdf.set_font("serif", "B" if bold else "", size)
    write_text(pdf, text, _LINE + 1, align="C")


def _draw_paragraph(pdf: FPDF, text: str) -> None:
    pdf.set_font("serif", "", _BODY)
    write_text(pdf, text, _LINE)
    pdf.ln(1.5)


def _draw_fact(pdf: FPDF, title: str, text: str) -> None:
    width, title = 46, replace_missing_glyphs(title)
    if pdf.will_page_break(_LINE * 2):
        pdf.add_page()
    pdf.set_font("serif", "B", _BODY)
    if pdf.get_string_width(title) > width - 1:  # above its text
        pdf.cell(0, _LINE, title, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        width = 0
    else:
        pdf.cell(width, _LINE, title)
    pdf.set_font("serif", "", _BODY)
    pdf.set_left_margin(_LEFT + width)
    write_text(pdf, text, _LINE, align="L")
    pdf.set_left_margin(_LEFT)
    pdf.set_x(_LEFT)
    pdf.ln(0.8)


def _draw_ending(pdf: FPDF, document: OfficialDocument) -> None:
    """Draw receivers on the left and the signature on the right of one page, a note below."""
    if pdf.will_page_break(48):
        pdf.add_page()
    pdf.ln(4)
    top = pdf.get_y()
    receivers = [("Nơi nhận:", "B"), *((line, "") for line in document.receivers)]
    _draw_column(pdf, (_LEFT, 70), receivers)
    pdf.set_y(top)
    sign = [(document.signed_as, "B"), *[("", "")] * 4, (document.signer, "B")]
    _draw_column(pdf, (_LEFT + 85, pdf.epw - 85), sign, align="C")
    pdf.ln(4)
    pdf.set_font("serif", "", 9.5)
    write_text(pdf, document.foot, 4.8)


def _draw_column(
    pdf: FPDF, place: tuple[float, float], lines: Iterable[tuple[str, str]], align: str = "L"
) -> None:
    """Draw lines (text, style) below each other at *place*: left edge and width in mm."""
    for text, style in lines:
        pdf.set_x(place[0])
        pdf.set_font("serif", style, _BODY - 1)
        write_text(pdf, text, 5.6, width=place[1], align=align)


def render_docx(document: OfficialDocument) -> bytes:
    """Return the document for officers to edit in a word processor."""
    file = docx.Document()
    _set_page(file)
    _write_pair(
        file, (province.police.upper(), False), ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", True)
    )
    _write_pair(file, (province.office_name.upper(), True), ("Độc lập - Tự do - Hạnh phúc", True))
    number = "\n".join(filter(None, (f"Số: {document.number}", document.subject, document.urgency)))
    _write_pair(file, (number, False), (document.place_and_day, False))
    for text, bold in (
        (document.title, True),
        (document.about, False),
        (f"Kính gửi: {document.to}", True),
    ):
        if text:
            _write_line(file, text, bold=bold, align=WD_ALIGN_PARAGRAPH.CENTER)
    facts = (f"- {title}: {text}" for title, text in document.facts)
    for text in (document.opening, *facts, document.closing):
        _write_line(file, text)
    receivers = "\n".join(("Nơi nhận:", *document.receivers))
    _write_pair(file, (receivers, False), (f"{document.signed_as}\n\n\n\n{document.signer}", True))
    if document.foot:
        _write_line(file, document.foot)
    output = BytesIO()
    file.save(output)
    return output.getvalue()


def _set_page(file: Document) -> None:
    section, style = file.sections[0], file.styles["Normal"]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin, section.right_margin = Mm(_LEFT), Mm(_RIGHT)
    section.top_margin, section.bottom_margin = Mm(_TOP), Mm(_BOTTOM)
    style.font.name, style.font.size = "Times New Roman", Pt(13)


def _write_pair(file: Document, *columns: tuple[str, bool]) -> None:
    """Write texts (text, bold) side by side, centred."""
    table = file.add_table(rows=1, cols=len(columns))
    for cell, (text, bold) in zip(table.rows[0].cells, columns, strict=True):
        paragraph = cell.paragraphs[0]
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.add_run(replace_missing_glyphs(text)).bold = bold


def _write_line(
    file: Document,
    text: str,
    *,
    bold: bool = False,
    align: WD_ALIGN_PARAGRAPH = WD_ALIGN_PARAGRAPH.JUSTIFY,
) -> None:
    paragraph = file.add_paragraph()
    paragraph.alignment = align
    paragraph.add_run(replace_missing_glyphs(text)).bold = bold


_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
FORMATS = {"pdf": (render_pdf, "application/pdf"), "docx": (render_docx, _DOCX)}
