"""Phone numbers: every spelling has one key, and nothing is guessed."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reports.extraction.numbering_plan import plan_table, range_owner
from reports.extraction.phones import FLAG_REASONS_VI, find_in_text, parse, parse_many
from tests.support.cpu_time import assert_cpu_time_below
from tests.support.data_files import read_csv

_KINDS = {
    "mobile", "landline", "shortcode", "tollfree", "premium",
    "international", "brandname", "hidden", "invalid",
}  # fmt: skip


@pytest.mark.parametrize(
    "case", read_csv("phone_cases.csv"), ids=lambda case: case["raw"].strip() or "blank"
)
def test_every_known_case_is_read(case: dict[str, str]) -> None:
    phone = parse(case["raw"])
    assert (phone.kind, phone.key) == (case["kind"], case["e164_or_blank"])
    assert phone.raw == case["raw"]


@pytest.mark.parametrize("case", read_csv("field_numbers.csv"), ids=lambda case: case["raw"])
def test_odd_spellings_are_read_and_flagged(case: dict[str, str]) -> None:
    phone = parse(case["raw"])
    assert (phone.kind, phone.key) == (case["kind"], case["key"])
    assert not case["flag"] or case["flag"] in phone.flags


def test_a_field_with_several_numbers_gives_each_and_the_owner_of_a_range_is_told() -> None:
    keys = [phone.key for phone in parse_many("0550000123 / 0992000123, +44 7700 900123")]
    assert keys == ["+84550000123", "+84992000123", "+447700900123"]
    assert range_owner("+84321234567") == "Viettel"
    assert range_owner("+842373725725") == "Thanh Hóa"


_PREFIXES = st.sampled_from(sorted(plan_table("mobile")))
_SPELLINGS = [
    "0{}", "+84{}", "84{}", "0084{}", "084{}", "+84 0{}", "+84(0){}", "(+84) {}", "{}", "tel:+84{}",
    "00{}", "số: 0{}", "0{} (Zalo)", "\u200b0{}\u00a0", "+0{}", "O{}",
]  # fmt: skip


@example("84", "6900000", "+0{}")  # not the ministry's 69…
@example("84", "6900000", "{}")
@given(_PREFIXES, st.text("0123456789", min_size=7, max_size=7), st.sampled_from(_SPELLINGS))
def test_any_spelling_of_a_mobile_number_gives_one_key(
    prefix: str, rest: str, spelling: str
) -> None:
    digits = prefix + rest
    for typed in (digits, f"{digits[:3]} {digits[3:6]}.{digits[6:]}"):
        assert parse(spelling.format(typed)).key == "+84" + digits


_AREAS = st.sampled_from(sorted(plan_table("areas")))
_SERVICES = st.sampled_from(["1800", "1900"])
# 0020… may be a call from Egypt: of a landline no 0 is taken for typed twice.
_OF_LANDLINES = [spelling for spelling in _SPELLINGS if spelling != "00{}"]


@given(_AREAS, st.text("0123456789", min_size=8, max_size=8), st.sampled_from(_OF_LANDLINES))
def test_any_spelling_of_a_landline_gives_one_key(area: str, rest: str, spelling: str) -> None:
    digits = (area + rest)[:10]
    assert parse(spelling.format(digits)).key == "+84" + digits
    assert parse(spelling.format(f"{area} {digits[len(area) :]}")).key == "+84" + digits


@given(_SERVICES, st.sampled_from([4, 6]), st.text("0123456789", min_size=6, max_size=6))
def test_any_spelling_of_a_service_number_gives_one_key(head: str, size: int, rest: str) -> None:
    key = f"+84{head}{rest[:size]}"
    for spelling in ("{} {}", "{}{}", "0{}{}", "+{} {}", "+84 {} {}", "gọi {}.{}", "{}-{}"):
        assert parse(spelling.format(head, rest[:size])).key == key


@given(st.text("0123456789+84 .-()/xXO*,;hngày", max_size=40))
def test_each_number_of_a_field_reads_as_itself(raw: str) -> None:
    for phone in parse_many(raw):
        assert phone.raw == raw
        assert not phone.key or parse(phone.key).key == phone.key


@example("005500001231900")  # the library takes away one of Brazil's zeros at a time
@example("0020084320849769")
@given(st.one_of(st.text(), st.text("0123456789+84 .-()/xXO*", max_size=24)))
def test_no_input_raises_and_the_key_reads_as_itself(raw: str) -> None:
    phone = parse(raw)
    assert phone.raw == raw
    assert phone.kind in _KINDS
    assert set(phone.flags) <= set(FLAG_REASONS_VI)
    if phone.key:
        again = parse(phone.key)
        assert (again.kind, again.key) == (phone.kind, phone.key)


def test_numbers_in_a_story_are_found_where_they_stand() -> None:
    story = "Số 0550 000 123 gọi, sau đó +44 7700 900123 gọi, bảo gọi lại 1900.54.54.86."
    found = find_in_text(story)
    assert [(f.phone.key, story[f.start : f.end]) for f in found] == [
        ("+84550000123", "0550 000 123"),
        ("+447700900123", "+44 7700 900123"),
        ("+841900545486", "1900.54.54.86"),
    ]


@given(st.text("0123456789 .-+đktr(),\nsổOlQĐ/", max_size=60))
def test_what_is_found_reads_the_same_alone(story: str) -> None:
    for found in find_in_text(story):
        assert story[found.start : found.end] == found.phone.raw
        assert parse(found.phone.raw).key == found.phone.key


@pytest.mark.parametrize(
    "piece",
    [
        "0550000123 ", "l+", "a.", "1 ", "x", "0550000123/", "+44 7700 900123 ", "*0", "9", "http://",
        "#1", "~1", "(1)", "1) ", "1 (", "máy lẻ 1", "O ", "0550000123/QĐ", "PA0550000123", "stk 1 ",
        "0550000123 mb ", "1'", "+1", "zalo.me/1 ", "1/2026/", "0 ", "   1",
    ],
)  # fmt: skip
def test_hostile_lengths_take_bounded_time(piece: str) -> None:
    text = piece * (20_000 // len(piece))
    assert assert_cpu_time_below(1, lambda text: (parse(text), find_in_text(text)), text)
