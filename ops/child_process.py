"""Child processes: started so that they never outlive us, forked so that they share memory.

The kernel sends `death_signal` when the thread that started a child ends: start from the main
thread. Each leads its own process group, so that Ctrl-C reaches only us.
"""

import contextlib
import ctypes
import gc
import os
import signal
import subprocess  # nosec B404
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PR_SET_PDEATHSIG = 1
START_TIMEOUT_SECONDS = 60.0  # seconds; after a crash PostgreSQL first repairs its data
_libc = ctypes.CDLL(None)


def die_with_parent(death_signal: int, parent: int) -> None:
    """Ask the kernel for `death_signal` when our parent ends; end now if it has ended already."""
    _libc.prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)


def freeze_loaded_objects() -> None:
    """Exempt what is loaded from garbage collection before a fork, and collect seldom.

    A collection would copy pages that all processes could share, and cost a twentieth of a report.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


def kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


class StartError(Exception):
    """Something cannot run here; the message is one line for a person."""


@dataclass
class ChildProcess:
    """One process: how it is started and stopped. `log` is a file for its output."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str] | None = None
    cwd: Path | None = None
    log: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: int = 12  # for tasks under way, then for requests; gunicorn gives them 8
    death_signal: signal.Signals = signal.SIGKILL
    pass_fds: tuple[int, ...] = ()
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def rotate_log(self) -> None:
        if self.log:
            self.log.unlink(missing_ok=True)

    def start(self) -> None:
        """Start the process. Raises OSError when the program cannot be run."""
        parent = os.getpid()
        with (self.log or Path(os.devnull)).open("ab") as output:
            self.process = subprocess.Popen(  # noqa: S603  # nosec B603
                self.command,
                env=self.env,
                cwd=self.cwd,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                process_group=0,
                pass_fds=self.pass_fds,
                preexec_fn=lambda: die_with_parent(self.death_signal, parent),  # noqa: PLW1509
            )

    def terminate(self) -> None:
        """Send the stop signal to the process alone: it ends its own children."""
        if self.process and self.running:
            self.process.send_signal(self.stop_signal)

    def kill_process_group(self) -> int | None:
        """Kill what is left of the process and its children; return its exit code."""
        if self.process is None:
            return None
        process, self.process = self.process, None  # once: its number may be given to others
        kill_group(process.pid)
        return process.wait()

    def stop(self, timeout: float) -> int | None:
        """Terminate it, wait `timeout` seconds, then kill it; return its exit code."""
        self.terminate()
        if self.process:
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                sys.stderr.write(f"{self.name} did not stop in {timeout:.0f} s: ended\n")
        return self.kill_process_group()

    def wait_until_ready(self, answers: Callable[[], bool]) -> None:
        """Wait for the first answer. Raises StartError with the last line of the process's log."""
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while not answers():
            if not self.running or time.monotonic() > deadline:
                output = last_line(self.log.read_text(errors="replace")) if self.log else ""
                raise StartError(f"{self.name} does not start: {output} (more in {self.log})")
            time.sleep(0.02)


def last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip() if lines else "it said nothing"
