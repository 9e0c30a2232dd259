"""The whole portal, seen from outside: PostgreSQL, Valkey, `manage.py serve` and, where wanted, the
front server. Each may be killed, frozen, stopped and started again on the same data.
"""

import atexit
import contextlib
import fcntl
import http.client
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import psycopg2
import redis

from ops.child_process import ChildProcess, last_line
from ops.local_postgres import postgres_is_ready, postgres_url, prepare_postgres
from ops.local_services import VALKEY_SOCKET, prepare_valkey, valkey_is_ready
from tools.process_memory import find_pids_by_role, measure_anonymous_by_role
from tools.servers import ROOT, UNSET, find_free_port, is_listening, prepare_nginx

TIMEOUT_SECONDS = 30.0
IDLE_TIMEOUT_SECONDS = 90.0  # what reads has what pages leave of the machine
STOP_TIMEOUT_SECONDS = 40.0  # above what the supervisor gives to requests and tasks under way
ROLES = ("web master", "web worker", "relay", "worker", "worker child", "beat")
FIELD_KEY = urlsafe_b64encode(b"of the database that all copy ..").decode()
PREPARED = "PREPARED_STACK"  # a folder in which several processes prepare that database once
COUNT_WAITING_SQL = (
    "SELECT count(*) FROM core_outboxitem WHERE done_at IS NULL AND failed_at IS NULL"
)
EXPIRE_LEASES_SQL = """
UPDATE core_outboxitem
   SET due_at = statement_timestamp(),
       leased_until = CASE WHEN leased_until IS NOT NULL THEN statement_timestamp() END
 WHERE done_at IS NULL AND failed_at IS NULL
"""


