"""What a limit in seconds is worth on a machine that others use as well."""

import re
from contextlib import suppress
from pathlib import Path
from time import monotonic

PRESSURE = Path("/proc/pressure/cpu")
_STALLED = re.compile(r"^some .* total=(\d+)$", re.MULTILINE)


class CpuAllowance:
    """From its making on: how much of the time somebody waited for a core, as Linux counts it.

    A limit that holds on an idle machine is given that much more, so twice as much at the most: it
    still fails for whoever is slow by itself. Where the system does not count, nothing is given.
    """

    def __init__(self) -> None:
        self._started, self._stalled = monotonic(), _read_stalled_seconds()

    @property
    def seconds(self) -> float:
        return monotonic() - self._started

    def extend(self, limit: float) -> float:
        """The limit, in seconds, as it stands now."""
        waited = _read_stalled_seconds() - self._stalled
        return limit * (1 + min(1.0, waited / max(self.seconds, 1e-3)))

    def is_within(self, limit: float) -> bool:
        """Whether no more seconds have gone by than are granted."""
        return self.seconds < self.extend(limit)


def _read_stalled_seconds() -> float:
    """Since the start of the machine, the seconds in which a process waited for a core."""
    with suppress(OSError):
        if match := _STALLED.search(PRESSURE.read_text()):
            return int(match[1]) / 1e6
    return 0.0
