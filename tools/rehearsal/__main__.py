"""python -m tools.rehearsal: hosts fail under load, and a second of the past comes back on another host.

    python -m tools.rehearsal                   three bases, two portals, every fault
    python -m tools.rehearsal --drill restore   one base; twenty seconds drawn, restored, compared with the book
    python -m tools.rehearsal --short           two bases, one portal: one fault, one second

Exit status 1: something is amiss; 2: it cannot be tried here. Figures go into build/rehearsal.json.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tools.rehearsal.failover import Rehearsal
from tools.rehearsal.hosts import enter_namespaces, find_missing_programs
from tools.rehearsal.restore import RestoreDrill
from tools.rehearsal.site import Site
from tools.servers import ROOT

FAULTS = (
    "kill_primary", "cut_primary", "power_off_primary", "cut_standby", "power_off_portal", "power_off_store",
    "kill_etcd_leader",
)  # fmt: skip
MAX_GAP_SECONDS = 15.0
RESULTS = ROOT / "build" / "rehearsal.json"


def main() -> int:
    options = parse_options()
    missing = find_missing_programs()
    if missing or os.geteuid() != 0:
        print(f"NOT RUN: root is needed, and these programs: {' '.join(missing) or 'all there'}")
        return 2
    enter_namespaces("tools.rehearsal")
    started = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - started:6.1f} s  {line}", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory(prefix="rehearsal-", dir="/var/tmp", ignore_cleanup_errors=True) as name:  # noqa: S108  # fmt: skip
        try:
            figures = rehearse(Path(name), options, say)
        finally:
            shutil.copytree(name, "/var/tmp/rehearsal-kept", dirs_exist_ok=True, ignore=shutil.ignore_patterns("base", "pg_wal", "*.sock", ".s.*"))
    print(json.dumps(figures, indent=1))
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(figures) + "\n")
    return 1 if figures["breaches"] else 0


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.rehearsal", description=__doc__)
    parser.add_argument("--drill", choices=["failover", "restore"], default="failover")
    parser.add_argument("--short", action="store_true", help="two bases, one portal; both drills")
    parser.add_argument("--rate", type=float, default=50, help="reports a second")
    parser.add_argument("--faults", nargs="*", default=FAULTS, choices=FAULTS)
    parser.add_argument("--draws", type=int, default=20, help="seconds that are restored")
    return parser.parse_args()


def rehearse(folder: Path, options: argparse.Namespace, say: Callable[[str], object]) -> Any:
    """Return the figures of the drills, and what is amiss as `breaches`."""
    is_whole = options.drill == "failover" and not options.short
    site = Site(folder, bases=3 if is_whole else 2, portals=2 if is_whole else 1)
    site.build()
    say("everything is up")
    figures: dict[str, Any] = {"breaches": []}
    if options.short or options.drill == "failover":
        faults, rate = (["kill_primary"], 10) if options.short else (options.faults, options.rate)
        failover = Rehearsal(site, say).run(faults, rate)
        figures["failover"] = asdict(failover)
        figures["breaches"] += failover.breaches
        figures["breaches"] += [
            f"{name}: {gap:.1f} s" for name, gap in failover.gaps.items() if gap > MAX_GAP_SECONDS
        ]
    if options.short or options.drill == "restore":
        size = (1, 10, 3, True) if options.short else (options.draws, 20, 60, False)
        draws, rate, seconds, at_once = size
        restored = RestoreDrill(site, say).run(draws, rate, seconds, ship_at_once=at_once)
        figures["restore"] = asdict(restored)
        figures["breaches"] += restored.breaches
    return figures


if __name__ == "__main__":
    sys.exit(main())
