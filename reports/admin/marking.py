"""A hostile text made harmless to look at. Pure.

Signs that nobody sees, or that turn the line around, are shown by their code point; the words
that fired are parts of their own. What comes out is plain text in parts: the template escapes it.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_HARMLESS = frozenset("\n\t\r")
_ODD_KINDS = frozenset({"Cf", "Cc", "Co", "Cn", "Zl", "Zp"})
# Letters to Unicode, nothing to the eye.
_BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")


@dataclass(frozen=True)
class Span:
    """text[start:end] is a ground of something; `why` says of what."""

    start: int
    end: int
    why: str


@dataclass(frozen=True)
class Part:
    """A piece of a text: plain, marked (`why`), or one odd sign (`odd`, its code point)."""

    text: str
    why: str = ""
    odd: str = ""


def is_odd(sign: str) -> bool:
    """Whether a sign is invisible or changes how others are shown."""
    if sign in _BLANKS:
        return True
    return unicodedata.category(sign) in _ODD_KINDS and sign not in _HARMLESS


def code_point(sign: str) -> str:
    return f"U+{ord(sign):04X}"


def plain(text: str) -> str:
    """One line of text, odd signs shown by their code points."""
    shown = "".join(f"[{code_point(sign)}]" if is_odd(sign) else sign for sign in text)
    return " ".join(shown.split())


def parts(text: str, spans: Iterable[Span] = ()) -> list[Part]:
    """The text cut where a mark begins or ends and around each odd sign, in order."""
    return list(_cut(text, _apart(spans, len(text))))


def count_odd(text: str) -> int:
    return sum(map(is_odd, text))


def _cut(text: str, spans: list[Span]) -> Iterator[Part]:
    place = 0
    for span in spans:
        yield from _pieces(text[place : span.start], "")
        yield from _pieces(text[span.start : span.end], span.why)
        place = span.end
    yield from _pieces(text[place:], "")


def _pieces(text: str, why: str) -> Iterator[Part]:
    begun = 0
    for place, sign in enumerate(text):
        if is_odd(sign):
            if begun < place:
                yield Part(text[begun:place], why)
            yield Part(f"[{code_point(sign)}]", why, unicodedata.name(sign, "ký tự điều khiển"))
            begun = place + 1
    if begun < len(text):
        yield Part(text[begun:], why)


def _apart(spans: Iterable[Span], length: int) -> list[Span]:
    """The spans in order, those that overlap joined, none outside the text."""
    joined: list[Span] = []
    for span in sorted(spans, key=lambda span: (span.start, span.end)):
        start, end = max(0, span.start), min(span.end, length)
        if start >= end:
            continue
        if joined and start < joined[-1].end:
            last = joined.pop()
            whys = dict.fromkeys([*last.why.split("; "), span.why])
            joined.append(Span(last.start, max(last.end, end), "; ".join(whys)))
        else:
            joined.append(Span(start, end, span.why))
    return joined
