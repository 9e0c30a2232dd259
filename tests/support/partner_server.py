"""Servers of partners to deliver to: one that listens, and those that behave badly."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class PartnerServer:
    """A server on this machine; `heard` is what it was sent, whole."""

    url: str
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
    """One that reads a request, or does not, and then does as `answer` says."""
    server = socket.create_server(("127.0.0.1", 0))
    outsider = PartnerServer(f"http://localhost:{server.getsockname()[1]}/nhan")
    threading.Thread(target=_serve, args=(server, outsider, answer, hears), daemon=True).start()
    try:
        yield outsider
    finally:
        server.close()


def _serve(
    server: socket.socket,
    outsider: PartnerServer,
    answer: Callable[[socket.socket], None],
    hears: bool,
) -> None:
    with suppress(OSError):
        while True:
            connection, _ = server.accept()
            with connection, suppress(OSError):
                if hears:
                    outsider.heard.append(_read(connection))
                answer(connection)


def _read(connection: socket.socket) -> bytes:
    read = b""
    while b"\r\n\r\n" not in read:
        if not (more := connection.recv(65536)):
            return read  # whoever asked has gone
        read += more
    head, _, body = read.partition(b"\r\n\r\n")
    size = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    while len(body) < size:
        if not (more := connection.recv(65536)):
            break
        body += more
    return head + b"\r\n\r\n" + body
