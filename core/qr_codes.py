"""QR codes that a page draws inline."""

from dataclasses import dataclass

import segno


@dataclass(frozen=True)
class QrCode:
    """A QR code: its width in modules with its white edge, and an SVG path one module thick."""

    width: int
    path: str


def draw_qr_code(text: str, *, error: str | None = None, border: int = 2) -> QrCode:
    """Return the QR code of a text; `error`: the least level of correction."""
    code = segno.make(text, error=error, micro=False)
    svg = code.svg_inline(border=border, omitsize=True)
    width, _ = code.symbol_size(border=border)
    return QrCode(int(width), svg.partition(' d="')[2].partition('"')[0])
