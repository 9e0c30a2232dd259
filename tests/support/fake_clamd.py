"""A clamd for tests: speaks INSTREAM over TCP in a thread, and knows one harmful thing."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.images import EICAR


class Clamd:
    """`asked` keeps what it was sent; `says`, where set, is its answer to everything."""

    def __init__(self, says: bytes | None = None) -> None:
        self.says, self.asked = says, list[bytes]()
        self._door = socket.create_server(("127.0.0.1", 0))
        self.url = f"tcp://127.0.0.1:{self._door.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        if self._thread.is_alive():
            self._door.shutdown(socket.SHUT_RDWR)
            self._thread.join(5)
        self._door.close()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._door.accept()
            except OSError:
                return
            with line:
                line.settimeout(5)
                self._answer(line)

    def _answer(self, line: socket.socket) -> None:
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
    clamd.start()
    try:
        yield clamd
    finally:
        clamd.stop()
