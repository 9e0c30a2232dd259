"""Bars 10 and 11: from COMMIT to triaged, with two worker processes.

Reports come through intake, tasks of the limit straight from a publisher; both on the same
database and broker server, with the same worker settings. When a transaction was committed
PostgreSQL itself tells (track_commit_timestamp).
"""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import psycopg2
import redis

from bench.harness import Result, ratio_of, ratios_of
from bench.memory import held_by_role
from bench.servers import ROOT, Ground
from ops.child_process import ChildProcess
from ops.process_commands import command

PATIENCE = 120.0
LONGER = 2  # times as long as other bars: 20 a second make few delays
DRAINED = {"reports": 400, "nothing": 1000}  # in one measured drain, for each of its seconds
BURST = 10_000
WAITING = "SELECT count(*) FROM core_outboxitem WHERE done_at IS NULL AND failed_at IS NULL"
TRIAGED = """
SELECT report.id::text,
       extract(epoch FROM pg_xact_commit_timestamp(report.xmin))::float,
       extract(epoch FROM pg_xact_commit_timestamp(facts.xmin))::float
  FROM reports_extractedfacts AS facts JOIN reports_report AS report ON report.id = facts.report_id
"""
TOUCHED = """
SELECT id, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float
  FROM bench_barerow WHERE body = 'touched'
"""


