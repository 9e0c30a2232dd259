"""Keep processes running: supervisord in this process, with what it lacks.

Children end with us, the others start when web answers, a worker that leases nothing is restarted,
a second Ctrl-C kills, DATA_DIR/supervisor.json counts restarts, one terminal shows all output.
"""

import configparser
import contextlib
import io
import json
import os
import select
import signal
import socket
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from supervisor import events
from supervisor.medusa.asyncore_25 import ExitNow
from supervisor.options import ServerOptions
from supervisor.states import ProcessStates, SupervisorStates
from supervisor.supervisord import Supervisor

from ops.child_process import ChildProcess, die_with_parent, kill_group
from ops.worker_stall_probe import watch_worker

HEAD_START_SECONDS = 3.0  # that web has the processors for itself, at most: until it answers
FIRST_DELAY_SECONDS, MAX_DELAY_SECONDS = 0.2, 10.0
PULSE_SECONDS = 0.1
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SUPERVISORD = {
    "nodaemon": "true",
    "silent": "true",
    "logfile": "/dev/null",
    "logfile_maxbytes": "0",
    "nocleanup": "true",
    "minfds": "3",  # close nothing in a child: what may be inherited is named there
    "minprocs": "1",
}
PROGRAM = {
    "command": "/bin/sh",  # stands for the child's own, see execve
    "autorestart": "true",
    "startsecs": "10",  # a child that ran so long has earned a quick restart
    "startretries": str(2**31),
    "killasgroup": "true",  # but asked to stop alone: it knows how to end its own children
    "redirect_stderr": "true",
    "stdout_events_enabled": "true",
    "stdout_logfile": "NONE",
}
STOP_ORDER = {"others": "30", "web": "20"}  # web takes reports while the others end their tasks
SERVERS_LAST = "10"
MAX_LINE_BYTES = 4000  # with its prefix under the 4096 bytes that a pipe takes without waiting


class LogMultiplexer:
    """Writes lines with their process's name to a file descriptor, without waiting for its reader.

    When it takes nothing more, lines are counted and dropped; a line without end is cut.
    """

    def __init__(self, descriptor: int = 1) -> None:
        self._descriptor = descriptor
        self._dropped = 0
        self._is_closed = False
        self._unfinished: dict[str, bytes] = defaultdict(bytes)

    def feed(self, name: str, data: bytes) -> None:
        """Write the whole lines of a process's output; the rest waits for its end."""
        *whole, rest = (self._unfinished[name] + data).split(b"\n")
        if len(rest) > MAX_LINE_BYTES:
            whole, rest = [*whole, rest], b""
        self._unfinished[name] = rest
        for line in whole:
            self.write_lines(name, line.decode(errors="replace"))

    def write_lines(self, name: str, text: str) -> None:
        for line in text.splitlines():
            if self._dropped and self._write(f"{name:<8} | … {self._dropped} lines not shown"):
                self._dropped = 0
            if not self._write(f"{name:<8} | {line}"):
                self._dropped += 1

    def announce(self, text: str) -> None:
        for line in text.splitlines():
            self._write(line)

    def _write(self, line: str) -> bool:
        data = line.encode(errors="replace")[:MAX_LINE_BYTES] + b"\n"
        if self._is_closed or not select.select([], [self._descriptor], [], 0)[1]:
            return False
        try:
            os.write(self._descriptor, data)
        except OSError:  # the reader is gone
            self._is_closed = True
        return True


class ChildOptions(ServerOptions):
    """The options of supervisord, with our children in place of a configuration file."""

    first, test = True, False

    def __init__(self, children: list[ChildProcess]) -> None:
        super().__init__()
        self.children = {child.name: child for child in children}
        self._parent = os.getpid()
        parser = configparser.ConfigParser()
        parser["supervisord"] = SUPERVISORD
        for child in children:
            own = {"autostart": str(child.name == "web"), "stopwaitsecs": str(child.stop_seconds)}
            own["stopsignal"] = child.stop_signal.name.removeprefix("SIG")
            order = STOP_ORDER.get(child.name, SERVERS_LAST)
            parser[f"program:{child.name}"] = PROGRAM | own | {"priority": order}
        others = ",".join(c.name for c in children if not c.log and c.name != "web")
        if others:
            parser["group:others"] = {"programs": others, "priority": STOP_ORDER["others"]}
        self.configfile = io.StringIO()
        parser.write(self.configfile)
        self.configfile.seek(0)
        self.realize([])

    def execve(self, _: str, __: list[str], env: dict[str, str]) -> None:
        """Replace the forked process by the child, which ends when its parent does."""
        child = self.children[env["SUPERVISOR_PROCESS_NAME"]]
        die_with_parent(child.death_signal, self._parent)
        for descriptor in child.pass_fds:
            os.set_inheritable(descriptor, True)
        os.chdir(child.cwd or ".")
        os.execvpe(child.command[0], [*child.command], child.env or os.environ)  # noqa: S606  # nosec B606

    def write_pidfile(self) -> None:
        """Write none: DATA_DIR has a lock."""


