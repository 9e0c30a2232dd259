"""`make rehearse` in its short form: a primary dies under load, then a second of the past comes back elsewhere."""

import json
import os
import subprocess
import sys

import pytest

from tools.client_journal import BROKEN, RECEIPT, Answer, JournalEntry
from tools.rehearsal.failover import find_longest_wait
from tools.rehearsal.hosts import find_missing_programs
from tools.rehearsal.restore import compare_with_book, list_runbook_lines
from tools.servers import ROOT


@pytest.mark.alone
@pytest.mark.skipif(
    bool(find_missing_programs()) and not os.environ.get("REQUIRE_BROWSER"),
    reason=f"not here: {' '.join(find_missing_programs())}; .ci/run installs and demands them",
)
def test_nothing_is_lost_with_a_primary_and_a_second_of_the_past_comes_back() -> None:
    command = [sys.executable, "-m", "tools.rehearsal", "--drill", "short"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"
    figures = json.loads(done.stdout)
    books = figures["failover"]["books"]
    assert books["rows"] == books["sent"] > 0
    assert figures["failover"]["refused"]["kill_primary"] > 0
    assert figures["restore"]["equal"] == figures["restore"]["drawn"] == 1


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
