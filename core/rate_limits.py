"""Guesses are slowed and counted, and crowds of reports told, in Valkey, by the visitor's address.

What is kept of an address is a keyed hash, gone when its window is. Without Valkey each process
counts guesses by itself and lets a third through: no closed door, and nobody guesses at will. Crowds
are then told later, or not. After one failure nothing is asked for some seconds, so that a dead
Valkey costs a page 50 ms at most.
"""

import ipaddress
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
from django.utils.module_loading import import_string
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.storage import MemoryStorage, RedisStorage
from limits.strategies import MovingWindowRateLimiter
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from core.keys import newest_key

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
    "csp": RateLimitItemPerMinute(60, 10),  # what browsers tell of our policy
    "log_in": RateLimitItemPerMinute(
        60, 10
    ),  # tries by way of the provider; an office has one address
    "log_out": RateLimitItemPerMinute(60, 10),  # what is not the provider's word of a log-out
}
ALL_WRONG = RateLimitItemPerMinute(300)  # wrong codes of everybody together
SLOWED_BY = 0.3  # seconds that a wrong code waits while there are more than that
TIMEOUT_SECONDS = 0.05  # seconds for a connection or an answer
REST = 5.0  # seconds until a Valkey that did not answer is asked again
WRONG_CODES = "portal:wrong-codes"
ALONE = 3  # a process without Valkey lets one of so many through
IPV4_NETWORK, IPV6_NETWORK = 24, 64  # bits that neighbours share
IPV6_SITE = 48  # of which one subscriber may have 65,536 networks for the asking

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
# Of our own servers, or of who sits in their network: it tells no visitors apart. (Python's own
# look through its networks takes a tenth of what a report costs.)
_OURS = tuple(
    (network.version, network.max_prefixlen - network.prefixlen, int(network[0]))
    for network in map(
        ipaddress.ip_network,
        ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7"),
    )
)
# Notes in each key, a set that holds so many at most, who is counted there, and tells the places of
# those that are full: one round trip for many reports. A report that stands in a set is not over
# there, so that whoever is counted once more is told the same; of a set of other things all reports
# are over once it is full. Behind a place of the same report that is over nothing is noted: it is
# looked at what others have noted, so that a flood from one place neither fills the memory nor
# counts for what it names.
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

_reader = lru_cache(maxsize=2)(import_string)
# A few may wait, never all threads of a process.
_waiting = BoundedSemaphore(2)


@dataclass
class _Circuit:
    """Whether Valkey may be asked (monotonic time)."""

    open_until: float = 0.0

    def ask(self, question: Callable[[], T], otherwise: Callable[[], T]) -> T:
        """Valkey's answer, or that of `otherwise` where there is none."""
        if time.monotonic() < self.open_until:
            return otherwise()
        try:
            return question()
        except (RedisError, OSError):
            self.open_until = time.monotonic() + REST
            return otherwise()


_circuit = _Circuit()


@dataclass(frozen=True)
class SlidingWindow:
    """A counter of many: how many may come within so many seconds until it is full.
    `about`: the report for which it counts; `member`: what it counts, each once: that report, which
    is over where it finds it full, or what fills it for all. `stops`: while it is over, those of the
    same report that are counted after it stand still.
    """

    key: str
    about: str
    member: str
    most: int
    seconds: int
    stops: bool = False

    @property
    def limit_reached(self) -> tuple[str, str, int, int, int]:
        return self.about, self.member, self.most, self.seconds, int(self.stops)


def exceeded_windows(counted: Sequence[SlidingWindow]) -> list[int] | None:
    """The places of those counters that these reports are over; None while Valkey does not answer.
    Asks once.
    """
    keys = [f"portal:crowds:{counter.key}" for counter in counted]
    told = [part for counter in counted for part in counter.limit_reached]
    found: list[int] | None = _circuit.ask(
        lambda: _valkey().storage.eval(_COUNT, len(keys), *keys, *told), otherwise=lambda: None
    )
    return [] if found and settings.RATE_LIMITS == "count" else found


@lru_cache(maxsize=1)
def _limiter(address: str) -> MovingWindowRateLimiter:
    patient = {"socket_timeout": TIMEOUT_SECONDS, "socket_connect_timeout": TIMEOUT_SECONDS}
    never_again = Retry(NoBackoff(), 0)
    storage = RedisStorage(address, retry=never_again, **patient)  # type: ignore[arg-type]
    return MovingWindowRateLimiter(storage)


