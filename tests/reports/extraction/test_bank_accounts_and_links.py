"""Numbers, accounts and links in sentences as residents type them, and where they stand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.extraction.bank_accounts_and_links import (
    canonical_link,
    find_bank_accounts,
    find_links,
)
from reports.extraction.phones import find_in_text
from tests.support.data_files import read_cases, read_jsonl

CASES = read_jsonl("text_numbers.jsonl")


@pytest.mark.parametrize(("story", "accounts"), read_cases("text_cases.json", "accounts"))
def test_accounts_stand_beside_words_that_say_so(story: str, accounts: list[str]) -> None:
    assert [found.account for found in find_bank_accounts(story)] == accounts


@pytest.mark.parametrize(("story", "links"), read_cases("text_cases.json", "links"))
def test_links_are_found_however_they_are_typed(story: str, links: list[str]) -> None:
    assert [found.link for found in find_links(story)] == links


def test_every_spelling_of_a_link_is_one() -> None:
    spellings = ["http://abc.vn/x", "https://www.ABC.vn/x/", "abc.vn/x", "www.abc.vn/x?ref=zalo"]
    assert {canonical_link(spelling) for spelling in spellings} == {"abc.vn/x"}


@given(st.text("ab.vn/:?@# 0123456789stkđ,\n", max_size=80))
def test_every_place_is_the_thing_found(story: str) -> None:
    for account in find_bank_accounts(story):
        typed = story[account.start : account.end]
        assert "".join(sign for sign in typed if sign.isdecimal()) == account.account
    for link in find_links(story):
        assert canonical_link(story[link.start : link.end]) == link.link


def test_there_are_enough_sentences_of_each_kind() -> None:
    assert len(CASES) >= 60
    for kind in ("phones", "accounts", "links"):
        assert sum(bool(case[kind]) for case in CASES) >= 6
    assert sum(not (case["phones"] or case["accounts"] or case["links"]) for case in CASES) >= 20


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["text"][:40])
def test_what_stands_in_a_sentence_is_found_alone_and_after_another(
    case: dict[str, list[str]],
) -> None:
    for text in (case["text"], f"Hôm qua tôi ở nhà.\n{case['text']}\nRồi họ cúp máy."):
        assert [found.phone.key for found in find_in_text(str(text))] == case["phones"]
        assert [found.account for found in find_bank_accounts(str(text))] == case["accounts"]
        assert [found.link for found in find_links(str(text))] == case["links"]


def test_one_number_has_both_readings() -> None:
    beside, alone = "chuyển vào stk 0550000123 MB", "gọi lại 0550000123"
    assert find_in_text(beside) == []
    assert [found.account for found in find_bank_accounts(beside)] == ["0550000123"]
    assert [found.phone.key for found in find_in_text(alone)] == ["+84550000123"]
    assert find_bank_accounts(alone) == []


@pytest.mark.parametrize(("story", "owners"), read_cases("text_cases.json", "owners"))
def test_bank_and_holder_stand_beside_the_account(story: str, owners: list[list[str]]) -> None:
    found = find_bank_accounts(story)
    assert [[each.account, each.bank, each.holder] for each in found] == owners


def test_the_number_of_a_card_is_no_account() -> None:
    assert not find_bank_accounts("stk 4111 1111 1111 1111")
    assert find_bank_accounts("stk 4111 1111 1111 1112")
