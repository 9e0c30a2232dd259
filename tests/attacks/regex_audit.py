"""Every regular expression of the portal, and strings on which a careless one goes back and forth."""

import ast
import re
import time
from collections.abc import Iterator
from importlib import import_module
from math import inf
from pathlib import Path
from pkgutil import walk_packages
from re import _parser  # type: ignore[attr-defined]
from types import ModuleType

import accounts
import alerts
import core
import desk
import ops
import portal
import reports

ROOMS = (portal, ops, desk, alerts, accounts, reports, core)
# They act on import.
_NO_IMPORT = ("migrations", "management", "gunicorn", "image_sanitizer", "wsgi", "__main__")
_CALLS = {"compile", "search", "match", "fullmatch", "sub", "subn", "split", "findall", "finditer"}
GENERIC = (
    "a", "0", " ", "\n", ".", "-", "a ", "0 ", "a.", "0.", "a@", "x/", "Ắ", "\u0301", "(", '"',
)  # fmt: skip
TAIL = "\0"  # in no text that intake lets through, so that a search has to give up
SIZES = (8, 12, 16, 20, 24, 28, 32, 40, 50, 60, 70, 80, 100, 200, 400, 800, 1_600, 3_200, 6_400)
NOTICED = 0.01  # seconds of this process below which a growth says nothing
LINEAR = 2.5  # times as long for twice as much; four is a square


def modules() -> Iterator[ModuleType]:
    for room in ROOMS:
        for module in walk_packages(room.__path__, f"{room.__name__}."):
            if not any(part in _NO_IMPORT for part in module.name.split(".")):
                yield import_module(module.name)


def compiled() -> dict[str, re.Pattern[str]]:
    """The patterns that lie in modules, also within their lists, sets and mappings."""
    patterns: dict[str, re.Pattern[str]] = {}
    for module in modules():
        for value in vars(module).values():
            for one in _within(value, 3):
                patterns[f"{one.pattern}|{one.flags}"] = one
    return patterns | literals()


def _within(value: object, depth: int) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern):
        if isinstance(value.pattern, str):
            yield value
    elif depth and isinstance(value, dict):
        for one in (*value.keys(), *value.values()):
            yield from _within(one, depth - 1)
    elif depth and isinstance(value, list | tuple | set | frozenset):
        for one in value:
            yield from _within(one, depth - 1)


def literals() -> dict[str, re.Pattern[str]]:
    """The patterns that stand in calls, where they are written out."""
    patterns = {}
    for room in ROOMS:
        for path in Path(room.__path__[0]).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if pattern := _written(node):
                    patterns[f"{pattern}|0"] = re.compile(pattern)
    return patterns


def _written(node: ast.AST) -> str:
    is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    if not is_call or node.func.attr not in _CALLS or not node.args:  # type: ignore[attr-defined]
        return ""
    owner, first = node.func.value, node.args[0]  # type: ignore[attr-defined]
    is_re = isinstance(owner, ast.Name) and owner.id == "re"
    if is_re and isinstance(first, ast.Constant) and isinstance(first.value, str):
        return first.value
    return ""


def pumps(pattern: re.Pattern[str]) -> list[str]:
    """Strings to repeat: what the pattern itself is made of, alone and in pairs, and a few of all."""
    own = sorted(set(_find_chars(_parser.parse(pattern.pattern, pattern.flags))))[:6]
    pairs = [one + other for one in own[:4] for other in own[:4] if one != other]
    return list(dict.fromkeys([*own, *pairs, *GENERIC]))


def _find_chars(parsed: object) -> Iterator[str]:
    """A character for each literal and each class, however deep it stands."""
    if isinstance(parsed, _parser.SubPattern | list | tuple):
        items = list(parsed)
        if len(items) == 2 and str(items[0]) in {"LITERAL", "RANGE"}:
            first = items[1][0] if isinstance(items[1], tuple) else items[1]
            yield chr(first)
            return
        for item in items:
            yield from _find_chars(item)


def _seconds(pattern: re.Pattern[str], text: str) -> float:
    started = time.process_time()
    pattern.search(text)
    return time.process_time() - started


def steepness(pattern: re.Pattern[str], pump: str) -> float:
    """How many times as long it took for twice as much, at the most; 0 where it was never noticed, and
    without end where a hundred characters are enough.
    """
    worst, before = 0.0, 0.0
    for size in SIZES:
        text = (pump * size)[:size] + TAIL
        took = _seconds(pattern, text)
        if took > NOTICED:  # or something else happened meanwhile
            took = min(took, _seconds(pattern, text))
        if took > NOTICED and size <= 100:
            return inf
        if took > NOTICED:
            worst = max(worst, took / max(before, NOTICED / 10))
            if took > 20 * NOTICED:
                break
        before = took
    return worst
