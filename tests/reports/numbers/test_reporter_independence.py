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


@pytest.mark.parametrize(
    ("reports", "people"),
    [
        ([], 0),
        ([build_evidence(), build_evidence(contact=b"b", at=NOON + HOUR, words=OTHER)], 2),
        ([build_evidence(), build_evidence(commune="y", at=NOON - DAY, words=OTHER)], 1),
        ([build_evidence(), build_evidence(contact=b"b", at=NOON + DAY, words=ONE | {"ngay"})], 1),
        ([build_evidence(contact=b"", commune="") for _ in range(50)], 1),
    ],
    ids=["nobody", "two contacts, two stories", "one contact, whatever it says",
         "one story under two contacts", "many from nobody"],
)  # fmt: skip
def test_a_person_is_a_contact_with_a_story(reports: list[ReporterEvidence], people: int) -> None:
    assert count(*reports) == people


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
    return [
        build_evidence(**{
            "contact": b"", "commune": f"c{number}", "at": NOON + DAY * number, "is_shared": True,
            "words": frozenset(f"{word}{number}" for word in ONE), **fields,
        })
        for number in range(1, many + 1)
    ]  # fmt: skip


@pytest.mark.parametrize(("many", "counted"), [(3, 0), (4, 4)])
def test_of_shared_networks_four_who_differ_surely_are_four_and_fewer_nobody(
    many: int, counted: int
) -> None:
    assert count(*tales(many)) == counted
    assert count(build_evidence(), *tales(many)) == counted + 1
    assert count(build_evidence(commune="c1"), *tales(many + 1)) == 1 + (many if counted else 0)


@pytest.mark.parametrize(
    "same", [{"commune": "c9"}, {"commune": ""}, {"at": NOON}, {"words": OTHER}, {"contact": b"b"}]
)
def test_of_shared_networks_commune_day_story_and_contact_must_differ(same: dict[str, Any]) -> None:
    assert count(*tales(9, **same)) == 0


def test_invented_contacts_tell_nobody_apart_on_a_shared_network() -> None:
    alike = [replace(each, contact=b"%d" % at, commune="x") for at, each in enumerate(tales(9))]
    assert count(*alike) == 0


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


@pytest.mark.parametrize(("least", "day"), [(1, 3), (2, 2), (3, 1)])
def test_enough_are_left_until_fewer_than_the_least_are(least: int, day: int) -> None:
    each = [replace(tale, contact=b"%d" % at) for at, tale in enumerate(tales(3, is_shared=False))]
    assert expiry_day(each, least) == (NOON + day * DAY).date()
