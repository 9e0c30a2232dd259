"""What is missing or malformed in the folder of a province, a sentence each, for the system check."""

import csv
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path

from django.core.exceptions import ValidationError

from alerts.drafting import build_first_alert
from core.province import Province, load_province
from desk.leaders.commune_map import MIN_RING, load_boundaries, load_places
from reports.data.loader import load_json
from reports.extraction.impersonation.office_names import claim_table
from reports.extraction.phones import parse

COMMUNE_COLUMNS = ("codename", "code", "name", "former_districts", "former_communes")
_POINT = re.compile(r"-?[0-9]{1,2}(\.[0-9]+)?,-?[0-9]{1,3}(\.[0-9]+)?")


def list_problems(folder: Path) -> Iterator[str]:
    """Yield what keeps the portal from serving this province."""
    province, problems = load_province(folder)
    yield from problems
    for name, list_file_problems in _FILES.items():
        try:
            yield from (f"{name}: {problem}" for problem in list_file_problems(province))
        except OSError as error:
            yield f"{name} cannot be read: {error.strerror}."
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            yield f"{name} is malformed: {type(error).__name__}: {error}."


def _list_commune_problems(province: Province) -> Iterator[str]:
    with (province.folder / "communes.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    if missing := set(COMMUNE_COLUMNS) - set(reader.fieldnames or ()):
        yield f"columns are missing: {', '.join(sorted(missing))}."
        return
    if not rows:
        yield "there is no commune."
    if len({row["codename"] for row in rows}) < len(rows):
        yield "a codename stands twice."
    for row in rows:
        if not row["codename"] or " " not in row["name"]:
            yield f'"{row["codename"]}" needs a codename and a name such as "Xã An Bình".'


def _list_office_problems(province: Province) -> Iterator[str]:
    local = province.load_json("offices.json")
    codenames = {row["codename"] for row in load_json("offices.json")["offices"]}
    wider = codenames | claim_table().labels.keys()
    for key, allowed in (("offices", codenames), ("called", wider)):
        for codename in local[key].keys() - allowed:
            yield f'"{codename}" under "{key}" is no office of reports/data.'
    for row in local["numbers"]:
        date.fromisoformat(row["verified_on"])
        if row["office"] not in codenames or not parse(row["number"]).key:
            yield f"{row['number']} is no telephone number of an office of reports/data."
    if province.hotline not in {row["number"] for row in local["numbers"]}:
        yield f"the hotline {province.hotline} is not among the numbers."


def _list_warning_problems(province: Province) -> Iterator[str]:
    alert, steps = build_first_alert(province)
    for row in (alert, *steps):
        try:
            row.clean_fields(exclude={"author", "alert"})
        except ValidationError as error:
            yield f"{error.message_dict}."


def _list_outline_problems(province: Province) -> Iterator[str]:
    points = (province.folder / "outline.txt").read_text("utf-8").split()
    if len(points) < 4 or points[0] != points[-1] or not all(map(_POINT.fullmatch, points)):
        yield 'it has to be a closed ring of at least four "lat,lon" points with spaces between.'


def _list_tile_problems(province: Province) -> Iterator[str]:
    places = load_places(province.folder)
    if len(set(places.values())) < len(places):
        yield "two communes have the same place."
    yield from _list_missing_communes(province, places)


def _list_boundary_problems(province: Province) -> Iterator[str]:
    boundaries = load_boundaries(province.folder)
    yield from _list_missing_communes(province, boundaries)
    for codename, rings in boundaries.items():
        if not rings or any(len(ring) < MIN_RING or ring[0] != ring[-1] for ring in rings):
            yield f'the boundary of "{codename}" is no closed ring of at least {MIN_RING} points.'
        if any(abs(x) > 180 or abs(y) > 90 for ring in rings for x, y in ring):
            yield f'the boundary of "{codename}" has to be in degrees of longitude and latitude.'


def _list_missing_communes(province: Province, places: Mapping[str, object]) -> Iterator[str]:
    lines = (province.folder / "communes.csv").read_text("utf-8").splitlines() if places else []
    for codename in sorted({row["codename"] for row in csv.DictReader(lines)} ^ places.keys()):
        yield f'the commune "{codename}" is missing here or in communes.csv.'


_FILES: dict[str, Callable[[Province], Iterator[str]]] = {
    "communes.csv": _list_commune_problems,
    "offices.json": _list_office_problems,
    "first_warning.json": _list_warning_problems,
    "outline.txt": _list_outline_problems,
    "tiles.csv": _list_tile_problems,
    "boundaries.geojson": _list_boundary_problems,
}
