"""The rules and sizes of the house, as `python -m tools.house` measures them."""

import pytest

from tools import house

# What does not meet its limit yet may stand where it was when 1.0 was laid out, and only fall. A figure
# that comes within its limit loses its row: from then on the limit itself holds.
STILL_ALLOWED = {
    "lines of the rooms": 49_321,
    "lines of tests": 49_330,
}


@pytest.mark.parametrize("label", house.RULES)
def test_no_more_of_the_house_breaks_a_rule_than_did(label: str) -> None:
    assert len(house.measure(label).offenders) <= STILL_ALLOWED.get(label, 0)


@pytest.mark.parametrize("label", house.SIZES)
def test_the_house_grows_past_no_limit(label: str) -> None:
    figure = house.measure(label)
    assert figure.value <= STILL_ALLOWED.get(label, figure.limit)


def test_a_figure_within_its_limit_is_allowed_nothing_more() -> None:
    assert [label for label in STILL_ALLOWED if house.measure(label).is_met] == []
