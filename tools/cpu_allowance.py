"""What a limit in seconds is worth on a machine that others use as well."""

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import monotonic

PROC = Path("/proc")
_NICE = 16  # of the words behind the name in /proc/…/stat
# Who is nicer than that yields to a test and to all that it starts, and its waiting delays neither:
# background processes of the portal run at 5 more than web.
_MAX_NICER = 5


class CpuAllowance:
    """From its making on: for what share of the time those who do not yield waited for a core, as Linux
    counts it.

    A limit that holds on an idle machine is given that much more, so twice as much at the most: it
    still fails for whoever is slow by itself. Where the system does not count, nothing is given.
    """

    def __init__(self) -> None:
        self._started, self._waits = monotonic(), _read_waits()

    @property
    def seconds(self) -> float:
        return monotonic() - self._started

    def extend(self, limit: float) -> float:
        """The limit, in seconds, as it stands now."""
        waited = sum(wait - self._waits.get(task, 0.0) for task, wait in _read_waits().items())
        return limit * (1 + min(1.0, waited / max(self.seconds, 1e-3)))

    def is_within(self, limit: float) -> bool:
        """Whether no more seconds have gone by than are granted."""
        return self.seconds < self.extend(limit)


def _read_waits() -> dict[str, float]:
    """Return how many seconds each thread that does not yield has ever waited for a core."""
    nicest, waits = os.getpriority(os.PRIO_PROCESS, 0) + _MAX_NICER, dict[str, float]()
    for task in _iter_threads():
        with suppress(OSError):  # it has ended, or the system does not count
            words = (task / "stat").read_text().rpartition(")")[2].split()
            if int(words[_NICE]) <= nicest:
                waits[task.name] = int((task / "schedstat").read_text().split()[1]) / 1e9
    return waits


def _iter_threads() -> Iterator[Path]:
    """Yield the folder of each thread of each process that is there by then."""
    for process in PROC.iterdir():
        if process.name.isdecimal():
            with suppress(OSError):  # it has ended meanwhile
                yield from (process / "task").iterdir()
