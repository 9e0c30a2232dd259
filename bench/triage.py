"""Bars 10 and 11: from COMMIT to triaged, with two worker processes.

Reports come through intake, tasks of the limit straight from a publisher; both on the same
database and broker server, with the same worker settings. When a transaction was committed
PostgreSQL itself tells (track_commit_timestamp).
"""

import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import redis

from bench.harness import Result, measure_ratio, measure_ratios
from bench.servers import BenchServers
from ops.child_process import ChildProcess
from ops.process_commands import python_arguments
from tools.process_memory import measure_uss_by_role

TIMEOUT_SECONDS = 120.0
TIMES_LONGER = 2  # times as long as other bars: 20 a second make few delays
DRAINED_PER_SECOND = {
    "reports": 400,
    "nothing": 1000,
}  # in one measured drain, for each of its seconds
BURST = 10_000
COUNT_WAITING_SQL = (
    "SELECT count(*) FROM core_outboxitem WHERE done_at IS NULL AND failed_at IS NULL"
)
SELECT_TRIAGED_SQL = """
SELECT report.id::text,
       extract(epoch FROM pg_xact_commit_timestamp(report.xmin))::float,
       extract(epoch FROM pg_xact_commit_timestamp(facts.xmin))::float
  FROM reports_extractedfacts AS facts JOIN reports_report AS report ON report.id = facts.report_id
"""
SELECT_TOUCHED_SQL = """
SELECT id, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float
  FROM bench_barerow WHERE body = 'touched'
"""


