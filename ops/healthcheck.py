"""`python -m ops.healthcheck ROLE`: the image's health checks.

Exit code 0 for healthy, 1 for not, 64 for an unknown role. Docker starts nothing again for being
unhealthy: what hangs is killed here (web that answers nothing, a relay or beat that does nothing, a
worker that leases nothing while items wait), and the restart policy brings a new one.
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

from core.database import session_name
from ops.child_process import StartError
from ops.local_services import env_value_given, read_env
from ops.process_commands import BASE_DIR, resolve_data_dir
from ops.serve import resolve_database_url
from ops.worker_stall_probe import Progress, list_first_items, query

STATE_FILE = "worker-health.json"  # in DATA_DIR
WEB_ATTEMPTS, WEB_TIMEOUT_SECONDS = 6, 5.0
# Relay and beat have a session each, which asks something every few seconds; before they connect there is none. A job that
# they do themselves while Valkey is away takes a minute at most. Only one beat has the lock.
SELECT_SESSION_SQL = """
    SELECT max(state_change) < clock_timestamp() - interval '2 minutes', count(pg_locks.pid)
      FROM pg_stat_activity AS session
      LEFT JOIN pg_locks ON pg_locks.pid = session.pid AND locktype = 'advisory'
     WHERE application_name = '{}' AND datname = current_database()
"""


def load_environment() -> dict[str, str]:
    """Return the environment and DATA_DIR/local.env. Raises StartError when no database is named."""
    own = {name: value for name, value in os.environ.items() if value}
    env = read_env(resolve_data_dir()) | own
    if not env_value_given("DATABASE_URL", env):
        raise StartError("no DATABASE_URL is given: is DATA_DIR set as for `make run`?")
    return env


def is_web_healthy() -> bool:
    """Return whether /livez answers; gunicorn that takes connections and answers none is killed."""
    for _ in range(WEB_ATTEMPTS):
        with contextlib.suppress(TimeoutError):
            return _answers_livez()
    return kill_hanging("gunicorn")


def _answers_livez() -> bool:
    """Return whether it answers a request as the front server sends it."""
    host = urlsplit(os.environ.get("PORTAL_URL", "")).netloc or "127.0.0.1"
    port = int(os.environ.get("PORT") or 8000)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=WEB_TIMEOUT_SECONDS)
    with contextlib.closing(connection) as web:
        web.request("GET", "/livez", headers={"Host": host, "X-Forwarded-Proto": "https"})
        return web.getresponse().status == http.client.OK


def kill_hanging(*words: str) -> bool:
    """Kill these processes and return False: their role is not healthy."""
    for number in find_processes(*words):
        os.kill(number, signal.SIGKILL)
    return False


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
    return _is_asking_database("outbox", str(BASE_DIR / "manage.py"), "run_outbox_relay")


def is_beat_healthy() -> bool:
    return _is_asking_database("beat", "celery", "beat")


def _is_asking_database(role: str, *words: str) -> bool:
    """Return whether the process runs; kill one whose session is silent while the database answers."""
    statement = SELECT_SESSION_SQL.format(session_name(role, resolve_data_dir()))
    ((is_silent, locks),) = query(resolve_database_url(load_environment()), statement) or [
        (None, 1)
    ]
    if is_silent:
        return kill_hanging(*words)
    if role == "beat" and is_silent is False and not locks:
        sys.stdout.write("waiting: the beat of another host works\n")
    return bool(find_processes(*words))


def is_backup_healthy() -> bool:
    """Return whether it waits for the night; that an archive is late, the alarms tell."""
    return bool(find_processes(str(BASE_DIR / "docker" / "entrypoint.sh"), "backup"))


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
        return kill_hanging("celery", "worker")
    return bool(find_processes("celery", "worker"))


CHECKS: dict[str, Callable[[], bool]] = {
    "web": is_web_healthy,
    "relay": is_relay_healthy,
    "worker": is_worker_healthy,
    "beat": is_beat_healthy,
    "backup": is_backup_healthy,
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
