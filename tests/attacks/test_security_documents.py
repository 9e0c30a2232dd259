"""What docs/threats.md and docs/asvs.md claim is held by tests that exist."""

from collections import Counter

import pytest

from tests.support.document_tables import DOCS, TESTS, Row, missing, rows

THREATS = rows("threats.md", r"[A-Z]\d+")
ASVS = rows("asvs.md", r"V\d+\.\d+\.\d+|F\d+")
LETTERS = set("STRIDEA")
DOORS = set("RCLFDWPGKNSM")
ANSWERS = {"yes", "partly", "no", "n/a"}


def test_every_door_has_threats_and_every_kind_is_thought_of() -> None:
    assert {row.id[0] for row in THREATS} == DOORS
    kinds = [set(row.cells[0].split()) for row in THREATS]
    assert all(kinds)
    assert set().union(*kinds) == LETTERS


def test_every_threat_has_a_control_a_test_and_what_is_left() -> None:
    for row in THREATS:
        assert len(row.cells) == 5, row.id
        assert all(row.cells), row.id
        assert row.tests, f"{row.id} names no test"


@pytest.mark.parametrize("table", [THREATS, ASVS])
def test_every_test_that_is_named_exists(table: list[Row]) -> None:
    assert missing([name for row in table for name in row.tests]) == []


def test_a_test_that_does_not_exist_is_noticed() -> None:
    here = "attacks/test_security_documents.py::test_a_test_that_does_not_exist_is_noticed"
    absent = [f"{here}_at_all", "nowhere/test_x.py::test_x"]
    assert missing([here, *absent]) == absent


@pytest.mark.parametrize("table", [THREATS, ASVS])
def test_no_row_is_there_twice(table: list[Row]) -> None:
    assert len(table) > 50
    assert [row for row, count in Counter(row.id for row in table).items() if count > 1] == []


def test_every_file_of_attacks_is_named_by_a_threat() -> None:
    named = {name.partition("::")[0] for row in THREATS for name in row.tests}
    files = {f"attacks/{path.name}" for path in (TESTS / "attacks").glob("test_*.py")}
    assert files - named == {"attacks/test_security_documents.py"}


def test_every_requirement_of_levels_one_and_two_is_answered_and_a_yes_says_how() -> None:
    assert len([row for row in ASVS if row.id.startswith("V")]) == 253  # 70 and 183
    for row in ASVS:
        assert len(row.cells) == 3, row.id
        assert row.cells[1] in ANSWERS, row.id
        assert len(row.cells[2]) > 4, row.id


def test_the_summary_counts_the_table() -> None:
    counted = Counter(row.cells[1] for row in ASVS)
    text = (DOCS / "asvs.md").read_text("utf-8")
    assert all(f"{answer}: {count}" in text for answer, count in counted.items())
