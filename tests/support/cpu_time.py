"""How much of the processor's time a text takes, on a machine that others use too."""

import time
from collections.abc import Callable


def assert_cpu_time_below(limit: float, work: Callable[[str], object], text: str) -> bool:
    """Whether the text can be worked through in so many seconds. Whoever shares the core makes one
    try slow, so there is another, with a character more, lest something is remembered of the first; it
    may not be that character that makes it quick, so it stands before the text and behind it.
    """
    if measure_cpu_seconds(work, text) < limit:
        return True
    return all(measure_cpu_seconds(work, again) < limit for again in (f"x{text}", f"{text}x"))


def measure_cpu_seconds(work: Callable[[str], object], text: str) -> float:
    started = time.process_time()
    work(text)
    return time.process_time() - started
