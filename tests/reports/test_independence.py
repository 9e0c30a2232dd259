"""Who counts as one person: the rule of reports/independence.py, sentence by sentence."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reports.independence import Told, people_among

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ONE = frozenset(["ho", "xung", "dien", "luc", "doa", "cat", "dien", "trong", "hai", "gio"])
OTHER = frozenset(["mot", "giong", "nu", "bao", "toi", "co", "buu", "pham", "cam"])


def told(**fields: Any) -> Told:
    given = {"contact": b"a", "commune": "x", "at": NOON, "words": ONE} | fields
    return Told(**given)


def count(*reports: Told) -> int:
    return len(people_among(reports))


def test_two_contacts_with_two_stories_are_two() -> None:
    assert count(told(), told(contact=b"b", at=NOON + HOUR, words=OTHER)) == 2


def test_one_contact_is_one_whatever_it_says() -> None:
    assert count(told(), told(commune="y", at=NOON - DAY, words=OTHER)) == 1


def test_one_story_sent_under_two_contacts_is_one() -> None:
    assert count(told(), told(contact=b"b", at=NOON + DAY, words=ONE | {"ngay"})) == 1


@pytest.mark.parametrize("words", [frozenset(), frozenset({"lua", "dao"})])
def test_two_contacts_that_tell_nothing_are_one(words: frozenset[str]) -> None:
    first, later = told(words=words), {"contact": b"b", "at": NOON + DAY, "words": words}
    assert count(first, told(**later)) == 1
    assert count(first, told(**later | {"words": OTHER})) == 1
    assert count(first, told(**later, commune="")) == 1
    assert count(first, told(**later, commune="y")) == 2


@pytest.mark.parametrize(("minutes", "people"), [(0, 1), (29, 1), (30, 2)])
def test_what_comes_within_half_an_hour_is_one(minutes: int, people: int) -> None:
    later = told(contact=b"b", words=OTHER, at=NOON + timedelta(minutes=minutes))
    assert count(told(), later) == count(later, told()) == people


@pytest.mark.parametrize(
    "same", [{"commune": "x"}, {"commune": ""}, {"at": NOON + HOUR}, {"words": ONE},
             {"words": frozenset({"lua", "dao"})}],
)  # fmt: skip
@pytest.mark.parametrize("contact", [b"a", b""])
def test_without_a_contact_place_day_and_story_must_all_differ(
    same: dict[str, Any], contact: bytes
) -> None:
    differs = {"commune": "y", "at": NOON - DAY, "words": OTHER}
    first = told(contact=contact)
    assert count(first, told(contact=b"", **differs)) == 2
    assert count(first, told(contact=b"", **differs | same)) == 1


def test_many_from_nobody_are_one() -> None:
    assert count(*(told(contact=b"", commune="") for _ in range(50))) == 1


def test_nobody_is_nobody() -> None:
    assert count() == 0
