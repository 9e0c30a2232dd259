"""The rules and sizes of the house, as `python -m tools.house` measures them."""

from tools import house


def test_nothing_breaks_a_rule_of_the_house() -> None:
    figures = map(house.measure, house.RULES)
    assert [figure for figure in figures if figure.offenders] == []


def test_the_house_grows_past_no_limit() -> None:
    assert [figure for figure in map(house.measure, house.SIZES) if not figure.is_met] == []
