"""How alike two stories tell a script."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.campaigns.link_scoring import MIN_SURE
from reports.campaigns.script_fingerprint import (
    MAX_KEYS,
    MAX_TERMS,
    ScriptFingerprint,
    fingerprint_script,
    from_bytes,
    list_shared_terms,
    shared_phrases,
    weigh,
)
from tests.support.cpu_time import assert_cpu_time_below

FIRST = "Thầy Khánh tổng phụ trách bảo con bị compa đâm vào mắt, mổ theo phiếu H17."
AGAIN = "em đc ông Khánh tổng phụ trách đội gọi, đọc phiếu H17, xin tiền mổ mắt cho con"
USUAL = "Có người xưng công an bảo tôi dính vụ án, đòi chuyển tiền vào tài khoản."


def _similarity(one: ScriptFingerprint, other: ScriptFingerprint) -> float:
    return weigh(list_shared_terms(one, other))


def _alike(one: str, other: str) -> float:
    return _similarity(fingerprint_script("", one), fingerprint_script("", other))


def test_a_retelling_is_far_more_alike_than_what_every_gang_says() -> None:
    assert _alike(FIRST, AGAIN) > 2 * MIN_SURE
    assert _alike(USUAL, "Họ xưng công an, nói tôi dính vụ án rồi đòi chuyển tiền.") < MIN_SURE / 2
    assert _alike("Ở Wexcombe có mưa.", "tôi bị gọi từ wexcombe sáng nay") < MIN_SURE  # one word


@pytest.mark.parametrize(
    ("one", "other"),
    [("phiếu H17", "theo h17"), ("đòi 27.350.000", "mất 27tr350"), ("hồ sơ AM-305", "mã AM 305"),
     ("cô Diệu Thúy", "Cô Thúy")],
)  # fmt: skip
def test_codes_sums_and_names_are_one_in_every_spelling(one: str, other: str) -> None:
    assert _alike(one, other) > 0


def test_the_name_of_a_site_is_told_in_words_too() -> None:
    site = fingerprint_script("", "vao trang nap tien", ["vangtoancau.example"])
    assert list_shared_terms(site, fingerprint_script("", "sàn Vàng Toàn Cầu"))


def test_a_round_sum_tells_less_than_an_odd_one() -> None:
    assert _alike("đòi 50 triệu", "nộp 50 triệu") < _alike("đòi 51.370.000", "nộp 51.370.000") / 2


def test_marks_tell_words_apart_where_both_writers_use_them() -> None:
    script = fingerprint_script("", "nó trù ẻo cả nhà tôi")
    assert not list_shared_terms(script, fingerprint_script("", "nó trừ tiền của cả nhà tôi"))
    assert list_shared_terms(script, fingerprint_script("", "no tru eo ca nha toi"))


def test_a_copied_sentence_ties_nobody_by_itself() -> None:
    copied = "Người dân tuyệt đối không cung cấp mã OTP, không cài ứng dụng không rõ nguồn gốc"
    assert _alike(f"Mẹ tôi đọc thấy: {copied}.", f"{copied}. Em chép lại.") < MIN_SURE
    assert _alike(FIRST, FIRST.replace("Thầy", "Tôi nghe thầy")) < _alike(FIRST, AGAIN)


def test_a_usual_title_is_no_script_and_a_name_is() -> None:
    assert fingerprint_script("cán bộ ngân hàng", "").terms == ()
    named = [fingerprint_script("thầy Khánh", ""), fingerprint_script("", "ông Khánh gọi")]
    assert list_shared_terms(*named)


def _quote(one: str, other: str) -> tuple[str, ...]:
    first, second = (fingerprint_script("", text) for text in (one, other))
    return shared_phrases(first, first.phrases & second.phrases)


def test_a_reason_quotes_whole_phrases_of_three_words_that_both_hold() -> None:
    assert _quote(FIRST, AGAIN) == ("Khánh tổng phụ trách",)
    assert _quote(AGAIN, FIRST) == ("Khánh tổng phụ trách",)
    assert _quote("bị compa đâm vào mắt trái", "no noi compa dam vao mat") == ("compa đâm vào mắt",)
    assert _quote("Tôi không chuyển tiền.", "tôi không chuyển tiền đâu") == ()  # anybody's words
    assert _quote("đúng 9h15 mỗi sáng", "nhóm 9h15 đọc lệnh") == ()  # one word
    assert _quote("Mộc Trà váy. Nhóm Mộc Trà váy", "nhóm mộc trà váy") == ("Nhóm Mộc Trà váy",)
    assert _quote("tìm em. rút 2 triệu", "Em tìm, rút tiền") == ()


@given(st.text(max_size=400), st.text(max_size=400))
def test_likeness_is_the_same_both_ways_and_survives_packing(one: str, other: str) -> None:
    first, second = fingerprint_script(one, other), fingerprint_script(other, one)
    packed = from_bytes(first.to_bytes())
    assert _similarity(first, second) == _similarity(second, first)
    assert packed.keys == from_bytes(packed.to_bytes()).keys
    assert len(first.to_bytes()) <= 4 + 4 * 300 + 28 * MAX_TERMS


def test_what_is_packed_is_as_alike() -> None:
    one, other = fingerprint_script("", FIRST), fingerprint_script("", AGAIN)
    packed, packed_other = (from_bytes(each.to_bytes()) for each in (one, other))
    assert _similarity(packed, packed_other) == pytest.approx(_similarity(one, other), abs=0.2)
    assert one.keys == packed.keys
    assert len(one.keys) <= MAX_KEYS
    assert (
        shared_phrases(one, one.phrases & packed_other.phrases)
        == shared_phrases(one, one.phrases & other.phrases)
        != ()
    )


@pytest.mark.parametrize("char", ["a ", "0550 ", "đ", "H17 ", "a.vn ", "\n", "-", "😀", "1 000 "])
def test_endless_stories_take_bounded_time(char: str) -> None:
    text = char * (20_000 // len(char))
    assert assert_cpu_time_below(2, lambda text: fingerprint_script("", text), text)
