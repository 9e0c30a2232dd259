"""Pictures of a warning, PNG: 1200 by 630 pixels beside a link, or square. Pure."""

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


def draw_image(revision: AlertRevision, state: State, width: int, height: int) -> bytes:
    """Return the title and what to do, in a high one the summary; of an ended one, that it is over."""
    image = Image.new("RGB", (width, height), _PAPER)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, width, 132), fill=_BAND)
    draw.rectangle((0, 132, width, 140), fill=_GOLD)
    draw.text((_MARGIN, 26), "CẢNH BÁO LỪA ĐẢO", _WHITE, _load_font(44, bold=True))
    draw.text((_MARGIN, 80), province.police, _WHITE, _load_font(30))
    below = _draw_title(draw, revision.frozen_content.title, width)
    if height > width * 3 // 4:
        _draw_summary(draw, revision.frozen_content, state, (below, height), width)
    _draw_foot(draw, revision, state, (width, height))
    return _encode_png(image)


def _draw_title(draw: ImageDraw.ImageDraw, title: str, width: int) -> int:
    """Return the y at which the title ends."""
    font = _load_font(64, bold=True)
    lines = list(_wrap_lines(title, font, width - 2 * _MARGIN))
    if len(lines) > _MAX_LINES:
        lines = [*lines[: _MAX_LINES - 1], f"{lines[_MAX_LINES - 1]} …"]
    for row, line in enumerate(lines):
        draw.text((_MARGIN, 176 + row * 78), line, _INK, font)
    return 176 + len(lines) * 78


def _draw_summary(
    draw: ImageDraw.ImageDraw, words: Content, state: State, room: tuple[int, int], width: int
) -> None:
    if state.is_over:
        return
    font, (top, height) = _load_font(40), room
    for row, line in enumerate(_wrap_lines(words.summary, font, width - 2 * _MARGIN)):
        line_top = top + 24 + row * 54
        if line_top > height - 240:
            return
        draw.text((_MARGIN, line_top), line, _SOFT, font)


def _draw_foot(
    draw: ImageDraw.ImageDraw, revision: AlertRevision, state: State, size: tuple[int, int]
) -> None:
    width, height = size
    over = state.is_over
    line = "Cảnh báo này không còn hiệu lực." if over else "Cúp máy. Không chuyển tiền."
    draw.text((_MARGIN, height - 134), line, _SOFT if over else _RED, _load_font(40, bold=True))
    draw.text((_MARGIN, height - 78), f"Gọi {province.hotline} hoặc 113", _INK, _load_font(36))
    small = _load_font(26)
    left = width - _MARGIN - small.getlength(revision.identifier)
    draw.text((left, height - 70), revision.identifier, _SOFT, small)


def _wrap_lines(text: str, font: ImageFont.FreeTypeFont, room: float) -> Iterator[str]:
    """Yield lines that fit; a word that is too long by itself is cut."""
    line = ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if font.getlength(longer) <= room:
            line = longer
            continue
        if line:
            yield line
        line = _cut_word(word, font, room)
    if line:
        yield line


def _cut_word(word: str, font: ImageFont.FreeTypeFont, room: float) -> str:
    while font.getlength(word) > room:
        word = word[: len(word) * 3 // 4]
    return word


def _encode_png(image: Image.Image) -> bytes:
    buffer = BytesIO()
    image.quantize(32).save(buffer, "PNG", optimize=True)  # few colours, so few bytes
    return buffer.getvalue()


@cache
def _load_font(size: int, *, bold: bool = False) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(RobotoBold if bold else Roboto, size)
