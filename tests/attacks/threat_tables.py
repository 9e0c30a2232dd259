"""The tables of docs/threats.md and docs/asvs.md, and the tests that they name."""

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
DOCS = TESTS.parent / "docs"
_NAMED = re.compile(r"[\w/]+\.py::test_\w+")


@dataclass(frozen=True)
class Row:
    """The cells of a row, its id first."""

    id: str
    cells: tuple[str, ...]

    @property
    def tests(self) -> list[str]:
        """Tests as `reports/test_x.py::test_y`, below tests/."""
        return _NAMED.findall(" ".join(self.cells))


def rows(document: str, identifier: str) -> list[Row]:
    """The rows of all tables whose first cell is an id of this form."""
    table = []
    for line in (DOCS / document).read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and re.fullmatch(identifier, cells[0]):
            table.append(Row(cells[0], tuple(cells[1:])))
    return table


def missing(named: list[str]) -> list[str]:
    """The tests of these that do not exist."""
    return [name for name in named if name.partition("::")[2] not in functions(name)]


def functions(name: str) -> frozenset[str]:
    """The functions of a test's file."""
    return _functions(TESTS / name.partition("::")[0])


@cache
def _functions(path: Path) -> frozenset[str]:
    if not path.is_file():
        return frozenset()
    tree = ast.parse(path.read_text("utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
