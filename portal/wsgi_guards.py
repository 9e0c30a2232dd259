"""WSGI layers around Django in web processes: whole request bodies, one large one at a time, bounded
waits for PostgreSQL.

A body that breaks off raises no error, so half a report would pass for all of it; a slow one would
block its thread. Whatever is done with a long text is done while all others wait. A silent PostgreSQL fires no statement_timeout, so psycopg2 waits here.
"""

import contextlib
import re
import select
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from io import BytesIO
from math import ceil
from typing import Any

import psycopg2
from django.conf import settings
from django.http import HttpRequest
from psycopg2.extensions import POLL_OK, POLL_READ, set_wait_callback

from core import rate_limits
from portal.middleware import is_staff_path
from reports.monitoring import alarms
from reports.views.form_errors import BODY_LIMIT, BUSY, ONLY_SHORT, REFUSAL

# --- database
# Seconds that all waits of one request may take together: who had to wait for a thread before has to
# be answered within three too. Under lock_timeout, so that one wait spares others theirs.
WAIT_SECONDS = 1.2
STAFF_WAIT_SECONDS = 10.0
# What one wait still gets when those are used up, and when the server was silent the last time:
# else a frozen server would hold every thread for seconds, and visitors would queue for one.
MIN_WAIT_SECONDS = 0.25
PROBE_INTERVAL_SECONDS = 2.0  # after a silence, until one request waits as long as it may
# --- bodies
HEAD_START_SECONDS = 15.0  # before the pace counts; a usual report is over by far
MIN_BYTES_PER_SECOND = 5000  # afterwards: a telephone with two bars sends faster
STEP_BYTES = 16 * 1024  # read at once, so that the pace is seen
POLL_INTERVAL_SECONDS = 1.0
# --- large bodies
LARGE_BYTES = 64 * 1024
MAX_WAITING = 2  # for their turn: of four threads one stays free for everybody else
RETRY_AFTER_SECONDS = "10"
LONG_TEXTS = rate_limits.Window("long_texts", 128, minutes=60, by_network=True)  # pieces as large
# Sealed while they come, and counted there.
UPLOADS = re.compile(r"/(?:en/)?theo-doi/tep/|/api/v1/reports/[^/]+/files")

Application = Callable[..., Iterable[bytes]]


class _RequestBudget(threading.local):
    """Seconds that the request of this thread may still wait for PostgreSQL; only such waits count."""

    remaining = WAIT_SECONDS


_budget = _RequestBudget()
_is_silent = False
_next_probe_at = 0.0


class DatabaseTimeoutError(psycopg2.OperationalError):
    """PostgreSQL did not answer within the time that the request had."""


def limit_database_wait(application: Application) -> Application:
    """Return the application, with its waits for PostgreSQL limited."""
    set_wait_callback(_wait)

    def bounded(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        is_staff = is_staff_path(environ["PATH_INFO"])
        _budget.remaining = STAFF_WAIT_SECONDS if is_staff else WAIT_SECONDS
        return application(environ, start_response)

    return bounded


def _wait(connection: Any) -> None:
    """Wait until libpq is done with the connection's step. Raises DatabaseTimeoutError, on which psycopg2
    closes.
    """
    global _is_silent  # noqa: PLW0603  # what one thread learns spares the others the wait
    started = time.monotonic()
    end = started + _max_wait(started)
    while (state := connection.poll()) != POLL_OK:
        if not _poll(connection.fileno(), state, end - time.monotonic()):
            _is_silent, _budget.remaining = True, 0.0
            raise DatabaseTimeoutError
    _is_silent = False
    _budget.remaining -= time.monotonic() - started


def _max_wait(now: float) -> float:
    """Return the seconds that this wait may take. After a silence one request at a time waits in full,
    to find out whether the server is back.
    """
    global _next_probe_at  # noqa: PLW0603
    if _is_silent and now < _next_probe_at:
        return MIN_WAIT_SECONDS
    _next_probe_at = now + _budget.remaining + PROBE_INTERVAL_SECONDS
    return max(MIN_WAIT_SECONDS, _budget.remaining)


def _poll(descriptor: int, state: int, seconds: float) -> bool:
    poller = select.poll()
    poller.register(descriptor, select.POLLIN if state == POLL_READ else select.POLLOUT)
    return bool(poller.poll(max(0.0, seconds) * 1000))


class IncompleteBodyError(OSError):
    """The rest of a body did not come in time. Django raises UnreadablePostError from it."""


class GuardedRequestBody:
    """`wsgi.input`, read to its promised end or not at all."""

    def __init__(self, source: Any, promised: int, connection: socket.socket | None) -> None:
        self._source, self._connection = source, connection
        self._left, self._received, self._started = promised, 0, time.monotonic()

    def read(self, size: int | None = -1, /) -> bytes:
        """Read like a file. Raises IncompleteBodyError."""
        wanted = self._limit(size)
        if wanted <= STEP_BYTES:
            return self._read_step(wanted)
        steps = (min(STEP_BYTES, wanted - start) for start in range(0, wanted, STEP_BYTES))
        return b"".join(map(self._read_step, steps))

    def readline(self, size: int | None = -1, /) -> bytes:
        """Read like a file. Raises IncompleteBodyError."""
        wanted = self._limit(size)
        line: bytes = self._source.readline(wanted)
        return self._count(line, len(line) if line.endswith(b"\n") else wanted)

    def _limit(self, size: int | None) -> int:
        return self._left if size is None or size < 0 else min(size, self._left)

    def _read_step(self, wanted: int) -> bytes:
        return self._count(self._source.read(wanted), wanted)

    def _count(self, data: bytes, wanted: int) -> bytes:
        self._left -= len(data)
        self._received += len(data)
        if len(data) < wanted:
            raise IncompleteBodyError
        return data

    @property
    def is_past_deadline(self) -> bool:
        allowed = HEAD_START_SECONDS + self._received / MIN_BYTES_PER_SECOND
        return self._left > 0 and time.monotonic() - self._started > allowed

    def abort_read(self) -> None:
        """End the wait of the thread that reads it."""
        if self._connection:
            with contextlib.suppress(OSError):  # it is gone already
                self._connection.shutdown(socket.SHUT_RD)


class _DeadlineWatch:
    """Aborts bodies that are late, from a thread that begins with the first of them."""

    def __init__(self) -> None:
        self._bodies: set[GuardedRequestBody] = set()
        self._thread: threading.Thread | None = None

    @contextlib.contextmanager
    def over(self, body: GuardedRequestBody) -> Iterator[None]:
        self._bodies.add(body)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="bodies", daemon=True)
            self._thread.start()
        try:
            yield
        finally:
            self._bodies.discard(body)

    def _run(self) -> None:
        while True:
            for body in tuple(self._bodies):
                if body.is_past_deadline:
                    body.abort_read()
            time.sleep(POLL_INTERVAL_SECONDS)


