"""The ruler of the house sees what it is there to see, on a small tree of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.data_files import read_cases
from tools import house, source

CACHES = (house.load_rooms, house.load_imports, house.load_outside, house.list_function_lengths)


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty project in the place of ours."""
    for each in CACHES:
        each.cache_clear()
    monkeypatch.setattr(source, "ROOT", tmp_path)
    yield tmp_path
    for each in CACHES:
        each.cache_clear()


def write(tree: Path, path: str, text: str = "") -> None:
    file = tree / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_a_circle_of_packages_is_seen_also_through_a_function(tree: Path) -> None:
    late = "def load() -> None:\n    from reports.cases.deadlines import LIMIT\n"
    write(tree, "reports/cases/deadlines.py", "from reports.triage import report_triage\n")
    write(tree, "reports/triage/report_triage.py", "import reports.triage.rows\n")
    write(tree, "reports/triage/rows.py", late)
    (circle,) = house.find_circles()
    assert circle.startswith("2 packages: reports.cases reports.triage\n")
    assert "reports.triage.rows -> reports.cases.deadlines" in circle


def test_what_the_framework_loads_is_no_part_of_a_circle_and_nobodys_import(tree: Path) -> None:
    write(tree, "reports/tasks.py", "from reports.triage import report_triage\n")
    write(
        tree, "reports/management/commands/purge.py", "from reports.triage import report_triage\n"
    )
    write(tree, "reports/triage/report_triage.py", "from reports.tasks import triage_reports\n")
    assert len(house.find_circles()) == 1
    assert house.find_imported_entries() == [
        "reports/triage/report_triage.py imports reports.tasks"
    ]


@pytest.mark.parametrize(("room", "name", "allowed"), read_cases("rooms.json", "imports"))
def test_rooms_import_rooms_below_them(room: str, name: str, allowed: bool) -> None:
    assert house.may_import(room, name) is allowed


def test_a_look_up_by_name_is_an_import(tree: Path) -> None:
    write(tree, "core/audit.py", 'Report = apps.get_model("reports", "Report")\n')
    assert house.find_wrong_imports() == ["core/audit.py imports reports.models.Report"]


def test_forbidden_names_are_found_but_for_the_read_of_a_file(tree: Path) -> None:
    write(
        tree,
        "core/text.py",
        "def _told() -> None: ...\n"
        "async def read() -> None: ...\n"
        "def told_of() -> None: ...\n"
        "class Body:\n"
        "    def read(self, size: int = -1) -> bytes: ...\n"
        "    def kept(self) -> None: ...\n",
    )
    found = [each.split()[1] for each in house.find_forbidden_names(house.load_rooms())]
    assert found == ["_told", "read", "kept"]


def test_a_small_module_with_one_importer_belongs_into_it(tree: Path) -> None:
    write(tree, "core/small.py", "LIMIT = 1\n")
    write(tree, "core/large.py", "LIMIT = 1\n" * 40)
    write(tree, "core/shared.py", "LIMIT = 1\n")
    write(tree, "core/user.py", "from core import large, shared, small\n")
    write(tree, "core/other.py", "from core.shared import LIMIT\n")
    assert house.find_one_importer() == ["core/small.py (1 lines)"]


def test_long_files_and_wide_packages_are_found(tree: Path) -> None:
    write(tree, "tests/test_all.py", "\n" * 401)
    for number in range(29):
        write(tree, f"desk/page_{number}.py")
    assert house.find_long_files() == ["tests/test_all.py: 401 lines"]
    assert house.find_wide_packages() == ["desk: 29 modules"]


def test_sizes_count_no_migration_as_a_room(tree: Path) -> None:
    write(tree, "core/migrations/0001_initial.py", "\n" * 9)
    write(tree, "core/text.py", 'def load() -> int:\n    """Return."""\n    x = 1\n    return x\n')
    assert house.measure("lines of migrations").value == 9
    assert house.measure("lines of the rooms").value == 4
    assert house.list_function_lengths() == [2]


def test_it_prints_what_is_missed_and_fails(
    tree: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(house, "RULES", {"forbidden names": lambda: ["core/text.py:1 told"] * 20})
    monkeypatch.setattr(house, "SIZES", {"lines": (lambda: 2.4, 2)})
    monkeypatch.setattr("sys.argv", ["house"])
    assert house.main() == 1
    printed = capsys.readouterr().out
    assert "MISSED      20  at most      0  forbidden names\n" in printed
    assert "             2  at most      2  lines\n" in printed
    assert "(8 more: --all)" in printed
