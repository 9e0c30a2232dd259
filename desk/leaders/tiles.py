"""The communes as a map of tiles, one a commune, placed by `tiles.csv` of the province's folder."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from core.province import province
from desk.leaders.sheet import Cell

WIDTH, HEIGHT, GAP = 72, 56, 4  # of a tile, in units of the picture


@dataclass(frozen=True)
class Tile:
    x: int
    y: int
    words: tuple[str, ...]  # the commune's name without its kind, a word or two a line
    cell: Cell


@dataclass(frozen=True)
class TileMap:
    width: int
    height: int
    tiles: list[Tile]


@cache
def load_places() -> Mapping[str, tuple[int, int]]:
    """Return codename -> column and row from 0; {} for a province without such a file."""
    path = province.folder / "tiles.csv"
    if not path.exists():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {row["codename"]: (int(row["column"]) - 1, int(row["row"]) - 1) for row in rows}


def draw_map(communes: Mapping[str, Cell]) -> TileMap | None:
    """Return the map of those communes that have a place; None without any."""
    places = {key: place for key, place in load_places().items() if key in communes}
    if not places:
        return None
    columns, rows = (1 + max(each) for each in zip(*places.values(), strict=True))
    tiles = [
        Tile(column * WIDTH, row * HEIGHT, _split(communes[key].name), communes[key])
        for key, (column, row) in places.items()
    ]
    return TileMap(columns * WIDTH - GAP, rows * HEIGHT - GAP, tiles)


def _split(name: str) -> tuple[str, ...]:
    """Return a name like "Phường Đào Duy Từ" as two short lines."""
    first, _, rest = name.partition(" ")[2].partition(" ")
    if " " in rest:
        second, _, rest = rest.partition(" ")
        first = f"{first} {second}"
    return (first, rest) if rest else (first,)
