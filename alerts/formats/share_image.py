"""Pictures of a warning, PNG: beside a link (1200 by 630 points) and by itself, square. Pure; drawn
with a type that has every Vietnamese letter.
"""

from collections.abc import Iterator
from functools import cache
from io import BytesIO

from font_roboto import Roboto, RobotoBold
from PIL import Image, ImageDraw, ImageFont

from alerts.models import AlertRevision, State
from alerts.models.content import Content
from core.province import province

WIDTH, HEIGHT = 1200, 630
SQUARE = 1080
_MARGIN = 64
_PAPER, _BAND, _GOLD = "#faf9f5", "#0d4433", "#f0b429"
_INK, _SOFT, _WHITE, _RED = "#17211d", "#49564f", "#ffffff", "#9b1c1c"
_MAX_LINES = 4
_OVER = {State.CANCELLED, State.EXPIRED}


def render_og_image(revision: AlertRevision, state: State) -> bytes:
    """The warning's title and what to do; of an ended one, that it is over."""
    return _drawn(revision, state, WIDTH, HEIGHT)


def render_square_image(revision: AlertRevision, state: State) -> bytes:
    """The same for chats that show pictures by themselves: 1080 by 1080 points."""
    return _drawn(revision, state, SQUARE, SQUARE)


def _drawn(revision: AlertRevision, state: State, width: int, height: int) -> bytes:
    image = Image.new("RGB", (width, height), _PAPER)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, width, 132), fill=_BAND)
    draw.rectangle((0, 132, width, 140), fill=_GOLD)
    draw.text((_MARGIN, 26), "CẢNH BÁO LỪA ĐẢO", _WHITE, _type(44, bold=True))
    draw.text((_MARGIN, 80), province.police, _WHITE, _type(30))
    below = _title(draw, revision.frozen_content.title, width)
    if height > width * 3 // 4:
        _summary(draw, revision.frozen_content, state, (below, height), width)
    _foot(draw, revision, state, (width, height))
    return _packed(image)


def _title(draw: ImageDraw.ImageDraw, title: str, width: int) -> int:
    """Where the title ends."""
    letters = _type(64, bold=True)
    lines = list(_lines(title, letters, width - 2 * _MARGIN))
    if len(lines) > _MAX_LINES:
        lines = [*lines[: _MAX_LINES - 1], f"{lines[_MAX_LINES - 1]} …"]
    for row, line in enumerate(lines):
        draw.text((_MARGIN, 176 + row * 78), line, _INK, letters)
    return 176 + len(lines) * 78


def _summary(
    draw: ImageDraw.ImageDraw, words: Content, state: State, room: tuple[int, int], width: int
) -> None:
    if state in _OVER:
        return
    letters, (top, height) = _type(40), room
    for row, line in enumerate(_lines(words.summary, letters, width - 2 * _MARGIN)):
        y = top + 24 + row * 54
        if y > height - 240:
            return
        draw.text((_MARGIN, y), line, _SOFT, letters)


def _foot(
    draw: ImageDraw.ImageDraw, revision: AlertRevision, state: State, size: tuple[int, int]
) -> None:
    width, height = size
    over = state in _OVER
    say = "Cảnh báo này không còn hiệu lực." if over else "Cúp máy. Không chuyển tiền."
    draw.text((_MARGIN, height - 134), say, _SOFT if over else _RED, _type(40, bold=True))
    draw.text((_MARGIN, height - 78), f"Gọi {province.hotline} hoặc 113", _INK, _type(36))
    name = _type(26)
    left = width - _MARGIN - name.getlength(revision.identifier)
    draw.text((left, height - 70), revision.identifier, _SOFT, name)


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
