"""What is measured, started for the measurement: database, broker, portal, bare views."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psycopg2

from ops.child_process import ChildProcess
from ops.local_postgres import NAMESPACE
from ops.local_services import LocalServices, local_services

ROOT = Path(__file__).resolve().parent.parent
# Nothing of a developer's own environment: no alarm is mailed to anybody, no file laid by theirs.
UNSET = (
    "DATABASE_URL", "REDIS_URL", "SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "BACKUP_KEY", "PORTAL_URL", "ALLOWED_HOSTS",
    "TRUSTED_PROXIES", "FILES_DIR", "EMAIL_URL", "ALARM_EMAILS", "DEFAULT_FROM_EMAIL", "QUEUE_ALARM_AFTER_SECONDS",
    "METRICS_TOKEN", "SIGNING_KEY", "CAP_KEY", "DEBUG", "OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_SCOPES",
    "OIDC_CLAIM", "OIDC_SECOND_FACTOR_AMR",
)  # fmt: skip
Served = tuple[ChildProcess, int]
GUNICORN = ["-m", "gunicorn", "--config", "python:portal.gunicorn"]


@dataclass
class Ground:
    """A migrated database and a broker of their own, and who else was started on them."""

    env: dict[str, str]
    folder: Path
    services: LocalServices
    stack: ExitStack = field(default_factory=ExitStack)

    def start(self, name: str, *command: str, **env: str) -> ChildProcess:
        """A process of Python that lives until the ground is left."""
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

    def serving(self, name: str, application: str) -> Served:
        """The same, with the process."""
        port = free_port()
        child = self.start(name, *GUNICORN, application, "--bind", f"127.0.0.1:{port}")
        child.wait_until_ready(lambda: answers(port))
        return child, port

    def restart_postgres(self, **options: str) -> None:
        """Start the database anew with options of PostgreSQL's own; before anybody uses it."""
        server = next(child for child in self.services.children if child.name == "postgres")
        server.stop(15.0)
        extra = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        server.command = [*server.command, *extra]
        server.start()
        server.wait_until_ready(lambda: takes_connections(self.env["DATABASE_URL"]))

    def manage(self, *arguments: str, settings: str = "portal.settings") -> None:
        env = self.env | {"DJANGO_SETTINGS_MODULE": settings}
        command = [sys.executable, "manage.py", *arguments]
        subprocess.run(command, cwd=ROOT, env=env, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def ground() -> Iterator[Ground]:
    """Everything stands on this, in a temporary folder, and is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        environ = {key: value for key, value in os.environ.items() if key not in UNSET}
        services = stack.enter_context(local_services(folder, environ=environ))
        ours = services.env | {"DATA_DIR": name, "RATE_LIMITS": "count", "PORT": str(free_port())}
        found = Ground(
            environ | ours | {"SECRET_KEY": secrets.token_hex(32)}, folder, services, stack
        )
        found.manage("migrate", "--verbosity", "0")
        found.manage("setup_desk")
        yield found


def front_server(
    folder: Path, port: int, upstream: int, snapshots: Path | None = None
) -> ChildProcess:
    """The image's nginx before 127.0.0.1:upstream, ready to be started: the very configuration,
    as an ordinary user; `folder` is its root and all that it may write, `snapshots` the kept pages.
    """
    folder.mkdir(exist_ok=True)
    env = {
        "PATH": f"{os.environ['PATH']}:/usr/sbin",
        "LISTEN": f"127.0.0.1:{port}",
        "UPSTREAM": f"127.0.0.1:{upstream}",
        "SCRATCH": str(folder),
        "SNAPSHOTS": str(snapshots or folder / "snapshots"),
        "ROOT": str(folder),
    }
    return ChildProcess(
        "front",
        [*(NAMESPACE if os.geteuid() == 0 else ()), str(ROOT / "docker" / "front.sh")],
        env=env,
        log=folder / "front.log",
        death_signal=signal.SIGTERM,  # on kill -9 nginx would leave its workers behind
    )


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        time.sleep(0.05)
        return False


def takes_connections(database: str) -> bool:
    try:
        psycopg2.connect(database, connect_timeout=1).close()
    except psycopg2.OperationalError:
        time.sleep(0.05)
        return False
    return True
