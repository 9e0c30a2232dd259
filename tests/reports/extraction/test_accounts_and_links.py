"""Receiving accounts and links in a story, and where they stand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.extraction.accounts_and_links import canonical_link, find_bank_accounts, find_links
from tests.support.cpu_time import assert_cpu_time_below
from tests.support.data_files import read_cases


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


@pytest.mark.parametrize("piece", ["a.", "a-", "http://a.vn ", "stk 123456 ", "a:", "1 ", "@", "/"])
def test_hostile_lengths_take_bounded_time(piece: str) -> None:
    text = piece * (20_000 // len(piece))
    assert assert_cpu_time_below(1, find_bank_accounts, text)
    assert assert_cpu_time_below(1, find_links, text)
