"""What `make mutation` tries is there, and its score counts what was tried."""

import tomllib

import pytest

from tools.mutation import format_score
from tools.source import ROOT

CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mutmut"]


@pytest.mark.parametrize(
    "pattern", [*CONFIG["only_mutate"], *CONFIG["pytest_add_cli_args_test_selection"]]
)
def test_what_is_named_is_there(pattern: str) -> None:
    assert list(ROOT.glob(pattern))


def test_what_was_not_tried_does_not_count() -> None:
    tried = {"killed": 7, "timeout": 1, "survived": 1, "no_tests": 1, "suspicious": 0}
    stats = tried | {"skipped": 3, "total": 40}
    assert format_score(stats) == "8 of 10 mutants were noticed: 80.0%"
    assert format_score(dict.fromkeys(stats, 0)) == "0 of 0 mutants were noticed: none"