@dataclass
class WorkerHarness:
    """A worker on a broker of its own, and who else has to do with its work."""

    servers: BenchServers
    env: Mapping[str, str]
    processes: Sequence[ChildProcess]

    def enqueue(self, what: str, count: int, rate: float = 0) -> dict[int, float]:
        """Give it work (bench/enqueue_load.py); when the rows were committed, by id."""
        rows = self.servers.run_client("bench.enqueue_load", what, count, rate, **self.env)
        return {int(row): at for row, at in rows.items()}

    def count_waiting(self) -> int:
        """Reports that are not triaged yet."""
        return int(self.servers.select(COUNT_WAITING_SQL)[0][0])

    def count_at_broker(self) -> int:
        """Messages that wait, or are not acknowledged yet."""
        with redis.Redis.from_url(self.env["REDIS_URL"]) as broker:
            lists = ["celery", *(f"celery\x06\x16{step}" for step in (3, 6, 9))]
            return int(sum(map(broker.llen, lists)) + broker.hlen("unacked"))

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Nobody works meanwhile."""
        self._signal(signal.SIGSTOP)
        yield
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        for child in self.processes:
            assert child.process
            child.process.send_signal(number)


def measure_delays(servers: BenchServers) -> Iterator[Result]:
    """Bar 10: COMMIT to triaged against a task that locks and updates one row."""
    servers.restart_postgres(track_commit_timestamp="on")
    ours, limit = _start_portal_queue(servers), _start_bare_queue(servers)
    for rate in (20, 100):
        ratios = measure_ratios(
            partial(_measure_triage_delays, ours, rate), partial(_measure_touch_delays, limit, rate)
        )
        for name, most in (("p50", 4), ("p99", 5)):
            ratio, detail = ratios[name]
            what = f"COMMIT to triaged / row-locking task, {name} at {rate} a second"
            yield Result(10, what, ratio, most=most, detail=detail)


def measure_throughput(servers: BenchServers) -> Iterator[Result]:
    """Bar 11: triage against tasks that do nothing, then a burst and what stays of it."""
    ours, limit = _start_portal_queue(servers), _start_bare_queue(servers)
    ratio, detail = measure_ratio(
        partial(_measure_triage_rate, ours), partial(_measure_nothing_rate, limit)
    )
    what = "reports triaged a second / tasks that do nothing"
    yield Result(11, what, ratio, least=0.35, detail=detail)
    yield from _measure_burst(ours)


def _measure_burst(ours: WorkerHarness) -> Iterator[Result]:
    """The workers are warm from the drains before."""
    worker = ours.processes[-1].process
    assert worker
    before = _measure_largest_child(worker.pid)
    started = time.monotonic()
    ours.enqueue("reports", BURST)
    _wait_until_empty(ours.count_waiting)
    elapsed = time.monotonic() - started
    _wait_until_empty(ours.count_at_broker)
    after = _measure_largest_child(worker.pid)
    untidy = "SELECT count(*) FROM core_outboxitem WHERE attempts <> 1 OR done_at IS NULL"
    detail = {"seconds": round(elapsed, 1), "mb": [round(before, 1), round(after, 1)]}
    yield Result(
        11,
        f"items of {BURST} reports not settled at once",
        ours.servers.select(untidy)[0][0],
        most=0,
    )
    yield Result(
        11,
        f"growth of a worker over {BURST} reports",
        100 * (after / before - 1),
        "%",
        most=3,
        detail=detail,
    )


def _measure_largest_child(worker: int) -> float:
    return max(max(mb) for role, mb in measure_uss_by_role(worker).items() if role != "supervisor")


# --- the two queues


def _start_portal_queue(servers: BenchServers) -> WorkerHarness:
    relay = servers.start("relay", *python_arguments("relay"))
    worker = servers.start("worker", *python_arguments("worker"))
    queue = WorkerHarness(servers, servers.env, [relay, worker])
    queue.enqueue("reports", 50)
    _wait_until_empty(queue.count_waiting)
    return queue


def _start_bare_queue(servers: BenchServers) -> WorkerHarness:
    """The same worker with bare tasks, on another database of the same broker."""
    servers.manage("migrate", "--run-syncdb", "--verbosity", "0", settings="bench.bare_settings")
    env = servers.env | {"REDIS_URL": servers.env["REDIS_URL"].replace("db=0", "db=1")}
    words = python_arguments("worker")
    words[words.index("portal")] = "bench.bare_celery"
    worker = servers.start("bare-worker", *words, REDIS_URL=env["REDIS_URL"])
    queue = WorkerHarness(servers, env, [worker])
    queue.enqueue("rows", 50)
    _wait_until_empty(queue.count_at_broker)
    return queue


# --- measuring


def _measure_triage_delays(queue: WorkerHarness, rate: int, seconds: float) -> dict[str, float]:
    before = {report for report, *_ in queue.servers.select(SELECT_TRIAGED_SQL)}
    queue.enqueue("reports", int(TIMES_LONGER * rate * seconds), rate)
    _wait_until_empty(queue.count_waiting)
    rows = [row for row in queue.servers.select(SELECT_TRIAGED_SQL) if row[0] not in before]
    return _compute_percentiles([triaged - accepted for _, accepted, triaged in rows])


def _measure_touch_delays(queue: WorkerHarness, rate: int, seconds: float) -> dict[str, float]:
    committed = queue.enqueue("rows", int(TIMES_LONGER * rate * seconds), rate)
    _wait_until_empty(queue.count_at_broker)
    touched = dict(queue.servers.select(SELECT_TOUCHED_SQL))
    return _compute_percentiles([touched[row] - at for row, at in committed.items()])


def _compute_percentiles(seconds: Sequence[float]) -> dict[str, float]:
    """In milliseconds."""
    ordered = sorted(seconds)
    places = {"p50": 0.50, "p99": 0.99}
    return {name: 1000 * ordered[int(share * len(ordered))] for name, share in places.items()}


def _measure_triage_rate(queue: WorkerHarness, seconds: float) -> float:
    return _measure_drain_rate(queue, "reports", seconds, queue.count_waiting)


def _measure_nothing_rate(queue: WorkerHarness, seconds: float) -> float:
    return _measure_drain_rate(queue, "nothing", seconds, queue.count_at_broker)


def _measure_drain_rate(
    queue: WorkerHarness, what: str, seconds: float, waiting: Callable[[], int]
) -> float:
    """How many a second, of what lay ready before the first was taken."""
    count = int(DRAINED_PER_SECOND[what] * seconds)
    with queue.paused():
        queue.enqueue(what, count)
    started = time.monotonic()
    _wait_until_empty(waiting)
    return count / (time.monotonic() - started)


def _wait_until_empty(waiting: Callable[[], int]) -> None:
    end = time.monotonic() + TIMEOUT_SECONDS
    while waiting():
        assert time.monotonic() < end, "the queue does not drain"
        time.sleep(0.02)
