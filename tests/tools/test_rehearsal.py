"""What `make rehearse` counts: the longest wait for a receipt, a restored second against the senders' book."""

import pytest

from tools.client_journal import BROKEN, RECEIPT, Answer, JournalEntry
from tools.rehearsal.failover import find_longest_wait
from tools.rehearsal.restore import compare_with_book, list_runbook_lines


def test_the_drill_types_what_the_runbook_says() -> None:
    lines = list_runbook_lines("db2")
    assert [word for line in lines for word in ("remove", "restore", "start") if word in line] == [
        "remove", "restore", "start",
    ]  # fmt: skip
    assert not [line for line in lines if "sudo" in line]


def answer(kind: str, asked_at: float, seconds: float = 0.5) -> Answer:
    return Answer(kind, 303, asked_at, seconds)


def test_a_wait_ends_with_a_receipt_and_with_nothing_else() -> None:
    answers = [answer(RECEIPT, 9), answer(BROKEN, 12), answer(RECEIPT, 14.5), answer(RECEIPT, 15)]
    assert find_longest_wait(answers, began=10) == 5


def entry(key: str, asked_at: float) -> JournalEntry:
    return JournalEntry(key, f"words of {key}", [answer(RECEIPT, asked_at)])


BOOK = [entry("before", 1), entry("meanwhile", 9.8), entry("after", 11)]
WORDS = {each.key: each.story for each in BOOK}


@pytest.mark.parametrize("keys", [["before"], ["before", "meanwhile"]])
def test_a_second_equals_the_book_with_and_without_what_was_under_way(keys: list[str]) -> None:
    assert compare_with_book({key: WORDS[key] for key in keys}, BOOK, 10, []) == []


@pytest.mark.parametrize(
    ("restored", "said"),
    [
        ({}, "before had a receipt and is not there"),
        (WORDS, "after was not sent yet and is there"),
        ({"before": "other"}, "before has other words"),
    ],
)
def test_what_is_not_as_the_book_says_is_noticed(restored: dict[str, str], said: str) -> None:
    assert compare_with_book(restored, BOOK, 10, []) == [said]


def test_an_erased_report_may_have_other_words() -> None:
    assert compare_with_book({"before": "đã xóa"}, BOOK, 10, BOOK[:1]) == []