class ProcessSupervisor(Supervisor):
    """Runs the children, also those that run already, until a signal comes."""

    def __init__(self, children: list[ChildProcess], data_dir: Path, database_url: str) -> None:
        super().__init__(ChildOptions(children))
        poll = self.options.poller.poll
        self.options.poller.poll = lambda _: poll(PULSE_SECONDS)
        self.console = LogMultiplexer()
        self.stalls = 0
        self.restarts: Counter[str] = Counter()
        self._tally_path = data_dir / "supervisor.json"
        self._database_url = database_url
        self._answered = threading.Event()
        self._begun: float | None = None

    def run_until_signal(self, address: tuple[str, int], when_ready: Callable[[], str]) -> None:
        """Start all and keep them running; announce what `when_ready` returns at the first answer."""
        self._address, self._when_ready = address, when_ready
        with contextlib.suppress(ExitNow):
            self.main()

    def runforever(self) -> None:
        """Run supervisord's loop, with our subscriptions and two watching threads."""
        events.subscribe(events.ProcessLogEvent, self._print_output)
        events.subscribe(events.ProcessStateEvent, self._follow_state)
        self.processes = {
            name: process
            for group in self.process_groups.values()
            for name, process in group.processes.items()
        }
        self._take_over_running()
        self._store_tally()
        self._begun = time.monotonic()
        watch = (self._database_url, self._restart_worker)
        threading.Thread(target=watch_worker, args=watch, daemon=True).start()
        threading.Thread(target=self._wait_for_answer, daemon=True).start()
        super().runforever()

    # --- starting and restarting

    def _take_over_running(self) -> None:
        for name, child in self.options.children.items():
            if child.process and child.running:
                process = self.processes[name]
                process.pid, process.laststart = child.process.pid, time.time()
                process.state = ProcessStates.STARTING
                self.options.pidhistory[process.pid] = process

    def tick(self, now: float | None = None) -> None:
        """Start the others when web answers; supervisord calls it at each turn of its loop."""
        super().tick(now)
        if self._begun is None or self.options.mood != SupervisorStates.RUNNING:
            return
        if self._answered.is_set() or time.monotonic() > self._begun + HEAD_START_SECONDS:
            for process in self.processes.values():
                if not process.laststart:
                    process.spawn()
        if self._answered.is_set():
            self.console.announce(self._when_ready())
            self._begun = None

    def _wait_for_answer(self) -> None:
        """Request /livez; the request waits in our own listening socket until web takes it."""
        while not self._answered.is_set():
            with contextlib.suppress(OSError), socket.create_connection(self._address) as line:
                line.sendall(b"GET /livez HTTP/1.0\r\nHost: localhost\r\n\r\n")
                if line.recv(16).startswith(b"HTTP/"):
                    self._answered.set()
            time.sleep(PULSE_SECONDS)

    def _follow_state(self, event: Any) -> None:
        """Kill what a dead child left; lengthen its pause after each early death."""
        process, state = event.process, event.process.state
        if state not in {ProcessStates.EXITED, ProcessStates.BACKOFF, ProcessStates.STOPPED}:
            return
        if process.pid:
            kill_group(process.pid)
        if state == ProcessStates.STOPPED or self.stopping:
            return
        pause = pause_seconds(process.backoff)
        process.delay = time.time() + pause
        self.restarts[process.config.name] += 1
        self._store_tally()
        name = process.config.name
        self.console.write_lines("serve", f"{name} ended, starts again in {pause:.1f} s")

    def _restart_worker(self) -> None:
        self.stalls += 1
        self.console.write_lines("serve", f"worker leases nothing: restarted ({self.stalls})")
        if pid := self.processes["worker"].pid:
            kill_group(pid)

    def _store_tally(self) -> None:
        restarts = {name: self.restarts[name] for name in self.processes}
        draft = self._tally_path.with_suffix(".new")
        with contextlib.suppress(OSError):  # a full disk stops no restart
            draft.write_text(json.dumps({"stalls": self.stalls, "restarts": restarts}))
            draft.replace(self._tally_path)

    def _print_output(self, event: Any) -> None:
        self.console.feed(event.process.config.name, event.data)

    # --- stopping

    def handle_signal(self) -> None:
        """Stop at the first signal; at a second kill all but the local servers."""
        if self.options.get_signal() not in STOP_SIGNALS:
            return
        if self.options.mood == SupervisorStates.RUNNING:
            self.console.write_lines("serve", "stopping …")
            self.options.mood = SupervisorStates.SHUTDOWN
            return
        for name, process in self.processes.items():
            if process.pid and not self.options.children[name].log:
                kill_group(process.pid)


def pause_seconds(early_deaths: int) -> float:
    """Return how long a child waits for its next start."""
    doubled = FIRST_DELAY_SECONDS * 2 ** min(early_deaths - 1, 10)
    return min(doubled, MAX_DELAY_SECONDS) if early_deaths else 0.0