@lru_cache(maxsize=1)
def _own_windows() -> MovingWindowRateLimiter:
    """What this process has counted by itself."""
    return MovingWindowRateLimiter(MemoryStorage())


def _own(window: RateLimitItem) -> RateLimitItem:
    """The stricter window of a process that is alone."""
    return RateLimitItemPerMinute(ceil(window.amount / ALONE), window.multiples)


def reset_connection() -> None:
    """Ask Valkey anew, whatever was known of it and counted without it."""
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


def client_ip(request: HttpRequest) -> Address | None:
    """The visitor's address, an IPv4 one as itself however it is written; None where unknown."""
    address: Address | None = _reader(settings.VISITOR_ADDRESS)(request)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def network_prefix(
    address: Address, bits: int = IPV4_NETWORK, bits_of_6: int = IPV6_NETWORK
) -> str:
    """Its network by so many bits: of IPv6 usually the /64, which is one household."""
    bits = bits_of_6 if address.version == 6 else bits
    return f"{address.version}/{bits} {int(address) >> (address.max_prefixlen - bits)}"


def is_internal(address: Address) -> bool:
    """Whether it is of our own network, and so nobody's in particular."""
    version, number = address.version, int(address)
    return any(of == version and number >> bits == start >> bits for of, bits, start in _OURS)


def counter_key(*about: str) -> str:
    """What a counter is called: a keyed hash of whom and what it is about."""
    return newest_key().mac("visitor", " ".join(about).encode()).hex()[:32]


def window_key(request: HttpRequest, about: str = "") -> str | None:
    """Whose window it is: by the address, of an IPv6 one its network, and by what the window is
    about. None where the address is unknown: then there is no window.
    """
    address = client_ip(request)
    return None if address is None else counter_key(network_prefix(address, bits=32), about)


def retry_after(name: str, request: HttpRequest, about: str = "") -> int:
    """Seconds until this visitor may try again; 0 is now. Takes nothing from the window."""
    whose = window_key(request, about)
    if whose is None:
        return 0
    window = WINDOWS[name]
    seconds = _circuit.ask(
        lambda: _left(_windows(), window, name, whose),
        otherwise=lambda: _left(_own_windows(), _own(window), name, whose),
    )
    return _enforced(seconds)


def _left(windows: MovingWindowRateLimiter, window: RateLimitItem, *whose: str) -> int:
    stats = windows.get_window_stats(window, *whose)
    return 0 if stats.remaining > 0 else max(1, ceil(stats.reset_time - time.time()))


def _enforced(seconds: int) -> int:
    return 0 if settings.RATE_LIMITS == "count" else seconds


def consume(name: str, request: HttpRequest, about: str = "") -> bool:
    """Take one from this visitor's window; False when nothing was left in it."""
    whose = window_key(request, about)
    if whose is None:
        return True
    return _hit(WINDOWS[name], name, whose) or settings.RATE_LIMITS == "count"


def _hit(window: RateLimitItem, *whose: str) -> bool:
    return _circuit.ask(
        lambda: _windows().hit(window, *whose),
        otherwise=lambda: _own_windows().hit(_own(window), *whose),
    )


def record_wrong_code(request: HttpRequest) -> None:
    """Count a code that opens nothing: for this visitor, for everybody, for /metrics."""
    consume("code", request)
    _count()


def record_wrong_word(request: HttpRequest, public_number: str) -> None:
    """Count a one-time word that is not this report's: for this visitor and report, for
    everybody, for /metrics.
    """
    consume("word", request, public_number)
    _count()


def _count() -> None:
    total = increment(WRONG_CODES)
    if total == 1 or (total and total % 100 == 0):
        log.warning("codes.guessed", wrong=total)
    if not _hit(ALL_WRONG, "everybody"):
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
    return next(iter(counters([WRONG_CODES])), None)


def counters(names: Sequence[str]) -> list[int]:
    """What counters stand at; empty while Valkey does not answer."""
    found = _circuit.ask(lambda: _valkey().storage.mget(names), otherwise=list)
    return [int(many or 0) for many in found]


def increment(name: str) -> int:
    """Count one up and tell how many there are; 0 while Valkey does not answer."""
    return _circuit.ask(lambda: int(_valkey().storage.incr(name)), otherwise=int)
