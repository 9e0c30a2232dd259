"""What stories share exactly, and what everybody shares."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.campaigns.shared_identifiers import (
    SharedIdentifier,
    adjacent_numbers,
    identify_story,
    is_common_link,
)
from tests.support.cpu_time import assert_cpu_time_below


def _values(text: str, bank_account: str = "") -> list[str]:
    return [key.value for key in identify_story("không nhớ", text, bank_account)[0]]


@pytest.mark.parametrize(
    ("link", "common"),
    [("facebook.com/x", True), ("m.facebook.com/x", True), ("dichvucong.gov.vn", True),
     ("zalo.me/g/abc", True), ("dichvucong-gov.vn", False), ("notfacebook.com", False)],
)  # fmt: skip
def test_sites_where_everybody_is_a_guest_tie_nobody(link: str, common: bool) -> None:
    assert is_common_link(link) is common


def test_a_number_in_the_story_counts_where_the_form_has_none_and_is_the_only_one() -> None:
    assert _values("số 0550 000 123 gọi tôi") == ["+84550000123"]
    assert _values("0550 000 123 gọi, rồi 0550.000.123 gọi nữa") == ["+84550000123"]
    assert _values("số 0550 000 123 và số 0550 000 999 đều gọi tôi") == []
    identifiers, _ = identify_story("0992 000 001", "gọi hỏi 0550 000 123", "")
    assert identifiers == [SharedIdentifier("same_number", "+84992000001")]


def test_a_site_keeps_its_name_under_another_ending_and_a_shortened_link_ties_by_its_page() -> None:
    assert _values("cài tệp tên evn-hoadon") == ["evn-hoadon"]
    assert _values("vào evn-hoadon.test") == ["evn-hoadon.test", "evn-hoadon"]
    assert _values("bấm bit.ly/abc") == ["bit.ly/abc"]
    assert _values("bấm bit.ly nhé") == []


@pytest.mark.parametrize("char", [" ", "\n", "(", "[ ", ". "])
def test_hostile_lengths_take_bounded_time(char: str) -> None:
    text = "công an gọi tôi" + char * (20_000 // len(char)) + "x"
    assert assert_cpu_time_below(1, _values, text)


@pytest.mark.parametrize(
    "text",
    ["Số của tôi là 0550 777 321, cần thì gọi.", "sdt e la 0550777321", "Sđt của em là 0550777321",
     "liên hệ 0550 777 321", "Tài khoản của em BIDV 2150 0098 7641 bị báo khóa",
     "chuyển nhầm vào BIDV 2150 0098 7641 của em", "mất 23.700.000đ", "1900 54 54 13 gọi"],
)  # fmt: skip
def test_what_is_the_reporters_own_or_no_number_of_anybody_ties_nobody(text: str) -> None:
    assert _values(text) == []


@pytest.mark.parametrize(
    ("text", "field"),
    [("chuyển gấp vào 5566 8100 239", ""), ("stk 55668100239", ""), ("", "MB 5566.8100.239"),
     ("", "55668100239 Vietinbank"), ("Cái tài khoản SHB 55668100239 ăn của tôi 16tr", "")],
)  # fmt: skip
def test_an_account_is_one_however_it_is_told(text: str, field: str) -> None:
    assert _values(text, field) == ["55668100239"]


@pytest.mark.parametrize(
    "text",
    ["evn-hoadon.example", "https://www.evn-hoadon.example/app/x", "EVN-HOADON.EXAMPLE có logo",
     "evn-hoadon . example", "evn-hoadon(.)example", "evn-hoadon [dot] example/tt"],
)  # fmt: skip
def test_a_site_is_one_on_all_its_pages_and_with_hidden_dots(text: str) -> None:
    assert _values(f"nó bảo vào {text} nhé") == ["evn-hoadon.example", "evn-hoadon"]


def test_neighbours_are_of_the_same_length_and_nine_apart_at_most() -> None:
    near = adjacent_numbers("+84550000123")
    assert len(near) == 18
    assert {"+84550000114", "+84550000132"} <= set(near)
    assert adjacent_numbers("EVN") == []


@given(st.text(max_size=300))
def test_no_text_raises(text: str) -> None:
    assert identify_story(text, text, text) == identify_story(text, text, text)
