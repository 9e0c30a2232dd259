"""The rules and sizes of the house, as `python -m tools.house` measures them."""

import pytest

from tools import house


@pytest.mark.parametrize("label", house.RULES)
def test_nothing_breaks_a_rule_of_the_house(label: str) -> None:
    assert house.measure(label).offenders == ()


@pytest.mark.parametrize("label", house.SIZES)
def test_the_house_grows_past_no_limit(label: str) -> None:
    figure = house.measure(label)
    assert figure.value <= figure.limit
