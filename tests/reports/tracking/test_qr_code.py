"""A QR code drawn as one line holds what it should."""

import re

import segno

from reports.views.receipt import draw_qr_code

ADDRESS = "https://baocuocgoi.example.gov.vn/theo-doi/#7K4M29QXR6TD9WDK"


def drawn(path: str) -> set[tuple[int, int]]:
    """The dark modules that a stroke one module thick covers."""
    dark, x, y = set(), 0.0, 0.0
    for step, numbers in re.findall(r"([Mmh])([-\d. ]+)", path):
        first, *second = (float(number) for number in numbers.split())
        if step == "h":
            dark |= {(int(x + each), int(y)) for each in range(int(first))}
            x += first
        else:
            x, y = (first, second[0]) if step == "M" else (x + first, y + second[0])
    return dark


def test_the_line_covers_the_dark_modules_and_no_other() -> None:
    code, picture = segno.make(ADDRESS, micro=False), draw_qr_code(ADDRESS)
    dark = {(x + 2, y + 2) for y, row in enumerate(code.matrix) for x, on in enumerate(row) if on}
    assert drawn(picture.path) == dark
    assert picture.width == len(code.matrix) + 4
