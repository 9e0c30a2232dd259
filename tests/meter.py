"""How much of the processor's time a text takes, on a machine that others use too."""

import time
from collections.abc import Callable

TRIES = 3  # whoever shares the core makes one slow; what is slow of itself is so each time


def takes_less_than(limit: float, work: Callable[[str], object], text: str) -> bool:
    """Whether the text can be worked through in so many seconds. Each try has one sign more, so that
    nothing is remembered of the one before.
    """
    return any(_seconds(work, text + "x" * more) < limit for more in range(TRIES))


def _seconds(work: Callable[[str], object], text: str) -> float:
    started = time.process_time()
    work(text)
    return time.process_time() - started
