"""Texts made harmless to look at."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.labels import codes, highlighting
from desk.labels.formatting import format_loss, format_phone
from desk.labels.highlighting import HighlightSpan, TextSegment


@pytest.mark.parametrize(
    ("spans", "parts"),
    [
        ([(1, 4, "một")], [("a",), ("bcd", "một"), ("ef",)]),
        ([(1, 4, "một"), (3, 5, "hai")], [("a",), ("bcde", "một; hai"), ("f",)]),
        ([(9, 20, "x")], [("abcdef",)]),
        ([(2, 2, "x")], [("abcdef",)]),
        ([(-5, 0, "x")], [("abcdef",)]),
        ([(3, 1, "x")], [("abcdef",)]),
    ],
    ids=["one", "two that overlap", "behind", "empty", "before", "turned around"],
)
def test_a_span_becomes_a_part_with_its_reasons_and_one_that_is_nowhere_none(
    spans: list[tuple[int, int, str]], parts: list[tuple[str, ...]]
) -> None:
    shown = highlighting.truncate("abcdef", [HighlightSpan(*span) for span in spans])
    assert shown.parts == [TextSegment(*part) for part in parts]


@pytest.mark.parametrize("char", "\u202e\u2066\u200b\u200d\ufeff\u00ad\x07\u2028\u3164\u2800\ue000")
def test_a_character_that_nobody_sees_is_shown_by_its_code_point(char: str) -> None:
    page = highlighting.split_segments(f"a{char}b")
    assert [part.text for part in page] == ["a", f"[U+{ord(char):04X}]", "b"]
    assert page[1].odd
    assert highlighting.plain_line(f"a{char}b") == f"a[U+{ord(char):04X}]b"


@pytest.mark.parametrize("text", ["Ậm ừ, đồng chí!", "dòng\nmới\tcột", "🙂 你好", "e\u0301"])
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert highlighting.count_odd(text) == 0
    assert "".join(part.text for part in highlighting.split_segments(text)) == text


@given(st.text(), st.lists(st.tuples(st.integers(-5, 40), st.integers(-5, 40))))
def test_no_text_is_lost_and_none_is_told_twice(text: str, places: list[tuple[int, int]]) -> None:
    spans = [HighlightSpan(start, end, "vì") for start, end in places]
    parts = highlighting.truncate(text, spans).parts
    kept = "".join(part.text for part in parts if not part.odd)
    assert kept == "".join(char for char in text if not highlighting.is_invisible_char(char))
    assert sum(part.times for part in parts if part.odd) == highlighting.count_odd(text)


def test_equal_odd_characters_in_a_row_are_one_part() -> None:
    page = highlighting.split_segments("a" + "\u202e" * 480_000 + "\u200b\u200b")
    assert [part.text for part in page] == ["a", "[U+202E ×480000]", "[U+200B ×2]"]


def test_of_a_long_text_the_beginning_is_shown_and_the_rest_counted() -> None:
    page = highlighting.truncate("a" * 25_000, [HighlightSpan(19_999, 20_010, "vì")])
    assert [len(part.text) for part in page.parts] == [19_999, 1]
    assert page.left == 5000


def test_of_a_text_in_pieces_so_many_are_shown_and_the_rest_counted() -> None:
    page = highlighting.truncate("\u202ea\u202e\u202e" * 4000)
    assert len(page.parts) == highlighting.MAX_PARTS
    assert sum(part.chars for part in page.parts) + page.left == 16_000


def test_a_line_says_how_much_it_leaves_out() -> None:
    assert highlighting.plain_line("a" * 500) == "a" * 500
    assert highlighting.plain_line("a" * 1_400_000) == "a" * 500 + "… (còn 1.399.500 ký tự)"


@pytest.mark.parametrize(
    ("dong", "said"),
    [(None, "Chưa rõ"), (0, "Không"), (500, "500 đồng"), (16_000, "16 nghìn"), (35_500_000, "35,5 triệu"),
     (120_000_000, "120 triệu"), (1_200_000_000, "1,2 tỷ"), (999_999, "1 triệu")],
)  # fmt: skip
def test_money_is_said_as_people_say_it(dong: int | None, said: str) -> None:
    assert format_loss(dong) == said


@pytest.mark.parametrize(
    ("key", "said"),
    [("+84550000123", "0550 000 123"), ("+447700900123", "+447700900123"), ("113", "113"),
     ("+842373725725", "0237 372 5725")],
)  # fmt: skip
def test_a_number_is_written_as_people_write_it(key: str, said: str) -> None:
    assert format_phone(key) == said


@pytest.mark.parametrize(
    ("rule", "said"),
    [("scenario: police_case", "Kiểu lừa: Giả danh công an báo dính vụ án"),
     ("junk: spam_submission", "Có vẻ là tin rác, cán bộ quyết định"),
     ("money lost: 100000000 or more", "Thiệt hại từ 100 triệu"),
     ("further demands: 2", "Còn đòi thêm 2 việc"),
     ("danger fresh_loss: vừa chuyển 90 triệu", "vừa chuyển 90 triệu"), ("something new", "something new")],
)  # fmt: skip
def test_the_ground_of_a_priority_is_told_in_vietnamese(rule: str, said: str) -> None:
    assert codes.rule_label(rule) == said
