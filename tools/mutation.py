"""Mutation testing of the modules that must not be wrong, with mutmut: `make mutation`.

Usage: python -m tools.mutation [name or pattern of mutants ...]

What is mutated and by which tests it is judged stands in pyproject.toml. Results are kept in mutants/
until the code or its tests change; `.venv/bin/mutmut show NAME` shows a mutant.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.support.real_services import RUNNING, test_services

STATS = Path("mutants/mutmut-cicd-stats.json")


def main() -> int:
    with test_services():
        # One mutant at a time: they share a database, which stays.
        status = run_mutmut("run", "--max-children", "1", *sys.argv[1:])
    run_mutmut("results")
    run_mutmut("export-cicd-stats")
    print(format_score(json.loads(STATS.read_text())))
    return status


def run_mutmut(*words: str) -> int:
    command = [sys.executable, "-m", "mutmut", *words]
    return subprocess.run(command, env=os.environ | {RUNNING: "yes"}, check=False).returncode


def format_score(stats: dict[str, int]) -> str:
    """Return how many of the mutants that were tried turned a test red."""
    killed = stats["killed"] + stats["timeout"]
    tried = killed + stats["survived"] + stats["no_tests"] + stats["suspicious"]
    share = f"{killed / tried:.1%}" if tried else "none"
    return f"{killed} of {tried} mutants were noticed: {share}"


if __name__ == "__main__":
    sys.exit(main())
