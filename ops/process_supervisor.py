"""Keeps children running: waits for nobody, starts every process from the main thread.

A child that dies is started again, a worker that gets nowhere is restarted and counted, one
Ctrl-C stops all, and after kill -9 the kernel ends the children (ops/child_process.py).
"""

import contextlib
import json
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ops.child_process import Child
from ops.log_multiplexer import Console, Lines
from ops.worker_stall_probe import StallProbe

GRACE = 12.0  # seconds for tasks under way, then for requests; gunicorn itself gives them 8
HEAD_START = 3.0  # seconds that web has the processors for itself, at most: until it answers
FIRST_DELAY, LONGEST_DELAY = 0.2, 10.0
STEADY_AFTER = 10.0  # a child that ran so long has earned a quick restart
PULSE = 0.25
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass
class Keeper:
    """Keeps one child running, with a longer pause after each early death."""

    child: Child
    lines: Lines = field(default_factory=Lines)
    delay: float = FIRST_DELAY
    started_at: float = 0.0
    due_at: float | None = None
    restarts: int = 0

    def begin(self, now: float) -> None:
        if not self.child.running:  # a local server runs already
            self.child.start()
        self.started_at, self.due_at = now, None

    def fell(self, now: float) -> float:
        """Note a death; the seconds until the next start."""
        if now - self.started_at > STEADY_AFTER:
            self.delay = FIRST_DELAY
        pause, self.delay = self.delay, min(self.delay * 2, LONGEST_DELAY)
        self.due_at = now + pause
        self.restarts += 1
        return pause


