"""What is measured, started for the measurement: database, broker, portal, bare views."""

import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.databases import open_cursor
from ops.child_process import ChildProcess
from ops.local_services import LocalServices, local_services
from tools.process_memory import list_process_tree
from tools.servers import ROOT, UNSET, find_free_port, is_accepting_connections, is_listening

Served = tuple[ChildProcess, int]
GUNICORN = ["-m", "gunicorn", "--config", "python:portal.gunicorn"]


@dataclass
class BenchServers:
    """A migrated database and a broker of their own, and who else was started on them."""

    env: dict[str, str]
    folder: Path
    services: LocalServices
    stack: ExitStack = field(default_factory=ExitStack)

    def start(self, name: str, *command: str, **env: str) -> ChildProcess:
        """A process of Python that lives until the servers is left."""
        child = ChildProcess(
            name,
            [sys.executable, *command],
            env=self.env | env,
            cwd=ROOT,
            log=self.folder / f"{name}.log",
        )
        self.stack.callback(child.stop, 10.0)
        child.start()
        return child

    def serve(self, name: str, application: str) -> int:
        """Start gunicorn as the portal runs it; its port."""
        return self.serving(name, application)[1]

    def serving(self, name: str, application: str, **env: str) -> Served:
        """The same, with the process."""
        port = find_free_port()
        child = self.start(name, *GUNICORN, application, "--bind", f"127.0.0.1:{port}", **env)
        child.wait_until_ready(lambda: is_listening(port))
        return child, port

    @property
    def postgres(self) -> ChildProcess:
        return next(child for child in self.services.children if child.name == "postgres")

    def restart_postgres(self, **options: str) -> None:
        """Start the database anew with options of PostgreSQL's own; before anybody uses it."""
        server = self.postgres
        server.stop(15.0)
        extra = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        server.command = [*server.command, *extra]
        server.start()
        server.wait_until_ready(lambda: is_accepting_connections(self.env["DATABASE_URL"]))

    def start_portal(self) -> ChildProcess:
        """Start the whole portal as `manage.py serve` runs it, at the port of the environment."""
        # The folder of these servers is locked by them.
        serve = self.start("serve", "manage.py", "serve", DATA_DIR=str(self.folder / "serve"))
        serve.wait_until_ready(lambda: is_listening(int(self.env["PORT"])))
        return serve

    def run_client(self, module: str, *words: object, **env: str) -> Any:
        """Return what a measuring process of its own prints as JSON."""
        command = [sys.executable, "-m", module, *map(str, words)]
        done = subprocess.run(
            command, cwd=ROOT, env=self.env | env, check=True, stdout=subprocess.PIPE, text=True
        )
        return json.loads(done.stdout)

    def select(self, question: str) -> list[Any]:
        """Return the rows of a statement."""
        with open_cursor(self.env["DATABASE_URL"]) as cursor:
            cursor.execute(question)
            return list(cursor.fetchall())

    def manage(self, *arguments: str, settings: str = "portal.settings") -> None:
        env = self.env | {"DJANGO_SETTINGS_MODULE": settings}
        command = [sys.executable, "manage.py", *arguments]
        subprocess.run(command, cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL)


def read_cpu_seconds(child: ChildProcess, program: bytes = b"") -> float:
    """What a server's processes have used so far, those of `program` where it is named."""
    assert child.process
    used = 0
    for pid, _ in list_process_tree(child.process.pid, 0):
        if program in Path(f"/proc/{pid}/cmdline").read_bytes():
            after_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            used += int(after_name[11]) + int(after_name[12])
    return used / os.sysconf("SC_CLK_TCK")


@contextmanager
def bench_servers() -> Iterator[BenchServers]:
    """Everything stands on this, in a temporary folder, and is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        environ = {key: value for key, value in os.environ.items() if key not in UNSET}
        services = stack.enter_context(local_services(folder, environ=environ))
        ours = services.env | {
            "DATA_DIR": name,
            "RATE_LIMITS": "count",
            "PORT": str(find_free_port()),
        }
        servers = BenchServers(
            environ | ours | {"SECRET_KEY": secrets.token_hex(32)}, folder, services, stack
        )
        servers.manage("migrate", "--verbosity", "0")
        servers.manage("setup_desk")
        yield servers
