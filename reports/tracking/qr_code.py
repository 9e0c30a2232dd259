"""QR codes as a path that a page draws itself: no picture to fetch, no style to allow. Pure."""

from dataclasses import dataclass

import segno

_NOTIFY_INTERVAL_SECONDS = 2  # modules of white around it


@dataclass(frozen=True)
class QrCode:
    """A QR code: how many modules wide with its white edge, and its lines as an SVG path that is
    stroked one module thick.
    """

    width: int
    path: str


def qr_code(text: str) -> QrCode:
    code = segno.make(text, micro=False)
    svg = code.svg_inline(border=_NOTIFY_INTERVAL_SECONDS, omitsize=True)
    width, _ = code.symbol_size(border=_NOTIFY_INTERVAL_SECONDS)
    return QrCode(int(width), svg.partition(' d="')[2].partition('"')[0])
