"""How long a request waits for PostgreSQL: bounded by us, for a frozen server bounds nothing.

A server that accepts and never answers fires no statement_timeout, and over a unix socket no
keepalive finds it. So in web processes (portal/wsgi.py) psycopg2 waits here, and what takes
longer than its request may is an OperationalError on a closed connection.
"""

import select
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

import psycopg2
from psycopg2.extensions import POLL_OK, POLL_READ, set_wait_callback

from portal.middleware import is_staff_path

# Seconds that all waits of one request may take together. Who had to wait for a thread before has
# to be answered within three too; and under lock_timeout, so that one wait spares others theirs.
TIMEOUT_SECONDS = 1.2
STAFF_TIMEOUT_SECONDS = 10.0
# What one wait still gets when those are used up, and when the server was silent the last time:
# else a frozen server would hold every thread for seconds, and visitors would queue for one.
GRACE = 0.25
ASK_AGAIN = 2.0  # seconds after a silence until one request asks for as long as it may

Application = Callable[..., Iterable[bytes]]


class _Request(threading.local):
    """What is left, in seconds, to the request that this thread answers. Only waits are counted:
    a body that comes slowly, or a picture that is drawn anew, takes nothing away.
    """

    left = TIMEOUT_SECONDS


_request = _Request()
_silent = False
_ask_again_at = 0.0


class DatabaseTimeout(psycopg2.OperationalError):
    """PostgreSQL did not answer within the time that the request had."""


def limit_database_wait(application: Application) -> Application:
    """The same application, whose requests do not wait for PostgreSQL beyond their time."""
    set_wait_callback(_wait)

    def bounded(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        staff = is_staff_path(environ["PATH_INFO"])
        _request.left = STAFF_TIMEOUT_SECONDS if staff else TIMEOUT_SECONDS
        return application(environ, start_response)

    return bounded


def _wait(connection: Any) -> None:
    """Until libpq is done with the connection's step; raises SilenceError, and psycopg2 closes
    a connection whose wait ends with an error.
    """
    global _silent  # noqa: PLW0603  # what one thread learns spares the others the wait
    started = time.monotonic()
    end = started + _patience(started)
    while (state := connection.poll()) != POLL_OK:
        if not _ready(connection.fileno(), state, end - time.monotonic()):
            _silent, _request.left = True, 0.0
            raise DatabaseTimeout
    _silent = False
    _request.left -= time.monotonic() - started


def _patience(now: float) -> float:
    """After a silence one request at a time still asks for as long as it may: else a server that
    is slow, and not away, would stay given up for as long as it is slow.
    """
    global _ask_again_at  # noqa: PLW0603
    if _silent and now < _ask_again_at:
        return GRACE
    _ask_again_at = now + _request.left + ASK_AGAIN
    return max(GRACE, _request.left)


def _ready(descriptor: int, state: int, seconds: float) -> bool:
    waiter = select.poll()
    waiter.register(descriptor, select.POLLIN if state == POLL_READ else select.POLLOUT)
    return bool(waiter.poll(max(0.0, seconds) * 1000))
