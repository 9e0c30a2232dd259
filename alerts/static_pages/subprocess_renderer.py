"""Drawings for static pages from a process that ends afterwards: the libraries take tens of megabytes."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import BinaryIO

Drawing = Callable[[], bytes]
_HEADER_BYTES = 8  # they say how many follow


@contextmanager
def render_in_subprocess(drawings: Sequence[Drawing]) -> Iterator[Iterator[bytes]]:
    """Yield what yields each drawing, in order; b"" for one that fails. They must not use the parent's
    database, and the parent has no other thread yet.
    """
    if not drawings:
        yield iter(())
        return
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        _run_child(drawings, writing)
    os.close(writing)
    try:
        with os.fdopen(reading, "rb") as pipe:
            yield (_receive(pipe) for _ in drawings)
    finally:
        os.waitpid(child, 0)


def _run_child(drawings: Sequence[Drawing], writing: int) -> None:
    """Draw all, and exit without touching what is shared with the parent."""
    try:
        with os.fdopen(writing, "wb") as pipe:
            for draw in drawings:
                data = b""
                with suppress(Exception):
                    data = draw()
                pipe.write(len(data).to_bytes(_HEADER_BYTES, "big") + data)
    finally:
        os._exit(0)


def _receive(pipe: BinaryIO) -> bytes:
    size = int.from_bytes(pipe.read(_HEADER_BYTES), "big")
    data = pipe.read(size)
    return data if len(data) == size else b""
