"""Asks clamd, where there is one, whether a file is known to be harmful.

INSTREAM, as clamd(8) has it: the file goes over the socket, so clamd needs to see no disk of
ours. It says no more than that it knows something harmful, or does not.
"""

import socket
from urllib.parse import urlsplit

from django.conf import settings

SECONDS = 6.0  # for each step: to connect, to take a piece, to answer
_PIECE = 64 * 1024
_LONGEST_ANSWER = 4096
_PORT = 3310


class ScanError(Exception):
    """clamd is not there, did not answer in time, or could not look."""


def is_configured() -> bool:
    return bool(settings.CLAMD_URL)


def is_infected(content: bytes) -> bool:
    """Whether clamd knows something harmful in it. Raises ScanError."""
    try:
        answer = _ask(content)
    except (OSError, ValueError) as error:
        raise ScanError(type(error).__name__) from error
    if answer == "stream: OK":
        return False
    if answer.endswith(" FOUND"):
        return True
    raise ScanError("answer")


def place_of(url: str) -> str | tuple[str, int]:
    """The socket that CLAMD_URL names: tcp://host:3310 or unix:///path. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme == "tcp" and parts.hostname and parts.path in {"", "/"}:
        return parts.hostname, parts.port or _PORT
    if parts.scheme == "unix" and parts.path.startswith("/") and not parts.netloc:
        return parts.path
    raise ValueError("neither tcp://host:port nor unix:///path")


def _ask(content: bytes) -> str:
    with _connected(place_of(settings.CLAMD_URL)) as line:
        line.sendall(b"zINSTREAM\0")
        for start in range(0, len(content), _PIECE):
            piece = content[start : start + _PIECE]
            line.sendall(len(piece).to_bytes(4) + piece)
        line.sendall(bytes(4))
        return _answer(line)


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


def _answer(line: socket.socket) -> str:
    """What clamd says, up to its NUL."""
    said = b""
    while b"\0" not in said and len(said) < _LONGEST_ANSWER:
        piece = line.recv(_LONGEST_ANSWER)
        if not piece:
            break
        said += piece
    return said.partition(b"\0")[0].decode(errors="replace")
