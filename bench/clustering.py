"""Bar "campaigns": which reports `manage.py link_stories` puts together, against what is true.

Measures every bench/data/links*.jsonl: lines with what the door takes and "campaign", the true one
or null. Of all pairs in one campaign: how many are right, how many of the true ones are found.
"""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.harness import Result
from bench.servers import BenchServers
from tools.servers import ROOT

FILES = "links*.jsonl"
_DATA = Path(__file__).parent / "data"
PRECISION, RECALL = 0.98, 0.92

Rows = Sequence[Mapping[str, Any]]


def evaluate_clustering(servers: BenchServers) -> Iterator[Result]:
    for file in sorted(_DATA.glob(FILES)):
        rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
        precision, recall, detail = score_pairs(rows, run_link_stories(file, servers.env))
        what = f"{file.name}, {len(rows)} reports: pairs put together that"
        yield Result(
            "campaigns", f"{what} belong together", precision, least=PRECISION, detail=detail
        )
        what = f"{file.name}: pairs that belong together, put together"
        yield Result("campaigns", what, recall, least=RECALL, detail=detail)


def run_link_stories(file: Path, env: Mapping[str, str]) -> Rows:
    """What the door says of each line, in order."""
    words = [sys.executable, "manage.py", "link_stories"]
    with file.open("rb") as lines:
        done = subprocess.run(
            words, cwd=ROOT, env=env, stdin=lines, check=True, stdout=subprocess.PIPE
        )
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


def score_pairs(true: Rows, predicted: Rows) -> tuple[float, float, dict[str, object]]:
    """Precision, recall and the counts of pairs; 1 where there is nothing to get wrong."""
    both = Counter(
        (one["campaign"], other["campaign"]) for one, other in zip(true, predicted, strict=True)
        if one["campaign"] and other["campaign"]
    )  # fmt: skip
    right, joined, all_true = (
        sum(many * (many - 1) // 2 for many in counted.values())
        for counted in (both, _count_campaigns(predicted), _count_campaigns(true))
    )
    detail: dict[str, object] = {"right": right, "found": joined, "true": all_true}
    return right / joined if joined else 1.0, right / all_true if all_true else 1.0, detail


def _count_campaigns(rows: Rows) -> Counter[str]:
    return Counter(row["campaign"] for row in rows if row["campaign"])
