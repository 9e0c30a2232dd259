"""Asks clamd, where there is one, whether a file is known to be harmful.

INSTREAM, as clamd(8) has it: the file goes over the socket, so clamd needs to see no disk of
ours. It says no more than that it knows something harmful, or does not.
"""

import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings

SECONDS = 5.0  # for the whole of it: to connect, to take the pieces, to answer
_PIECE = 64 * 1024
_MAX_ANSWER_LENGTH = 4096
_PORT = 3310


class ScanError(Exception):
    """clamd is not there, did not answer in time, or could not look."""


def is_configured() -> bool:
    return bool(settings.CLAMD_URL)


def is_infected(content: bytes) -> bool:
    """Whether clamd knows something harmful in it. Raises ScanError."""
    try:
        answer = _ask(content)
    except (OSError, ValueError, SoftTimeLimitExceeded) as error:
        raise ScanError(type(error).__name__) from error
    if answer == "stream: OK":
        return False
    if answer.endswith(" FOUND"):
        return True
    raise ScanError("answer")


def parse_clamd_url(url: str) -> str | tuple[str, int]:
    """The socket that CLAMD_URL names: tcp://host:3310 or unix:///path. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme == "tcp" and parts.hostname and parts.path in {"", "/"}:
        return parts.hostname, parts.port or _PORT
    if parts.scheme == "unix" and parts.path.startswith("/") and not parts.netloc:
        return parts.path
    raise ValueError("neither tcp://host:port nor unix:///path")


def _ask(content: bytes) -> str:
    until = time.monotonic() + SECONDS
    with _connected(parse_clamd_url(settings.CLAMD_URL)) as line:
        for piece in _stream(content):
            _limit(line, until)
            line.sendall(piece)
        return _answer(line, until)


def _stream(content: bytes) -> Iterator[bytes]:
    yield b"zINSTREAM\0"
    for start in range(0, len(content), _PIECE):
        piece = content[start : start + _PIECE]
        yield len(piece).to_bytes(4) + piece
    yield bytes(4)


def _limit(line: socket.socket, until: float) -> None:
    """Let the next step take what is left; raises TimeoutError where that is nothing."""
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    line.settimeout(left)


def _connected(place: str | tuple[str, int]) -> socket.socket:
    if isinstance(place, tuple):
        return socket.create_connection(place, SECONDS)
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(SECONDS)
    try:
        line.connect(place)
    except OSError:
        line.close()
        raise
    return line


def _answer(line: socket.socket, until: float) -> str:
    """What clamd says, up to its NUL."""
    said = b""
    while b"\0" not in said and len(said) < _MAX_ANSWER_LENGTH:
        _limit(line, until)
        piece = line.recv(_MAX_ANSWER_LENGTH)
        if not piece:
            break
        said += piece
    return said.partition(b"\0")[0].decode(errors="replace")
