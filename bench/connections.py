"""Bar 15: connections to the database, by whom they are held."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing

import psycopg2

from bench import load, requests
from bench.harness import Result
from bench.servers import Ground, answers
from portal import gunicorn

BURST = 10.0  # seconds
IDLE = 10.0
CHILDREN = 2  # of the Celery worker (ops/process_commands.py)
# The relay's ear and its watch, and the supervisor's look at what waits.
OURS = 3
ALLOWED = gunicorn.workers * gunicorn.threads + CHILDREN + OURS
HELD = """
SELECT application_name FROM pg_stat_activity
 WHERE datname = current_database() AND backend_type = 'client backend'
   AND pid <> pg_backend_pid()
"""


def held(ground: Ground) -> Iterator[Result]:
    """The whole stack as `manage.py serve` runs it, after a burst and when nobody asks."""
    port = int(ground.env["PORT"])
    serve = ground.start("serve", "manage.py", "serve", DATA_DIR=str(ground.folder / "serve"))
    serve.wait_until_ready(lambda: answers(port))
    load.run(port, requests.reports(port), 32, BURST)
    yield _result("after a burst", _held(ground))
    time.sleep(IDLE)
    yield _result("idle", _held(ground))


def _result(when: str, names: "Counter[str]") -> Result:
    what = f"connections {when} (8 web threads, 2 Celery children, relay, its watch, supervisor)"
    return Result(15, what, names.total(), most=ALLOWED, detail=dict(names))


def _held(ground: Ground) -> "Counter[str]":
    with closing(psycopg2.connect(ground.env["DATABASE_URL"])) as line, line.cursor() as cursor:
        cursor.execute(HELD)
        return Counter(name for (name,) in cursor.fetchall())
