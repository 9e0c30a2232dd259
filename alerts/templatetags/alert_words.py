"""Small readings of a warning's text for templates; all return plain values, escaped there."""

import re
from dataclasses import dataclass

from django import template

from alerts.localization import localize

register = template.Library()

_NUMBERS = re.compile(r"(?<![\d.])(02373[. ]?725[. ]?725|113)(?![\d]|\.\d)")
_SENTENCE = re.compile(r"(?<=[.?])\s+")


@dataclass(frozen=True)
class TextSegment:
    """Some words, and the number to ring when they are one."""

    text: str
    tel: str = ""


register.filter("localized", localize)


@register.filter
def split_hotlines(text: str) -> list[TextSegment]:
    """Cut a text at the two numbers that help, so that a template can link them."""
    found = []
    for index, part in enumerate(_NUMBERS.split(text)):
        digits = "".join(sign for sign in part if sign.isdecimal()) if index % 2 else ""
        found.append(TextSegment(part, digits))
    return [piece for piece in found if piece.text]


@register.filter
def first_sentence(text: str) -> str:
    """The first sentence: what to do."""
    return _SENTENCE.split(text, maxsplit=1)[0]


@register.filter
def remaining_sentences(text: str) -> str:
    """What follows the first sentence."""
    return text[len(first_sentence(text)) :].strip()


@register.filter
def syllables(text: str) -> int:
    """How many syllables are read aloud: in Vietnamese, the words between spaces."""
    return len(text.split())
