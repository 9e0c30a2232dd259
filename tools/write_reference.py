"""Write docs/reference/ from the code: settings from `#:` comments, commands from their help.

Usage: python -m tools.write_reference
A `#:` comment stands above the statement that reads the variable. It may begin with the default in square
brackets, where the code does not say it as a plain value.
"""

import ast
import os
import re
from argparse import Action
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

from django import setup
from django.core.management import BaseCommand, CommandParser, get_commands, load_command_class

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"
ROOMS = ("portal", "ops", "desk", "alerts", "accounts", "reports", "core")
_MAKE_TARGET = re.compile(r"^([a-z-]+):.*?## (.+)$", re.MULTILINE)
_HEAD = "<!-- Written by `make reference` from the code. Do not edit. -->\n\n"
_SETTINGS_HEAD = f"""# Settings

{_HEAD}All settings come from the environment. A secret may also come as a file: `NAME_FILE` names it. What the environment
does not set is taken from `DATA_DIR/local.env`, which the local servers write for a first look. `DATABASE_URL`,
`REDIS_URL`, `PORT`, `DATA_DIR` and `PROVINCE_DIR` that are set to nothing count as not set. What a production start
refuses or warns of is in `portal/checks.py`.

| name | default | what |
|---|---|---|
"""
_COMMANDS_HEAD = f"""# Commands

{_HEAD}`manage.py …` is `.venv/bin/python manage.py …` in the project's folder, with the `DATA_DIR` and `PORT` of the running
portal where those are not the usual ones; under compose `docker compose exec web python manage.py …`.

## make

| target | what |
|---|---|
"""


@dataclass(frozen=True)
class Setting:
    """An environment variable that the code reads, and what its comment says of it."""

    name: str
    default: str
    text: str


def list_settings() -> list[Setting]:
    """Return every variable that code of the rooms reads, in its order; environment.py leads."""
    paths = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
    paths.sort(key=lambda path: path != ROOT / "portal" / "environment.py")
    settings: dict[str, Setting] = {}
    for path in paths:
        for setting in settings_in(path):
            first = settings.setdefault(setting.name, setting)
            if setting.text and not first.text:
                settings[setting.name] = setting
    return list(settings.values())


def render_settings() -> str:
    """Return docs/reference/settings.md."""
    rows = (f"| `{row.name}` | {row.default} | {row.text} |\n" for row in list_settings())
    return _SETTINGS_HEAD + "".join(rows)


def render_commands() -> str:
    """Return docs/reference/commands.md. Django must be set up."""
    targets = _MAKE_TARGET.findall((ROOT / "Makefile").read_text("utf-8"))
    rows = (f"| `make {name}` | {text} |\n" for name, text in targets)
    sections = (_render_command(name, command) for name, command in _list_commands())
    return _COMMANDS_HEAD + "".join(rows) + "\n## manage.py\n\n" + "\n".join(sections)


def main() -> None:
    """Write both pages."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    setup()
    REFERENCE.mkdir(parents=True, exist_ok=True)
    (REFERENCE / "settings.md").write_text(render_settings(), "utf-8")
    (REFERENCE / "commands.md").write_text(render_commands(), "utf-8")


def settings_in(path: Path) -> Iterator[Setting]:
    """Yield every reading of the environment in one module."""
    source = path.read_text("utf-8")
    lines = source.splitlines()
    tree = ast.parse(source if "env" in source else "")
    for name, call, statement in _find_readings(tree):
        default, text = _comment_above(lines, statement.lineno)
        yield Setting(name, default or _format_default(call), text)


def _find_readings(tree: ast.Module) -> Iterator[tuple[str, ast.Call, ast.stmt]]:
    """Yield the name, call and innermost statement of everything that reads the environment."""
    readings: dict[ast.Call, ast.stmt] = {}
    for statement in ast.walk(tree):  # breadth first: inner statements come later
        if isinstance(statement, ast.stmt):
            readings.update({call: statement for call in ast.walk(statement) if _is_reading(call)})
    for call, statement in readings.items():
        name = ast.literal_eval(call.args[0])
        yield name, call, statement


def _is_reading(node: ast.AST) -> TypeGuard[ast.Call]:
    """Return whether this is `env.str("NAME", …)`, `os.environ.get("NAME")` or the like."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    is_named = bool(node.args) and isinstance(node.args[0], ast.Constant)
    is_read = is_named and node.func.attr != "setdefault"
    return is_read and ast.unparse(node.func.value) in {"env", "os.environ"}


def _format_default(call: ast.Call) -> str:
    values = [*call.args[1:], *(word.value for word in call.keywords if word.arg == "default")]
    if not values or not isinstance(values[0], ast.Constant) or values[0].value in ("", None):
        return "none"
    value = values[0].value
    return "off" if value is False else f"`{value!s}`"


def _comment_above(lines: list[str], number: int) -> tuple[str, str]:
    """Return default and text of the `#:` lines directly above a line, both empty without any."""
    comment: list[str] = []
    for line in reversed(lines[: number - 1]):
        if not line.strip().startswith("#: "):
            break
        comment.insert(0, line.strip()[3:])
    match = re.fullmatch(r"(?:\[([^\]]+)\] )?(.*)", " ".join(comment))
    return (match[1] or "", match[2]) if match else ("", "")


def _list_commands() -> Iterator[tuple[str, BaseCommand]]:
    for name, app in sorted(get_commands().items()):
        if app.partition(".")[0] in ROOMS:
            yield name, load_command_class(app, name)


def _render_command(name: str, command: BaseCommand) -> str:
    options = "".join(
        f"- `{_format_option(each)}`: {each.help}\n" for each in _own_options(command)
    )
    return f"### {name}\n\n{command.help}\n" + (f"\n{options}" if options else "")


def _own_options(command: BaseCommand) -> list[Action]:
    """Return the arguments that the command itself declares, none of Django's."""
    if type(command).add_arguments.__module__.startswith("django."):
        return []
    parser = CommandParser()
    command.add_arguments(parser)
    return [action for action in parser._actions if action.dest != "help"]  # noqa: SLF001


def _format_option(action: Action) -> str:
    if not action.option_strings:
        return str(action.metavar or action.dest).upper()
    return action.option_strings[-1] + (f" {action.dest.upper()}" if action.nargs != 0 else "")


if __name__ == "__main__":
    main()
