"""`python -m ops.healthcheck ROLE`: the image's health checks.

Exit code 0 for healthy, 1 for not, 64 for an unknown role. A worker that leases nothing while items
wait is killed, so that the restart policy brings a new one.
"""

import contextlib
import http.client
import json
import os
import signal
import sys
import time
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from ops.child_process import StartError
from ops.local_services import env_value_given, read_env
from ops.process_commands import BASE_DIR, resolve_data_dir
from ops.serve import resolve_database_url
from ops.worker_stall_probe import Progress, list_first_items

STATE_FILE = "worker-health.json"  # in DATA_DIR
BEAT_TIMEOUT_SECONDS = 600.0


def load_environment() -> dict[str, str]:
    """Return the environment and DATA_DIR/local.env. Raises StartError when no database is named."""
    own = {name: value for name, value in os.environ.items() if value}
    env = read_env(resolve_data_dir()) | own
    if not env_value_given("DATABASE_URL", env):
        raise StartError("no DATABASE_URL is given: is DATA_DIR set as for `make run`?")
    return env


def is_web_healthy() -> bool:
    """Return whether /livez answers a request as the front server sends it."""
    host = urlsplit(os.environ.get("PORTAL_URL", "")).netloc or "127.0.0.1"
    port = int(os.environ.get("PORT") or 8000)
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as web:
        web.request("GET", "/livez", headers={"Host": host, "X-Forwarded-Proto": "https"})
        return web.getresponse().status == http.client.OK


def find_processes(*words: str) -> list[int]:
    """Return the ids of this portal's processes that have all these words among their arguments."""
    own_setting = f"DATA_DIR={resolve_data_dir()}".encode()
    sought = {word.encode() for word in words}
    pids = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended meanwhile, or is somebody else's
            arguments = set((entry / "cmdline").read_bytes().split(b"\0"))
            if sought <= arguments and own_setting in (entry / "environ").read_bytes().split(b"\0"):
                pids.append(int(entry.name))
    return pids


def is_relay_healthy() -> bool:
    return bool(find_processes(str(BASE_DIR / "manage.py"), "run_outbox_relay"))


def is_beat_healthy() -> bool:
    """Return whether beat has stored its schedule lately, which it does every few minutes."""
    written = [path.stat().st_mtime for path in resolve_data_dir().glob("beat-schedule*")]
    return bool(written) and time.time() - max(written) < BEAT_TIMEOUT_SECONDS


def is_worker_healthy() -> bool:
    """Return whether items were leased since the last check or none waits; also True without a database."""
    progress, now = Progress(), time.time()
    state_file = resolve_data_dir() / STATE_FILE
    with contextlib.suppress(OSError, ValueError, LookupError, TypeError):  # none, or broken off
        progress.import_state(json.loads(state_file.read_text()))
    rows = list_first_items(resolve_database_url(load_environment()))
    stalled = rows is not None and progress.is_stalled(rows, now)
    state_file.write_text(json.dumps(progress.export_state()))
    if stalled:
        for number in find_processes("celery", "worker"):
            os.kill(number, signal.SIGKILL)
    return bool(find_processes("celery", "worker")) and not stalled


CHECKS: dict[str, Callable[[], bool]] = {
    "web": is_web_healthy,
    "relay": is_relay_healthy,
    "worker": is_worker_healthy,
    "beat": is_beat_healthy,
}


def main() -> int:
    check = CHECKS.get(" ".join(sys.argv[1:]))
    if check is None:
        sys.stderr.write(f"usage: python -m ops.healthcheck {'|'.join(CHECKS)}\n")
        return 64
    try:
        return 0 if check() else 1
    except (OSError, ValueError, LookupError, HTTPException, StartError) as error:
        sys.stderr.write(f"{check.__name__}: {str(error) or type(error).__name__}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