@dataclass
class PortalStack:
    """Servers by name in `children`: postgres, valkey, serve, front; what is killed stays away
    until it is started again. `options` are PostgreSQL's own, as in {"max_connections": "20"}.
    """

    folder: Path
    port: int
    env: dict[str, str] = field(repr=False)
    options: Mapping[str, str]
    durable: bool
    children: dict[str, ChildProcess] = field(default_factory=dict)
    front_port: int = 0
    code: Path = ROOT  # of the version that runs: this checkout, or an older one

    # --- PostgreSQL

    @property
    def database(self) -> str:
        return self.env["DATABASE_URL"]

    def start_postgres(self) -> None:
        """Start it, after a crash too, and wait until it answers."""
        server = prepare_postgres(self.folder, self.folder, durable=self.durable)
        extra = [part for name, value in self.options.items() for part in ("-c", f"{name}={value}")]
        server.command = [*server.command, *extra]
        self._start("postgres", server, lambda: postgres_is_ready(self.folder))

    def stop_postgres(self) -> None:
        """Fast: cuts connections, writes everything down."""
        self.children["postgres"].stop(TIMEOUT_SECONDS)

    def kill_postgres(self) -> None:
        """Kill -9 of the server and of all that work for it."""
        self.children["postgres"].kill_process_group()
        self.signal_postgres(signal.SIGKILL)
        wait_until(lambda: not _find_processes_in(self.folder / "postgres"))

    def signal_postgres(self, number: signal.Signals) -> None:
        """To the server and to all that work for it, those too that begin meanwhile: after SIGSTOP
        it accepts and never answers.
        """
        signalled = set[int]()
        while new := {*_find_processes_in(self.folder / "postgres")} - signalled:
            for pid in new:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, number)
            signalled |= new

    def ask(self, question: str, values: Any = None) -> list[Any]:
        """The rows of a statement, in autocommit on a connection of its own.

        Raises psycopg2.Error.
        """
        with closing(psycopg2.connect(self.database, connect_timeout=3)) as line:
            line.autocommit = True
            with line.cursor() as cursor:
                cursor.execute(question, values)
                return list(cursor.fetchall()) if cursor.description else []

    # --- Valkey

    def start_valkey(self) -> None:
        server = prepare_valkey(self.folder, self.folder)
        self._start("valkey", server, lambda: valkey_is_ready(self.folder))

    def broker(self) -> "redis.Redis":
        return redis.Redis(unix_socket_path=str(self.folder / VALKEY_SOCKET), socket_timeout=5)

    # --- the portal

    def start_serve(self, *options: str, wait: bool = True, **env: str) -> ChildProcess:
        """`manage.py serve`; with `wait`, until the first page is answered."""
        child = self._python("serve", "manage.py", "serve", *options, **env)
        if wait:
            child.wait_until_ready(self.is_serving)
        return child

    def replace_serve(self, **env: str) -> None:
        """A new version in place of the old, as docs/operations/deploy.md tells: it is started first
        and waits for the port, then the old one is asked to end.
        """
        old = self.children.pop("serve")
        new = self.start_serve("--wait", "60", wait=False, **env)
        self.children["leaving"] = old
        old.stop(STOP_TIMEOUT_SECONDS)
        new.wait_until_ready(self.is_serving)

    def is_serving(self) -> bool:
        return is_web_ready(self.port)

    def start_front(self) -> None:
        """The front server of the image, before the portal; it stays when the portal dies."""
        self.front_port = find_free_port()
        static_pages = Path(self.env["DATA_DIR"]) / "static-pages"
        child = prepare_nginx(self.folder / "front", self.front_port, self.port, static_pages)
        self._start("front", child, lambda: is_listening(self.front_port))

    def manage(self, *arguments: str, **env: str) -> str:
        """What a management command prints; it has to succeed."""
        return self.run_python("manage.py", *arguments, **env)

    def run_python(self, *arguments: str, **env: str) -> str:
        """What a program of the portal prints; it has to succeed."""
        done = subprocess.run(
            [sys.executable, *arguments], cwd=self.code, env=self.env | env, capture_output=True,
            text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, last_line(done.stderr)
        return done.stdout

    def balance(self) -> dict[str, Any]:
        status: dict[str, Any] = json.loads(self.manage("queue_status", "--json"))
        return status

    # --- processes

    def pids(self, role: str) -> list[int]:
        """The processes of a role (ROLES, or "supervisor") as they run now."""
        serve = self.children["serve"].process
        return find_pids_by_role(serve.pid).get(role, []) if serve else []

    def memory(self) -> dict[str, list[float]]:
        """What each process has in memory, in MB by role."""
        serve = self.children["serve"].process
        return measure_anonymous_by_role(serve.pid) if serve else {}

    def kill(self, *roles: str, most: int | None = None) -> int:
        """Kill -9 of the processes of these roles, or of so many of them; how many there were."""
        pids = [pid for role in roles for pid in self.pids(role)][:most]
        for pid in pids:
            _kill(pid)
        return len(pids)

    def kill_child(self, name: str) -> None:
        """Kill -9 of a server by its name; "serve" is the supervisor, whom the portal follows."""
        self.children[name].kill_process_group()

    def freeze(self, name: str) -> None:
        self._signal(name, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        self._signal(name, signal.SIGCONT)

    def terminate(self, name: str = "serve") -> int | None:
        """SIGTERM, then wait for the end; its exit code."""
        return self.children[name].stop(STOP_TIMEOUT_SECONDS)

    # --- waiting

    def wait_until_idle(self, seconds: float = IDLE_TIMEOUT_SECONDS) -> bool:
        """Whether nothing waits in time; a database that is away counts as waiting."""
        return wait_until(
            lambda: _holds_without_error(lambda: self.ask(COUNT_WAITING_SQL) == [(0,)]), seconds
        )

    def expire_leases(self) -> None:
        """Fifteen seconds go by, in the database alone."""
        self.ask(EXPIRE_LEASES_SQL)

    def wait_for_roles(self, seconds: float = TIMEOUT_SECONDS) -> bool:
        """Whether every role runs in time; a worker's children come last."""
        return wait_until(lambda: all(map(self.pids, ROLES)), seconds)

    def stop(self) -> None:
        """End everything at once: the data is thrown away."""
        for child in reversed(self.children.values()):
            child.kill_process_group()
        self.kill_postgres()

    def _python(self, name: str, *arguments: str, **env: str) -> ChildProcess:
        log = self.folder / f"{name}.log"
        command = [sys.executable, *arguments]
        child = ChildProcess(name, command, env=self.env | env, cwd=self.code, log=log)
        self._begin(name, child)
        return child

    def _start(self, name: str, child: ChildProcess, ready: Callable[[], bool]) -> None:
        self._begin(name, child)
        child.wait_until_ready(ready)

    def _begin(self, name: str, child: ChildProcess) -> None:
        if before := self.children.get(name):
            before.kill_process_group()
        self.children[name] = child
        child.start()

    def _signal(self, name: str, number: signal.Signals) -> None:
        process = self.children[name].process
        assert process, f"{name} does not run"
        process.send_signal(number)


@contextmanager
def portal_stack(
    *,
    front: bool = False,
    durable: bool = False,
    options: Mapping[str, str] | None = None,
    code: Path = ROOT,
    **env: str,
) -> Iterator[PortalStack]:
    """Everything up: migrated, `setup_desk` done, every role running; gone afterwards.

    Start it from a thread that outlives it: children end with the thread that started them.
    """
    with tempfile.TemporaryDirectory(prefix="portal-stack-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        port = find_free_port()
        env = _make_stack_environment(folder, port) | env
        ours = PortalStack(folder, port, env, options or {}, durable, code=code)
        try:
            shutil.copytree(_prepare_database(code), folder / "postgres")
            ours.start_postgres()
            ours.start_valkey()
            ours.start_serve()
            if front:
                ours.start_front()
            assert ours.wait_for_roles(), "a role is missing"
            yield ours
        finally:
            ours.stop()


@contextmanager
def second_host(first: PortalStack) -> Iterator[PortalStack]:
    """A portal with a port and a data folder of its own on the base of the first, every role running."""
    folder = first.folder / "second"
    folder.mkdir()
    port = find_free_port()
    own = {"DATA_DIR": str(folder), "PORT": str(port)}
    ours = replace(first, folder=folder, port=port, env=first.env | own, children={}, front_port=0)
    try:
        ours.start_serve()
        assert ours.wait_for_roles(IDLE_TIMEOUT_SECONDS), "a role is missing"
        yield ours
    finally:
        ours.children["serve"].kill_process_group()


@cache
def _prepare_database(code: Path) -> Path:
    """PostgreSQL's data, migrated and with a desk, of which each stack has a copy: made once in a
    process, eight seconds, or, of this version, once for all that name a folder for it.
    """
    shared = os.environ.get(PREPARED)
    if not shared or code != ROOT:
        folder = Path(tempfile.mkdtemp(prefix="foundation-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        return _fill_database(folder, code)
    with Path(f"{shared}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = Path(shared)
        if not folder.exists():
            half = Path(f"{shared}.half")
            half.mkdir()
            _fill_database(half, code)
            half.rename(folder)
    return folder / "postgres"


def _fill_database(folder: Path, code: Path) -> Path:
    ours = PortalStack(folder, 0, _make_stack_environment(folder, 0), {}, durable=False, code=code)
    ours.start_postgres()
    try:
        ours.manage("migrate", "--verbosity", "0")
        ours.manage("setup_desk")
        ours.stop_postgres()
    finally:
        ours.stop()
    return folder / "postgres"


def _make_stack_environment(folder: Path, port: int) -> dict[str, str]:
    data_dir = folder / "serve"  # its local.env and its lock
    data_dir.mkdir()
    return make_environment(
        DATABASE_URL=postgres_url(folder),
        REDIS_URL=f"unix://{folder / VALKEY_SOCKET}?db=0",
        DATA_DIR=str(data_dir),
        PORT=str(port),
    )


def make_environment(**own: str) -> dict[str, str]:
    """The environment of a portal under test: nothing of a developer's own, and counted limits."""
    inherited = {name: value for name, value in os.environ.items() if name not in UNSET}
    keys = {"SECRET_KEY": secrets.token_urlsafe(50), "FIELD_ENCRYPTION_KEYS": FIELD_KEY}
    return inherited | keys | {"RATE_LIMITS": "count"} | own


def is_web_ready(port: int) -> bool:
    """Whether web itself answers, not only its listening socket."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    with closing(line), contextlib.suppress(OSError, http.client.HTTPException):
        line.request("GET", "/livez")
        return line.getresponse().status == http.client.OK
    return False


def wait_until(holds: Callable[[], bool], seconds: float = TIMEOUT_SECONDS) -> bool:
    """Whether something comes true in time; what starts meanwhile needs the processor more."""
    end, pause = time.monotonic() + seconds, 0.005
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(pause)
        pause = min(2 * pause, 0.1)
    return True


def _holds_without_error(holds: Callable[[], bool]) -> bool:
    with contextlib.suppress(psycopg2.Error):
        return holds()
    return False


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _find_processes_in(folder: Path) -> list[int]:
    """Processes whose working directory this is: a PostgreSQL server stands in its data."""
    pids = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (entry / "cwd").samefile(folder):
                pids.append(int(entry.name))
    return pids
