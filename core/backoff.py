"""Pauses between tries of what is out of reach: a broker, a database."""

import random
import time
from dataclasses import dataclass

import structlog

log = structlog.get_logger(__name__)

RETRY_DELAYS = (0.1, 2.0)  # seconds: the first pause and the longest
JITTER = (0.75, 1.25)  # share of a pause, so that two processes do not come back as one


@dataclass
class Backoff:
    """Pauses that double from one failure to the next, until something succeeds."""

    trouble: str  # what the log calls it
    failures: int = 0
    until: float = 0.0

    def record_failure(self, error: str) -> None:
        """Begin the next pause. One line of the log for the 1st, 2nd, 4th, 8th … failure: a
        trouble of hours fills no disk.
        """
        first, longest = RETRY_DELAYS
        pause = min(longest, first * 2 ** min(self.failures, 16))
        self.until = time.monotonic() + pause * random.uniform(*JITTER)  # noqa: S311  # nosec B311
        self.failures += 1
        if self.failures & (self.failures - 1) == 0:
            log.warning(self.trouble, error=error, failures=self.failures)

    def reset(self) -> None:
        if self.failures:
            log.info("back_off.over", trouble=self.trouble, failures=self.failures)
        self.failures, self.until = 0, 0.0

    @property
    def remaining_seconds(self) -> float:
        """Seconds to wait still."""
        return max(0.0, self.until - time.monotonic())
