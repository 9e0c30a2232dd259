"""Sums in words: what is said of a sum means that sum again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text import group_thousands, lower_initial
from reports.extraction.language.amounts import parse_money_field
from reports.extraction.language.numerals import spell_in_english, spell_in_vietnamese
from tests.support.data_files import read_cases

SUMS = st.integers(min_value=0, max_value=10**15 - 1)
DIGITS = {
    "không": 0, "linh": 0, "một": 1, "mốt": 1, "hai": 2, "ba": 3, "bốn": 4, "năm": 5, "lăm": 5,
    "sáu": 6, "bảy": 7, "tám": 8, "chín": 9,
}  # fmt: skip


def meant(words: str) -> int:
    """Return the number that a Vietnamese hears in these words."""
    total = group = 0
    for billions in words.split("tỷ"):
        total, group = total * 10**9, 0
        for word in billions.split():
            if word in {"triệu", "nghìn"}:
                total, group = total + group * (10**6 if word == "triệu" else 1000), 0
            elif word == "trăm":
                group *= 100
            elif word == "mươi":
                group += group % 10 * 9
            else:
                group += 10 if word == "mười" else DIGITS[word]
        total += group
    return total


@pytest.mark.parametrize(("dong", "words"), read_cases("money.json", "in_vietnamese"))
def test_a_sum_is_said_as_people_say_it(dong: int, words: str) -> None:
    assert spell_in_vietnamese(dong) == words


@given(SUMS, SUMS)
def test_the_words_mean_the_sum_and_those_of_two_never_sound_alike(one: int, other: int) -> None:
    assert meant(spell_in_vietnamese(one)) == one
    assert (spell_in_english(one) == spell_in_english(other)) is (one == other)


@given(st.integers(1, 99), st.integers(0, 9))
def test_the_money_field_reads_what_the_page_says(millions: int, hundreds: int) -> None:
    dong = millions * 10**6 + hundreds * 10**5
    assert parse_money_field(f"{spell_in_vietnamese(dong)} đồng").value == dong


@given(SUMS)
def test_the_money_field_reads_the_figures_too(dong: int) -> None:
    if dong >= 10**6:
        assert parse_money_field(f"{group_thousands(dong)}đ").value == dong


@pytest.mark.parametrize(("dong", "words"), read_cases("money.json", "in_english"))
def test_a_sum_is_said_in_english(dong: int, words: str) -> None:
    assert spell_in_english(dong) == words


def test_a_label_inside_a_sentence_keeps_the_capitals_of_names() -> None:
    assert lower_initial("Kết bạn Zalo, Telegram") == "kết bạn Zalo, Telegram"
    assert lower_initial("") == ""
