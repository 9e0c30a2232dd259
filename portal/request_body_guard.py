"""What the body of a request may cost, and that it is whole: around everything in web.

A line that breaks off ends a body early and says nothing, so half a report would pass for all of
it. One that brings a byte now and then would hold its thread for ever. The front server waits for
whole bodies itself, but `manage.py serve` stands alone.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

HEAD_START = 15.0  # seconds before the pace counts; a usual report is over by far
SLOWEST = 5000  # bytes a second afterwards: a telephone with two bars sends faster
STEP = 16 * 1024  # bytes that are asked for at once, so that the pace is seen
LOOK = 1.0  # seconds between two looks at bodies that are on their way

Application = Callable[..., Iterable[bytes]]


class IncompleteBodyError(OSError):
    """The rest of a body did not come, or not in time. Django makes an UnreadablePostError of it."""


class GuardedRequestBody:
    """`wsgi.input`, read to its promised end or not at all."""

    def __init__(self, source: Any, promised: int, line: socket.socket | None) -> None:
        self._source, self._line = source, line
        self._left, self._seen, self._began = promised, 0, time.monotonic()

    def read(self, size: int | None = -1, /) -> bytes:
        """As a file's. Raises BrokenOffError."""
        wanted = self._wanted(size)
        if wanted <= STEP:
            return self._step(wanted)
        steps = (min(STEP, wanted - start) for start in range(0, wanted, STEP))
        return b"".join(map(self._step, steps))

    def readline(self, size: int | None = -1, /) -> bytes:
        """As a file's. Raises BrokenOffError."""
        wanted = self._wanted(size)
        line: bytes = self._source.readline(wanted)
        return self._counted(line, len(line) if line.endswith(b"\n") else wanted)

    def _wanted(self, size: int | None) -> int:
        return self._left if size is None or size < 0 else min(size, self._left)

    def _step(self, wanted: int) -> bytes:
        return self._counted(self._source.read(wanted), wanted)

    def _counted(self, data: bytes, wanted: int) -> bytes:
        self._left -= len(data)
        self._seen += len(data)
        if len(data) < wanted:
            raise IncompleteBodyError
        return data

    @property
    def is_past_deadline(self) -> bool:
        on_its_way = time.monotonic() - self._began
        return self._left > 0 and on_its_way > HEAD_START + self._seen / SLOWEST

    def abort_read(self) -> None:
        """End the wait of the thread that reads it."""
        if self._line:
            with contextlib.suppress(OSError):  # it is gone already
                self._line.shutdown(socket.SHUT_RD)


class _Watch:
    """Gives up on bodies that are late, from a thread that begins with the first of them."""

    def __init__(self) -> None:
        self._bodies: set[GuardedRequestBody] = set()
        self._thread: threading.Thread | None = None

    @contextlib.contextmanager
    def over(self, body: GuardedRequestBody) -> Any:
        self._bodies.add(body)
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._abort_late_bodies, name="bodies", daemon=True
            )
            self._thread.start()
        try:
            yield
        finally:
            self._bodies.discard(body)

    def _abort_late_bodies(self) -> None:
        while True:
            for body in tuple(self._bodies):
                if body.is_past_deadline:
                    body.abort_read()
            time.sleep(LOOK)


_watch = _Watch()


def request_body_guard(application: Application) -> Application:
    """The same application, which is given whole bodies, and types that can be read."""

    def bounded(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        # Django breaks on an extended parameter (RFC 8187); no browser sends one.
        if "*" in environ.get("CONTENT_TYPE", ""):
            environ["CONTENT_TYPE"] = ""
        length = environ.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal() or not int(length):
            return application(environ, start_response)
        body = GuardedRequestBody(
            environ["wsgi.input"], int(length), environ.get("gunicorn.socket")
        )
        environ["wsgi.input"] = body
        with _watch.over(body):
            return application(environ, start_response)

    return bounded
