"""No text makes a regular expression go back and forth: what grows faster than its text is found here,
by growth and not by seconds.
"""

import re

import pytest

from core import spreadsheets
from tests.attacks import regex_audit
from tests.support.cpu_time import assert_cpu_time_below

# Asked with `match` and `fullmatch` alone, from one place; a search would try each place anew.
ANCHORED = {
    r"(?:[\w-]{1,63}\.)+[a-z]{2,24}",
    r"(?:[a-z0-9-]{1,63}\.)+[a-z0-9-]{2,63}",
    r"[^\s@]+@[^\s@]+\.[^\s@.]{2,}",
}


def test_every_pattern_of_the_portal_is_found() -> None:
    patterns = regex_audit.compiled()
    assert len(patterns) > 100
    assert spreadsheets._INSIDE in patterns.values()


def test_a_careless_pattern_is_noticed() -> None:
    for careless in (r"^(a+)+$", r"(\w|\d)*x", r"\s*;\s*x"):
        pattern = re.compile(careless)
        assert (
            max(regex_audit.steepness(pattern, pump) for pump in ("a", "0", " "))
            > regex_audit.LINEAR
        )


def test_no_pattern_takes_longer_by_more_than_its_text_grew() -> None:
    worst = {
        pattern.pattern: pump
        for pattern in regex_audit.compiled().values()
        if pattern.pattern not in ANCHORED
        for pump in regex_audit.pumps(pattern)
        if regex_audit.steepness(pattern, pump) > regex_audit.LINEAR
    }
    assert worst == {}


@pytest.mark.parametrize("text", ["\n" * 32_000, "\t " * 16_000, ";" * 32_000, '"\n' * 16_000])
def test_a_cell_of_cuts_alone_costs_what_its_length_costs(text: str) -> None:
    # Five seconds, as each cut was tried anew.
    assert assert_cpu_time_below(0.5, spreadsheets.escape_formula, text)
