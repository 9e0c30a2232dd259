"""The declaration as one A4 page, PDF. fpdf2 takes most of a second to load: import this inside a function."""

from typing import Any

from fpdf import FPDF

from reports.cases import official_documents as sheets
from reports.tracking.declaration import BLANK, MORE, REQUESTS, Declaration

_POINTS, _LINE, _FOOT = 11, 5.3, 9.5
_BOTTOM_BLOCK = 82  # mm: requests, room to sign, origin
_MAX_FACT_LINES = 3  # so that what all fields hold leaves room for the end of the page


def render_declaration(declaration: Declaration) -> bytes:
    """Return one page; a story that is too long for it ends early and says where the rest is."""
    pdf = sheets.create_pdf(f"Bản trình bày {declaration.public_number}")
    pdf.set_auto_page_break(auto=False)
    _draw_head(pdf, declaration)
    _write_heading(pdf, "1. Việc đã xảy ra")
    _write_rows(pdf, declaration.facts)
    _write_heading(pdf, "2. Tiền")
    _write_rows(pdf, declaration.money)
    _write_heading(pdf, "3. Lời kể của người báo")
    _write_story(pdf, declaration.story or BLANK)
    if declaration.enclosed:
        _write(pdf, f"Kèm theo: {declaration.enclosed}.")
    _draw_end(pdf, declaration)
    return bytes(pdf.output())


def _write(
    pdf: FPDF, text: str, style: str = "", points: float = _POINTS, align: str = "L"
) -> None:
    pdf.set_font("serif", style, points)
    sheets.write_text(pdf, text, _LINE, align=align)


def _draw_head(pdf: FPDF, declaration: Declaration) -> None:
    pdf.set_y(14)
    _write(pdf, f"Thuộc tin báo số {declaration.public_number}", align="R")
    _write(pdf, "BẢN TRÌNH BÀY", "B", 16, "C")
    _write(pdf, "về việc bị lừa qua điện thoại, qua mạng", align="C")
    pdf.ln(1)
    top = pdf.get_y()
    pdf.ln(1)
    _write(pdf, "ĐÂY CHƯA PHẢI ĐƠN TỐ GIÁC.", "B", align="C")
    _write(pdf, declaration.denunciation, align="C")
    pdf.rect(pdf.l_margin, top, pdf.epw, pdf.get_y() - top + 1)
    pdf.ln(3)
    _write(pdf, f"Kính gửi: Ngân hàng {BLANK}")
    _write(pdf, f"                  Công an xã, phường {BLANK}")
    _write(pdf, f"Tôi tên là: {BLANK}  Sinh ngày: {BLANK[:10]}")
    _write(pdf, f"Số căn cước: {BLANK[:19]}  Điện thoại: {BLANK[:13]}")
    _write(pdf, _cut_lines(pdf, f"Nơi ở: {declaration.commune}", _MAX_FACT_LINES))


def _write_heading(pdf: FPDF, text: str) -> None:
    pdf.ln(1.5)
    _write(pdf, text, "B")


def _write_rows(pdf: FPDF, rows: tuple[tuple[str, str], ...]) -> None:
    for title, text in rows:
        _write(pdf, _cut_lines(pdf, f"{title}: {text}", _MAX_FACT_LINES))


def _write_story(pdf: FPDF, story: str) -> None:
    """Write the lines that leave room for the end of the page."""
    room = int((pdf.h - _BOTTOM_BLOCK - pdf.get_y()) / _LINE) - 1
    _write(pdf, _cut_lines(pdf, story, max(room, 2)))


def _cut_lines(pdf: FPDF, text: str, most: int) -> str:
    """Return a text as it is, or as many of its lines as may be, the last of which says where the rest is."""
    pdf.set_font("serif", "", _POINTS)
    words = sheets.replace_missing_glyphs(text)
    lines: Any = pdf.multi_cell(0, _LINE, words, align="L", dry_run=True, output="LINES")
    return text if len(lines) <= most else "\n".join([*lines[: most - 1], MORE])


def _draw_end(pdf: FPDF, declaration: Declaration) -> None:
    _write_heading(pdf, "4. Tôi đề nghị")
    for request in REQUESTS:
        _write(pdf, f"- {request}")
    pdf.ln(2)
    _write(pdf, f"{BLANK[:8]}, ngày …… tháng …… năm ……", align="R")
    _write(pdf, "Người trình bày (ký, ghi rõ họ tên)            ", "B", align="R")
    pdf.set_y(-22)
    _write(pdf, declaration.origin, points=_FOOT)
