"""Guesses are slowed and counted, in Valkey, by the visitor's address.

What is kept of an address is a keyed hash, gone when its window is. Without Valkey nobody is
slowed: a code cannot be guessed anyway (58 bits), and a resident must not wait for our cache. After
one failure nothing is asked for some seconds, so that a dead Valkey costs a page 50 ms at most.
"""

import ipaddress
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from threading import BoundedSemaphore
from time import sleep
from typing import TypeVar

import structlog
from django.conf import settings
from django.http import HttpRequest
from django.utils.module_loading import import_string
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import RedisStorage
from limits.strategies import MovingWindowRateLimiter
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from reports.signing import newest_key

log = structlog.get_logger(__name__)
T = TypeVar("T")

# By what is asked for: so many in so many minutes from one address.
WINDOWS: dict[str, RateLimitItem] = {
    "code": RateLimitItemPerMinute(10, 10),  # wrong codes; right ones cost nothing
    "word": RateLimitItemPerMinute(5, 10),  # wrong one-time words for one report
    "check": RateLimitItemPerMinute(300, 10),  # look-ups; a carrier's address has many people
    "dispute": RateLimitItemPerMinute(30, 10),
    "range": RateLimitItemPerMinute(300, 10),  # ranges of hashes, by programs
    "subscribe": RateLimitItemPerMinute(20, 10),  # addresses for warnings by mail
    "pack": RateLimitItemPerMinute(30, 10),
    "log_in": RateLimitItemPerMinute(
        60, 10
    ),  # tries by way of the provider; an office has one address
}
ALL_WRONG = RateLimitItemPerMinute(300)  # wrong codes of everybody together
SLOWED_BY = 0.3  # seconds that a wrong code waits while there are more than that
PATIENCE = 0.05  # seconds for a connection or an answer
REST = 5.0  # seconds until a Valkey that did not answer is asked again
WRONG_CODES = "portal:wrong-codes"

# A few may wait, never all threads of a process.
_waiting = BoundedSemaphore(2)


@dataclass
class _Circuit:
    """Whether Valkey may be asked (monotonic time)."""

    open_until: float = 0.0

    def ask(self, question: Callable[[], T], otherwise: T) -> T:
        """Valkey's answer, or `otherwise` where there is none."""
        if time.monotonic() < self.open_until:
            return otherwise
        try:
            return question()
        except (RedisError, OSError):
            self.open_until = time.monotonic() + REST
            return otherwise


_circuit = _Circuit()


@lru_cache(maxsize=1)
def _limiter(address: str) -> MovingWindowRateLimiter:
    patient = {"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE}
    never_again = Retry(NoBackoff(), 0)
    storage = RedisStorage(address, retry=never_again, **patient)  # type: ignore[arg-type]
    return MovingWindowRateLimiter(storage)


def forget() -> None:
    """Ask Valkey anew, whatever was known of it."""
    _limiter.cache_clear()
    _circuit.open_until = 0.0


def _windows() -> MovingWindowRateLimiter:
    return _limiter(settings.REDIS_URL or "redis://127.0.0.1:6379/0")


def _valkey() -> RedisStorage:
    storage = _windows().storage
    if not isinstance(storage, RedisStorage):
        raise TypeError(storage)
    return storage


def visitor(request: HttpRequest, about: str = "") -> str | None:
    """Whose window it is: a keyed hash of the address, of an IPv6 one of its network (/64), which
    is one household, and of what the window is about. None where the address is unknown: then
    there is no window.
    """
    told: str | None = import_string(settings.VISITOR_ADDRESS)(request)
    if told is None:
        return None
    address = ipaddress.ip_address(told)
    if isinstance(address, ipaddress.IPv6Address):
        mapped = address.ipv4_mapped
        told = str(mapped or ipaddress.ip_network((address, 64), strict=False))
    return newest_key().mac("visitor", f"{told} {about}".encode()).hex()[:32]


def pause(name: str, request: HttpRequest, about: str = "") -> int:
    """Seconds until this visitor may try again; 0 is now. Takes nothing from the window."""
    whose = visitor(request, about)
    if whose is None:
        return 0
    return _enforced(_circuit.ask(lambda: _left(WINDOWS[name], name, whose), otherwise=0))


def _left(window: RateLimitItem, *whose: str) -> int:
    stats = _windows().get_window_stats(window, *whose)
    return 0 if stats.remaining > 0 else max(1, ceil(stats.reset_time - time.time()))


def _enforced(seconds: int) -> int:
    return 0 if settings.RATE_LIMITS == "count" else seconds


def allow(name: str, request: HttpRequest, about: str = "") -> bool:
    """Take one from this visitor's window; False when nothing was left in it."""
    whose = visitor(request, about)
    if whose is None:
        return True
    had_room = _circuit.ask(lambda: _windows().hit(WINDOWS[name], name, whose), otherwise=True)
    return had_room or settings.RATE_LIMITS == "count"


def wrong_code(request: HttpRequest) -> None:
    """Count a code that opens nothing: for this visitor, for everybody, for /metrics."""
    allow("code", request)
    _count()


def wrong_word(request: HttpRequest, public_number: str) -> None:
    """Count a one-time word that is not this report's: for this visitor and report, for
    everybody, for /metrics.
    """
    allow("word", request, public_number)
    _count()


def _count() -> None:
    total = _circuit.ask(lambda: int(_valkey().storage.incr(WRONG_CODES)), otherwise=0)
    if total == 1 or (total and total % 100 == 0):
        log.warning("codes.guessed", wrong=total)
    if not _circuit.ask(lambda: _windows().hit(ALL_WRONG, "everybody"), otherwise=True):
        _slow_down()


def _slow_down() -> None:
    """Nobody is refused because others guess; the answer to a wrong code only takes longer."""
    if settings.RATE_LIMITS != "count" and _waiting.acquire(blocking=False):
        try:
            sleep(SLOWED_BY)
        finally:
            _waiting.release()


def wrong_codes() -> int | None:
    """How many wrong codes were counted so far; None while Valkey does not answer."""
    return _circuit.ask(lambda: int(_valkey().storage.get(WRONG_CODES) or 0), otherwise=None)
