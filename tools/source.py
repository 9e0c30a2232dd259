"""The source of the project, parsed and not run: its modules, what each imports, its functions."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# From the top down: a room imports only rooms below it.
ROOMS = ("portal", "ops", "desk", "alerts", "accounts", "reports", "core")
LOOK_UPS = {"get_model", "import_module", "import_string", "__import__"}
# Django and Celery load these by name.
_ENTRY_MODULES = ("apps", "urls", "admin", "tasks", "checks")
_ENTRY_PACKAGES = ("management", "templatetags")


@dataclass(frozen=True)
class Module:
    """One file of Python code; `path` is relative to the project."""

    path: Path

    @cached_property
    def text(self) -> str:
        return (ROOT / self.path).read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def nodes(self) -> tuple[ast.AST, ...]:
        return tuple(ast.walk(self.tree))

    @property
    def line_count(self) -> int:
        return self.text.count("\n")

    @property
    def name(self) -> str:
        """Return the dotted name, of a package's `__init__` that of the package."""
        return ".".join(self.path.with_suffix("").parts).removesuffix(".__init__")

    @property
    def room(self) -> str:
        return self.path.parts[0]

    @property
    def package(self) -> str:
        return ".".join(self.path.parent.parts)

    @property
    def is_init(self) -> bool:
        return self.path.name == "__init__.py"

    @property
    def is_model(self) -> bool:
        return "models" in self.path.with_suffix("").parts

    @property
    def is_entry(self) -> bool:
        """Return whether Django or Celery loads the module by name."""
        if self.path.parts[1] in _ENTRY_PACKAGES:
            return True
        stem = self.path.stem
        return len(self.path.parts) == 2 and (stem in _ENTRY_MODULES or stem.startswith("urls_"))

    @cached_property
    def imported_names(self) -> frozenset[str]:
        return frozenset(_list_imported_names(self.nodes))

    @property
    def functions(self) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
        for node in self.nodes:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield node

    @property
    def calls(self) -> Iterator[tuple[str, ast.Call]]:
        """Yield the name and the node of each call."""
        for node in self.nodes:
            if isinstance(node, ast.Call):
                yield get_last_name(node.func), node

    def __str__(self) -> str:
        return self.path.as_posix()


def _list_imported_names(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """Yield the dotted name of everything imported, also in functions and by a look-up."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and get_last_name(node.func) in LOOK_UPS:
            yield _resolve_look_up(node)


def _resolve_look_up(call: ast.Call) -> str:
    """Return reports.models.Report for `apps.get_model("reports", "Report")`."""
    values = [arg.value for arg in call.args if isinstance(arg, ast.Constant)]
    texts = [value for value in values if isinstance(value, str)]
    if get_last_name(call.func) == "get_model" and texts:
        app, _, model = ".".join(texts).partition(".")
        return f"{app}.models.{model}"
    return texts[0] if texts else ""


def get_last_name(node: ast.AST) -> str:
    """Return c for `a.b.c` and for `c`."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def load_modules(*folders: str, migrations: bool = False) -> list[Module]:
    """Return the modules below these folders of the project."""
    paths = (path for folder in folders for path in sorted((ROOT / folder).rglob("*.py")))
    modules = [Module(path.relative_to(ROOT)) for path in paths]
    return [each for each in modules if ("migrations" in each.path.parts) == migrations]


def count_body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines of the body without the docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def find_imports(modules: Iterable[Module]) -> dict[Module, set[Module]]:
    """Return which of the modules each of them imports."""
    by_name = {module.name: module for module in modules}
    return {
        module: {
            target
            for name in module.imported_names
            for target in [by_name.get(name) or by_name.get(name.rpartition(".")[0])]
            if target and target is not module
        }
        for module in by_name.values()
    }
