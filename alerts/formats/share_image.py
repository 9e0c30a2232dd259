"""Pictures of a warning, PNG: 1200 by 630 pixels beside a link, or square. Pure."""

from collections.abc import Iterable, Iterator
from functools import cache
from io import BytesIO

from font_roboto import Roboto, RobotoBold
from PIL import Image, ImageDraw, ImageFont

from alerts.formats.wording import bind_names, first_sentence
from alerts.models import AlertRevision, State
from alerts.models.content import Content
from core.province import province

WIDTH, HEIGHT = 1200, 630
SQUARE = 1080
_MARGIN = 64
_TOP = 164  # of what stands under the band
_FOOT = 150  # pixels: what to do above all, whom to ring, the code
_PAPER, _BAND, _GOLD = "#faf9f5", "#0d4433", "#f0b429"
_INK, _SOFT, _WHITE, _RED = "#17211d", "#49564f", "#ffffff", "#9b1c1c"
_SIZES = (96, 84, 72, 64, 58, 52)  # of the title, in pixels; less is said rather than smaller
_SMALLEST = 30  # a text that nobody should write: it ends early
_IN_FOOT = {"Cúp máy.", "Không chuyển tiền."}
_MAX_WIDE_LINES = 3  # pieces of advice beside a link, where the picture is small
_Line = tuple[str, ImageFont.FreeTypeFont, str, int]  # text, font, colour, height


def draw_image(revision: AlertRevision, state: State, width: int, height: int) -> bytes:
    """Return the title, what to do and, where there is room, what happens; of an ended one, that it is
    over. The words are as large as the picture holds them, so that no part of it is empty.
    """
    image = Image.new("RGB", (width, height), _PAPER)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, width, 132), fill=_BAND)
    draw.rectangle((0, 132, width, 140), fill=_GOLD)
    draw.text((_MARGIN, 22), "CẢNH BÁO LỪA ĐẢO", _WHITE, _load_font(48, bold=True))
    draw.text((_MARGIN, 82), province.police, _WHITE, _load_font(32))
    words, room = revision.frozen_content, height - _TOP - _FOOT - 16
    lines = _fit_lines(words, state, width - 2 * _MARGIN, room)
    _draw_lines(draw, lines, room)
    _draw_foot(draw, revision, state, (width, height))
    return _encode_png(image)


def _fit_lines(words: Content, state: State, width: int, room: int) -> list[_Line]:
    """Return the most that fits in a legible size, that size as large as it goes; else what fits."""
    title, short = words.title, list(map(first_sentence, words.advice))
    brief = [line for line in short if line not in _IN_FOOT]
    choices = [(words.advice, words.summary), (brief, words.summary), (brief, "")]
    choices.append((brief[:_MAX_WIDE_LINES], ""))
    for advice, summary in [((), "")] if state.is_over else choices:
        for size in _SIZES:
            lines = _fill_room(_compose_lines(title, advice, summary, width, size), room)
            if _measure(lines) <= room:
                return lines
    lines = _fill_room(_compose_lines(title, advice, summary, width, _SMALLEST), room)
    while _measure(lines) > room:
        lines.pop()
    return lines


def _compose_lines(
    title: str, advice: Iterable[str], summary: str, width: int, size: int
) -> Iterator[_Line]:
    yield from _set_lines(title, _load_font(size, bold=True), _INK, width)
    smaller = _load_font(size * 2 // 3)
    for line in advice:
        yield "", smaller, _INK, size // 5
        yield from _set_lines(f"•  {line}", smaller, _INK, width)
    if summary:
        yield "", smaller, _INK, size // 3
        yield from _set_lines(summary, smaller, _SOFT, width)


def _set_lines(text: str, font: ImageFont.FreeTypeFont, colour: str, width: int) -> Iterator[_Line]:
    for line in _wrap_lines(bind_names(text), font, width):
        yield line, font, colour, round(font.size * 1.28)


def _fill_room(lines: Iterable[_Line], room: int) -> list[_Line]:
    """Return the lines down to the first that has no room, which stands for all that follow."""
    filled: list[_Line] = []
    for line in lines:
        filled.append(line)
        if _measure(filled) > room:
            break
    return filled


def _measure(lines: Iterable[_Line]) -> int:
    return sum(height for *_, height in lines)


def _draw_lines(draw: ImageDraw.ImageDraw, lines: list[_Line], room: int) -> None:
    """Draw from the top; what room is left stands between the paragraphs."""
    gaps = sum(not text for text, *_ in lines)
    more = min((room - _measure(lines)) // (gaps + 1), 28)
    top = _TOP + max(more, 0)
    for text, font, colour, height in lines:
        draw.text((_MARGIN, top), text, colour, font)
        top += height if text else height + more


def _draw_foot(
    draw: ImageDraw.ImageDraw, revision: AlertRevision, state: State, size: tuple[int, int]
) -> None:
    width, height = size
    over = state.is_over
    line = "Cảnh báo này không còn hiệu lực." if over else "Cúp máy. Không chuyển tiền."
    draw.rectangle((0, height - _FOOT, width, height), fill=_SOFT if over else _RED)
    draw.text((_MARGIN, height - 136), line, _WHITE, _load_font(48, bold=True))
    draw.text((_MARGIN, height - 70), f"Gọi {province.hotline} hoặc 113", _WHITE, _load_font(40))
    small = _load_font(26)
    left = width - _MARGIN - small.getlength(revision.identifier)
    draw.text((left, height - 60), revision.identifier, _WHITE, small)


def _wrap_lines(text: str, font: ImageFont.FreeTypeFont, room: float) -> Iterator[str]:
    """Yield lines that fit; a word that is too long by itself is cut."""
    line = ""
    for word in text.split(" "):
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
