"""How alike two stories tell a script."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.campaigns.script_fingerprint import (
    MAX_KEYS,
    MAX_TERMS,
    fingerprint_script,
    from_bytes,
    list_shared_terms,
    similarity,
)
from tests.support.cpu_time import assert_cpu_time_below

FIRST = "Thầy Khánh tổng phụ trách bảo con bị compa đâm vào mắt, mổ theo phiếu H17."
AGAIN = "em đc ông Khánh tổng phụ trách đội gọi, đọc phiếu H17, xin tiền mổ mắt cho con"
USUAL = "Có người xưng công an bảo tôi dính vụ án, đòi chuyển tiền vào tài khoản."


def _alike(one: str, other: str) -> float:
    return similarity(fingerprint_script("", one), fingerprint_script("", other))


def test_a_retelling_is_far_more_alike_than_what_every_gang_says() -> None:
    assert _alike(FIRST, AGAIN) > 15
    assert _alike(USUAL, "Họ xưng công an, nói tôi dính vụ án rồi đòi chuyển tiền.") < 7
    assert _alike("Ở Wexcombe có mưa.", "tôi bị gọi từ wexcombe sáng nay") == 0  # one rare word


@pytest.mark.parametrize(
    ("one", "other", "told"),
    [("phiếu H17", "theo h17", "H17"), ("đòi 27 triệu", "mất 27tr", "27 triệu"),
     ("hồ sơ AM-305", "mã AM 305", "AM-305"), ("cô Diệu Thúy", "Cô Thúy", "Thúy")],
)  # fmt: skip
def test_codes_sums_and_names_are_one_in_every_spelling(one: str, other: str, told: str) -> None:
    first = fingerprint_script("", one)
    shared = [
        first.shown[each.key] for each in list_shared_terms(first, fingerprint_script("", other))
    ]
    assert told in shared


def test_marks_tell_words_apart_where_both_writers_use_them() -> None:
    script = fingerprint_script("", "nó trù ẻo cả nhà tôi")
    assert not list_shared_terms(script, fingerprint_script("", "nó trừ tiền của cả nhà tôi"))
    assert list_shared_terms(script, fingerprint_script("", "no tru eo ca nha toi"))


def test_a_sentence_told_word_for_word_counts_less_than_its_words() -> None:
    sentence = "anh thợ rèn bán khoai lang nướng cạnh bến phà"
    whole = list_shared_terms(fingerprint_script("", sentence), fingerprint_script("", sentence))
    scattered = "bến phà. khoai. thợ rèn. lang. nướng. cạnh"
    parts = list_shared_terms(fingerprint_script("", sentence), fingerprint_script("", scattered))
    assert sum(each.term_weights for each in whole) < 2 * sum(each.term_weights for each in parts)


def test_what_reporters_of_any_call_write_and_a_usual_title_are_no_script() -> None:
    phrase = "Mong các anh kiểm tra giúp."
    assert fingerprint_script("", phrase).terms == ()
    longer, shorter = (fingerprint_script("", text) for text in (f"Nó gọi. {phrase}", "Nó gọi."))
    assert longer.length == shorter.length
    assert fingerprint_script("cán bộ ngân hàng", "").terms == ()
    assert "Khánh" in fingerprint_script("thầy Khánh", "").shown.values()


def test_the_name_of_a_site_is_told_in_words_too() -> None:
    site = fingerprint_script("", "vao trang nap tien", ["vangtoancau.example"])
    assert list_shared_terms(site, fingerprint_script("", "sàn Vàng Toàn Cầu"))


def test_long_stories_need_more_to_be_alike() -> None:
    far = " ".join(f"chuyện thứ {n} không ai hỏi tới" for n in range(80))
    assert _alike(f"{FIRST} {far}", f"{AGAIN} {far[::-1]}") < _alike(FIRST, AGAIN)


@given(st.text(max_size=400), st.text(max_size=400))
def test_likeness_is_the_same_both_ways_and_survives_packing(one: str, other: str) -> None:
    first, second = fingerprint_script(one, other), fingerprint_script(other, one)
    packed = from_bytes(first.to_bytes())
    assert similarity(first, second) == similarity(second, first)
    assert packed.keys == from_bytes(packed.to_bytes()).keys
    assert len(first.to_bytes()) <= 2 + 28 * MAX_TERMS


def test_what_is_packed_is_as_alike() -> None:
    one, other = fingerprint_script("", FIRST), fingerprint_script("", AGAIN)
    packed, packed_other = (from_bytes(each.to_bytes()) for each in (one, other))
    assert similarity(packed, packed_other) == pytest.approx(similarity(one, other), abs=0.2)
    assert one.keys == packed.keys
    assert len(one.keys) <= MAX_KEYS


@pytest.mark.parametrize("char", ["a ", "0550 ", "đ", "H17 ", "a.vn ", "\n", "-", "😀", "1 000 "])
def test_endless_stories_take_bounded_time(char: str) -> None:
    text = char * (20_000 // len(char))
    assert assert_cpu_time_below(2, lambda text: fingerprint_script("", text), text)
