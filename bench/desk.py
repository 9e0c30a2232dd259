"""Bar 12: the desk's pages over 1,000,000 reports and over 10,000, two thousand of them open in both.

Whole pages are opened, from the address to the HTML, so that what is compared is what an officer
waits for. Both databases lie on one server (bench/desk_rows.py).
"""

import os
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

from bench.databases import copy_database
from bench.desk_client import SEARCHES
from bench.desk_rows import fill_database
from bench.harness import Result, measure_ratio
from bench.servers import BenchServers

MANY, FEW = int(os.environ.get("REPORTS") or 1_000_000), 10_000
MAX_FILL_SECONDS = 600  # seconds
MAX_STATEMENTS = 12
MAX_FREE_TEXT_MS = 300
RATIOS = {
    "queue": 1.10,
    "filters": 1.10,
    "numbers": 1.10,
    "deep": 1.3,
    "start": 1.3,
    "leaders": 1.3,
}


def measure_pages(servers: BenchServers) -> Iterator[Result]:
    """Ratios of medians, statements, and free text in milliseconds; plans where they are wanted."""
    many = servers.env["DATABASE_URL"]
    few = copy_database(many)
    fill_database(few, FEW)
    started = time.monotonic()
    fill_database(many, MANY)
    filling = time.monotonic() - started
    yield Result(12, f"{MANY:,} reports written", filling, "s", most=MAX_FILL_SECONDS)
    for page, most in RATIOS.items():
        ours, limit = (
            partial(measure_median, servers, where, size, page)
            for where, size in ((many, MANY), (few, FEW))
        )
        ratio, figures = measure_ratio(ours, limit)
        yield Result(12, f"p50 of {page}, {MANY:,} / {FEW:,}", ratio, most=most, detail=figures)
    yield from _measure_free_text(servers, many)
    for page in (*RATIOS, "words"):
        seen = run_client(servers, many, MANY, page, "1")["statements"]
        yield Result(12, f"statements of {page}", seen, most=MAX_STATEMENTS)
    if os.environ.get("PLANS"):
        print_plans(servers, many)


def _measure_free_text(servers: BenchServers, many: str) -> Iterator[Result]:
    each = {
        typed: run_client(servers, many, MANY, f"words {typed}", "1")["p50"] for typed in SEARCHES
    }
    slowest = max(each, key=lambda typed: each[typed])
    all_of_them = run_client(servers, many, MANY, "words", "10")
    what = f"free text, median page of {len(SEARCHES)} searches in turn"
    detail: dict[str, object] = {typed: round(ms) for typed, ms in each.items()}
    yield Result(12, what, all_of_them["p50"], "ms", most=MAX_FREE_TEXT_MS, detail=detail)
    what = f"free text, the slowest of them by its median ({slowest})"
    yield Result(12, what, each[slowest], "ms", goal=MAX_FREE_TEXT_MS)


def measure_median(
    servers: BenchServers, database: str, reports: int, page: str, seconds: float
) -> float:
    """In milliseconds."""
    return float(run_client(servers, database, reports, page, seconds)["p50"])


def run_client(
    servers: BenchServers, database: str, reports: int, page: str, seconds: float | str
) -> Any:
    """Open pages over one database (bench/desk_client.py)."""
    words = (page, reports, seconds)
    return servers.run_client("bench.desk_client", *words, DATABASE_URL=database)


def print_plans(servers: BenchServers, database: str) -> None:
    for page in (*RATIOS, "words"):
        for plan in run_client(servers, database, MANY, page, "plans"):
            print(f"== {page}\n{plan}\n")
