"""Bar 12: the desk's pages over 1,000,000 reports and over 10,000, two thousand of them open in both.

Whole pages are opened, from the address to the HTML, so that what is compared is what an officer
waits for. Both databases lie on one server (bench/desk_rows.py).
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial

from bench.desk_asks import TYPED
from bench.desk_rows import fill
from bench.harness import Result, ratio_of
from bench.looking import copied
from bench.servers import ROOT, Ground

MANY, FEW = int(os.environ.get("REPORTS") or 1_000_000), 10_000
MOST_FILLING = 600  # seconds
MOST_STATEMENTS = 12
MOST_WORDS_MS = 300
RATIOS = {"queue": 1.10, "filters": 1.10, "numbers": 1.10, "deep": 1.3, "start": 1.3}


def held(ground: Ground) -> Iterator[Result]:
    """Ratios of medians, statements, and free text in milliseconds; plans where they are wanted."""
    many = ground.env["DATABASE_URL"]
    few = copied(many)
    fill(few, FEW)
    started = time.monotonic()
    fill(many, MANY)
    filling = time.monotonic() - started
    yield Result(12, f"{MANY:,} reports written", filling, "s", most=MOST_FILLING)
    for page, most in RATIOS.items():
        ours, limit = (
            partial(p50, ground, where, size, page) for where, size in ((many, MANY), (few, FEW))
        )
        ratio, figures = ratio_of(ours, limit)
        yield Result(12, f"p50 of {page}, {MANY:,} / {FEW:,}", ratio, most=most, detail=figures)
    yield from _words(ground, many)
    for page in (*RATIOS, "words"):
        seen = asked(ground, many, MANY, page, "1")["statements"]
        yield Result(12, f"statements of {page}", seen, most=MOST_STATEMENTS)
    if os.environ.get("PLANS"):
        print_plans(ground, many)


def _words(ground: Ground, many: str) -> Iterator[Result]:
    each = {typed: asked(ground, many, MANY, f"words {typed}", "1")["p50"] for typed in TYPED}
    slowest = max(each, key=lambda typed: each[typed])
    all_of_them = asked(ground, many, MANY, "words", "10")
    what = f"free text, median page of {len(TYPED)} searches in turn"
    detail: dict[str, object] = {typed: round(ms) for typed, ms in each.items()}
    yield Result(12, what, all_of_them["p50"], "ms", most=MOST_WORDS_MS, detail=detail)
    what = f"free text, the slowest of them by its median ({slowest})"
    yield Result(12, what, each[slowest], "ms", goal=MOST_WORDS_MS)


def p50(ground: Ground, database: str, reports: int, page: str, seconds: float) -> float:
    """In milliseconds."""
    return float(asked(ground, database, reports, page, str(seconds))["p50"])


def asked(ground: Ground, database: str, reports: int, page: str, seconds: str) -> dict[str, float]:
    """A process of its own opens pages over one database (bench/desk_asks.py)."""
    return dict(json.loads(_said(ground, database, page, str(reports), seconds)))


def print_plans(ground: Ground, database: str) -> None:
    for page in (*RATIOS, "words"):
        for plan in json.loads(_said(ground, database, page, str(MANY), "plans")):
            print(f"== {page}\n{plan}\n")


def _said(ground: Ground, database: str, *words: str) -> str:
    command = [sys.executable, "-m", "bench.desk_asks", *words]
    env = ground.env | {"DATABASE_URL": database}
    done = subprocess.run(command, cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout
