"""Another province: its own folder, and not one word of the first one's."""

import csv
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

from core.province import load_province, province, strip_marks
from portal.checks import check_province
from portal.province_folder import list_problems
from tests.support.data_files import read_cases
from tests.support.processes import ROOT, run_python

FOLDER = ROOT / "tests" / "data" / "province_of_lam_giang"
OTHER, _ = load_province(FOLDER)
_OWN_NAMES = (province.name, strip_marks(province.name), province.name.upper(), province.office)
NAMES = re.compile("|".join((*_OWN_NAMES, re.sub(r"[. ]", "[. ]?", province.hotline))))


def run(*command: str, **env: str) -> str:
    ours = {"PROVINCE_DIR": str(FOLDER), "DJANGO_SETTINGS_MODULE": "portal.settings"}
    process = run_python(os.environ | ours | env, *command)
    assert process.returncode == 0, process.stderr
    return process.stdout


@pytest.mark.django_db(transaction=True)
def test_every_page_and_paper_names_the_other_province_and_nothing_of_this_one() -> None:
    database = os.environ["DATABASE_URL"]
    own = database.replace("/portal?", f"/{connection.settings_dict['NAME']}?")
    printed = run("-m", "tests.support.province_pages", DATABASE_URL=own)
    pages: dict[str, str] = json.loads(printed)
    assert {name: found[0] for name, text in pages.items() if (found := NAMES.findall(text))} == {}
    named = {
        "/": (OTHER.police, OTHER.hotline, f"tel:{OTHER.hotline_dial}", OTHER.office),
        "/en/": (OTHER.police_en, OTHER.police_short_en, OTHER.hotline),
        "/khong-co/": (OTHER.hotline,),
        "/canh-bao/goi-dien-gia-danh-lanh-dao/": (OTHER.name, "LG-PX09-", OTHER.hotline),
        "/canh-bao/rss.xml": (OTHER.police,),
        "/canh-bao/atom.xml": (OTHER.police,),
        "/canh-bao/feed.json": (OTHER.police,),
        "/canh-bao/cap.xml": (OTHER.police,),
        "/nhung/": (OTHER.police, OTHER.hotline),
        "/nhung.js": (OTHER.police,),
        "/manifest.webmanifest": (),
        "/.well-known/security.txt": (OTHER.hotline_key,),
        "cap": (OTHER.police_en, OTHER.area, "<value>99</value>", OTHER.hotline_dial, "20.0000,105.0000"),
        "poster": (OTHER.police, OTHER.hotline),
        "receipt": (OTHER.hotline,),
        "desk": (OTHER.office,),
        "report": (OTHER.slip_code,),
        "slip": ("CÔNG AN TỈNH LAM GIANG", "PHÒNG TIẾP NHẬN", OTHER.slip_code, "Lam Giang, ngày"),
    }  # fmt: skip
    lacking = {
        (page, word) for page, words in named.items() for word in words if word not in pages[page]
    }
    assert lacking == set()


def test_the_readers_take_the_names_of_the_other_province() -> None:
    code = (
        "import django; django.setup();"
        "from reports.calendar.working_days import on_file;"
        "from reports.extraction.impersonation.claims import claims_in_story;"
        "from reports.extraction.language.cue_matcher import tokenize;"
        "from reports.extraction.phones import parse;"
        "from reports.reference.office_lexicon import bundled_lexicon;"
        "from datetime import date;"
        "claims = claims_in_story(tokenize('Nó xưng là PX09, rồi điện lực Lam Giang.'), bundled_lexicon());"
        "print([claim.offices for claim in claims]);"
        "print('like_hotline' in parse('0550 000 901').flags);"
        "print(on_file().is_working_day(date(2026, 12, 8)))"
    )
    assert run("-c", code).splitlines() == ["[('cong-an-tinh',), ('dien-luc',)]", "True", "False"]


@pytest.mark.parametrize("folder_", [province.folder, FOLDER])
def test_a_whole_folder_has_no_problem(folder_: Path) -> None:
    assert list(list_problems(folder_)) == []


@pytest.mark.parametrize(
    ("file", "old", "new", "problem"), read_cases("province_problems.json", "malformed")
)
def test_what_is_missing_or_malformed_is_said(
    tmp_path: Path, file: str, old: str, new: str, problem: str
) -> None:
    folder = Path(shutil.copytree(FOLDER, tmp_path / "province"))
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1))
    problems = list(list_problems(folder))
    assert any(line.startswith(problem) for line in problems), problems


def test_a_map_names_each_commune_and_no_other(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(province.folder, tmp_path / "province"))
    tiles = folder / "tiles.csv"
    tiles.write_text(tiles.read_text().replace("xa_muong_lat,", "xa_la,", 1))
    assert list(list_problems(folder)) == [
        f'tiles.csv: the commune "{name}" is missing here or in communes.csv.'
        for name in ("xa_la", "xa_muong_lat")
    ]


def square(codename: str, west: float) -> dict[str, Any]:
    ring = [[west, 20.0], [west + 0.1, 20.0], [west + 0.1, 20.1], [west, 20.1], [west, 20.0]]
    return {
        "type": "Feature",
        "properties": {"name": "", "ma": codename},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def write_boundaries(folder: Path, *features: dict[str, Any]) -> None:
    text = json.dumps({"type": "FeatureCollection", "features": features})
    (folder / "boundaries.geojson").write_text(text)


def test_boundaries_are_of_every_commune_closed_and_in_degrees(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(FOLDER, tmp_path / "province"))
    with (folder / "communes.csv").open() as file:
        rows = list(csv.DictReader(file))
    squares = [square(row["code"] or row["codename"], 105.0) for row in rows]
    write_boundaries(folder, *squares)
    assert not list(list_problems(folder))
    open_ring = squares[0]["geometry"]["coordinates"][0]
    open_ring[0][0] = 1050.0
    write_boundaries(folder, *squares[:-1])
    assert [line.removeprefix("boundaries.geojson: the ") for line in list_problems(folder)] == [
        f'commune "{rows[-1]["codename"]}" is missing here or in communes.csv.',
        f'boundary of "{rows[0]["codename"]}" is no closed ring of at least 4 points.',
        f'boundary of "{rows[0]["codename"]}" has to be in degrees of longitude and latitude.',
    ]


def test_a_start_without_a_folder_is_refused_with_a_hint(
    settings: Settings, tmp_path: Path
) -> None:
    settings.PROVINCE_DIR = tmp_path
    errors = list(check_province())
    assert [error.id for error in errors] == ["portal.E024"] * 5
    assert "docs/province.md" in str(errors[0].hint)
