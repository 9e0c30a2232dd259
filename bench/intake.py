"""Bars 1 to 5: taking a report in."""

import hashlib
import os
import secrets
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from functools import partial
from urllib.parse import urlencode

import redis

from bench import load
from bench.harness import Result, measure_ratio
from bench.servers import BenchServers
from ops.child_process import ChildProcess
from ops.local_postgres import postgres_tool
from ops.process_commands import python_arguments
from tools import report_requests

SIGNALEN = 0.024  # of the same bare view: what Amsterdam's Signalen manages
POSTS = 20_000
DRAIN_TIMEOUT_SECONDS = 600.0
COUNT_WAITING_SQL = "SELECT count(*) FROM core_outboxitem WHERE done_at IS NULL"


def measure_throughput(servers: BenchServers) -> Iterator[Result]:
    """Bar 1: complete POSTs a second against a view that does one INSERT; said beside it, against that
    INSERT and its COMMIT alone.

    Relay and worker do not run: this is the request path. Bars 10 and 11 are about them.
    """
    ours, bare = _start_rivals(servers)
    for clients, goal in ((8, 0.60), (32, 0.55)):
        rate = partial(_measure_rate, *ours, clients)
        ratio, figures = measure_ratio(rate, partial(_measure_rate, *bare, clients))
        what = f"reports a second / bare INSERT view, {clients} clients"
        least = max(0.50, 20 * SIGNALEN)
        yield Result(1, what, ratio, least=least, goal=goal, detail=figures)
        ratio, figures = measure_ratio(rate, partial(_measure_commits, servers, clients))
        what = f"reports a second / PostgreSQL's INSERT and COMMIT, {clients} clients"
        yield Result(1, what, ratio, detail=figures)


def _measure_commits(servers: BenchServers, clients: int, seconds: float) -> float:
    """Return how many of the bare view's rows pgbench commits a second, each by itself."""
    script = servers.folder / "insert.sql"
    body = urlencode(report_requests.REPORT, doseq=True)
    script.write_text(f"INSERT INTO bench_barerow (body) VALUES ('{body}');\n")  # noqa: S608
    times = [f"--client={clients}", f"--time={seconds:.0f}", f"--file={script}"]
    command = [postgres_tool("pgbench"), "--no-vacuum", *times, servers.env["DATABASE_URL"]]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    _, _, rate = done.stdout.partition("tps = ")
    return float(rate.split()[0])


def measure_latency(servers: BenchServers) -> Iterator[Result]:
    """Bar 2: the slowest of the same POSTs against the slowest of that view."""
    ours, bare = _start_rivals(servers)
    for clients, share, most in ((8, 0.99, 1.7), (32, 0.999, 3.0)):
        ratio, figures = measure_ratio(
            partial(_measure_percentile, *ours, clients, share),
            partial(_measure_percentile, *bare, clients, share),
        )
        what = f"p{100 * share:g} of a report / of the bare INSERT view, {clients} clients"
        yield Result(2, what, ratio, most=most, detail=figures)


Rival = tuple[int, load.MakeRequest]


def _start_rivals(servers: BenchServers) -> tuple[Rival, Rival]:
    """The portal and the bare view on one database: their ports, their requests."""
    servers.manage("migrate", "--run-syncdb", "--verbosity", "0", settings="bench.bare_settings")
    ours = servers.serve("web", "portal.wsgi")
    bare = servers.serve("bare", "bench.bare_wsgi")
    row = report_requests.REPORT | {"form_token": "x" * 40}
    return (ours, report_requests.make_reports(ours)), (
        bare,
        report_requests.make_posts(bare, "/insert", row),
    )


_ADD_PROGRAM = """
WITH officer AS (
    INSERT INTO auth_user (username, password, is_superuser, is_staff, is_active, first_name, last_name, email, date_joined)
    VALUES ('bench', '', false, false, true, '', '', '', now()) RETURNING id
), client AS (
    INSERT INTO core_apiclient (name, scopes, networks, max_per_minute)
    VALUES ('bench', '{{reports:write}}', '{{}}', 32000) RETURNING id
)
INSERT INTO core_apikey (client_id, slot, hint, digest, created_by_id)
SELECT client.id, 1, 'bench', '\\x{digest}', officer.id FROM client, officer RETURNING id
"""


def measure_api(servers: BenchServers) -> Iterator[Result]:
    """Bar "api": the reports of a program a second against the same by the form."""
    port, key = servers.serve("web", "portal.wsgi"), f"key_{secrets.token_urlsafe(32)}"
    servers.select(_ADD_PROGRAM.format(digest=hashlib.sha256(key.encode()).hexdigest()))
    by_api = report_requests.make_api_reports(port, key)
    ratio, figures = measure_ratio(
        lambda seconds: _send_reports(port, by_api, 8, seconds, 201).rate(201),
        partial(_measure_rate, port, report_requests.make_reports(port), 8),
    )
    what = "reports a second by the API / by the form, 8 clients"
    yield Result("api", what, ratio, goal=0.80, detail=figures)


def _measure_rate(port: int, make: load.MakeRequest, clients: int, seconds: float) -> float:
    return _send_reports(port, make, clients, seconds).rate(303)


def _measure_percentile(
    port: int, make: load.MakeRequest, clients: int, share: float, seconds: float
) -> float:
    """In milliseconds."""
    return 1000 * _send_reports(port, make, clients, seconds).percentile(share)


