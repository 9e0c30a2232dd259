"""What an officer may say of a fact that the machine read: which values there are.

Values by fact: scenario a code; actions and offices lists of codes; money_lost_vnd đồng, 0 none,
None not said; ongoing a bool; priority 0 to 100. The workflow writes them, held.py says what holds.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from reports.extraction.language.cue_matcher import action_codes, scenario_codes
from reports.models import Correction
from reports.reference import office_lexicon

Fact = Correction.Fact
_MAX_DONG = 10**15


@dataclass(frozen=True)
class CorrectedValue:
    """What an officer says that a fact is."""

    fact: str
    value: Any

    @property
    def is_valid(self) -> bool:
        """Whether the fact can have this value; offices are those of the last minute."""
        check = _CHECKS.get(self.fact)
        return bool(check and check(self.value))


def _are_of(codes: Callable[[], Iterable[str]]) -> Callable[[object], bool]:
    def check(value: object) -> bool:
        if not isinstance(value, list) or not all(isinstance(code, str) for code in value):
            return False
        return len(value) == len(set(value)) and set(value) <= set(codes())

    return check


def _is_whole(value: object, most: int) -> bool:
    return type(value) is int and 0 <= value <= most


_CHECKS: Mapping[str, Callable[[object], bool]] = {
    Fact.PRIORITY: lambda value: _is_whole(value, 100),
    Fact.SCENARIO: lambda value: isinstance(value, str) and value in scenario_codes(),
    Fact.ACTIONS: _are_of(action_codes),
    Fact.MONEY: lambda value: value is None or _is_whole(value, _MAX_DONG),
    Fact.ONGOING: lambda value: isinstance(value, bool),
    Fact.OFFICES: _are_of(office_lexicon.codes),
}
