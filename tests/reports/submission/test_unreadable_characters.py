"""Characters that look like digits and are none: every reader leaves them alone, none stumbles."""

import sys
from collections.abc import Iterator

from django.http import QueryDict
from hypothesis import example, given
from hypothesis import strategies as st

from desk.reports import search
from reports.campaigns import shared_identifiers
from reports.cases import full_text_search
from reports.extraction import bank_accounts_and_links, phones, redaction
from reports.extraction.language import amounts
from reports.extraction.story_reader import extract_from_story
from reports.reference import gazetteer
from reports.submission import receipt_codes
from reports.submission.form_parser import ReportFormParser

LOOK_ALIKES = [
    char
    for char in map(chr, range(sys.maxunicode + 1))
    if char.isnumeric() and not char.isdecimal()
]
WORDS = ["mất", "triệu", "tr", "k", "rưỡi", "hai", "stk", "gọi", "+", "5", "0550", "35.000.000"]
_piece = st.sampled_from(LOOK_ALIKES) | st.sampled_from(WORDS)
texts = st.builds(str.join, st.sampled_from(["", " "]), st.lists(_piece, max_size=12))


@given(texts)
def test_a_story_and_a_sum_are_read_to_the_end(text: str) -> None:
    assert extract_from_story(text).scenario
    money = amounts.parse_money_field(text)
    assert (money.value is None) == bool(money.problem)


def _keys(text: str) -> Iterator[str]:
    yield phones.parse(text).key
    yield from (phone.key for phone in phones.parse_many(text))
    yield from (found.phone.key for found in phones.find_in_text(text))
    yield from (found.account for found in bank_accounts_and_links.find_bank_accounts(text))


@given(texts)
def test_no_look_alike_gets_into_a_number(text: str) -> None:
    assert all(key.isascii() for key in _keys(text))


@given(st.lists(st.sampled_from(LOOK_ALIKES), min_size=6).map("".join))
@example("²²⑩⑩⑩⑩")  # a number, spelled in circles: it is read as one
def test_look_alikes_tie_nothing_but_a_number_that_they_spell(text: str) -> None:
    spelled = {phone.key for phone in phones.parse_many(text)}
    assert {
        key.value for key in shared_identifiers.identify_story(text, text, text)[0]
    } <= spelled - {""}
    assert redaction.redact(text, contact=text).flags == ()


@given(texts)
def test_forms_and_the_search_box_take_them(text: str) -> None:
    data = QueryDict(mutable=True)
    data.update({"caller_number": text, "contact_phone": text, "money_lost_vnd": text})
    assert ReportFormParser(data).to_submission(communes=()).contact == text
    assert gazetteer.match_place(text, ()).codename is None
    assert receipt_codes.parse_code(text) != text
    assert "" not in [*search._keys(text), *full_text_search.query_terms(text)]


def test_a_number_in_circles_is_searched_by_its_digits() -> None:
    assert search._keys("⓪⑨⑨② ①②③④⑤⑥") == ["+84992123456", "0992123456"]
