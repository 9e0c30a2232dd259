"""Bars 1 and 3: taking a report in."""

import os
from collections.abc import Iterator
from functools import partial

from bench import load, requests
from bench.harness import Result, ratio_of
from bench.servers import Ground

SIGNALEN = 0.024  # of the same bare view: what Amsterdam's Signalen manages


def rates(ground: Ground) -> Iterator[Result]:
    """Bar 1: complete POSTs a second against a view that does one INSERT.

    Relay and worker do not run: this is the request path. Bars 10 and 11 are about them.
    """
    ground.manage("migrate", "--run-syncdb", "--verbosity", "0", settings="bench.bare_settings")
    ours = ground.serve("web", "portal.wsgi")
    bare = ground.serve("bare", "bench.bare_wsgi")
    report = requests.reports(ours)
    row = requests.posting(bare, "/insert", requests.REPORT | {"form_token": "x" * 40})
    for clients in (8, 32):
        ratio, figures = ratio_of(
            partial(_rate, ours, report, clients), partial(_rate, bare, row, clients)
        )
        yield Result(
            1,
            f"reports a second / bare INSERT view, {clients} clients",
            ratio,
            least=max(0.50, 20 * SIGNALEN),
            goal=0.60,
            detail=figures,
        )


def _rate(port: int, make: load.MakeRequest, clients: int, seconds: float) -> float:
    tally = load.run(port, make, clients, seconds)
    assert set(tally.statuses) == {303}, tally.statuses
    return tally.rate(303)


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

    from reports.signing import form_token  # noqa: PLC0415

    host = f"127.0.0.1:{settings.PORT}"
    fields = requests.REPORT | {"form_token": form_token()}
    assert Client(HTTP_HOST=host).post("/bao-cao/", fields).status_code == 303
    valkey = Redis.from_url(settings.REDIS_URL)
    asked = valkey.info("commandstats")
    with CaptureQueriesContext(connection) as queries:
        answer = Client(HTTP_HOST=host).post("/bao-cao/", fields)
    assert answer.status_code == 303, answer.status_code
    told = valkey.info("commandstats")
    calls = sum(row["calls"] for row in told.values()) - sum(row["calls"] for row in asked.values())
    connection.close()
    return [query["sql"] for query in queries], calls - 1  # the first question itself