def _send_reports(
    port: int, make: load.MakeRequest, clients: int, seconds: float, status: int = 303
) -> load.Tally:
    tally = load.run_load(port, make, clients, seconds)
    assert set(tally.statuses) == {status}, tally.statuses
    return tally


def measure_without_broker(servers: BenchServers) -> Iterator[Result]:
    """Bar 4: Valkey stopped against Valkey up, relay running. The worker rests while it is
    measured, so that its share of the machine is the same in both; then it triages all.
    """
    port = servers.serve("web", "portal.wsgi")
    servers.start("relay", *python_arguments("relay"))
    worker = servers.start("worker", *python_arguments("worker"))
    up = partial(_measure_percentile, port, report_requests.make_reports(port), 8, 0.5)
    _send_signal(worker, signal.SIGSTOP)
    ratio, figures = measure_ratio(partial(_measure_broker_down, servers, up), up)
    _send_signal(worker, signal.SIGCONT)
    yield Result(4, "p50 of a report, broker down / up", ratio, most=1.05, detail=figures)
    yield Result(4, "reports not triaged afterwards", _count_left_after_draining(servers), most=0)


def _measure_broker_down(
    servers: BenchServers, measure: Callable[[float], float], seconds: float
) -> float:
    valkey = next(child for child in servers.services.children if child.name == "valkey")
    valkey.stop(10.0)
    figure = measure(seconds)
    valkey.start()
    valkey.wait_until_ready(lambda: _is_broker_ready(servers.env["REDIS_URL"]))
    return figure


def _is_broker_ready(broker: str) -> bool:
    try:
        with redis.Redis.from_url(broker) as line:
            return bool(line.ping())
    except redis.RedisError:
        time.sleep(0.05)
        return False


def _send_signal(child: ChildProcess, number: signal.Signals) -> None:
    assert child.process
    child.process.send_signal(number)


def _count_left_after_draining(servers: BenchServers) -> int:
    end = time.monotonic() + DRAIN_TIMEOUT_SECONDS
    while (left := _select_count(servers, COUNT_WAITING_SQL)) and time.monotonic() < end:
        time.sleep(0.2)
    return left


def _select_count(servers: BenchServers, question: str) -> int:
    return int(servers.select(question)[0][0])


def check_receipts(servers: BenchServers) -> Iterator[Result]:
    """Bar 5: as many reports as were answered with a receipt, each with a receipt of its own."""
    port = servers.serve("web", "portal.wsgi")
    make, statuses = report_requests.make_reports(port), load.Tally().statuses
    while statuses.total() < POSTS:
        statuses += load.run_load(port, make, 32, 5.0).statuses
    answered, posts = statuses[303], statuses.total()
    rows = _select_count(servers, "SELECT count(*) FROM reports_report")
    receipts = _select_count(servers, "SELECT count(DISTINCT code_hash) FROM reports_receipt")
    detail: dict[str, object] = {"posts": posts, "rows": rows, "receipts": receipts}
    yield Result(5, f"of {posts} posts not answered with a receipt", posts - answered, most=0)
    yield Result(5, "reports too many", rows - answered, least=0, most=0, detail=detail)
    yield Result(5, "receipts too few", rows - receipts, least=0, most=0)


def count_statements(servers: BenchServers) -> Iterator[Result]:
    """Bar 3: statements up to COMMIT, commits, broker round trips; a count has no noise."""
    os.environ.update(servers.env)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    statements, broker = _trace_post()
    notify = next(i for i, sql in enumerate(statements) if "pg_notify" in sql)
    before = [sql for sql in statements[:notify] if sql not in {"BEGIN", "COMMIT"}]
    # Outside BEGIN and COMMIT every statement commits by itself.
    commits = statements.count("COMMIT") or len(before)
    yield Result(3, "statements up to COMMIT", len(before), most=4, detail={"sql": before})
    yield Result(3, "commits", commits, most=1)
    yield Result(3, "broker round trips in the request", broker, most=0)
    yield Result(3, "statements after COMMIT (one NOTIFY)", len(statements) - notify, most=1)


def _trace_post() -> tuple[list[str], int]:
    """The statements of one accepted report, not the first of its connection, and what the
    broker was asked meanwhile.
    """
    import django  # noqa: PLC0415  # settings are read from the environment set above

    django.setup()
    from django.conf import settings  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415
    from redis import Redis  # noqa: PLC0415

    from core.keys import form_token  # noqa: PLC0415
    from core.outbox.queue import NOTIFY_INTERVAL_SECONDS  # noqa: PLC0415

    host = f"127.0.0.1:{settings.PORT}"
    fields = report_requests.REPORT | {"form_token": form_token()}
    assert Client(HTTP_HOST=host).post("/bao-cao/", fields).status_code == 303
    time.sleep(2 * NOTIFY_INTERVAL_SECONDS)  # so that the next one has a NOTIFY of its own
    valkey = Redis.from_url(settings.REDIS_URL)
    before = valkey.info("commandstats")
    with CaptureQueriesContext(connection) as queries:
        answer = Client(HTTP_HOST=host).post("/bao-cao/", fields)
    assert answer.status_code == 303, answer.status_code
    after = valkey.info("commandstats")
    calls = sum(row["calls"] for row in after.values()) - sum(
        row["calls"] for row in before.values()
    )
    connection.close()
    return [query["sql"] for query in queries], calls - 1  # the first question itself
