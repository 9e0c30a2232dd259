"""Servers of partners: one that listens, and those that behave badly."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.support.concurrency import accepting

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class PartnerServer:
    """A server on this machine; `heard` is what it was sent, whole."""

    url: str = ""
    heard: list[bytes] = field(default_factory=list)

    def headers(self, which: int = -1) -> dict[str, str]:
        head = self.heard[which].partition(b"\r\n\r\n")[0].decode()
        return dict(line.split(": ", 1) for line in head.split("\r\n")[1:])

    def body(self, which: int = -1) -> bytes:
        return self.heard[which].partition(b"\r\n\r\n")[2]


def say(answer: bytes) -> Callable[[socket.socket], None]:
    return lambda connection: connection.sendall(answer)


@contextmanager
def partner_server(
    answer: Callable[[socket.socket], None], *, hears: bool = True
) -> Iterator[PartnerServer]:
    """Run a server that reads a request, or does not, and then does as `answer` says."""
    server = PartnerServer()

    def serve(connection: socket.socket) -> None:
        if hears:
            server.heard.append(_receive(connection))
        answer(connection)

    with accepting(serve) as port:
        server.url = f"http://localhost:{port}/nhan"
        yield server


def _receive(connection: socket.socket) -> bytes:
    """Return a whole request, or what came of it before its sender left."""
    data = b""
    size: int | None = None
    while size is None or len(data) < size:
        if not (part := connection.recv(65536)):
            break
        data += part
        head, end, _ = data.partition(b"\r\n\r\n")
        if end and size is None:
            length = head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]
            size = len(head) + len(end) + int(length)
    return data
