"""`python -m portal.health ROLE`: is this process doing its work? For the image's health checks.

Exit code 0 for yes. A worker that claims nothing while items wait is ended, so that the
container's restart policy brings a new one: outside the image the supervisor does the same.
"""

import contextlib
import http.client
import json
import os
import signal
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

from portal.roles import BASE_DIR
from portal.stalls import Progress, first_in_line
from portal.supervisor import database_address

MEMORY = "worker-health.json"  # in DATA_DIR
BEAT_PATIENCE = 600.0


def data_dir() -> Path:
    return Path(os.environ.get("DATA_DIR") or BASE_DIR / "var")


def web() -> bool:
    """The page that says so answers; asked as the front server would ask."""
    host = urlsplit(os.environ.get("PORTAL_URL", "")).netloc or "127.0.0.1"
    line = http.client.HTTPConnection("127.0.0.1", int(os.environ.get("PORT") or 8000), timeout=5)
    with contextlib.closing(line):
        line.request("GET", "/livez", headers={"Host": host, "X-Forwarded-Proto": "https"})
        return line.getresponse().status == http.client.OK


def processes(*words: str) -> list[int]:
    """The processes of this portal with all these words among their arguments."""
    ours = f"DATA_DIR={os.environ.get('DATA_DIR', '')}".encode()
    sought = {word.encode() for word in words}
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it ended meanwhile, or is somebody else's
            arguments = set((entry / "cmdline").read_bytes().split(b"\0"))
            if sought <= arguments and ours in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
    return found


def relay() -> bool:
    return bool(processes(str(BASE_DIR / "manage.py"), "relay"))


def beat() -> bool:
    """It writes its schedule down every few minutes."""
    written = [path.stat().st_mtime for path in data_dir().glob("beat-schedule*")]
    return bool(written) and time.time() - max(written) < BEAT_PATIENCE


def worker() -> bool:
    """Something was claimed since the last question, or nothing waits. What cannot be asked
    because the database is away is not the worker's fault.
    """
    progress, now = Progress(), time.time()
    memory = data_dir() / MEMORY
    if memory.exists():
        progress.recall(json.loads(memory.read_text()))
    rows = first_in_line(database_address(os.environ))
    stalled = rows is not None and progress.stalled(rows, now)
    memory.write_text(json.dumps(progress.memory()))
    if stalled:
        for number in processes("celery", "worker"):
            os.kill(number, signal.SIGKILL)
    return bool(processes("celery", "worker")) and not stalled


def main() -> int:
    checks = {"web": web, "relay": relay, "worker": worker, "beat": beat}
    try:
        return 0 if checks[sys.argv[1]]() else 1
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