_watch = _DeadlineWatch()


def guard_request_body(application: Application) -> Application:
    """Return the application, which gets whole bodies, and content types that can be parsed."""

    def guarded(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        # Django breaks on an extended parameter (RFC 8187); no browser sends one.
        if "*" in environ.get("CONTENT_TYPE", ""):
            environ["CONTENT_TYPE"] = ""
        if not (length := _length(environ)):
            return application(environ, start_response)
        connection = environ.get("gunicorn.socket")
        body = GuardedRequestBody(environ["wsgi.input"], length, connection)
        environ["wsgi.input"] = body
        with _watch.over(body):
            return application(environ, start_response)

    return guarded


def _length(environ: dict[str, Any]) -> int:
    """Return the promised length of the body, 0 where none is told."""
    told = environ.get("CONTENT_LENGTH") or "0"
    return int(told) if told.isdecimal() else 0


_places = threading.BoundedSemaphore(1 + MAX_WAITING)
_turn = threading.Lock()


def limit_large_bodies(application: Application) -> Application:
    """Return the application, which works on one large body at a time and stores so many; others it tells."""

    def limited(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        length = _length(environ)
        if not LARGE_BYTES < length <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE or _is_exempt(environ):
            return application(environ, start_response)
        with contextlib.suppress(IncompleteBodyError):  # Django meets it once more
            environ["wsgi.input"] = BytesIO(environ["wsgi.input"].read(length))
        if not _places.acquire(blocking=False):
            return application(environ | {REFUSAL: BUSY}, partial(_ask_again, start_response))
        try:
            with _turn:
                told = {} if _may_store(environ, length) else {REFUSAL: ONLY_SHORT}
                return application(environ | told, start_response)
        finally:
            _places.release()

    return limited


def _may_store(environ: dict[str, Any], length: int) -> bool:
    """Return whether the disk and the visitor's network have room; what is too long is not stored."""
    if length > BODY_LIMIT:
        return True
    request, pieces = HttpRequest(), ceil(length / LARGE_BYTES)
    request.META = environ
    has_room = alarms.free_disk_bytes() >= alarms.MIN_FREE_BYTES
    return has_room and rate_limits.consume(LONG_TEXTS, request, cost=pieces)


def _is_exempt(environ: dict[str, Any]) -> bool:
    path = environ["PATH_INFO"]
    return UPLOADS.fullmatch(path) is not None or is_staff_path(path)


def _ask_again(start_response: Any, status: str, headers: list[Any], *error: Any) -> Any:
    return start_response(status, [*headers, ("Retry-After", RETRY_AFTER_SECONDS)], *error)


def omit_head_body(application: Application) -> Application:
    """Return the application, which answers HEAD without a body: gunicorn would log a warning of each."""

    def omitted(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        body = application(environ, start_response)
        if environ["REQUEST_METHOD"] != "HEAD":
            return body
        getattr(body, "close", lambda: None)()
        return ()

    return omitted
