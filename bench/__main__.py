"""python -m bench [--only BAR] [--plans]: measure, print a table, write build/bench.json.

The exit status is 1 when a bar is missed.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Mapping

from bench import (
    accepting,
    campaigns,
    connections,
    desk,
    edge,
    fuzzing,
    linking,
    looking,
    memory,
    stories,
    triaging,
)
from bench.harness import RESULTS, Result, table, write
from bench.servers import Ground, ground

# By the number of PERFORMANCE.md, or by a name where a bar has none there.
BARS: Mapping[str, Callable[[Ground], Iterator[Result]]] = {
    "1": accepting.rates,
    "2": accepting.latencies,
    "3": accepting.counts,
    "4": accepting.without_broker,
    "5": accepting.many,
    "6": edge.files,
    "7": edge.application,
    "8": edge.new_bytes,
    "10": triaging.delays,
    "11": triaging.throughput,
    "12": desk.held,
    "13": looking.verdicts,
    "14": memory.held,
    "15": connections.held,
    "campaigns": campaigns.held,
    "link": linking.costs,
    "phones": fuzzing.held,
    "stories": stories.held,
    "words": edge.words,
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--only", choices=BARS, help="one bar")
    parser.add_argument("--plans", action="store_true", help="of bar 12: how each statement ran")
    chosen = parser.parse_args()
    only = chosen.only
    os.environ["PLANS"] = "yes" if chosen.plans else ""
    results: list[Result] = []
    for bar in [only] if only else BARS:
        print(f"bar {bar} …", file=sys.stderr, flush=True)
        with ground() as fresh:
            results += BARS[bar](fresh)
    print(table(results))
    write(results)
    print(f"all figures: {RESULTS.name} in build/")
    return 0 if all(result.passed for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
