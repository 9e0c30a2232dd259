"""The communes on a map: by their boundaries where the province's folder has them, else a tile each."""

import csv
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from math import cos, radians
from pathlib import Path
from typing import Any

TILE_WIDTH, TILE_HEIGHT = 72, 56  # in units of the picture, as all below
_TILE = "M{} {}h60a4 4 0 0 1 4 4v44a4 4 0 0 1-4 4h-60a4 4 0 0 1-4-4v-44a4 4 0 0 1 4-4z"
BOUNDARIES_WIDTH = 1000  # boundaries are drawn to the unit, which leaves out what nobody could see
MIN_RING = 4  # points of a closed ring
Point = tuple[float, float]


@dataclass(frozen=True)
class Shape:
    """A commune: SVG's path, and where its words and its count stand."""

    path: str
    x: int
    y: int
    has_words: bool


@dataclass(frozen=True)
class CommuneMap:
    """The shape of each commune by codename; none for a province that gives no places."""

    shapes: Mapping[str, Shape] = field(default_factory=dict)
    width: int = 0
    height: int = 0


@cache
def load_map(folder: Path) -> CommuneMap:
    """Return the map of a province. Raises ValueError, KeyError or TypeError for a malformed file."""
    if (folder / "boundaries.geojson").exists():
        return draw_boundaries(load_boundaries(folder))
    places = load_places(folder)
    shapes = {
        codename: _draw_tile(x * TILE_WIDTH, y * TILE_HEIGHT) for codename, (x, y) in places.items()
    }
    columns, rows = zip(*places.values(), strict=True) if places else ((-1,), (-1,))
    return CommuneMap(shapes, TILE_WIDTH * (max(columns) + 1), TILE_HEIGHT * (max(rows) + 1))


@cache
def load_places(folder: Path) -> dict[str, tuple[int, int]]:
    """Return column and row of each commune's tile, {} for a province without `tiles.csv`."""
    path = folder / "tiles.csv"
    lines = path.read_text("utf-8").splitlines() if path.exists() else []
    return {
        each["codename"]: (int(each["column"]) - 1, int(each["row"]) - 1)
        for each in csv.DictReader(lines)
    }


def _draw_tile(x: int, y: int) -> Shape:
    return Shape(_TILE.format(x + 4, y), x + 34, y, has_words=True)


def load_boundaries(folder: Path) -> dict[str, list[list[Point]]]:
    """Return the rings (longitude, latitude) of each commune, {} without `boundaries.geojson`. One of
    a feature's properties is the `codename` or `code` of communes.csv; other features are left out.
    """
    path = folder / "boundaries.geojson"
    if not path.exists():
        return {}
    with (folder / "communes.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    known = {row[key]: row["codename"] for row in rows for key in ("codename", "code") if row[key]}
    boundaries: dict[str, list[list[Point]]] = {}
    for feature in json.loads(path.read_text("utf-8"))["features"]:
        values = (str(value) for value in feature["properties"].values())
        if codename := next((known[value] for value in values if value in known), None):
            boundaries.setdefault(codename, []).extend(_list_rings(feature["geometry"]))
    return boundaries


def _list_rings(geometry: Mapping[str, Any]) -> Iterator[list[Point]]:
    kind, parts = geometry["type"], geometry["coordinates"]
    if kind not in ("Polygon", "MultiPolygon"):
        raise ValueError(f"{kind} is no boundary")
    for polygon in [parts] if kind == "Polygon" else parts:
        yield from ([(float(x), float(y)) for x, y, *_ in ring] for ring in polygon)


def draw_boundaries(boundaries: Mapping[str, Sequence[Sequence[Point]]]) -> CommuneMap:
    """Return the communes as they lie, north above; so small a country needs no better projection."""
    points = [point for rings in boundaries.values() for ring in rings for point in ring]
    west, south = (min(each) for each in zip(*points, strict=True))
    east, north = (max(each) for each in zip(*points, strict=True))
    narrowing = cos(radians((south + north) / 2))
    scale = BOUNDARIES_WIDTH / ((east - west) * narrowing)

    def place(point: Point) -> tuple[int, int]:
        return round((point[0] - west) * narrowing * scale), round((north - point[1]) * scale)

    shapes = {
        codename: _draw_rings([[place(point) for point in ring] for ring in rings])
        for codename, rings in boundaries.items()
    }
    return CommuneMap(shapes, BOUNDARIES_WIDTH, round((north - south) * scale))


def _draw_rings(rings: Sequence[Sequence[tuple[int, int]]]) -> Shape:
    """Return the rings without points that fall on the one before; the count in the largest's middle."""
    drawn = [[ring[0], *(two for one, two in pairwise(ring) if one != two)] for ring in rings]
    seen = [ring for ring in drawn if len(ring) >= MIN_RING] or drawn[:1]
    path = "".join("M" + "L".join(f"{x} {y}" for x, y in ring) + "Z" for ring in seen)
    columns, rows = zip(*max(seen, key=_measure_width), strict=True)
    return Shape(path, (min(columns) + max(columns)) // 2, (min(rows) + max(rows)) // 2, False)


def _measure_width(ring: Sequence[tuple[int, int]]) -> int:
    columns = [x for x, _ in ring]
    return max(columns) - min(columns)
