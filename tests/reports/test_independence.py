"""Who counts as one person: the rule of reports/independence.py, sentence by sentence."""

from datetime import date, timedelta
from typing import Any

import pytest

from reports.independence import Told, people_among

TODAY = date(2026, 11, 24)
ONE = frozenset(["ho", "xung", "dien", "luc", "doa", "cat", "dien", "trong", "hai", "gio"])
OTHER = frozenset(["mot", "giong", "nu", "bao", "toi", "co", "buu", "pham", "cam"])


def told(**fields: Any) -> Told:
    given = {"contact": b"a", "commune": "x", "day": TODAY, "words": ONE} | fields
    return Told(**given)


def count(*reports: Told) -> int:
    return len(people_among(reports))


def test_two_contacts_with_two_stories_are_two() -> None:
    assert count(told(), told(contact=b"b", words=OTHER)) == 2


def test_one_contact_is_one_whatever_it_says() -> None:
    assert count(told(), told(commune="y", day=TODAY - timedelta(1), words=OTHER)) == 1


def test_one_story_sent_under_two_contacts_is_one() -> None:
    assert count(told(), told(contact=b"b", words=ONE | {"ngay"})) == 1


def test_a_word_or_two_set_nobody_equal_who_left_a_contact() -> None:
    short = frozenset({"lua", "dao"})
    assert count(told(words=short), told(contact=b"b", words=short)) == 2


@pytest.mark.parametrize(
    "same", [{"commune": "x"}, {"commune": ""}, {"day": TODAY}, {"words": ONE},
             {"words": frozenset({"lua", "dao"})}],
)  # fmt: skip
@pytest.mark.parametrize("contact", [b"a", b""])
def test_without_a_contact_place_day_and_story_must_all_differ(
    same: dict[str, Any], contact: bytes
) -> None:
    differs = {"commune": "y", "day": TODAY - timedelta(1), "words": OTHER}
    first = told(contact=contact)
    assert count(first, told(contact=b"", **differs)) == 2
    assert count(first, told(contact=b"", **differs | same)) == 1


def test_many_from_nobody_are_one() -> None:
    assert count(*(told(contact=b"", commune="") for _ in range(50))) == 1


def test_nobody_is_nobody() -> None:
    assert count() == 0
