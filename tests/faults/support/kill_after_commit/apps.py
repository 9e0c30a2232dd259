"""Kills the process between COMMIT and answer, once for each time that somebody sets the trap."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

from django.apps import AppConfig

TRAP = "die-after-commit"  # a file in DATA_DIR; it goes before the process does


class FatalConfig(AppConfig):
    name = "tests.faults.support.kill_after_commit"

    def ready(self) -> None:
        from core.outbox import queue

        queue.notify_throttled = _die_or(queue.notify_throttled)


def _die_or(wake: Callable[[], None]) -> Callable[[], None]:
    """`outbox.wake_soon` is the first thing that intake does after COMMIT."""
    trap = Path(os.environ["DATA_DIR"]) / TRAP

    def wake_or_die() -> None:
        if trap.exists():
            trap.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        wake()

    return wake_or_die
