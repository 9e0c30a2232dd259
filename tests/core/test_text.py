"""Folding: what is compared, and where it came from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import text as folding
from core.text import normalize, normalize_with_offsets, to_ascii_digits
from tests.support.cpu_time import assert_cpu_time_below
from tests.support.data_files import read_cases


@pytest.mark.parametrize(("typed", "folded", "why"), read_cases("folded.json", "folded"))
def test_folds(typed: str, folded: str, why: str) -> None:
    assert normalize(typed) == folded, why


def test_a_found_span_gives_the_words_as_typed() -> None:
    typed = "Nó bảo:  «Lệnh   BẮT» đấy"
    folded = normalize_with_offsets(typed)
    at = folded.text.index("lenh bat")
    start, end = folded.original_span(at, at + len("lenh bat"))
    assert typed[start:end] == "Lệnh   BẮT"


def test_loose_marks_belong_to_the_letter_before_them() -> None:
    folded = normalize_with_offsets("ma\u0303 OTP")
    assert folded.original_span(0, 2) == (0, len("ma\u0303"))


def test_kept_characters_stay() -> None:
    assert normalize_with_offsets("Mất 1.500.000đ!", keep=".").text == "mat 1.500.000d"


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert normalize(normalize(text)) == normalize(text)


@given(st.text())
def test_the_map_folds_as_fold_does_and_every_place_is_in_the_text(text: str) -> None:
    folded = normalize_with_offsets(text)
    assert folded.text == normalize(text)
    places = list(zip(folded.starts, folded.ends, strict=True))
    assert all(0 <= start < end <= len(text) for start, end in places)
    assert places == sorted(places)


@given(st.text() | st.text("aệ1 .!\n«\u0301ﷺ\u00adß", max_size=12))
def test_the_quick_way_finds_what_the_careful_way_finds(text: str) -> None:
    quick, careful = (
        folding._normalize_same_length(text, ".\n"),
        folding._normalize_with_map(text, ".\n"),
    )
    if quick is not None:
        assert quick.text == careful.text
        assert (tuple(quick.starts), tuple(quick.ends)) == (careful.starts, careful.ends)


def test_the_quick_way_serves_a_usual_story() -> None:
    assert folding._normalize_same_length("Họ gọi lúc 9 giờ, xưng công an.", ".,") is not None
    assert folding._normalize_same_length("ma\u0303 OTP", "") is None


@given(st.text())
def test_plain_digits_keeps_every_place(text: str) -> None:
    assert len(to_ascii_digits(text)) == len(text)


@pytest.mark.parametrize("char", ["a", "ệ", "\u0301", " ", "😀", "ﷺ", "漢"])
def test_twenty_thousand_characters_fold_in_bounded_time(char: str) -> None:
    assert assert_cpu_time_below(1, normalize_with_offsets, char * 20_000)
