"""Bar 16: what a report costs at two hosts against one, on one database.

Both share the cores here, so that it cannot be measured how many more two accept; but what a report takes of a processor,
in web and PostgreSQL together, must not grow because reports come by two sets of processes.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from bench import load
from bench.harness import Result, measure_ratio
from bench.servers import BenchServers, Served, read_cpu_seconds
from ops.child_process import ChildProcess
from tools import report_requests

CLIENTS = 16


def measure_cost(servers: BenchServers) -> Iterator[Result]:
    """Bar 16: processor time of a report, two hosts / one."""
    hosts = [_start_host(servers, name) for name in ("first", "second")]
    cost = partial(_measure_cpu_milliseconds, servers.postgres)
    ratio, figures = measure_ratio(partial(cost, hosts), partial(cost, hosts[:1]))
    yield Result(16, "CPU of a report, two hosts / one", ratio, most=1.1, detail=figures)


def _start_host(servers: BenchServers, name: str) -> Served:
    """Web with a data folder of its own; who reads the reports does not run."""
    folder = servers.folder / name
    folder.mkdir()
    return servers.serving(name, "portal.wsgi", DATA_DIR=str(folder))


def _measure_cpu_milliseconds(
    postgres: ChildProcess, hosts: Sequence[Served], seconds: float
) -> float:
    """Of a report, while each host has an equal share of the clients."""
    children = [postgres, *(child for child, _ in hosts)]

    def send(host: Served) -> Counter[int]:
        make = report_requests.make_reports(host[1])
        return load.run_load(host[1], make, CLIENTS // len(hosts), seconds).statuses

    before = sum(map(read_cpu_seconds, children))
    with ThreadPoolExecutor(len(hosts)) as pool:
        statuses = sum(pool.map(send, hosts), Counter[int]())
    assert set(statuses) == {303}, statuses
    return 1000 * (sum(map(read_cpu_seconds, children)) - before) / statuses[303]
