"""What is read out to callers: every kind has its words, of offices that are there."""

from reports.cases import replies
from reports.data import loader
from reports.facts.choices import OFFICES
from reports.reference import caller_advice

KINDS = caller_advice.kinds_by_code()
OFFICE_CODES = {office["codename"] for office in loader.load_offices()["offices"]}


def test_a_digit_chooses_each_kind_and_each_has_words_and_offices_of_the_table() -> None:
    assert len(KINDS) - 1 <= 9
    for kind in KINDS.values():
        assert kind.lines
        assert kind.claimed_office in {"", *dict(OFFICES)}
        assert set(kind.offices) <= OFFICE_CODES


def test_nothing_that_is_read_out_tells_anybody_to_pay() -> None:
    lines = [line for kind in KINDS.values() for line in kind.lines]
    lines += [line for name, line in caller_advice.sentences().items() if name != "lost"]
    assert [line for line in lines if replies.tells_to_pay(line)] == []