class Supervisor:
    """Runs the children until a signal comes."""

    def __init__(self, children: list[Child], probe: StallProbe, data_dir: Path) -> None:
        self.console = Console()
        self.keepers = [Keeper(child) for child in children]
        self.probe = probe
        self.stalls = 0
        self._tally = data_dir / "supervisor.json"
        self._signals = 0
        self._selector = selectors.DefaultSelector()

    def run(self, address: tuple[str, int], when_ready: Callable[[], str]) -> None:
        """Start all and keep them running; `when_ready` tells what to announce at the first answer."""
        with self._listening_to_signals():
            self._count()
            self._begin_with_web()
            self._ask_whether_ready(address, when_ready)
            while not self._signals:
                self._pump(PULSE)
                now = time.monotonic()
                for keeper in self.keepers:
                    self._look_after(keeper, now)
                if self.probe.tick(now):
                    self._restart_worker()
            self._stop()

    # --- starting and restarting

    def _begin_with_web(self) -> None:
        """Web first: visitors wait for it alone. The others follow when it answers."""
        for keeper in self.keepers:
            if keeper.child.name == "web" or keeper.child.running:
                self._begin(keeper)
            else:
                keeper.due_at = time.monotonic() + HEAD_START

    def _begin_the_rest(self) -> None:
        for keeper in self.keepers:
            if keeper.due_at is not None:
                keeper.due_at = time.monotonic()

    def _begin(self, keeper: Keeper) -> None:
        try:
            keeper.begin(time.monotonic())
        except OSError as error:
            self.console.say(keeper.child.name, f"cannot be started: {error.strerror}")
            keeper.fell(time.monotonic())
            return
        if output := keeper.child.output:
            os.set_blocking(output.fileno(), False)
            self._selector.register(output, selectors.EVENT_READ, keeper)

    def _look_after(self, keeper: Keeper, now: float) -> None:
        if keeper.due_at is not None:
            if now >= keeper.due_at:
                self._begin(keeper)
        elif not keeper.child.running:
            code = self._sweep(keeper)
            pause = keeper.fell(now)
            self._count()
            self.console.say(
                "serve", f"{keeper.child.name} ended ({code}), starts again in {pause:.1f} s"
            )

    def _sweep(self, keeper: Keeper) -> int | None:
        if output := keeper.child.output:
            self._read(keeper)
            with contextlib.suppress(KeyError):
                self._selector.unregister(output)
        return keeper.child.sweep()

    def _restart_worker(self) -> None:
        self.stalls += 1
        for keeper in self.keepers:
            if keeper.child.name == "worker":
                self.console.say("serve", f"worker claims nothing: restarted ({self.stalls})")
                self._sweep(keeper)
                keeper.due_at = time.monotonic()
                keeper.restarts += 1
        self._count()

    def _count(self) -> None:
        """Write down what was restarted, for whoever watches."""
        restarts = {keeper.child.name: keeper.restarts for keeper in self.keepers}
        draft = self._tally.with_suffix(".new")
        with contextlib.suppress(OSError):  # a full disk stops no restart
            draft.write_text(json.dumps({"stalls": self.stalls, "restarts": restarts}))
            draft.replace(self._tally)

    # --- listening

    @contextlib.contextmanager
    def _listening_to_signals(self) -> Iterator[None]:
        ours, theirs = socket.socketpair()
        theirs.setblocking(False)
        ours.setblocking(False)
        self._selector.register(ours, selectors.EVENT_READ)
        for number in STOP_SIGNALS:
            signal.signal(number, self._note_signal)
        before = signal.signal(signal.SIGCHLD, lambda *_: None)  # only to be woken
        wakeup = signal.set_wakeup_fd(theirs.fileno(), warn_on_full_buffer=False)
        try:
            yield
        finally:
            signal.set_wakeup_fd(wakeup)
            # A further Ctrl-C must not cut short what still stops: it stays noted, no more.
            signal.signal(signal.SIGCHLD, before)
            self.probe.close()
            self._selector.close()
            ours.close()
            theirs.close()

    def _note_signal(self, *_: object) -> None:
        self._signals += 1

    def _pump(self, patience: float) -> None:
        for key, _ in self._selector.select(patience):
            if isinstance(key.data, Keeper):
                self._read(key.data)
            elif callable(key.data):
                key.data()
            else:
                with contextlib.suppress(BlockingIOError):
                    key.fileobj.recv(4096)  # type: ignore[union-attr]

    def _read(self, keeper: Keeper) -> None:
        output = keeper.child.output
        if output is None:
            return
        try:
            data = os.read(output.fileno(), 65536)
        except BlockingIOError:
            return
        if not data:  # closed without dying: not asked again
            with contextlib.suppress(KeyError):
                self._selector.unregister(output)
        for line in keeper.lines.feed(data):
            self.console.say(keeper.child.name, line)

    def _ask_whether_ready(self, address: tuple[str, int], when_ready: Callable[[], str]) -> None:
        """Ask for /livez. The question waits in our own listening socket until web takes it."""
        line = socket.create_connection(address, timeout=2)
        line.setblocking(False)
        line.send(b"GET /livez HTTP/1.0\r\nHost: localhost\r\n\r\n")

        def answered() -> None:
            self._selector.unregister(line)
            with line:
                answer = b""
                with contextlib.suppress(OSError):
                    answer = line.recv(16)
            if answer.startswith(b"HTTP/"):
                self._begin_the_rest()
                self.console.announce(when_ready())
            elif not self._signals:
                time.sleep(PULSE)
                self._ask_whether_ready(address, when_ready)

        self._selector.register(line, selectors.EVENT_READ, answered)

    # --- stopping

    def _stop(self) -> None:
        """Ask all but the local servers, whose owner stops them last; a second Ctrl-C insists.
        Web last: it takes reports while the others end their tasks, and its end is what
        visitors notice.
        """
        self.console.say("serve", "stopping …")
        ours = [keeper for keeper in self.keepers if keeper.child.log is None]
        self._end([keeper for keeper in ours if keeper.child.name != "web"])
        self._end(ours)

    def _end(self, keepers: list[Keeper]) -> None:
        for keeper in keepers:
            keeper.child.ask_to_stop()
        deadline = time.monotonic() + GRACE
        while any(keeper.child.running for keeper in keepers):
            if time.monotonic() > deadline or self._signals > 1:
                break
            self._pump(PULSE)
        for keeper in keepers:
            self._sweep(keeper)
