"""What modules import, and what packages hold. Files are parsed, not run, so that imports inside
functions count too.
"""

import ast
from collections import deque
from collections.abc import Callable
from graphlib import TopologicalSorter

import pytest

from tools.house import load_imports, load_outside, load_rooms
from tools.source import ROOMS, Module, get_last_name

SAVE_SIGNALS = {"pre_save", "post_save", "pre_delete", "post_delete", "m2m_changed"}
# What the command-line doors read with starts without a database and without Django.
PURE = {
    "core.text",
    "reports.calendar.working_days",
    "reports.campaigns.link_scoring",
    "reports.campaigns.offline_clustering",
    "reports.campaigns.script_fingerprint",
    "reports.campaigns.shared_identifiers",
    "reports.campaigns.word_rarity",
    "reports.numbers.reporter_independence",
    "reports.public.cell_suppression",
    "reports.public.svg_charts",
}
PURE_PACKAGES = (
    "reports.extraction",
    "reports.extraction.impersonation",
    "reports.extraction.loss",
)
NOT_PURE = {"reports.extraction.redaction"}  # it holds keys
# Packages that Django finds by name; their `__init__` says nothing.
STOCK_PACKAGES = {"management", "commands", "templatetags", "formats", "vi", "models"}


def list_modules(condition: Callable[[Module], object]) -> list[str]:
    return [str(module) for module in load_rooms() if condition(module)]


def list_pure_modules() -> list[Module]:
    return [
        module
        for module in load_rooms()
        if module.name in PURE or (module.package in PURE_PACKAGES and module.name not in NOT_PURE)
    ]


def test_there_is_code_to_read() -> None:
    imported = {name.partition(".")[0] for module in load_rooms() for name in module.imported_names}
    assert len(load_rooms()) > 40
    assert imported >= set(ROOMS)


def test_no_test_module_imports_another() -> None:
    """What several of them use stands in tests/support or a conftest."""
    tests = {module.name for module in load_outside() if ".test_" in module.name}
    imported = {(str(module), name) for module in load_outside() for name in module.imported_names}
    assert not {edge for edge in imported if tests & {edge[1], edge[1].rpartition(".")[0]}}


def test_no_modules_go_in_a_circle() -> None:
    """One that is imported late, inside a function, is a circle all the same."""
    TopologicalSorter(load_imports()).prepare()


def test_every_pure_module_is_there() -> None:
    assert {module.name for module in list_pure_modules()} >= PURE
    assert {module.package for module in list_pure_modules()} >= set(PURE_PACKAGES)


@pytest.mark.parametrize("module", list_pure_modules(), ids=str)
def test_readers_know_no_django(module: Module) -> None:
    """Nor anything of ours that knows it: the command-line doors start without a database."""
    todo, seen = deque([module]), {module}
    while todo:
        each = todo.popleft()
        frameworks = {name.partition(".")[0] for name in each.imported_names}
        assert not frameworks & {"django", "celery", "portal"}, f"{module} by way of {each}"
        new = load_imports()[each] - seen
        seen |= new
        todo += new


def test_the_top_of_reports_is_what_django_loads() -> None:
    """A new module of reports goes into a package that says what belongs there."""
    top = list_modules(lambda module: module.package == "reports")
    loaded = list_modules(lambda module: module.is_entry or module.is_init)
    assert set(top) <= set(loaded)


def test_a_package_says_what_belongs_there_and_nothing_else() -> None:
    wrong = [
        str(module)
        for module in load_rooms()
        if module.is_init
        and module.path.parent.name not in STOCK_PACKAGES
        and module.name != "portal"  # where Celery looks for its application
        and not (ast.get_docstring(module.tree) and len(module.tree.body) == 1)
    ]
    assert wrong == []


def test_there_is_no_drawer_for_everything() -> None:
    drawers = {"utils", "helpers", "common", "misc", "util"}
    assert list_modules(lambda module: drawers & {*module.path.with_suffix("").parts}) == []


def test_nothing_listens_to_save_or_delete() -> None:
    assert (
        list_modules(
            lambda module: (
                SAVE_SIGNALS & {name.rpartition(".")[2] for name in module.imported_names}
            )
        )
        == []
    )


def test_nothing_is_declared_safe() -> None:
    imported = [
        str(module)
        for module in load_rooms()
        for name in [*module.imported_names, *(name for name, _ in module.calls)]
        if name.rpartition(".")[2] == "mark_safe"
    ]
    made = [
        str(module) for module in load_rooms() for name, _ in module.calls if name == "SafeString"
    ]
    assert imported == []
    # A data block of JSON, whose characters of HTML are escaped as JSON has it; and the handbook of this
    # release, in which Markdown escapes every tag (tests/desk/test_help_pages.py).
    assert sorted(made) == ["alerts/formats/html.py", "desk/help_pages.py"]


def test_no_setting_is_read_while_importing() -> None:
    """Addresses are settings too: the desk's path stands in the URL configuration."""
    wrong = [
        str(module)
        for module in load_rooms()
        if module.name not in {"portal.settings", "portal.celery", "portal.urls"}
        for node in list_nodes_run_by_import(module.tree)
        if isinstance(node, ast.Attribute) and get_last_name(node.value) == "settings"
    ]
    assert wrong == []


def list_nodes_run_by_import(node: ast.AST) -> list[ast.AST]:
    """Return the nodes outside the bodies of functions."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        return []
    children = ast.iter_child_nodes(node)
    return [node, *(each for child in children for each in list_nodes_run_by_import(child))]
