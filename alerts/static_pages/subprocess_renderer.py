"""Sheets, pictures and packs for the kept copies, drawn by a process that ends with the last of them:
what draws would stay in a worker as tens of megabytes.
"""

import os
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from typing import BinaryIO

Drawing = Callable[[], bytes]
_LENGTH = 8  # bytes that say how many follow


def render_in_subprocess(wanted: Sequence[Drawing]) -> Generator[bytes, None, None]:
    """What each makes, in order, one at a time; empty for one that cannot be made. They must ask no
    database, whose connection is not theirs.
    """
    if not wanted:
        return
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        _draw(wanted, writing)
    os.close(writing)
    try:
        with os.fdopen(reading, "rb") as pipe:
            for _ in wanted:
                yield _next(pipe)
    finally:
        os.waitpid(child, 0)


def _draw(wanted: Sequence[Drawing], writing: int) -> None:
    """The process's whole life; it ends without a word to what it shares with its parent."""
    try:
        with os.fdopen(writing, "wb") as pipe:
            for make in wanted:
                made = b""
                with suppress(Exception):
                    made = make()
                pipe.write(len(made).to_bytes(_LENGTH, "big") + made)
    finally:
        os._exit(0)


def _next(pipe: BinaryIO) -> bytes:
    size = int.from_bytes(pipe.read(_LENGTH), "big")
    made = pipe.read(size)
    return made if len(made) == size else b""
