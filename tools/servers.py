"""What tests, measurements and the soak start: servers on free ports, in a clean environment."""

import os
import random
import shutil
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path

import psycopg2

from ops.child_process import ChildProcess
from ops.local_postgres import NAMESPACE

ROOT = Path(__file__).resolve().parent.parent
# Nothing of a developer's own environment: no alarm is mailed to anybody, no file laid by theirs.
UNSET = (
    "DATABASE_URL", "REDIS_URL", "SECRET_KEY", "FIELD_ENCRYPTION_KEYS", "BACKUP_KEY", "PORTAL_URL", "ALLOWED_HOSTS",
    "TRUSTED_PROXIES", "FILES_DIR", "EVIDENCE_URL", "EVIDENCE_STORE", "EMAIL_URL", "ALARM_EMAILS", "DEFAULT_FROM_EMAIL", "QUEUE_ALARM_AFTER_SECONDS",
    "METRICS_TOKEN", "TRACES_URL", "SIGNING_KEY", "CAP_KEY", "DEBUG", "OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET", "OIDC_SCOPES",
    "OIDC_CLAIM", "OIDC_SECOND_FACTOR_AMR",
)  # fmt: skip

SERVER_PORTS = range(10_000, 32_768)  # below those of ip_local_port_range

# The shell of Debian's Chromium takes two thirds of the time of the browser with menus and tabs.
CHROMIUM = (
    os.environ.get("CHROMIUM")
    or shutil.which("chromium-headless-shell")
    or shutil.which("chromium")
)


def prepare_nginx(
    folder: Path, port: int, upstream: int, static_pages: Path | None = None
) -> ChildProcess:
    """The image's nginx before 127.0.0.1:upstream, ready to be started: the very configuration,
    as an ordinary user; `folder` is its root and all that it may write, `static_pages` the kept pages.
    """
    folder.mkdir(exist_ok=True)
    env = {
        "PATH": f"{os.environ['PATH']}:/usr/sbin",
        "LISTEN": f"127.0.0.1:{port}",
        "UPSTREAM": f"127.0.0.1:{upstream}",
        "SCRATCH": str(folder),
        "STATIC_PAGES": str(static_pages or folder / "static-pages"),
        "ROOT": str(folder),
    }
    return ChildProcess(
        "front",
        [*(NAMESPACE if os.geteuid() == 0 else ()), str(ROOT / "docker" / "front.sh")],
        env=env,
        log=folder / "front.log",
        death_signal=signal.SIGTERM,  # on kill -9 nginx would leave its workers behind
    )


def find_free_port() -> int:
    """A port that no client's connection is given as its own: while a server is away from one of
    those, it may be taken.
    """
    for port in random.SystemRandom().sample(SERVER_PORTS, len(SERVER_PORTS)):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise RuntimeError("no free port")


def is_listening(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1):
            return True
    except OSError:
        time.sleep(0.05)
        return False


def is_accepting_connections(database: str) -> bool:
    try:
        psycopg2.connect(database, connect_timeout=1).close()
    except psycopg2.OperationalError:
        time.sleep(0.05)
        return False
    return True
