"""Rate limits by the visitor's address, and counters of floods of reports, in Valkey.

Of an address only a keyed hash is stored, until its window ends. Without Valkey each process counts
by itself, allows a third, and flags floods later or not. After a failure Valkey is not asked for
some seconds: a dead one costs a page 50 ms at most.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from threading import BoundedSemaphore
from time import sleep
from typing import TypeVar

import structlog
from django.conf import settings
from django.http import HttpRequest
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from core.client_ip import client_ip, network_prefix
from core.keys import newest_key

log = structlog.get_logger(__name__)
T = TypeVar("T")

# By what is requested: so many in so many minutes from one address.
WINDOWS: dict[str, RateLimitItem] = {
    "code": RateLimitItemPerMinute(10, 10),  # wrong codes; right ones cost nothing
    "word": RateLimitItemPerMinute(5, 10),  # wrong one-time words for one report
    "check": RateLimitItemPerMinute(300, 10),  # look-ups; a carrier's address has many people
    "dispute": RateLimitItemPerMinute(30, 10),
    "range": RateLimitItemPerMinute(300, 10),  # ranges of hashes, by programs
    "subscribe": RateLimitItemPerMinute(20, 10),  # addresses for warnings by mail
    "bundle": RateLimitItemPerMinute(30, 10),
    "csp": RateLimitItemPerMinute(60, 10),  # browsers' reports of our policy
    "log_in": RateLimitItemPerMinute(60, 10),  # by way of the provider; an office has one address
    "log_out": RateLimitItemPerMinute(60, 10),  # log-out tokens that are not the provider's
}
ALL_WRONG = RateLimitItemPerMinute(300)  # wrong codes of everybody together
DELAY_SECONDS = 0.3  # that a wrong code waits while there are more than that
TIMEOUT_SECONDS = 0.05  # for a connection or an answer
RETRY_DELAY_SECONDS = 5.0  # until a Valkey that did not answer is asked again
WRONG_CODES = "portal:wrong-codes"
SHARE_WITHOUT_VALKEY = 3  # a process alone lets one of so many through

# Adds the member to each key, a set of so many members at most, and returns the places of those that
# are full: one round trip for many reports. A report that is in a set is not over it, so that counting
# it again returns the same; of a set of other things all reports are over once it is full. After a
# place of the same report that is over, nothing is added: it is compared with what others added, so
# that a flood from one place neither fills the memory nor counts for what it names.
_COUNT = """
local over, subject, busy = {}, '', false
for place, key in ipairs(KEYS) do
    local about, member, most, seconds, stops = unpack(ARGV, 5 * place - 4, 5 * place)
    if about ~= subject then subject, busy = about, false end
    local stands = redis.call('SISMEMBER', key, member) == 1
    local is_full = redis.call('SCARD', key) >= tonumber(most)
    if not stands and not is_full and not busy then
        stands = redis.call('SADD', key, member) == 1
        is_full = redis.call('SCARD', key) >= tonumber(most)
        redis.call('EXPIRE', key, seconds, 'NX')
    end
    if is_full and not (stands and member == about) then
        over[#over + 1] = place - 1
        busy = busy or stops == '1'
    end
end
return over
"""

# A few may wait, never all threads of a process.
_waiting = BoundedSemaphore(2)


@dataclass
class _Circuit:
    """Whether Valkey may be asked (monotonic time)."""

    open_until: float = 0.0

    def call(self, query: Callable[[], T], fallback: Callable[[], T]) -> T:
        """Return Valkey's answer, or that of `fallback` where there is none."""
        if time.monotonic() >= self.open_until:
            try:
                return query()
            except (RedisError, OSError):
                self.open_until = time.monotonic() + RETRY_DELAY_SECONDS
        return fallback()


_circuit = _Circuit()


@dataclass(frozen=True)
class SlidingWindow:
    """A set that is full with `most` members within so many seconds.

    `about` is the report; `member` is added once: the report itself, or what fills the set for all.
    While a window with `stops` is over, the same report's later windows count nothing.
    """

    key: str
    about: str
    member: str
    most: int
    seconds: int
    stops: bool = False

    @property
    def arguments(self) -> tuple[str, str, int, int, int]:
        return self.about, self.member, self.most, self.seconds, int(self.stops)


def exceeded_windows(windows: Sequence[SlidingWindow]) -> list[int] | None:
    """Count in one round trip; return the places of the windows that are over, None without Valkey."""
    keys = [f"portal:floods:{window.key}" for window in windows]
    arguments = [each for window in windows for each in window.arguments]
    places: list[int] | None = _circuit.call(
        lambda: _valkey().storage.eval(_COUNT, len(keys), *keys, *arguments), lambda: None
    )
    return [] if places and settings.RATE_LIMITS == "count" else places


@lru_cache(maxsize=1)
def _limiter(address: str) -> MovingWindowRateLimiter:
    timeouts = {"socket_timeout": TIMEOUT_SECONDS, "socket_connect_timeout": TIMEOUT_SECONDS}
    once = Retry(NoBackoff(), 0)
    storage = RedisStorage(address, retry=once, **timeouts)  # type: ignore[arg-type]
    return MovingWindowRateLimiter(storage)


@lru_cache(maxsize=1)
def _own_windows() -> MovingWindowRateLimiter:
    return MovingWindowRateLimiter(MemoryStorage())


def _own(window: RateLimitItem) -> RateLimitItem:
    """Return the stricter window of a process that counts by itself."""
    return RateLimitItemPerMinute(ceil(window.amount / SHARE_WITHOUT_VALKEY), window.multiples)


def reset_connection() -> None:
    """Connect anew, and forget what was counted without Valkey."""
    _limiter.cache_clear()
    _own_windows.cache_clear()
    _circuit.open_until = 0.0


def _windows() -> MovingWindowRateLimiter:
    return _limiter(settings.REDIS_URL or "redis://127.0.0.1:6379/0")


def _valkey() -> RedisStorage:
    storage = _windows().storage
    if not isinstance(storage, RedisStorage):
        raise TypeError(storage)
    return storage


def counter_key(*about: str) -> str:
    """Return the name of a counter: a keyed hash of whom and what it is about."""
    return newest_key().mac("visitor", " ".join(about).encode()).hex()[:32]


def window_key(request: HttpRequest, about: str = "") -> str | None:
    """Return the key of a visitor's window, of IPv6 by its network; None without an address: no window."""
    address = client_ip(request)
    return None if address is None else counter_key(network_prefix(address, ipv4_bits=32), about)


def retry_after(name: str, request: HttpRequest, about: str = "") -> int:
    """Return the seconds until this visitor may try again, 0 for now; take nothing from the window."""
    key = window_key(request, about)
    if key is None or settings.RATE_LIMITS == "count":
        return 0
    window = WINDOWS[name]
    return _circuit.call(
        lambda: _seconds_left(_windows(), window, name, key),
        lambda: _seconds_left(_own_windows(), _own(window), name, key),
    )


def _seconds_left(windows: MovingWindowRateLimiter, window: RateLimitItem, *key: str) -> int:
    stats = windows.get_window_stats(window, *key)
    return 0 if stats.remaining > 0 else max(1, ceil(stats.reset_time - time.time()))


def consume(name: str, request: HttpRequest, about: str = "") -> bool:
    """Take one from this visitor's window; return False when nothing was left in it."""
    key = window_key(request, about)
    if key is None:
        return True
    return _hit(WINDOWS[name], name, key) or settings.RATE_LIMITS == "count"


def _hit(window: RateLimitItem, *key: str) -> bool:
    return _circuit.call(
        lambda: _windows().hit(window, *key), lambda: _own_windows().hit(_own(window), *key)
    )


def record_wrong_code(request: HttpRequest) -> None:
    """Count a code that opens nothing: for this visitor, for everybody, for /metrics."""
    consume("code", request)
    _count_wrong()


def record_wrong_word(request: HttpRequest, public_number: str) -> None:
    """Count a one-time word that is not this report's, as a wrong code."""
    consume("word", request, public_number)
    _count_wrong()


def _count_wrong() -> None:
    total = increment(WRONG_CODES)
    if total == 1 or (total and total % 100 == 0):
        log.warning("codes.guessed", wrong=total)
    if not _hit(ALL_WRONG, "everybody"):
        _slow_down()


def _slow_down() -> None:
    """Delay the answer to a wrong code, in two threads at most; no visitor is refused for others' guesses."""
    if settings.RATE_LIMITS != "count" and _waiting.acquire(blocking=False):
        try:
            sleep(DELAY_SECONDS)
        finally:
            _waiting.release()


def wrong_codes() -> int | None:
    """Return how many wrong codes were counted so far; None while Valkey does not answer."""
    return next(iter(counters([WRONG_CODES])), None)


def counters(names: Sequence[str]) -> list[int]:
    """Return the values of counters; nothing while Valkey does not answer."""
    values = _circuit.call(lambda: _valkey().storage.mget(names), list)
    return [int(value or 0) for value in values]


def increment(name: str) -> int:
    """Increment a counter and return it; 0 while Valkey does not answer."""
    return _circuit.call(lambda: int(_valkey().storage.incr(name)), int)
