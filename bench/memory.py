"""Bar 14: what each process of the portal holds for itself alone (USS), warm."""

import contextlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

from bench import load, requests
from bench.harness import Result
from bench.servers import Ground, answers

MB = 1024 * 1024
WARM = 10.0  # seconds of load before the first look
GROWTH_REQUESTS = 50_000


def held(ground: Ground) -> Iterator[Result]:
    """The whole stack as `manage.py serve` runs it, under load, then looked at."""
    port = int(ground.env["PORT"])
    own = ground.folder / "serve"  # the ground's own folder is locked by its servers
    serve = ground.start("serve", "manage.py", "serve", DATA_DIR=str(own))
    serve.wait_until_ready(lambda: answers(port))
    assert serve.process
    make = requests.reports(port)
    load.run(port, make, 8, WARM)
    before = held_by_role(serve.process.pid)
    yield Result(14, "a web worker", _largest(before, "web worker"), "MB", most=70)
    yield Result(14, "a Celery child", _largest(before, "worker child"), "MB", most=55)
    whole = sum(map(sum, before.values()))
    detail: dict[str, object] = {role: [round(x, 1) for x in mb] for role, mb in before.items()}
    yield Result(14, "the whole stack", whole, "MB", most=420, detail=detail)
    asked = 0
    while asked < GROWTH_REQUESTS:
        asked += load.run(port, make, 8, 10.0).statuses.total()
    after = held_by_role(serve.process.pid)
    grown = _largest(after, "web worker") / _largest(before, "web worker") - 1
    yield Result(14, f"growth of a web worker over {asked} requests", 100 * grown, "%", most=3)


def _largest(roles: dict[str, list[float]], role: str) -> float:
    return max(roles[role])


def held_by_role(supervisor: int) -> dict[str, list[float]]:
    """USS in MB of the supervisor and all below it, by what they are."""
    return _by_role(supervisor, _uss)


def taken_by_role(supervisor: int) -> dict[str, list[float]]:
    """What they have in memory of their own or of those that they were forked from, in MB. It does
    not change when one who shares it ends, so it is what may not grow.
    """
    return _by_role(supervisor, _anonymous)


def _by_role(supervisor: int, measure: Callable[[int], float]) -> dict[str, list[float]]:
    roles: dict[str, list[float]] = defaultdict(list)
    for role, pids in pids_by_role(supervisor).items():
        for pid in pids:
            with contextlib.suppress(OSError, StopIteration):  # it ended meanwhile
                roles[role].append(measure(pid))
    return roles


def pids_by_role(supervisor: int) -> dict[str, list[int]]:
    """The supervisor and all below it, by what they are."""
    roles: dict[str, list[int]] = defaultdict(list)
    for pid, depth in tree(supervisor, 0):
        with contextlib.suppress(OSError):
            roles[_role(pid, depth)].append(pid)
    return roles


def tree(pid: int, depth: int) -> Iterator[tuple[int, int]]:
    yield pid, depth
    with contextlib.suppress(OSError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            yield from tree(int(child), depth + 1)


def _role(pid: int, depth: int) -> str:
    command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    if depth == 0:
        return "supervisor"
    if "gunicorn" in command:
        return "web master" if depth == 1 else "web worker"
    if " worker" in command:
        return "worker" if depth == 1 else "worker child"
    if " beat" in command:
        return "beat"
    return "relay" if "run_outbox_relay" in command else "other"


def _uss(pid: int) -> float:
    """What would be free if the process ended."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    kilobytes = [line.split()[1] for line in rollup.splitlines() if line.startswith("Private_")]
    return sum(map(int, kilobytes)) * 1024 / MB


def _anonymous(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in status if line.startswith("RssAnon:"))) * 1024 / MB