@dataclass
class Queue:
    """A worker on a broker of its own, and who else has to do with its work."""

    ground: Ground
    env: Mapping[str, str]
    processes: Sequence[ChildProcess]

    def feed(self, what: str, count: int, rate: float = 0) -> dict[int, float]:
        """Give it work (bench/feeding.py); when the rows were committed, by id."""
        words = [sys.executable, "-m", "bench.feeding", what, str(count), str(rate)]
        done = subprocess.run(
            words, cwd=ROOT, env=self.env, check=True, stdout=subprocess.PIPE, text=True
        )
        return {int(row): at for row, at in json.loads(done.stdout).items()}

    def ask(self, question: str) -> list[Any]:
        with closing(psycopg2.connect(self.env["DATABASE_URL"])) as line, line.cursor() as cursor:
            cursor.execute(question)
            return cursor.fetchall()

    def waiting(self) -> int:
        """Reports that are not triaged yet."""
        return int(self.ask(WAITING)[0][0])

    def at_broker(self) -> int:
        """Messages that wait, or are not acknowledged yet."""
        with redis.Redis.from_url(self.env["REDIS_URL"]) as broker:
            lists = ["celery", *(f"celery\x06\x16{step}" for step in (3, 6, 9))]
            return int(sum(map(broker.llen, lists)) + broker.hlen("unacked"))

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Nobody works meanwhile."""
        self._signal(signal.SIGSTOP)
        yield
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        for child in self.processes:
            assert child.process
            child.process.send_signal(number)


def delays(ground: Ground) -> Iterator[Result]:
    """Bar 10: COMMIT to triaged against a task that locks and updates one row."""
    ground.restart_postgres(track_commit_timestamp="on")
    ours, limit = _portal(ground), _bare(ground)
    for rate in (20, 100):
        found = ratios_of(partial(_triage_delays, ours, rate), partial(_touch_delays, limit, rate))
        for name, most in (("p50", 4), ("p99", 5)):
            ratio, detail = found[name]
            what = f"COMMIT to triaged / row-locking task, {name} at {rate} a second"
            yield Result(10, what, ratio, most=most, detail=detail)


def throughput(ground: Ground) -> Iterator[Result]:
    """Bar 11: triage against tasks that do nothing, then a burst and what stays of it."""
    ours, limit = _portal(ground), _bare(ground)
    ratio, detail = ratio_of(partial(_triage_rate, ours), partial(_nothing_rate, limit))
    what = "reports triaged a second / tasks that do nothing"
    yield Result(11, what, ratio, least=0.35, detail=detail)
    yield from _burst(ours)


def _burst(ours: Queue) -> Iterator[Result]:
    """The workers are warm from the drains before."""
    worker = ours.processes[-1].process
    assert worker
    before = _largest_child(worker.pid)
    started = time.monotonic()
    ours.feed("reports", BURST)
    _wait_until_none(ours.waiting)
    elapsed = time.monotonic() - started
    _wait_until_none(ours.at_broker)
    after = _largest_child(worker.pid)
    untidy = "SELECT count(*) FROM core_outboxitem WHERE attempts <> 1 OR done_at IS NULL"
    detail = {"seconds": round(elapsed, 1), "mb": [round(before, 1), round(after, 1)]}
    yield Result(
        11, f"items of {BURST} reports not settled at once", ours.ask(untidy)[0][0], most=0
    )
    yield Result(
        11,
        f"growth of a worker over {BURST} reports",
        100 * (after / before - 1),
        "%",
        most=3,
        detail=detail,
    )


def _largest_child(worker: int) -> float:
    return max(max(mb) for role, mb in held_by_role(worker).items() if role != "supervisor")


# --- the two queues


def _portal(ground: Ground) -> Queue:
    relay = ground.start("relay", *command("relay", ground.folder, "")[1:])
    worker = ground.start("worker", *command("worker", ground.folder, "")[1:])
    queue = Queue(ground, ground.env, [relay, worker])
    queue.feed("reports", 50)
    _wait_until_none(queue.waiting)
    return queue


def _bare(ground: Ground) -> Queue:
    """The same worker with bare tasks, on another database of the same broker."""
    ground.manage("migrate", "--run-syncdb", "--verbosity", "0", settings="bench.bare_settings")
    env = ground.env | {"REDIS_URL": ground.env["REDIS_URL"].replace("db=0", "db=1")}
    words = command("worker", ground.folder, "")[1:]
    words[words.index("portal")] = "bench.bare_celery"
    worker = ground.start("bare-worker", *words, REDIS_URL=env["REDIS_URL"])
    queue = Queue(ground, env, [worker])
    queue.feed("rows", 50)
    _wait_until_none(queue.at_broker)
    return queue


# --- measuring


def _triage_delays(queue: Queue, rate: int, seconds: float) -> dict[str, float]:
    before = {report for report, *_ in queue.ask(TRIAGED)}
    queue.feed("reports", int(LONGER * rate * seconds), rate)
    _wait_until_none(queue.waiting)
    rows = [row for row in queue.ask(TRIAGED) if row[0] not in before]
    return _percentiles([triaged - accepted for _, accepted, triaged in rows])


def _touch_delays(queue: Queue, rate: int, seconds: float) -> dict[str, float]:
    committed = queue.feed("rows", int(LONGER * rate * seconds), rate)
    _wait_until_none(queue.at_broker)
    touched = dict(queue.ask(TOUCHED))
    return _percentiles([touched[row] - at for row, at in committed.items()])


def _percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """In milliseconds."""
    ordered = sorted(seconds)
    places = {"p50": 0.50, "p99": 0.99}
    return {name: 1000 * ordered[int(share * len(ordered))] for name, share in places.items()}


def _triage_rate(queue: Queue, seconds: float) -> float:
    return _drain_rate(queue, "reports", seconds, queue.waiting)


def _nothing_rate(queue: Queue, seconds: float) -> float:
    return _drain_rate(queue, "nothing", seconds, queue.at_broker)


def _drain_rate(queue: Queue, what: str, seconds: float, waiting: Callable[[], int]) -> float:
    """How many a second, of what lay ready before the first was taken."""
    count = int(DRAINED[what] * seconds)
    with queue.frozen():
        queue.feed(what, count)
    started = time.monotonic()
    _wait_until_none(waiting)
    return count / (time.monotonic() - started)


def _wait_until_none(waiting: Callable[[], int]) -> None:
    end = time.monotonic() + PATIENCE
    while waiting():
        assert time.monotonic() < end, "the queue does not drain"
        time.sleep(0.02)
