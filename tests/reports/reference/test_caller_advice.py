"""What is read out to callers: every kind has its words, of offices that are there."""

import pytest

from reports.cases import replies
from reports.data import loader
from reports.facts.choices import OFFICES
from reports.models import Enquiry
from reports.reference import caller_advice
from reports.reference.caller_advice import ANY_KIND, CallKind

KINDS = caller_advice.kinds_by_code()
OFFICE_CODES = {office["codename"] for office in loader.load_offices()["offices"]}


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.code or "any")
def test_a_kind_has_words_an_office_of_the_form_and_offices_of_the_table(kind: CallKind) -> None:
    assert kind.lines
    assert kind.claimed_office in {"", *dict(OFFICES)}
    assert set(kind.offices) <= OFFICE_CODES
    assert len(kind.code) <= (Enquiry._meta.get_field("kind").max_length or 0)


def test_a_digit_chooses_each_kind() -> None:
    assert len(KINDS) - 1 <= 9
    assert [*KINDS][-1] == ANY_KIND


def test_nothing_that_is_read_out_tells_anybody_to_pay() -> None:
    lines = [line for kind in KINDS.values() for line in kind.lines]
    lines += map(caller_advice.load_sentence, ("danger", "calm", "transfer"))
    assert not [line for line in lines if replies.tells_to_pay(line)]


@pytest.mark.django_db
def test_an_office_that_is_not_in_the_table_is_left_out() -> None:
    assert [each.code for each in caller_advice.load_advice()] == [*KINDS]
