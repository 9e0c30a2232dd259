"""What is the province's own stands in its folder: no room names it, its office, hotline or dispatch."""

import re
from collections.abc import Iterator
from pathlib import Path

from core.province import FILE, province, strip_marks
from tests.support.processes import ROOT

PLACES = (
    "portal", "ops", "desk", "alerts", "accounts", "reports", "core", "templates", "static",
    "locale", "docker", "docker-compose.yml", "Dockerfile",
)  # fmt: skip
# Facts of the whole country, the vocabulary of the trained readers, and demo stories.
DATA = ROOT / "reports" / "data"


def list_names() -> set[str]:
    """Return every spelling that gives the province away."""
    name = province.name
    bare = strip_marks(name)
    document = province.load_json("first_warning.json")["document_number"]
    spellings = {
        name,
        name.upper(),
        bare,
        bare.lower(),
        province.slug,
        province.slug.replace("-", ""),
    }
    digits = {province.hotline, province.hotline_dial, province.hotline_key.removeprefix("+84")}
    return spellings | digits | {province.office, province.office.lower(), document}


def list_files() -> Iterator[Path]:
    for place in PLACES:
        paths = [ROOT / place] if (ROOT / place).is_file() else (ROOT / place).rglob("*")
        for path in paths:
            if path.is_file() and "__pycache__" not in path.parts and not path.is_relative_to(DATA):
                yield path


def test_no_line_of_code_or_template_names_the_province() -> None:
    words = re.compile("|".join(map(re.escape, list_names())).encode())
    files = list(list_files())
    named = [
        f"{path.relative_to(ROOT)}: {line.decode(errors='replace').strip()[:120]}"
        for path in files
        for line in path.read_bytes().splitlines()
        if words.search(line)
    ]
    assert len(files) > 500
    assert named == []


def test_the_words_looked_for_are_those_of_the_folder() -> None:
    text = (province.folder / FILE).read_text()
    assert {name for name in list_names() if name in text} >= {province.name, province.office}
