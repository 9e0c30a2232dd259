"""Lists of sums, balances and repeated sums of a story."""

import pytest

from reports.extraction.language.amounts import parse_money_field
from reports.extraction.language.parsed_story import parse_story
from tests.support.data_files import read_cases


def values_in(story: str) -> list[int]:
    return [amount.value for amount in parse_story(story).sums]


@pytest.mark.parametrize(
    ("story", "millions"),
    [*read_cases("money.json", "listed_millions"), ("toi nop " + "9" * 5000 + ", 5 trieu", [5])],
)
def test_the_unit_of_a_list_stands_at_its_end(story: str, millions: list[int]) -> None:
    assert values_in(story) == [many * 10**6 for many in millions]


@pytest.mark.parametrize(("story", "thousands"), read_cases("money.json", "spoken_thousands"))
def test_a_sum_is_read_as_it_is_said(story: str, thousands: int) -> None:
    assert values_in(story) == [thousands * 1000]


def test_hundreds_beside_a_small_sum_are_thousands_and_some_millions_no_sum() -> None:
    assert values_in("Tôi cọc 400, 900, rồi 2 triệu 3") == [400_000, 900_000, 2_300_000]
    assert values_in("tôi nạp 300, 500, rồi 15 triệu") == [300_000, 500_000, 15_000_000]
    assert values_in("Tôi chuyển 60 rồi 5 triệu nữa") == [60_000_000, 5_000_000]
    assert values_in("đòi 40 với 3 triệu phí") == [40_000_000, 3_000_000]
    assert values_in("Lần gọi sau 7, 5 triệu bay mất") == [5_000_000]
    assert values_in("mất năm ba triệu, chừng hai ba triệu, ba năm triệu") == []


@pytest.mark.parametrize(("story", "values"), read_cases("money.json", "repeated_sums"))
def test_a_sum_in_figures_and_again_in_words_is_one(story: str, values: list[int]) -> None:
    assert values_in(story) == values


def test_the_field_of_the_form_asks_for_the_unit() -> None:
    assert parse_money_field("15").problem == "no_unit"
