"""The officers' handbook as a page: the few forms of Markdown that it is written in. Pure.

Headings, paragraphs, lists, pictures; in a line **bold** alone. Everything is text for a template to
escape; a form that is not known here is shown as it stands.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby

_PICTURE = re.compile(r"!\[([^\]]*)\]\(pictures/([a-z0-9-]+\.png)\)")
_ITEM = re.compile(r"(?:-|\d+\.) +")
_BOLD = re.compile(r"\*\*([^*]+)\*\*")


@dataclass(frozen=True)
class InlineSpan:
    """Words of a line."""

    text: str
    is_bold: bool = False


@dataclass(frozen=True)
class Block:
    """One part of the page. `kind`: title, chapter, section, paragraph, points, steps or picture;
    `lines` has the pieces of each line; a picture has its file as `name`, a chapter its anchor.
    """

    kind: str
    lines: list[list[InlineSpan]] = field(default_factory=list)
    name: str = ""

    @property
    def text(self) -> str:
        return " ".join(piece.text for line in self.lines for piece in line)


def parse_markdown(text: str) -> list[Block]:
    """The handbook in order; parts are parted by empty lines."""
    parts = groupby(text.splitlines(), key=lambda line: bool(line.strip()))
    groups = [list(lines) for is_said, lines in parts if is_said]
    return [_block(lines, number) for number, lines in enumerate(groups)]


def _block(lines: list[str], number: int) -> Block:
    first = lines[0]
    if picture := _PICTURE.fullmatch(first.strip()):
        return Block("picture", [[InlineSpan(picture[1])]], picture[2])
    for sign, kind in (("### ", "section"), ("## ", "chapter"), ("# ", "title")):
        if first.startswith(sign):
            return Block(kind, [_pieces(first.removeprefix(sign))], f"c{number}")
    if _ITEM.match(first):
        kind = "points" if first.startswith("-") else "steps"
        return Block(kind, [_pieces(item) for item in _items(lines)])
    return Block("paragraph", [_pieces(" ".join(lines))])


def _items(lines: list[str]) -> Iterator[str]:
    """The items of a list, each with the lines that go on with it."""
    item = ""
    for line in lines:
        if _ITEM.match(line) and item:
            yield item
            item = ""
        item = f"{item} {_ITEM.sub('', line, count=1) if not item else line.strip()}".strip()
    yield item


def _pieces(line: str) -> list[InlineSpan]:
    parts = _BOLD.split(line)
    return [InlineSpan(part, is_bold=place % 2 == 1) for place, part in enumerate(parts) if part]
