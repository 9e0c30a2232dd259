"""No text makes a regular expression go back and forth: what grows faster than its text is found here,
by growth and not by seconds.
"""

import ast
import re
import time
from collections.abc import Iterator
from importlib import import_module
from math import inf
from re import _parser  # type: ignore[attr-defined]

import pytest

from core import spreadsheets
from tests.support.cpu_time import assert_cpu_time_below
from tools.source import ROOMS, load_modules

# Asked with `match` and `fullmatch` alone, from one place; a search would try each place anew.
ANCHORED = {
    r"(?:[\w-]{1,63}\.)+[a-z]{2,24}",
    r"(?:[a-z0-9-]{1,63}\.)+[a-z0-9-]{2,63}",
    r"[^\s@]+@[^\s@]+\.[^\s@.]{2,}",
}

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


def compiled() -> dict[str, re.Pattern[str]]:
    """The patterns that lie in modules, also within their lists, sets and mappings."""
    patterns: dict[str, re.Pattern[str]] = {}
    for module in load_modules(*ROOMS):
        if not any(part in _NO_IMPORT for part in module.name.split(".")):
            for value in vars(import_module(module.name)).values():
                patterns |= {f"{one.pattern}|{one.flags}": one for one in _within(value, 3)}
    return patterns | literals()


def _within(value: object, depth: int) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern):
        if isinstance(value.pattern, str):
            yield value
    elif depth and isinstance(value, dict | list | tuple | set | frozenset):
        items = (*value.keys(), *value.values()) if isinstance(value, dict) else value
        for one in items:
            yield from _within(one, depth - 1)


def literals() -> dict[str, re.Pattern[str]]:
    """The patterns that stand in calls, where they are written out."""
    patterns = {}
    for module in (*load_modules(*ROOMS), *load_modules(*ROOMS, migrations=True)):
        for name, call in module.calls:
            if name in _CALLS and ast.unparse(call.func) == f"re.{name}" and call.args:
                pattern = call.args[0]
                if isinstance(pattern, ast.Constant) and isinstance(pattern.value, str):
                    patterns[f"{pattern.value}|0"] = re.compile(pattern.value)
    return patterns


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


def test_every_pattern_of_the_portal_is_found() -> None:
    patterns = compiled()
    assert len(patterns) > 100
    assert spreadsheets._INSIDE in patterns.values()


@pytest.mark.parametrize("careless", [r"^(a+)+$", r"(\w|\d)*x", r"\s*;\s*x"])
def test_a_careless_pattern_is_noticed(careless: str) -> None:
    assert max(steepness(re.compile(careless), pump) for pump in ("a", "0", " ")) > LINEAR


def test_no_pattern_takes_longer_by_more_than_its_text_grew() -> None:
    worst = {
        pattern.pattern: pump
        for pattern in compiled().values()
        if pattern.pattern not in ANCHORED
        for pump in pumps(pattern)
        if steepness(pattern, pump) > LINEAR
    }
    assert worst == {}


@pytest.mark.parametrize("text", ["\n" * 32_000, "\t " * 16_000, ";" * 32_000, '"\n' * 16_000])
def test_a_cell_of_cuts_alone_costs_what_its_length_costs(text: str) -> None:
    # Five seconds, as each cut was tried anew.
    assert assert_cpu_time_below(0.5, spreadsheets.escape_formula, text)
