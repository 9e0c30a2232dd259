"""What a kept copy says of itself: when it was written, and in its stale twin that it may be old.
Pure: bytes of our own pages in, bytes out.
"""

import re
from collections.abc import Callable
from datetime import datetime

from django.utils import timezone

_New = bytes | Callable[[re.Match[bytes]], bytes]
_CHARSET = b'<meta charset="utf-8">'
_MAIN = re.compile(rb"<main\b[^>]*>")
_BODY = re.compile(rb'<body(?: class="(\w+)")?>')
_SAID = {
    "vi": "Bản lưu lúc {at}, có thể đã cũ.",
    "en": "Copy kept at {at}. It may be out of date.",
}


def is_page(path: str) -> bool:
    return path.endswith("/")


def is_frame(path: str) -> bool:
    return is_page(path) and "/nhung/" in path


def with_timestamp(path: str, text: bytes, at: datetime) -> bytes:
    """A page that carries the moment at which it was written. Raises ValueError for a page that
    has no place for it.
    """
    if not is_page(path):
        return text
    mark = f'{_CHARSET.decode()}<meta name="written" content="{at.isoformat()}">'
    return _once(re.compile(re.escape(_CHARSET)), mark.encode(), text)


def with_stale_banner(path: str, text: bytes, at: datetime) -> bytes:
    """The same, saying that it may be old: frames turn grey, pages and texts have a sentence.
    What programs read, and what is signed, stays as it is. Raises ValueError as `dated` does.
    """
    if is_frame(path):
        return _once(_BODY, _greyed, text)
    said = _sentence(path, at)
    if is_page(path):
        note = f'<p class="note is-amber" role="note"><b>{said}</b></p>'.encode()
        return _once(_MAIN, lambda main: main[0] + note, text)
    return f"{said}\n\n".encode() + text if path.endswith(".txt") else text


def _greyed(body: re.Match[bytes]) -> bytes:
    return b'<body class="' + b" ".join(filter(None, (body[1], b"past"))) + b'">'


def _sentence(path: str, at: datetime) -> str:
    told = timezone.localtime(at).strftime("%H:%M, %d/%m/%Y")
    return _SAID["en" if path.startswith("/en/") else "vi"].format(at=told)


def _once(pattern: re.Pattern[bytes], new: _New, text: bytes) -> bytes:
    changed, count = pattern.subn(new, text, count=1)
    if not count:
        raise ValueError(f"no {pattern.pattern!r} in a page that is to be kept")
    return changed
