"""The documents hold what they promise: records of one form, a short README, links and paths that exist."""

import re
from pathlib import Path

import pytest

from tests.support.documents import list_anchors
from tools import write_reference

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
ADRS = sorted((DOCS / "adr").glob("[0-9]*.md"))
HEADINGS = ["Status", "Context", "Decision", "Consequences"]
PAGES = sorted(
    {*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *(ROOT / "reports" / "data").rglob("*.md")}
)
CODE = "portal|ops|desk|alerts|accounts|reports|core|bench|tools"
ROOMS = f"{CODE}|tests|templates|static|locale|docker|deploy|requirements|docs"
_LINK = re.compile(r"\]\(([^)#\s:]*)(?:#([\w-]*))?\)")
_MODULE = re.compile(r"(?<![\w./])(?:\w+/)+\w+\.py\b")
_PATH = re.compile(rf"`((?:{ROOMS})/[\w./-]*)`")


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("adr", ADRS, ids=relative)
def test_a_decision_record_has_four_headings_a_status_and_at_most_forty_lines(adr: Path) -> None:
    text = adr.read_text("utf-8")
    lines = text.splitlines()
    assert lines[0].startswith(f"# {adr.name[:4]}. ")
    assert [line[3:] for line in lines if line.startswith("## ")] == HEADINGS
    assert len(lines) <= 40
    status = text.split("## Status\n")[1].split("## ")[0].strip()
    forms = r"Accepted|(?:Superseded|Accepted, superseded in part) by \[\d{4}\]\(.+\.md\)"
    assert re.fullmatch(forms, status)


def test_decision_records_are_numbered_without_gaps_and_all_in_the_index() -> None:
    assert [int(adr.name[:4]) for adr in ADRS] == list(range(1, len(ADRS) + 1))
    index = (DOCS / "adr" / "README.md").read_text("utf-8")
    titles = {adr.name: adr.read_text("utf-8").splitlines()[0][2:] for adr in ADRS}
    assert [name for name, title in titles.items() if f"[{title}]({name})" not in index] == []


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= 200


@pytest.mark.parametrize("page", PAGES, ids=relative)
def test_links_and_paths_lead_somewhere(page: Path) -> None:
    text = page.read_text("utf-8")
    links = [(page.parent / link if link else page, anchor) for link, anchor in _LINK.findall(text)]
    paths = [ROOT / path for path in _PATH.findall(text)]
    targets = [link for link, _ in links]
    assert [str(path) for path in (*targets, *paths) if not path.exists()] == []
    anchors = [(link, anchor) for link, anchor in links if anchor and link.suffix == ".md"]
    assert [anchor for link, anchor in anchors if anchor not in list_anchors(link)] == []


def test_every_module_that_a_comment_or_docstring_names_exists() -> None:
    modules = [path for room in CODE.split("|") for path in (ROOT / room).rglob("*.py")]
    ends = {"/".join(path.parts[start:]) for path in modules for start in range(len(path.parts))}
    named = {path for module in modules for path in _MODULE.findall(module.read_text("utf-8"))}
    assert len(named) > 20
    assert named - ends == set()


def test_every_package_has_its_row_in_the_directory_structure() -> None:
    page = (DOCS / "directory-structure.md").read_text("utf-8")
    stock = {"management", "commands", "migrations", "templatetags", "vi"}
    packages = {
        path.parent
        for room in write_reference.ROOMS
        for path in (ROOT / room).rglob("__init__.py")
        if path.parent.name not in stock
    }
    assert [relative(each) for each in packages if f"`{relative(each)}/`" not in page] == []


def test_every_folder_at_the_top_has_its_row_in_the_directory_structure() -> None:
    page = (DOCS / "directory-structure.md").read_text("utf-8")
    made = {"build", "var", "mutants", "__pycache__"}
    folders = {path.name for path in ROOT.iterdir() if path.is_dir() and path.name[0] != "."}
    assert [
        each
        for each in sorted(folders - made)
        if f"`{each}/" not in page and f"    {each} " not in page
    ] == []


def test_every_variable_that_is_read_has_a_row_of_the_reference_and_no_other() -> None:
    settings = write_reference.list_settings()
    assert [row.name for row in settings if not row.text] == []
    page = (DOCS / "reference" / "settings.md").read_text("utf-8")
    assert page == write_reference.render_settings(), "make reference"
    rows = re.findall(r"^\| `([A-Z_]+)` \|", page, re.MULTILINE)
    assert sorted(rows) == sorted({row.name for row in settings})


def test_the_reference_of_commands_is_what_they_say() -> None:
    page = (DOCS / "reference" / "commands.md").read_text("utf-8")
    assert page == write_reference.render_commands(), "make reference"
    assert ": None" not in page


def test_a_variable_without_a_comment_is_noticed(tmp_path: Path) -> None:
    module = tmp_path / "module.py"
    module.write_text(
        '#: [off] what it does\nA = env.bool("A_NAME", False)\nB = env.int("B_NAME", 3)\n'
    )
    rows = list(write_reference.settings_in(module))
    assert [(row.name, row.default, row.text) for row in rows] == [
        ("A_NAME", "off", "what it does"),
        ("B_NAME", "`3`", ""),
    ]
