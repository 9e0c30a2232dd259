"""Settings of gunicorn; supervisor and image add the address (`--bind`). Two processes of four
threads: requests wait for PostgreSQL more than they compute, and eight connections are the limit.
"""

import itertools
import os
import signal
import threading
from pathlib import Path
from typing import Any

from ops.child_process import die_with_parent, freeze_loaded_objects

worker_class = "gthread"
workers = 2
threads = 4
# A worker that dies is replaced by a fork, in no time; and the code is read once, not twice.
preload_app = True
timeout = 30
graceful_timeout = 8
keepalive = 5
# A head of a request: its first line, how many lines follow, how long each may be.
limit_request_line = 4094
limit_request_fields = 60
limit_request_field_size = 8190
control_socket_disable = True
# Heartbeats of the workers: on a disk they would stall with the disk.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108  # nosec B108
# Who asked for what is nobody's business: the front server counts, nobody writes it down.
accesslog = None
errorlog = "-"
loglevel = "warning"


def when_ready(_: Any) -> None:
    """Map what workers share, then freeze what is loaded."""
    from portal.middleware import shared_counts  # noqa: PLC0415  # Django is set up by now

    shared_counts()
    freeze_loaded_objects()


def pre_fork(server: Any, worker: Any) -> None:
    """Choose the row in which a worker counts: the first in which no other does."""
    used = {each.row for each in server.WORKERS.values()}
    worker.row = next(row for row in itertools.count() if row not in used)


def post_fork(server: Any, worker: Any) -> None:
    """End a worker with its master, so that the port is free at once; let it count and watch itself."""
    from portal.middleware import shared_counts, watch_threads  # noqa: PLC0415

    die_with_parent(signal.SIGKILL, server.pid or os.getppid())
    shared_counts().use_row(worker.row)
    threading.Thread(target=watch_threads, args=(threads,), name="threads", daemon=True).start()
