"""Cut the text of a warning into sentences and numbers to call. Return plain values, to be escaped by templates."""

import re
from dataclasses import dataclass

from core.province import province

_HOTLINE = re.sub(r"[. ]", "[. ]?", province.hotline)
_NUMBERS = re.compile(rf"(?<![\d.])({_HOTLINE}|113)(?![\d]|\.\d)")
_SENTENCE = re.compile(r"(?<=[.?])\s+")


@dataclass(frozen=True)
class TextSegment:
    """Some words; `tel` is the number to call when they are one."""

    text: str
    tel: str = ""


def split_hotlines(text: str) -> list[TextSegment]:
    """Return the text cut at the two hotline numbers, so that a template can link them."""
    segments = []
    for index, part in enumerate(_NUMBERS.split(text)):
        digits = "".join(sign for sign in part if sign.isdecimal()) if index % 2 else ""
        segments.append(TextSegment(part, digits))
    return [piece for piece in segments if piece.text]


def first_sentence(text: str) -> str:
    """Return the first sentence: what to do."""
    return _SENTENCE.split(text, maxsplit=1)[0]


def remaining_sentences(text: str) -> str:
    """Return what follows the first sentence."""
    return text[len(first_sentence(text)) :].strip()


def syllables(text: str) -> int:
    """Return the number of syllables: in Vietnamese, the words between spaces."""
    return len(text.split())
