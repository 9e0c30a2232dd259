"""Read the tables of tests/data."""

import csv
import json
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parents[1] / "data"


def read_jsonl(name: str) -> list[dict[str, Any]]:
    """Return the objects of a file, one a line."""
    return [json.loads(line) for line in (_FOLDER / name).read_text("utf-8").splitlines()]


def read_csv(name: str) -> list[dict[str, str]]:
    """Return the rows of a file with a line of names."""
    with (_FOLDER / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def read_cases(name: str, table: str) -> list[Any]:
    """Return the rows of one table of a file, each the arguments of a test."""
    cases: dict[str, list[Any]] = json.loads((_FOLDER / name).read_text("utf-8"))
    return cases[table]
