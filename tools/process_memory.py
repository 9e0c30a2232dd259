"""Memory of the portal's processes, by what they are."""

import contextlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

MB = 1024 * 1024


def measure_uss_by_role(supervisor: int) -> dict[str, list[float]]:
    """USS in MB of the supervisor and all below it, by what they are."""
    return _measure_by_role(supervisor, _read_uss)


def measure_anonymous_by_role(supervisor: int) -> dict[str, list[float]]:
    """What they have in memory of their own or of those that they were forked from, in MB. It does
    not change when one who shares it ends, so it is what may not grow.
    """
    return _measure_by_role(supervisor, _read_anonymous)


def _measure_by_role(supervisor: int, measure: Callable[[int], float]) -> dict[str, list[float]]:
    roles: dict[str, list[float]] = defaultdict(list)
    for role, pids in find_pids_by_role(supervisor).items():
        for pid in pids:
            with contextlib.suppress(OSError, StopIteration):  # it ended meanwhile
                roles[role].append(measure(pid))
    return roles


def find_pids_by_role(supervisor: int) -> dict[str, list[int]]:
    """The supervisor and all below it, by what they are."""
    roles: dict[str, list[int]] = defaultdict(list)
    for pid, depth in list_process_tree(supervisor, 0):
        with contextlib.suppress(OSError):
            roles[_get_role(pid, depth)].append(pid)
    return roles


def list_process_tree(pid: int, depth: int) -> Iterator[tuple[int, int]]:
    yield pid, depth
    with contextlib.suppress(OSError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            yield from list_process_tree(int(child), depth + 1)


def _get_role(pid: int, depth: int) -> str:
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


def _read_uss(pid: int) -> float:
    """What would be free if the process ended."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    kilobytes = [line.split()[1] for line in rollup.splitlines() if line.startswith("Private_")]
    return sum(map(int, kilobytes)) * 1024 / MB


def _read_anonymous(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in status if line.startswith("RssAnon:"))) * 1024 / MB
