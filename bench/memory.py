"""Bar 14: what each process of the portal holds for itself alone (USS), warm."""

from collections.abc import Iterator

from bench import load
from bench.harness import Result
from bench.servers import BenchServers
from tools import report_requests
from tools.process_memory import measure_uss_by_role

WARM = 10.0  # seconds of load before the first look
GROWTH_REQUESTS = 50_000


def measure_memory(servers: BenchServers) -> Iterator[Result]:
    """The whole stack as `manage.py serve` runs it, under load, then looked at."""
    port = int(servers.env["PORT"])
    serve = servers.start_portal()
    assert serve.process
    make = report_requests.make_reports(port)
    load.run_load(port, make, 8, WARM)
    before = measure_uss_by_role(serve.process.pid)
    yield Result(14, "a web worker", _get_largest(before, "web worker"), "MB", most=70)
    yield Result(14, "a Celery child", _get_largest(before, "worker child"), "MB", most=55)
    whole = sum(map(sum, before.values()))
    detail: dict[str, object] = {role: [round(x, 1) for x in mb] for role, mb in before.items()}
    yield Result(14, "the whole stack", whole, "MB", most=420, detail=detail)
    requests = 0
    while requests < GROWTH_REQUESTS:
        requests += load.run_load(port, make, 8, 10.0).statuses.total()
    after = measure_uss_by_role(serve.process.pid)
    grown = _get_largest(after, "web worker") / _get_largest(before, "web worker") - 1
    yield Result(14, f"growth of a web worker over {requests} requests", 100 * grown, "%", most=3)


def _get_largest(roles: dict[str, list[float]], role: str) -> float:
    return max(roles[role])
