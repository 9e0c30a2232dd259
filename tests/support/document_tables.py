"""The tables of docs/ that answer row by row, and whether the tests that they name exist."""

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
DOCS = TESTS.parent / "docs"


@dataclass(frozen=True)
class Row:
    """The cells of a row, its id first."""

    id: str
    cells: tuple[str, ...]

    @property
    def tests(self) -> list[str]:
        """Tests as `reports/test_x.py::test_y`, below tests/."""
        return re.findall(r"[\w/]+\.py::test_\w+", " ".join(self.cells))


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
    parts = {name: name.partition("::") for name in named}
    return [name for name, (path, _, test) in parts.items() if test not in functions(path)]


@cache
def functions(path: str) -> frozenset[str]:
    """The functions of a test's file."""
    file = TESTS / path
    tree = ast.parse(file.read_text("utf-8") if file.is_file() else "")
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))
