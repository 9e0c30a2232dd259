"""A clamd for tests: speaks INSTREAM over TCP, and knows one harmful thing."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.support.concurrency import accepting
from tests.support.images import EICAR


@dataclass
class Clamd:
    """`asked` keeps what it was sent; `says`, where set, is its answer to everything."""

    says: bytes | None = None
    asked: list[bytes] = field(default_factory=list)
    url: str = ""

    def answer(self, line: socket.socket) -> None:
        line.settimeout(5)
        stream = line.makefile("rb")
        assert stream.read(10) == b"zINSTREAM\0"
        content = b""
        while size := int.from_bytes(stream.read(4)):
            content += stream.read(size)
        self.asked.append(content)
        verdict = b"stream: Eicar-Test-Signature FOUND" if EICAR in content else b"stream: OK"
        line.sendall((self.says if self.says is not None else verdict) + b"\0")


@contextmanager
def running(says: bytes | None = None) -> Iterator[Clamd]:
    clamd = Clamd(says)
    with accepting(clamd.answer) as port:
        clamd.url = f"tcp://127.0.0.1:{port}"
        yield clamd
