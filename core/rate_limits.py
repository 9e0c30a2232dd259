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
from typing import TypeVar

from django.conf import settings
from django.http import HttpRequest
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter
from redis.exceptions import RedisError

from core import valkey
from core.client_ip import IPV6_SITE, client_ip, network_prefix
from core.keys import newest_key

T = TypeVar("T")

RETRY_DELAY_SECONDS = 5.0  # until a Valkey that did not answer is asked again
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


@dataclass(frozen=True)
class Window:
    """So many requests of one visitor, or of one network, in so many minutes. Valkey counts by its name."""

    name: str
    requests: int
    minutes: int = 10
    by_network: bool = False


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
    storage = RedisStorage("redis://", connection_pool=valkey.make_pool(address))
    return MovingWindowRateLimiter(storage)


@lru_cache(maxsize=1)
def _own_windows() -> MovingWindowRateLimiter:
    return MovingWindowRateLimiter(MemoryStorage())


def _limit(window: Window, share: int = 1) -> RateLimitItem:
    return RateLimitItemPerMinute(ceil(window.requests / share), window.minutes)


def reset_connection() -> None:
    """Connect anew, and forget what was counted without Valkey."""
    _limiter.cache_clear()
    _own_windows.cache_clear()
    _circuit.open_until = 0.0


def _windows() -> MovingWindowRateLimiter:
    return _limiter(settings.REDIS_URL)


def _valkey() -> RedisStorage:
    storage = _windows().storage
    if not isinstance(storage, RedisStorage):
        raise TypeError(storage)
    return storage


def counter_key(*about: str) -> str:
    """Return the name of a counter: a keyed hash of whom and what it is about."""
    return newest_key().mac("visitor", " ".join(about).encode()).hex()[:32]


def window_key(window: Window, request: HttpRequest, about: str = "") -> str | None:
    """Return the key of a visitor's window, of IPv6 by its network; None without an address: no window."""
    address = client_ip(request)
    bits = {"ipv6_bits": IPV6_SITE} if window.by_network else {"ipv4_bits": 32}
    return None if address is None else counter_key(network_prefix(address, **bits), about)


def retry_after(window: Window, request: HttpRequest, about: str = "") -> int:
    """Return the seconds until this visitor may try again, 0 for now; take nothing from the window."""
    key = window_key(window, request, about)
    if key is None or settings.RATE_LIMITS == "count":
        return 0
    return _circuit.call(
        lambda: _seconds_left(_windows(), _limit(window), window.name, key),
        lambda: _seconds_left(
            _own_windows(), _limit(window, SHARE_WITHOUT_VALKEY), window.name, key
        ),
    )


def _seconds_left(windows: MovingWindowRateLimiter, limit: RateLimitItem, *key: str) -> int:
    stats = windows.get_window_stats(limit, *key)
    return 0 if stats.remaining > 0 else max(1, ceil(stats.reset_time - time.time()))


def consume(window: Window, request: HttpRequest, about: str = "", cost: int = 1) -> bool:
    """Take so many from this visitor's window; return False when not so many were left in it."""
    key = window_key(window, request, about)
    return key is None or consume_key(window, key, cost) or settings.RATE_LIMITS == "count"


def consume_key(window: Window, key: str, cost: int = 1) -> bool:
    """Take so many from the window of any key, a stricter one where this process counts by itself."""
    return _circuit.call(
        lambda: _windows().hit(_limit(window), window.name, key, cost=cost),
        lambda: _own_windows().hit(
            _limit(window, SHARE_WITHOUT_VALKEY), window.name, key, cost=cost
        ),
    )


def counters(names: Sequence[str]) -> list[int]:
    """Return the values of counters; nothing while Valkey does not answer."""
    values = _circuit.call(lambda: _valkey().storage.mget(names), list)
    return [int(value or 0) for value in values]


def increment(name: str) -> int:
    """Increment a counter and return it; 0 while Valkey does not answer."""
    return _circuit.call(lambda: int(_valkey().storage.incr(name)), int)


def is_valkey_answering() -> bool:
    return _circuit.call(lambda: bool(_valkey().storage.ping()), lambda: False)
