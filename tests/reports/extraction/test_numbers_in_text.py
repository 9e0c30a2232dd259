"""Numbers, accounts and links in sentences as residents type them: tests/data/text_numbers.jsonl."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.extraction.accounts_and_links import find_bank_accounts, find_links
from reports.extraction.phones import find_in_text
from tests.support.cpu_time import assert_cpu_time_below
from tests.support.data_files import read_jsonl

CASES = read_jsonl("text_numbers.jsonl")


def test_there_are_enough_sentences_of_each_kind() -> None:
    assert len(CASES) >= 60
    for kind in ("phones", "accounts", "links"):
        assert sum(bool(case[kind]) for case in CASES) >= 6
    assert sum(not (case["phones"] or case["accounts"] or case["links"]) for case in CASES) >= 20


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"][:40])
def test_what_stands_in_a_sentence_is_found(case: dict[str, list[str]]) -> None:
    text = str(case["text"])
    assert [found.phone.key for found in find_in_text(text)] == case["phones"]
    assert [found.account for found in find_bank_accounts(text)] == case["accounts"]
    assert [found.link for found in find_links(text)] == case["links"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"][:40])
def test_it_is_found_after_other_sentences_too(case: dict[str, list[str]]) -> None:
    text = f"Hôm qua tôi ở nhà.\n{case['text']}\nRồi họ cúp máy."
    assert [found.phone.key for found in find_in_text(text)] == case["phones"]
    assert [found.account for found in find_bank_accounts(text)] == case["accounts"]


def test_one_number_has_both_readings() -> None:
    beside, alone = "chuyển vào stk 0550000123 MB", "gọi lại 0550000123"
    assert (find_in_text(beside), [found.account for found in find_bank_accounts(beside)]) == (
        [], ["0550000123"],
    )  # fmt: skip
    assert ([found.phone.key for found in find_in_text(alone)], find_bank_accounts(alone)) == (
        ["+84550000123"], (),
    )  # fmt: skip


PIECES = [
    "0550000123", " ", "stk ", "mb ", "/QĐ", "+84", ") (", ".", "1", "đồng", "O", ",", "vn", "/",
]  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from(PIECES), min_size=1, max_size=5).map("".join))
def test_no_repeated_piece_takes_long(piece: str) -> None:
    text = (piece * 20_000)[:20_000]
    for reader in (find_in_text, find_bank_accounts, find_links):
        assert assert_cpu_time_below(1, reader, text)
