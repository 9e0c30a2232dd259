"""Official papers as PDF, drawn as the province's dispatches look: the national heading, number and
place, the addressee, what is said, who receives and who signs.

Pure but for the type, which comes from an installed package. fpdf2 takes the better part of a
second to load and tens of megabytes: whoever draws imports this module then, no page does.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

import font_source_serif_pro
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
class PdfDocument:
    """What a paper says. `facts` are titles with their texts; each text may have several lines."""

    number: str
    issued_on: date
    title: str
    about: str
    to: str
    opening: str
    facts: tuple[tuple[str, str], ...]
    closing: str
    receivers: tuple[str, ...]
    signed_as: str
    signer: str
    foot: str


def render_pdf(paper: PdfDocument) -> bytes:
    """The paper as a PDF of A4 sheets."""
    pdf = _blank(paper)
    _heading(pdf, paper)
    _middle(pdf, paper.title, 15, bold=True)
    _middle(pdf, paper.about, _BODY)
    pdf.ln(3)
    _middle(pdf, f"Kính gửi: {paper.to}", 13, bold=True)
    pdf.ln(2)
    _paragraph(pdf, paper.opening)
    for title, text in paper.facts:
        _fact(pdf, title, text)
    _paragraph(pdf, paper.closing)
    _ending(pdf, paper)
    return bytes(pdf.output())


def replace_missing_glyphs(text: str) -> str:
    """The text with signs that the type lacks shown by their code points."""
    return "".join(
        sign if sign in "\n " or ord(sign) in _glyphs() else f"[U+{ord(sign):04X}]" for sign in text
    )


def truncate_to_pages(text: str) -> str:
    """A text that two pages can hold; of a longer one is said how much is left."""
    left = len(text) - MAX_CHARS
    if left <= 0:
        return text
    return f"{text[:MAX_CHARS]}… (còn {left} ký tự, xem trên cổng tiếp nhận tin)"


@lru_cache(maxsize=1)
def _glyphs() -> frozenset[int]:
    with TTFont(_FONTS / _FACES[""]) as font:
        return frozenset(font.getBestCmap())


def _blank(paper: PdfDocument) -> FPDF:
    pdf = FPDF(format="A4")
    pdf.set_margins(_LEFT, _TOP, _RIGHT)
    pdf.set_auto_page_break(auto=True, margin=_BOTTOM)
    for style, file in _FACES.items():
        pdf.add_font("serif", style, _FONTS / file)
    pdf.set_title(replace_missing_glyphs(f"{paper.title} {paper.number}"))
    pdf.set_lang("vi")
    pdf.set_creator("")
    pdf.add_page()
    return pdf


def _heading(pdf: FPDF, paper: PdfDocument) -> None:
    """The body that issues on the left, the nation on the right, each over a rule."""
    left, right = 66.0, pdf.epw - 66
    _pair(
        pdf, (province.police.upper(), 11.5, ""), ("CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM", 11.5, "B")
    )
    _pair(pdf, (province.office_name.upper(), 11.5, "B"), ("Độc lập - Tự do - Hạnh phúc", 12, "B"))
    y = pdf.get_y() + 0.6
    pdf.line(_LEFT + left / 2 - 11, y, _LEFT + left / 2 + 11, y)
    pdf.line(_LEFT + left + right / 2 - 28, y, _LEFT + left + right / 2 + 28, y)
    pdf.ln(3)
    day = paper.issued_on
    place = f"{province.name}, ngày {day:%d} tháng {day:%m} năm {day.year}"
    _pair(pdf, (f"Số: {paper.number}", 12, ""), (place, 12, ""))
    pdf.ln(6)


def _pair(pdf: FPDF, left: tuple[str, float, str], right: tuple[str, float, str]) -> None:
    """Two texts beside each other, each in the middle of its column: text, points, style."""
    for width, (text, size, style), after in (
        (66.0, left, XPos.RIGHT),
        (pdf.epw - 66, right, XPos.LMARGIN),
    ):
        pdf.set_font("serif", style, size)
        while pdf.get_string_width(text) > width:  # a province of a long name
            pdf.set_font_size(pdf.font_size_pt - 0.5)
        down = YPos.TOP if after == XPos.RIGHT else YPos.NEXT
        pdf.cell(width, _LINE, replace_missing_glyphs(text), align="C", new_x=after, new_y=down)


def _middle(pdf: FPDF, text: str, size: float, *, bold: bool = False) -> None:
    pdf.set_font("serif", "B" if bold else "", size)
    pdf.multi_cell(
        0, _LINE + 1, replace_missing_glyphs(text), align="C", new_x=XPos.LMARGIN, new_y=YPos.NEXT
    )


def _paragraph(pdf: FPDF, text: str) -> None:
    pdf.set_font("serif", "", _BODY)
    pdf.multi_cell(
        0, _LINE, replace_missing_glyphs(text), align="J", new_x=XPos.LMARGIN, new_y=YPos.NEXT
    )
    pdf.ln(1.5)


def _fact(pdf: FPDF, title: str, text: str) -> None:
    """A title in bold and what it says, hanging beside it."""
    width = 46
    if pdf.will_page_break(_LINE * 2):
        pdf.add_page()
    pdf.set_font("serif", "B", _BODY)
    pdf.cell(width, _LINE, replace_missing_glyphs(title))
    pdf.set_font("serif", "", _BODY)
    pdf.set_left_margin(_LEFT + width)
    pdf.multi_cell(
        0, _LINE, replace_missing_glyphs(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT
    )
    pdf.set_left_margin(_LEFT)
    pdf.set_x(_LEFT)
    pdf.ln(0.8)


def _ending(pdf: FPDF, paper: PdfDocument) -> None:
    """Who receives on the left, who signs on the right, kept on one sheet; a note under both."""
    if pdf.will_page_break(48):
        pdf.add_page()
    pdf.ln(4)
    top = pdf.get_y()
    _column(pdf, (_LEFT, 70), [("Nơi nhận:", "B"), *((line, "") for line in paper.receivers)])
    pdf.set_y(top)
    sign = [(paper.signed_as, "B"), *[("", "")] * 4, (paper.signer, "B")]
    _column(pdf, (_LEFT + 85, pdf.epw - 85), sign, align="C")
    pdf.ln(4)
    pdf.set_font("serif", "", 9.5)
    pdf.multi_cell(0, 4.8, replace_missing_glyphs(paper.foot), new_x=XPos.LMARGIN, new_y=YPos.NEXT)


def _column(
    pdf: FPDF, place: tuple[float, float], lines: Iterable[tuple[str, str]], align: str = "L"
) -> None:
    """Lines, each with its style, under each other at *place*: left edge and width in mm."""
    for text, style in lines:
        pdf.set_x(place[0])
        pdf.set_font("serif", style, _BODY - 1)
        pdf.multi_cell(
            place[1],
            5.6,
            replace_missing_glyphs(text),
            align=align,
            new_x=XPos.LMARGIN,
            new_y=YPos.NEXT,
        )
