"""python -m bench [--benchmark NAME] [--plans]: measure, print a table, write build/bench.json.

The exit status is 1 when a bar is missed.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Mapping

from bench import (
    blocking,
    clustering,
    connections,
    desk,
    hosts,
    intake,
    linking,
    lookup,
    memory,
    reader,
    static_pages,
    triage,
)
from bench.harness import RESULTS, Result, format_table, write_results
from bench.servers import BenchServers, bench_servers

# By the number of PERFORMANCE.md, or by a name where a bar has none there.
BARS: Mapping[str, Callable[[BenchServers], Iterator[Result]]] = {
    "1": intake.measure_throughput,
    "2": intake.measure_latency,
    "3": intake.count_statements,
    "4": intake.measure_without_broker,
    "5": intake.check_receipts,
    "6": static_pages.measure_files,
    "7": static_pages.measure_application,
    "8": static_pages.measure_publish_latency,
    "10": triage.measure_delays,
    "11": triage.measure_throughput,
    "12": desk.measure_pages,
    "13": lookup.measure_latency,
    "14": memory.measure_memory,
    "15": connections.count_connections,
    "16": hosts.measure_cost,
    "api": intake.measure_api,
    "blocks": blocking.measure_arrivals,
    "campaigns": clustering.evaluate_clustering,
    "link": linking.measure_latency,
    "stories": reader.evaluate_reader,
    "words": static_pages.check_consistency_under_load,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--benchmark", choices=BARS, metavar="NAME", help="one bar")
    parser.add_argument("--plans", action="store_true", help="of bar 12: how each statement ran")
    chosen = parser.parse_args()
    only = chosen.benchmark
    os.environ["PLANS"] = "yes" if chosen.plans else ""
    results: list[Result] = []
    for bar in [only] if only else BARS:
        print(f"bar {bar} …", file=sys.stderr, flush=True)
        with bench_servers() as fresh:
            for result in BARS[bar](fresh):
                print(f"  {result.what}: {result.value:.2f}", file=sys.stderr, flush=True)
                results.append(result)
    print(format_table(results))
    write_results(results)
    print(f"all figures: {RESULTS.name} in build/")
    return 0 if all(result.passed for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
