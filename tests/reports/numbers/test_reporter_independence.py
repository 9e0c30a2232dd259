"""Who counts as one person: the rule of reports/numbers/reporter_independence.py, sentence by sentence."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reports.numbers.reporter_independence import (
    ReporterEvidence,
    are_near_duplicates,
    distinct_reporters,
    expiry_day,
    last_report_day,
)

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ONE = frozenset(["ho", "xung", "dien", "luc", "doa", "cat", "dien", "trong", "hai", "gio"])
OTHER = frozenset(["mot", "giong", "nu", "bao", "toi", "co", "buu", "pham", "cam"])


def build_evidence(**fields: Any) -> ReporterEvidence:
    given = {"contact": b"a", "commune": "x", "at": NOON, "words": ONE} | fields
    return ReporterEvidence(**given)


def count(*reports: ReporterEvidence) -> int:
    return len(distinct_reporters(reports))


def test_two_contacts_with_two_stories_are_two() -> None:
    assert count(build_evidence(), build_evidence(contact=b"b", at=NOON + HOUR, words=OTHER)) == 2


def test_one_contact_is_one_whatever_it_says() -> None:
    assert count(build_evidence(), build_evidence(commune="y", at=NOON - DAY, words=OTHER)) == 1


def test_one_story_sent_under_two_contacts_is_one() -> None:
    later = build_evidence(contact=b"b", at=NOON + DAY, words=ONE | {"ngay"})
    assert count(build_evidence(), later) == 1


@pytest.mark.parametrize("words", [frozenset(), frozenset({"lua", "dao"})])
def test_two_contacts_that_tell_nothing_are_one(words: frozenset[str]) -> None:
    first, later = build_evidence(words=words), {"contact": b"b", "at": NOON + DAY, "words": words}
    assert count(first, build_evidence(**later)) == 1
    assert count(first, build_evidence(**later | {"words": OTHER})) == 1
    assert count(first, build_evidence(**later, commune="")) == 1
    assert count(first, build_evidence(**later, commune="y")) == 2


@pytest.mark.parametrize(("minutes", "people"), [(0, 1), (29, 1), (30, 2)])
def test_what_comes_within_half_an_hour_is_one(minutes: int, people: int) -> None:
    later = build_evidence(contact=b"b", words=OTHER, at=NOON + timedelta(minutes=minutes))
    assert count(build_evidence(), later) == count(later, build_evidence()) == people


@pytest.mark.parametrize(
    "same", [{"commune": "x"}, {"commune": ""}, {"at": NOON + HOUR}, {"words": ONE},
             {"words": frozenset({"lua", "dao"})}],
)  # fmt: skip
@pytest.mark.parametrize("contact", [b"a", b""])
def test_without_a_contact_place_day_and_story_must_all_differ(
    same: dict[str, Any], contact: bytes
) -> None:
    differs = {"commune": "y", "at": NOON - DAY, "words": OTHER}
    first = build_evidence(contact=contact)
    assert count(first, build_evidence(contact=b"", **differs)) == 2
    assert count(first, build_evidence(contact=b"", **differs | same)) == 1


def tales(many: int, **fields: Any) -> list[ReporterEvidence]:
    """Reports from shared networks, each of another commune, day and story."""
    return [_tale(number, fields) for number in range(1, many + 1)]


def _tale(number: int, fields: dict[str, Any]) -> ReporterEvidence:
    words = frozenset(f"{word}{number}" for word in ONE)
    given = {"contact": b"", "commune": f"c{number}", "at": NOON + DAY * number, "words": words}
    return build_evidence(**{**given, "is_shared": True, **fields})


def test_three_of_shared_networks_are_nobody() -> None:
    assert count(*tales(3)) == 0
    assert count(build_evidence(), *tales(3)) == 1


def test_four_of_shared_networks_who_differ_surely_are_four() -> None:
    assert count(*tales(4)) == 4
    assert count(build_evidence(), *tales(4)) == 5


@pytest.mark.parametrize(
    "same", [{"commune": "c9"}, {"commune": ""}, {"at": NOON}, {"words": OTHER}, {"contact": b"b"}]
)
def test_of_shared_networks_commune_day_story_and_contact_must_differ(same: dict[str, Any]) -> None:
    assert count(*tales(9, **same)) == 0


def test_invented_contacts_tell_nobody_apart_on_a_shared_network() -> None:
    alike = [replace(each, contact=b"%d" % at, commune="x") for at, each in enumerate(tales(9))]
    assert count(*alike) == 0


def test_who_was_counted_is_not_counted_again_through_a_shared_network() -> None:
    assert count(build_evidence(commune="c1"), *tales(4)) == 1
    assert count(build_evidence(commune="c1"), *tales(5)) == 5


def test_many_from_nobody_are_one() -> None:
    assert count(*(build_evidence(contact=b"", commune="") for _ in range(50))) == 1


def test_nobody_is_nobody() -> None:
    assert count() == 0


def test_who_left_a_contact_is_counted_before_who_left_none() -> None:
    nobody = build_evidence(contact=b"", at=NOON - DAY, words=frozenset(f"x{word}" for word in ONE))
    later = build_evidence(contact=b"b", at=NOON + HOUR, words=OTHER)
    assert count(nobody, build_evidence(), later) == 2


@pytest.mark.parametrize(
    ("words", "others", "alike"),
    [("abcde", "abcdx", True), ("abcde", "abcxy", False), ("abcd", "abcd", False)],
)
def test_four_of_five_words_are_the_same_story(words: str, others: str, alike: bool) -> None:
    assert are_near_duplicates(frozenset(words), frozenset(others)) is alike


def test_the_last_day_of_people_is_that_of_their_contacts_alone() -> None:
    people = [build_evidence(at=NOON - DAY), build_evidence(contact=b"", at=NOON)]
    later = [build_evidence(at=NOON + DAY), build_evidence(contact=b"b", at=NOON + 2 * DAY)]
    assert last_report_day(people, [*people, *later]) == (NOON + DAY).date()
    assert last_report_day(people[1:], [*people, *later]) == NOON.date()


def test_enough_are_left_until_fewer_than_the_least_are() -> None:
    each = [
        build_evidence(contact=b"%d" % day, at=NOON + DAY * day, words=_tale(day, {}).words)
        for day in range(3)
    ]
    assert expiry_day(each, 1) == (NOON + 2 * DAY).date()
    assert expiry_day(each, 2) == (NOON + DAY).date()
    assert expiry_day(each, 3) == NOON.date()
