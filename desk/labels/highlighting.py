"""A hostile text made harmless to look at. Pure.

Signs that are invisible, or that turn the line around, are shown by their code point; the words that
fired are parts of their own. The result is plain text in parts, cut to what a page has room for: the
template escapes it.
"""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby, islice

from desk.labels.codes import format_count

MAX_CHARS = 20_000  # of a story on a page: as many as triage reads
MAX_PARTS = 1000
MAX_OF_LINE = 500  # signs

_HARMLESS = frozenset("\n\t\r")
_ODD_KINDS = frozenset({"Cf", "Cc", "Co", "Cn", "Zl", "Zp"})
# Letters to Unicode, nothing to the eye.
_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")


@dataclass(frozen=True)
class HighlightSpan:
    """text[start:end] is a ground of something; `why` says of what."""

    start: int
    end: int
    why: str


@dataclass(frozen=True)
class TextSegment:
    """A piece of a text: plain, marked (`why`), or an odd sign (`odd`, its name) `times` over."""

    text: str
    why: str = ""
    odd: str = ""
    times: int = 1

    @property
    def signs(self) -> int:
        """Return how many signs of the text it stands for."""
        return self.times if self.odd else len(self.text)


@dataclass(frozen=True)
class TruncatedText:
    """What a page shows of a text, and how many signs it leaves out."""

    parts: list[TextSegment]
    left: int


def is_invisible_sign(sign: str) -> bool:
    """Return whether a sign is invisible or changes how others are shown."""
    if sign in _BLANKS:
        return True
    return unicodedata.category(sign) in _ODD_KINDS and sign not in _HARMLESS


def code_point(sign: str) -> str:
    return f"U+{ord(sign):04X}"


def plain_line(text: str, most: int = MAX_OF_LINE) -> str:
    """Return one line of at most `most` signs, odd ones shown by their code points."""
    segments = split_segments(text[:most])
    line = " ".join("".join(part.text for part in segments).split())
    left = len(text) - most
    return f"{line}… (còn {format_count(left)} ký tự)" if left > 0 else line


def split_segments(text: str, spans: Iterable[HighlightSpan] = ()) -> list[TextSegment]:
    """Return the text cut where a mark begins or ends and around odd signs, in order."""
    return list(_cut(text, _apart(spans, len(text))))


def truncate(
    text: str, spans: Iterable[HighlightSpan] = (), most: int = MAX_CHARS, pieces: int = MAX_PARTS
) -> TruncatedText:
    """Return the parts that a page has room for: `most` signs in that many `pieces` at most."""
    head = text[:most]
    parts = list(islice(_cut(head, _apart(spans, len(head))), pieces))
    return TruncatedText(parts, len(text) - sum(part.signs for part in parts))


def count_odd(text: str) -> int:
    return sum(times for sign, times in Counter(text).items() if is_invisible_sign(sign))


def _cut(text: str, spans: list[HighlightSpan]) -> Iterator[TextSegment]:
    place = 0
    for span in spans:
        yield from _pieces(text[place : span.start], "")
        yield from _pieces(text[span.start : span.end], span.why)
        place = span.end
    yield from _pieces(text[place:], "")


def _pieces(text: str, why: str) -> Iterator[TextSegment]:
    for odd, run in groupby(text, lambda sign: sign if is_invisible_sign(sign) else ""):
        signs = "".join(run)
        yield _odd(odd, len(signs), why) if odd else TextSegment(signs, why)


def _odd(sign: str, times: int, why: str) -> TextSegment:
    text = code_point(sign) if times == 1 else f"{code_point(sign)} ×{times}"
    return TextSegment(f"[{text}]", why, unicodedata.name(sign, "ký tự điều khiển"), times)


def _apart(spans: Iterable[HighlightSpan], length: int) -> list[HighlightSpan]:
    """Return the spans in order, those that overlap joined, none outside the text."""
    joined: list[HighlightSpan] = []
    for span in sorted(spans, key=lambda span: (span.start, span.end)):
        start, end = max(0, span.start), min(span.end, length)
        if start >= end:
            continue
        if joined and start < joined[-1].end:
            last = joined.pop()
            whys = dict.fromkeys([*last.why.split("; "), span.why])
            joined.append(HighlightSpan(last.start, max(last.end, end), "; ".join(whys)))
        else:
            joined.append(HighlightSpan(start, end, span.why))
    return joined
