"""Scan a file with clamd by INSTREAM (clamd(8)), over the socket, so that clamd needs no disk of
ours.
"""

import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings

TIMEOUT_SECONDS = 5.0  # in all: to connect, send and answer
_CHUNK_BYTES = 64 * 1024
_MAX_ANSWER_LENGTH = 4096
_PORT = 3310


class ScanError(Exception):
    """clamd did not answer, or not in time, or could not scan."""


def is_configured() -> bool:
    return bool(settings.CLAMD_URL)


def is_infected(content: bytes) -> bool:
    """Return whether clamd finds malware. Raises ScanError."""
    try:
        answer = _send_and_receive(content)
    except (OSError, ValueError, SoftTimeLimitExceeded) as error:
        raise ScanError(type(error).__name__) from error
    if answer == "stream: OK":
        return False
    if answer.endswith(" FOUND"):
        return True
    raise ScanError("answer")


def parse_clamd_url(url: str) -> str | tuple[str, int]:
    """Return the socket of tcp://host:3310 or unix:///path. Raises ValueError."""
    parts = urlsplit(url)
    if parts.scheme == "tcp" and parts.hostname and parts.path in {"", "/"}:
        return parts.hostname, parts.port or _PORT
    if parts.scheme == "unix" and parts.path.startswith("/") and not parts.netloc:
        return parts.path
    raise ValueError("neither tcp://host:port nor unix:///path")


def _send_and_receive(content: bytes) -> str:
    until = time.monotonic() + TIMEOUT_SECONDS
    with _connect(parse_clamd_url(settings.CLAMD_URL)) as line:
        for chunk in _iter_chunks(content):
            _set_timeout(line, until)
            line.sendall(chunk)
        return _receive_answer(line, until)


def _iter_chunks(content: bytes) -> Iterator[bytes]:
    yield b"zINSTREAM\0"
    for start in range(0, len(content), _CHUNK_BYTES):
        chunk = content[start : start + _CHUNK_BYTES]
        yield len(chunk).to_bytes(4) + chunk
    yield bytes(4)


def _set_timeout(line: socket.socket, until: float) -> None:
    """Set the remaining time as the next step's limit. Raises TimeoutError."""
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    line.settimeout(left)


def _connect(place: str | tuple[str, int]) -> socket.socket:
    if isinstance(place, tuple):
        return socket.create_connection(place, TIMEOUT_SECONDS)
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(TIMEOUT_SECONDS)
    try:
        line.connect(place)
    except OSError:
        line.close()
        raise
    return line


def _receive_answer(line: socket.socket, until: float) -> str:
    answer = b""
    while b"\0" not in answer and len(answer) < _MAX_ANSWER_LENGTH:
        _set_timeout(line, until)
        chunk = line.recv(_MAX_ANSWER_LENGTH)
        if not chunk:
            break
        answer += chunk
    return answer.partition(b"\0")[0].decode(errors="replace")
