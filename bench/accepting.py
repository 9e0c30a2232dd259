"""Bars 1 to 5: taking a report in."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial

import psycopg2
import redis

from bench import load, requests
from bench.harness import Result, ratio_of
from bench.servers import Ground
from ops.child_process import ChildProcess
from ops.process_commands import command

SIGNALEN = 0.024  # of the same bare view: what Amsterdam's Signalen manages
POSTS = 20_000
DRAIN_PATIENCE = 600.0
WAITING = "SELECT count(*) FROM core_outboxitem WHERE done_at IS NULL"


def rates(ground: Ground) -> Iterator[Result]:
    """Bar 1: complete POSTs a second against a view that does one INSERT.

    Relay and worker do not run: this is the request path. Bars 10 and 11 are about them.
    """
    ours, bare = _rivals(ground)
    for clients in (8, 32):
        ratio, figures = ratio_of(partial(_rate, *ours, clients), partial(_rate, *bare, clients))
        yield Result(
            1,
            f"reports a second / bare INSERT view, {clients} clients",
            ratio,
            least=max(0.50, 20 * SIGNALEN),
            goal=0.60,
            detail=figures,
        )


def latencies(ground: Ground) -> Iterator[Result]:
    """Bar 2: the slowest of the same POSTs against the slowest of that view."""
    ours, bare = _rivals(ground)
    for clients, share, most in ((8, 0.99, 1.7), (32, 0.999, 3.0)):
        ratio, figures = ratio_of(
            partial(_slow, *ours, clients, share), partial(_slow, *bare, clients, share)
        )
        what = f"p{100 * share:g} of a report / of the bare INSERT view, {clients} clients"
        yield Result(2, what, ratio, most=most, detail=figures)


Rival = tuple[int, load.MakeRequest]


def _rivals(ground: Ground) -> tuple[Rival, Rival]:
    """The portal and the bare view on one database: their ports, their requests."""
    ground.manage("migrate", "--run-syncdb", "--verbosity", "0", settings="bench.bare_settings")
    ours = ground.serve("web", "portal.wsgi")
    bare = ground.serve("bare", "bench.bare_wsgi")
    row = requests.REPORT | {"form_token": "x" * 40}
    return (ours, requests.reports(ours)), (bare, requests.posting(bare, "/insert", row))


def _rate(port: int, make: load.MakeRequest, clients: int, seconds: float) -> float:
    return _accepted(port, make, clients, seconds).rate(303)


def _slow(port: int, make: load.MakeRequest, clients: int, share: float, seconds: float) -> float:
    """In milliseconds."""
    return 1000 * _accepted(port, make, clients, seconds).percentile(share)


def _accepted(port: int, make: load.MakeRequest, clients: int, seconds: float) -> load.Tally:
    tally = load.run(port, make, clients, seconds)
    assert set(tally.statuses) == {303}, tally.statuses
    return tally


def without_broker(ground: Ground) -> Iterator[Result]:
    """Bar 4: Valkey stopped against Valkey up, relay running. The worker rests while it is
    measured, so that its share of the machine is the same in both; then it triages all.
    """
    port = ground.serve("web", "portal.wsgi")
    ground.start("relay", *command("relay", ground.folder, "")[1:])
    worker = ground.start("worker", *command("worker", ground.folder, "")[1:])
    up = partial(_slow, port, requests.reports(port), 8, 0.5)
    _send(worker, signal.SIGSTOP)
    ratio, figures = ratio_of(partial(_broker_down, ground, up), up)
    _send(worker, signal.SIGCONT)
    yield Result(4, "p50 of a report, broker down / up", ratio, most=1.05, detail=figures)
    yield Result(4, "reports not triaged afterwards", _left_after_draining(ground), most=0)


def _broker_down(ground: Ground, measure: Callable[[float], float], seconds: float) -> float:
    valkey = next(child for child in ground.services.children if child.name == "valkey")
    valkey.stop(10.0)
    figure = measure(seconds)
    valkey.start()
    valkey.wait_until_ready(lambda: _answers(ground.env["REDIS_URL"]))
    return figure


def _answers(broker: str) -> bool:
    try:
        with redis.Redis.from_url(broker) as line:
            return bool(line.ping())
    except redis.RedisError:
        time.sleep(0.05)
        return False


def _send(child: ChildProcess, number: signal.Signals) -> None:
    assert child.process
    child.process.send_signal(number)


def _left_after_draining(ground: Ground) -> int:
    end = time.monotonic() + DRAIN_PATIENCE
    while (left := _ask(ground, WAITING)) and time.monotonic() < end:
        time.sleep(0.2)
    return left


def _ask(ground: Ground, question: str) -> int:
    with closing(psycopg2.connect(ground.env["DATABASE_URL"])) as line, line.cursor() as cursor:
        cursor.execute(question)
        return next(int(number) for (number,) in cursor)


def many(ground: Ground) -> Iterator[Result]:
    """Bar 5: as many reports as were answered with a receipt, each with a receipt of its own."""
    port = ground.serve("web", "portal.wsgi")
    make, statuses = requests.reports(port), load.Tally().statuses
    while statuses.total() < POSTS:
        statuses += load.run(port, make, 32, 5.0).statuses
    answered, posts = statuses[303], statuses.total()
    rows = _ask(ground, "SELECT count(*) FROM reports_report")
    receipts = _ask(ground, "SELECT count(DISTINCT code_hash) FROM reports_receipt")
    detail: dict[str, object] = {"posts": posts, "rows": rows, "receipts": receipts}
    yield Result(5, f"of {posts} posts not answered with a receipt", posts - answered, most=0)
    yield Result(5, "reports too many", rows - answered, least=0, most=0, detail=detail)
    yield Result(5, "receipts too few", rows - receipts, least=0, most=0)


def counts(ground: Ground) -> Iterator[Result]:
    """Bar 3: statements up to COMMIT, commits, broker round trips; a count has no noise."""
    os.environ.update(ground.env)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    statements, broker = _one_post()
    notify = next(i for i, sql in enumerate(statements) if "pg_notify" in sql)
    before = [sql for sql in statements[:notify] if sql not in {"BEGIN", "COMMIT"}]
    # Outside BEGIN and COMMIT every statement commits by itself.
    commits = statements.count("COMMIT") or len(before)
    yield Result(3, "statements up to COMMIT", len(before), most=4, detail={"sql": before})
    yield Result(3, "commits", commits, most=1)
    yield Result(3, "broker round trips in the request", broker, most=0)
    yield Result(3, "statements after COMMIT (one NOTIFY)", len(statements) - notify, most=1)


def _one_post() -> tuple[list[str], int]:
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
    fields = requests.REPORT | {"form_token": form_token()}
    assert Client(HTTP_HOST=host).post("/bao-cao/", fields).status_code == 303
    time.sleep(2 * NOTIFY_INTERVAL_SECONDS)  # so that the next one has a NOTIFY of its own
    valkey = Redis.from_url(settings.REDIS_URL)
    asked = valkey.info("commandstats")
    with CaptureQueriesContext(connection) as queries:
        answer = Client(HTTP_HOST=host).post("/bao-cao/", fields)
    assert answer.status_code == 303, answer.status_code
    told = valkey.info("commandstats")
    calls = sum(row["calls"] for row in told.values()) - sum(row["calls"] for row in asked.values())
    connection.close()
    return [query["sql"] for query in queries], calls - 1  # the first question itself
