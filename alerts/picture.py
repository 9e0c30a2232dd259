"""The picture that chats and networks show beside a link: 1200 by 630 points, PNG. Pure; drawn
with a type that has every Vietnamese letter.
"""

from collections.abc import Iterator
from functools import cache
from io import BytesIO

from font_roboto import Roboto, RobotoBold
from PIL import Image, ImageDraw, ImageFont

from alerts.models import AlertRevision, State

WIDTH, HEIGHT = 1200, 630
_MARGIN = 64
_PAPER, _BAND, _GOLD = "#faf9f5", "#0d4433", "#f0b429"
_INK, _SOFT, _WHITE, _RED = "#17211d", "#49564f", "#ffffff", "#9b1c1c"
_MOST_LINES = 4


def png(revision: AlertRevision, state: State) -> bytes:
    """The warning's title and what to do; of an ended one, that it is over."""
    image = Image.new("RGB", (WIDTH, HEIGHT), _PAPER)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, WIDTH, 132), fill=_BAND)
    draw.rectangle((0, 132, WIDTH, 140), fill=_GOLD)
    draw.text((_MARGIN, 26), "CẢNH BÁO LỪA ĐẢO", _WHITE, _type(44, bold=True))
    draw.text((_MARGIN, 80), "Công an tỉnh Thanh Hóa", _WHITE, _type(30))
    _title(draw, revision.words.title)
    _foot(draw, revision, state)
    return _packed(image)


def _title(draw: ImageDraw.ImageDraw, title: str) -> None:
    letters = _type(64, bold=True)
    lines = list(_lines(title, letters, WIDTH - 2 * _MARGIN))
    if len(lines) > _MOST_LINES:
        lines = [*lines[: _MOST_LINES - 1], lines[_MOST_LINES - 1] + " …"]
    for row, line in enumerate(lines):
        draw.text((_MARGIN, 176 + row * 78), line, _INK, letters)


def _foot(draw: ImageDraw.ImageDraw, revision: AlertRevision, state: State) -> None:
    over = state in {State.CANCELLED, State.EXPIRED}
    say = "Cảnh báo này không còn hiệu lực." if over else "Cúp máy. Không chuyển tiền."
    draw.text((_MARGIN, 496), say, _SOFT if over else _RED, _type(40, bold=True))
    draw.text((_MARGIN, 552), "Gọi 02373.725.725 hoặc 113", _INK, _type(36))
    name = _type(26)
    width = name.getlength(revision.identifier)
    draw.text((WIDTH - _MARGIN - width, 560), revision.identifier, _SOFT, name)


def _lines(text: str, letters: ImageFont.FreeTypeFont, room: float) -> Iterator[str]:
    """The text in lines that fit; a word that is too long by itself is cut."""
    line = ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if letters.getlength(longer) <= room:
            line = longer
            continue
        if line:
            yield line
        line = _cut(word, letters, room)
    if line:
        yield line


def _cut(word: str, letters: ImageFont.FreeTypeFont, room: float) -> str:
    while letters.getlength(word) > room:
        word = word[: len(word) * 3 // 4]
    return word


def _packed(image: Image.Image) -> bytes:
    """Few colours, so few bytes."""
    out = BytesIO()
    image.quantize(32).save(out, "PNG", optimize=True)
    return out.getvalue()


@cache
def _type(size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(RobotoBold if bold else Roboto, size)
