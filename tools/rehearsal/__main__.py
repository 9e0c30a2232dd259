"""python -m tools.rehearsal: hosts fail under load, and a second of the past comes back on another host.

    python -m tools.rehearsal                   three bases, two portals, every fault
    python -m tools.rehearsal --drill restore   drawn seconds are restored and compared with the senders' book
    python -m tools.rehearsal --drill short     two bases, one portal: a fault and a second

Exit status 1: something is amiss; 2: it cannot be tried here. Figures go into build/rehearsal.json.
"""

import argparse
import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tools.rehearsal.failover import FailoverDrill
from tools.rehearsal.hosts import INSIDE, find_missing_programs, make_network, run_in_namespaces
from tools.rehearsal.restore import RestoreDrill
from tools.rehearsal.site import Site
from tools.servers import ROOT

# The longest time without a receipt. A host that falls silent is replaced when its lease of 20 s ends, the least that
# Patroni allows (docs/adr/0056): then a standby is asked, and every portal host notices.
MAX_GAPS_SECONDS = {
    "kill_primary": 15.0, "cut_primary": 27.0, "power_off_primary": 27.0, "cut_standby": 15.0,
    "power_off_portal": 15.0, "power_off_store": 15.0, "kill_etcd_leader": 15.0,
}  # fmt: skip
RESULTS = ROOT / "build" / "rehearsal.json"


def main() -> int:
    options = parse_options()
    missing = find_missing_programs()
    if missing or os.geteuid() != 0:
        print(f"NOT RUN: {f'not here: {missing}' if missing else 'only root makes hosts'}")
        return 2
    if INSIDE not in os.environ:
        return run_in_namespaces("tools.rehearsal", *sys.argv[1:])
    folder = Path(os.environ[INSIDE])
    make_network(folder)
    figures = rehearse(folder, options)
    print(json.dumps(figures, indent=1))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(figures) + "\n")
    return 1 if figures["breaches"] else 0


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.rehearsal")
    parser.add_argument("--drill", choices=["failover", "restore", "short"], default="failover")
    parser.add_argument("--rate", type=float, default=50, help="reports a second")
    parser.add_argument("--draws", type=int, default=20, help="seconds that are restored")
    names = [*MAX_GAPS_SECONDS]
    parser.add_argument("--faults", nargs="*", choices=names, default=names)
    return parser.parse_args()


def rehearse(folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Return the figures of the drills, and as `breaches` what may not be."""
    started = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - started:6.1f} s  {line}", file=sys.stderr, flush=True)

    is_whole = options.drill == "failover"
    site = Site(folder, bases=3 if is_whole else 2, portals=2 if is_whole else 1)
    site.build()
    say("everything is up")
    drills: dict[str, Any] = {
        "failover": lambda: FailoverDrill(site, say).run(options.faults, options.rate),
        "restore": lambda: RestoreDrill(site, say).run(options.draws, 20, 60, is_short=False),
    }
    if options.drill == "short":
        drills["failover"] = lambda: FailoverDrill(site, say).run(["kill_primary"], 10)
        drills["restore"] = lambda: RestoreDrill(site, say).run(1, 10, 3, is_short=True)
    else:
        drills = {options.drill: drills[options.drill]}
    figures = {name: asdict(drill()) for name, drill in drills.items()}
    breaches = [breach for each in figures.values() for breach in each["breaches"]]
    gaps = figures.get("failover", {}).get("gaps", {})
    breaches += [
        f"{fault}: {gap:.1f} s without a receipt"
        for fault, gap in gaps.items()
        if gap > MAX_GAPS_SECONDS[fault]
    ]
    return figures | {"breaches": breaches}


if __name__ == "__main__":
    sys.exit(main())
