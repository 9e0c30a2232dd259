"""From the second officer's press until the carrier has the letter, while one of four carriers hangs."""

from collections.abc import Iterator

from bench.harness import Result
from bench.servers import BenchServers
from ops.process_commands import python_arguments

LETTERS, RATE = 80, 2.0  # a second, in turn to each carrier


def measure_arrivals(servers: BenchServers) -> Iterator[Result]:
    """Decision to the partner, and withdrawal to its release, p95 of those that answer."""
    env = {"PARTNER_TEST_HOSTS": "localhost"}
    servers.start("relay", *python_arguments("relay"), **env)
    servers.start("worker", *python_arguments("worker"), **env)
    found = servers.run_client("bench.blocking_client", LETTERS, RATE, **env)
    for kind, what in (("block", "decision to the carrier"), ("release", "withdrawal to its release")):  # fmt: skip
        seconds = sorted(found[kind])
        p95 = seconds[int(len(seconds) * 0.95)]
        detail = {"p50": seconds[len(seconds) // 2], "max": seconds[-1], "letters": len(seconds)}
        missed = f"{what}, p95 with one carrier that hangs"
        yield Result("blocks", missed, p95, "s", most=10.0, detail=detail)
