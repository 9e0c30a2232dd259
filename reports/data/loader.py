"""Read the data files of this folder and of the province's."""

import csv
import json
from functools import cache
from pathlib import Path
from typing import Any

from core.province import province

FOLDER = Path(__file__).parent


@cache
def load_json(name: str) -> dict[str, Any]:
    """Return the object of a file, loaded once; do not change it."""
    content: dict[str, Any] = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return content


def load_words(name: str, key: str) -> frozenset[str]:
    return frozenset(load_json(name)[key])


@cache
def load_offices() -> dict[str, Any]:
    """Return the impersonated "offices", the "groups" of them and their "numbers"."""
    general, local = load_json("offices.json"), province.load_json("offices.json")
    names = {"cong-an-tinh": {"name": province.police, "name_en": province.police_en}}
    names |= local["offices"]
    offices = [row | names.get(row["codename"], {}) for row in general["offices"]]
    return general | {"offices": offices, "numbers": [*local["numbers"], *general["numbers"]]}


@cache
def load_communes() -> tuple[dict[str, str], ...]:
    """Return the communes and wards; several names in a cell are separated by semicolons."""
    with (province.folder / "communes.csv").open(encoding="utf-8", newline="") as file:
        return tuple(csv.DictReader(file))
