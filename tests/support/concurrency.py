"""Several things at the same instant, each with a database connection of its own; a server beside a
test.
"""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import BaseServer
from typing import Any

from django.db import connection


def in_parallel(works: Sequence[Callable[[], Any]]) -> list[Any]:
    """The results of all works, started at the same instant; raises what one of them raises."""
    start = threading.Barrier(len(works))

    def run(work: Callable[[], Any]) -> Any:
        start.wait()
        try:
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


class QuietHandler(BaseHTTPRequestHandler):
    """Replies to whatever is asked, and logs nothing."""

    def do_GET(self) -> None:
        self.reply()

    def do_POST(self) -> None:
        self.reply()

    def reply(self) -> None:
        raise NotImplementedError  # each handler has its reply

    def answer(self, words: str, kind: str = "text/html; charset=utf-8", status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(words.encode())))
        self.end_headers()
        self.wfile.write(words.encode())

    def read_body(self) -> bytes:
        return self.rfile.read(int(self.headers["Content-Length"]))

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serving(server: BaseServer) -> Iterator[None]:
    """The server answers meanwhile. It looks every 10 ms whether it may end; by itself it would every
    500, and each test would wait for that.
    """
    threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()


@contextmanager
def answering(
    reply: Callable[[QuietHandler], None], tls: ssl.SSLContext | None = None
) -> Iterator[int]:
    """Yield the port of a web server that replies so until the block ends."""

    class Handler(QuietHandler):
        def reply(self) -> None:
            reply(self)

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if tls:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        with serving(server):
            yield server.server_port


@contextmanager
def accepting(handle: Callable[[socket.socket], None]) -> Iterator[int]:
    """Yield the port of a server that handles one connection after the other until the block ends."""

    def serve(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                line, _ = listener.accept()
                with line, suppress(OSError):
                    handle(line)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=[listener], daemon=True).start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
