"""python -m bench.enqueue_load WHAT COUNT RATE: give the queue work, RATE a second (0: as fast as it
goes). A process of its own, so that it neither shares an interpreter with who measures nor
keeps a database that is gone.

WHAT is `reports` (through intake), `rows` (a row and the task that touches it; prints when each
was committed, as {id: seconds}) or `nothing` (tasks that do nothing).
"""

import json
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterator

import psycopg2
from celery import Celery

from tools.report_requests import STORY


def main() -> None:
    what, count, rate = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    give = {"reports": _prepare_reports, "rows": _prepare_rows, "nothing": _prepare_nothing}[what]()
    print(json.dumps({key: at for key, at in map(give, pace_numbers(count, rate)) if key}))


def pace_numbers(count: int, rate: float) -> Iterator[int]:
    """Numbers from 0, each at its time; what comes late is made up for."""
    start = time.monotonic()
    for number in range(count):
        if rate:
            time.sleep(max(0.0, start + number / rate - time.monotonic()))
        yield number


Give = Callable[[int], tuple[int, float]]


def _prepare_reports() -> Give:
    """One caller in ten is one of a hundred known ones, so some reports belong together."""
    import django  # noqa: PLC0415  # only this one needs the portal

    os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
    django.setup()
    from reports.submission import intake  # noqa: PLC0415

    prefix = secrets.token_urlsafe(12)

    def give(number: int) -> tuple[int, float]:
        is_frequent, caller = number % 10 == 0, secrets.randbelow(1_000_000)
        typed = intake.ReportSubmission(
            channel="number",
            caller_number=f"0550 000 1{caller % 100:02}" if is_frequent else f"0992 {caller:06}",
            claimed_office="police",
            demands=("threat", "money", "isolation"),
            story=STORY,
            money_lost=False,
            contact="0992 000 456",
            phrase="hai cái ấm",
        )
        intake.submit_report(typed, f"{prefix}{number:012}")
        return 0, 0.0

    return give


def _prepare_rows() -> Give:
    database, send = psycopg2.connect(os.environ["DATABASE_URL"]), _prepare_sender()
    database.autocommit = True
    cursor = database.cursor()

    def give(_: int) -> tuple[int, float]:
        cursor.execute("INSERT INTO bench_barerow (body) VALUES ('new') RETURNING id")
        (row,) = cursor.fetchone() or (0,)
        committed = time.time()
        send("bench.touch", [row])
        return row, committed

    return give


def _prepare_nothing() -> Give:
    send = _prepare_sender()

    def give(_: int) -> tuple[int, float]:
        send("bench.nothing", [])
        return 0, 0.0

    return give


def _prepare_sender() -> Callable[[str, list[int]], object]:
    url = os.environ["REDIS_URL"].replace("unix://", "redis+socket://")
    app = Celery("feeder", broker=url.replace("?db=", "?virtual_host="))
    producer = app.amqp.Producer(app.connection_for_write(), auto_declare=False)
    return lambda name, args: app.send_task(name, args, producer=producer, ignore_result=True)


if __name__ == "__main__":
    main()
