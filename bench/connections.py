"""Bar 15: connections to the database, by whom they are held."""

import time
from collections import Counter
from collections.abc import Iterator

from bench import load
from bench.harness import Result
from bench.servers import BenchServers
from portal import gunicorn
from tools import report_requests

BURST = 10.0  # seconds
IDLE = 10.0
CHILDREN = 2  # of the Celery worker (ops/process_commands.py)
# The relay's ear and its watch, beat's lock, and the supervisor's look at what waits.
OURS = 4
ALLOWED = gunicorn.workers * gunicorn.threads + CHILDREN + OURS
SELECT_CONNECTIONS_SQL = """
SELECT application_name FROM pg_stat_activity
 WHERE datname = current_database() AND backend_type = 'client backend'
   AND pid <> pg_backend_pid()
"""


def count_connections(servers: BenchServers) -> Iterator[Result]:
    """The whole stack as `manage.py serve` runs it, after a burst and when nobody asks."""
    port = int(servers.env["PORT"])
    servers.start_portal()
    load.run_load(port, report_requests.make_reports(port), 32, BURST)
    yield _make_result("after a burst", _count_by_application(servers))
    time.sleep(IDLE)
    yield _make_result("idle", _count_by_application(servers))


def _make_result(when: str, names: "Counter[str]") -> Result:
    what = (
        f"connections {when} (8 web threads, 2 Celery children, relay, its watch, beat, supervisor)"
    )
    return Result(15, what, names.total(), most=ALLOWED, detail=dict(names))


def _count_by_application(servers: BenchServers) -> "Counter[str]":
    return Counter(name for (name,) in servers.select(SELECT_CONNECTIONS_SQL))
