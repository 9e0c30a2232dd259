"""The MISP feed: read by PyMISP, an event a day, deleted what has ended."""

import hashlib
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from django.utils import timezone
from pymisp import MISPEvent

from reports.models import NumberFinding
from reports.outlets import misp_feed
from tests.support.api_program import Program, register
from tests.support.number_factories import KEY, add_finding
from tests.support.outlet_readers import MISP, MispReader, get

pytestmark = pytest.mark.django_db
# On the second day in Vietnam.
EVENING = datetime(2026, 11, 1, 17, 30, tzinfo=UTC)


@pytest.fixture
def program() -> Program:
    return register()


def load(program: Program, name: str) -> Any:
    return json.loads(get(program, f"{MISP}{name}").content)


def load_event(program: Program, day: date) -> MISPEvent:
    event = MISPEvent(strict_validation=True)
    event.load(get(program, f"{MISP}{misp_feed.event_id(day)}.json").content.decode())
    return event


def test_pymisp_reads_an_event_of_each_day_with_all_that_was_confirmed(program: Program) -> None:
    number = add_finding(confirmed_at=EVENING)
    add_finding(kind="account", key="0992000456789", bank="BIDV", confirmed_at=EVENING)
    add_finding(kind="link", key="vi-du.example", confirmed_at=EVENING)
    add_finding(kind="link", key="shared.example/a", confirmed_at=EVENING)
    add_finding(key="+84550000124", confirmed_at=EVENING - timedelta(hours=1))
    event = load_event(program, date(2026, 11, 2))
    found = {(each.type, each.value): each for each in event.attributes}
    assert set(found) == {
        ("phone-number", KEY), ("bank-account-nr", "0992000456789"), ("domain", "vi-du.example"),
        ("url", "https://shared.example/a"),
    }  # fmt: skip
    assert found["phone-number", KEY].uuid == str(number.public_id)
    assert found["bank-account-nr", "0992000456789"].comment.startswith("BIDV")
    assert {each.to_ids for each in event.attributes} == {True}
    assert {each.name for each in event.tags} >= {"tlp:green"}
    assert len(load_event(program, date(2026, 11, 1)).attributes) == 1


def test_the_manifest_has_each_event_and_a_later_time_once_it_has_changed(program: Program) -> None:
    add_finding(confirmed_at=EVENING)
    add_finding(key="+84550000124", confirmed_at=EVENING - timedelta(hours=1))
    before = load(program, "manifest.json")
    assert set(before) == {str(misp_feed.event_id(date(2026, 11, day))) for day in (1, 2)}
    event = str(misp_feed.event_id(date(2026, 11, 2)))
    assert before[event]["timestamp"] == str(int(EVENING.timestamp()) + 41)
    read = load_event(program, date(2026, 11, 2)).manifest[event]
    for each in ("info", "date", "timestamp", "analysis", "threat_level_id", "Orgc"):
        assert str(before[event][each]) == str(read[each])
    add_finding(key="+84550000125", confirmed_at=EVENING, withdrawn_at=timezone.now())
    after = load(program, "manifest.json")
    assert after[event]["timestamp"] > before[event]["timestamp"]


@pytest.mark.parametrize(
    ("late", "polled"),
    [(0.3, 0.2), (0.3, 39.9), (-39.0, 0.0)],
    ids=["within the second", "committed late", "older than the change before it"],
)
def test_a_change_that_a_poll_just_missed_is_in_the_manifest_of_the_next(
    program: Program, late: float, polled: float
) -> None:
    """Seconds after the last change that the reader has seen: the time of the late one, and the poll."""
    start = datetime(2026, 11, 20, 3, tzinfo=UTC)
    second = timedelta(seconds=1)
    add_finding(confirmed_at=start)
    reader = MispReader(program)
    with time_machine.travel(start + polled * second, tick=False):
        reader.poll()
    assert len(reader.known) == 1
    add_finding(key="+84550000124", confirmed_at=start + late * second)
    with time_machine.travel(start + timedelta(hours=1), tick=False):
        reader.poll()
    assert len(reader.known) == 2


def test_an_end_within_the_second_of_its_beginning_is_newer(program: Program) -> None:
    row = add_finding(confirmed_at=EVENING)
    [begun] = load_event(program, date(2026, 11, 2)).attributes
    NumberFinding.objects.filter(pk=row.pk).update(withdrawn_at=EVENING + timedelta(seconds=0.5))
    [ended] = load_event(program, date(2026, 11, 2)).attributes
    assert ended.timestamp > begun.timestamp


def test_what_has_ended_is_deleted_and_has_no_hash(program: Program) -> None:
    add_finding(confirmed_at=EVENING)
    add_finding(key="+84550000124", confirmed_at=EVENING, withdrawn_at=timezone.now())
    event = load_event(program, date(2026, 11, 2))
    assert {each.value: each.deleted for each in event.attributes} == {
        KEY: False,
        "+84550000124": True,
    }
    digest = hashlib.md5(KEY.encode(), usedforsecurity=False).hexdigest()
    hashes = get(program, f"{MISP}hashes.csv").content.decode()
    assert hashes == f"{digest},{event.uuid}\n"


@pytest.mark.parametrize(
    "event",
    [
        uuid4(),
        misp_feed.event_id(date(2020, 1, 1)),
        UUID(hex=f"{misp_feed.event_id(date(2020, 1, 1)).hex[:24]}20261399"),
        UUID(hex=f"{misp_feed.event_id(date(2020, 1, 1)).hex[:24]}abcdef01"),
        UUID(hex=f"{misp_feed.event_id(date(2020, 1, 1)).hex[:24]}00010101"),
    ],
)
def test_a_day_without_anything_is_no_event(program: Program, event: UUID) -> None:
    answer = get(program, f"{MISP}{event}.json")
    assert (answer.status_code, json.loads(answer.content)["code"]) == (404, "no_event")


def test_the_id_of_an_event_is_a_uuid_of_its_own_for_each_day() -> None:
    days = [date(2026, 1, 1) + timedelta(days=n) for n in range(400)]
    ids = {misp_feed.event_id(day): day for day in days}
    assert len(ids) == len(days)
    assert {each.version for each in ids} == {5}
    assert [misp_feed.parse_event_id(each) for each in ids] == days
