"""Split a hostile text into harmless segments, without I/O.

Invisible and bidirectional characters become their code points; highlighted words are segments of
their own. The result is plain text, which the template escapes.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby, islice

from core.text import has_spaced_words, has_wide_letters
from desk.labels.formatting import format_count

MAX_CHARS = 20_000  # of a story, as triage reads
MAX_PARTS = 1000
MAX_OF_LINE = 500  # characters

_HARMLESS = frozenset("\n\t\r")
_ODD_KINDS = frozenset({"Cf", "Cc", "Co", "Cn", "Zl", "Zp"})
# Letters by Unicode category, but rendered blank.
_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")


@dataclass(frozen=True)
class HighlightSpan:
    """text[start:end] is the source of facts; `why` says which, `rows` are their codes."""

    start: int
    end: int
    why: str
    rows: frozenset[str] = frozenset()


@dataclass(frozen=True)
class TextSegment:
    """A piece of a text: plain, highlighted (`why`), or an odd character (`odd`) `times` over."""

    text: str
    why: str = ""
    odd: str = ""
    times: int = 1
    rows: frozenset[str] = frozenset()

    @property
    def chars(self) -> int:
        """Return how many characters of the text it represents."""
        return self.times if self.odd else len(self.text)


@dataclass(frozen=True)
class TruncatedText:
    """The segments that a page shows, and the count of omitted characters."""

    parts: list[TextSegment]
    left: int


def is_invisible_char(char: str) -> bool:
    """Return whether a character is invisible or changes how others are rendered."""
    is_odd = unicodedata.category(char) in _ODD_KINDS and char not in _HARMLESS
    return is_odd or char in _BLANKS


def code_point(char: str) -> str:
    return f"U+{ord(char):04X}"


def plain_line(text: str, most: int = MAX_OF_LINE) -> str:
    """Return one line of at most `most` characters, odd ones as code points."""
    segments = split_segments(text[:most])
    line = " ".join("".join(part.text for part in segments).split())
    left = len(text) - most
    return f"{line}… (còn {format_count(left)} ký tự)" if left > 0 else line


def plain_text(text: str) -> str:
    """Return a text of several lines, odd characters as code points."""
    return "".join(part.text for part in split_segments(text)).strip()


def split_segments(text: str) -> list[TextSegment]:
    return list(_pieces(text, ""))


def truncate(
    text: str, spans: Iterable[HighlightSpan] = (), most: int = MAX_CHARS, pieces: int = MAX_PARTS
) -> TruncatedText:
    """Return at most `most` characters in at most `pieces` segments."""
    head = text[:most]
    parts = list(islice(_cut(head, _apart(spans, len(head))), pieces))
    return TruncatedText(parts, len(text) - sum(part.chars for part in parts))


def count_odd(text: str) -> int:
    return sum(times for char, times in Counter(text).items() if is_invisible_char(char))


def note_odd_letters(story: str) -> list[str]:
    """Return the note on letters that are not typed as usual; it says why, and accuses nobody."""
    head = story[:MAX_CHARS]
    hidden = count_odd(story)
    signs = f"{format_count(hidden)} ký tự ẩn hoặc đảo chiều chữ, hiện bằng mã trong ngoặc"
    kinds = {
        signs: bool(hidden),
        "chữ khổ rộng": has_wide_letters(head),
        "chữ viết rời từng chữ cái": has_spaced_words(head),
    }
    odd = "; ".join(name for name, is_there in kinds.items() if is_there)
    why = "Máy đọc như chữ thường. Thường do chép từ ứng dụng khác, không phải dấu hiệu gian dối."
    return [f"Chữ lạ: {odd}. {why}"] if odd else []


def _cut(text: str, spans: list[HighlightSpan]) -> Iterator[TextSegment]:
    place = 0
    for span in spans:
        yield from _pieces(text[place : span.start], "")
        for piece in _pieces(text[span.start : span.end], span.why):
            yield replace(piece, rows=span.rows)
        place = span.end
    yield from _pieces(text[place:], "")


def _pieces(text: str, why: str) -> Iterator[TextSegment]:
    for odd, run in groupby(text, lambda char: char if is_invisible_char(char) else ""):
        chars = "".join(run)
        yield _odd(odd, len(chars), why) if odd else TextSegment(chars, why)


def _odd(char: str, times: int, why: str) -> TextSegment:
    text = code_point(char) if times == 1 else f"{code_point(char)} ×{times}"
    return TextSegment(f"[{text}]", why, unicodedata.name(char, "ký tự điều khiển"), times)


def _apart(spans: Iterable[HighlightSpan], length: int) -> list[HighlightSpan]:
    """Return the spans in order, clipped to the text, overlapping ones joined."""
    joined: list[HighlightSpan] = []
    for span in sorted(spans, key=lambda span: (span.start, span.end)):
        start, end = max(0, span.start), min(span.end, length)
        if start >= end:
            continue
        if joined and start < joined[-1].end:
            last = joined.pop()
            whys = dict.fromkeys(filter(None, [*last.why.split("; "), span.why]))
            rows = last.rows | span.rows
            joined.append(HighlightSpan(last.start, max(last.end, end), "; ".join(whys), rows))
        else:
            joined.append(replace(span, start=start, end=end))
    return joined
