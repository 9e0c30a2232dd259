"""Guesses of receipt codes and one-time words: each visitor waits, and all wrong ones are slowed."""

from threading import BoundedSemaphore
from time import sleep

import structlog
from django.conf import settings
from django.http import HttpRequest

from core import rate_limits
from core.rate_limits import Window

log = structlog.get_logger(__name__)
CODES = Window("code", 10)  # wrong ones; right ones cost nothing
ONE_TIME_WORDS = Window("word", 5)  # wrong ones for one report
ALL_WRONG = Window("all_wrong", 300, minutes=1)  # of everybody together
DELAY_SECONDS = 0.3  # that a wrong code waits while there are more than that
WRONG_CODES = "portal:wrong-codes"
# A few may wait, never all threads of a process.
_waiting = BoundedSemaphore(2)


def record_wrong_code(request: HttpRequest) -> None:
    """Count a code that opens nothing: for this visitor, for everybody, for /metrics."""
    rate_limits.consume(CODES, request)
    _count_wrong()


def record_wrong_word(request: HttpRequest, public_number: str) -> None:
    """Count a one-time word that is not this report's, as a wrong code."""
    rate_limits.consume(ONE_TIME_WORDS, request, public_number)
    _count_wrong()


def _count_wrong() -> None:
    total = rate_limits.increment(WRONG_CODES)
    if total == 1 or (total and total % 100 == 0):
        log.warning("codes.guessed", wrong=total)
    if not rate_limits.consume_key(ALL_WRONG, "everybody"):
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
    return next(iter(rate_limits.counters([WRONG_CODES])), None)
