"""By night a page has other colours and is otherwise the same: the tests in a browser go by that."""

import re
from pathlib import Path

import pytest

from tests.support.processes import ROOT

SHEETS = [
    path
    for room in ("static", "templates")
    for path in sorted((ROOT / room).rglob("*"))
    if path.suffix in {".css", ".html", ".js"} and "prefers-color-scheme" in path.read_text("utf-8")
]
NIGHT = re.compile(r"@media[^{]*prefers-color-scheme: ?dark\)\s*\{\s*:root\s*\{([^{}]*)\}\s*\}")
COLOUR = re.compile(r"\s*--[a-z-]+:\s*#[0-9a-f]{3,6}\s*")


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_a_sheet_changes_colours_alone(sheet: Path) -> None:
    text = sheet.read_text("utf-8")
    nights = NIGHT.findall(text)
    assert len(nights) == text.count("prefers-color-scheme") > 0
    changed = [rule for night in nights for rule in night.split(";") if rule.strip()]
    assert changed
    assert [rule for rule in changed if not COLOUR.fullmatch(rule)] == []


def test_the_sheets_are_found() -> None:
    assert {"portal.css", "desk.css", "now.css", "frame.css"} <= {sheet.name for sheet in SHEETS}
