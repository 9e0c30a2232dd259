"""All outlets: what is confirmed and in force is in each, and what has ended is gone from it at the next poll."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.utils import timezone
from pytest_django import Settings

from reports.models import NumberFinding
from reports.numbers import disputes, findings
from reports.outlets import listed_findings
from tests.support.api_program import Program, register
from tests.support.number_factories import (
    KEY,
    NO_FINDING_TODAY,
    NUMBER,
    add_finding,
    submit_dispute,
)
from tests.support.officers import act_alone, confirm_open, create_officer, second
from tests.support.outlet_readers import READERS, Reader
from tests.support.signing_keys import TEXT_KEY

pytestmark = pytest.mark.django_db
VALID_DAYS = 30


@pytest.fixture(autouse=True)
def _signed(settings: Settings) -> None:
    settings.SIGNING_KEY = TEXT_KEY


@pytest.fixture
def program() -> Program:
    return register()


def confirmed(**fields: Any) -> NumberFinding:
    """A finding that was confirmed an hour ago."""
    until = timezone.localdate() + timedelta(days=VALID_DAYS)
    hour_ago = timezone.now() - timedelta(hours=1)
    return add_finding(**{"confirmed_at": hour_ago, "valid_until": until} | fields)


def withdraw(row: NumberFinding, lead: User) -> None:
    act_alone()
    findings.withdraw(row.pk, "Nhầm số.", by=lead)
    confirm_open(findings.WITHDRAWAL, create_officer("deputy", "lead"))


def uphold_dispute(row: NumberFinding, lead: User) -> None:
    act_alone()
    dispute = submit_dispute(row.number)
    disputes.answer(dispute.pk, upheld=True, text="Đúng, đã gỡ.", by=lead)
    disputes.confirm_clearing(dispute.pk, by=second())


def outlive(row: NumberFinding, lead: User) -> None:
    """Let its last day pass."""


ENDS: dict[Callable[[NumberFinding, User], None], timedelta] = {
    withdraw: timedelta(),
    uphold_dispute: timedelta(),
    outlive: timedelta(days=VALID_DAYS + 1),
}


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__)
def test_what_has_ended_is_gone_at_the_next_poll(
    program: Program, reader: type[Reader], end: Callable[[NumberFinding, User], None]
) -> None:
    row, polled = confirmed(), reader(program)
    confirmed(
        key="+84550000124", number="0550000124", valid_until=timezone.localdate() + timedelta(90)
    )
    polled.poll()
    assert len(polled.known) == 2
    assert any(KEY in value for value in polled.known.values())
    end(row, create_officer("chief", "lead"))
    with time_machine.travel(timezone.now() + ENDS[end]):
        polled.poll()
    assert len(polled.known) == 1
    assert KEY not in str(polled.known)


@NO_FINDING_TODAY
@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__)
def test_what_is_no_finding_today_is_in_none(
    program: Program, reader: type[Reader], fields: dict[str, Any]
) -> None:
    add_finding(**fields)
    polled = reader(program)
    polled.poll()
    assert polled.known == {}


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__)
def test_what_is_confirmed_between_two_polls_is_in_the_second(
    program: Program, reader: type[Reader]
) -> None:
    polled = reader(program)
    confirmed()
    polled.poll()
    confirmed(key="+84550000124", number="0550000124", confirmed_at=timezone.now())
    polled.poll()
    assert len(polled.known) == 2


# --- pages


def test_a_reader_meets_each_once_on_pages_of_any_size() -> None:
    same = timezone.now() - timedelta(hours=1)
    expected = {
        confirmed(key=f"+8455000{n:04}", number=NUMBER, confirmed_at=same).public_id
        for n in range(7)
    }
    found, after = [], listed_findings.start()
    while True:
        page = listed_findings.load_page(after, 3)
        found += [each.id for each in page.findings]
        if page.next is None:
            break
        after = listed_findings.parse_cursor(str(page.next)) or pytest.fail("no cursor")
    assert sorted(found) == sorted(expected)


def test_what_is_withdrawn_while_a_reader_turns_pages_is_on_none_of_them() -> None:
    confirmed()
    late = confirmed(key="+84550000124", number="0550000124")
    first = listed_findings.load_page(listed_findings.start(), 1)
    withdrawn = timezone.now() + timedelta(seconds=1)
    NumberFinding.objects.filter(pk=late.pk).update(withdrawn_at=withdrawn)
    with time_machine.travel(withdrawn + timedelta(seconds=1)):
        assert first.next
        assert listed_findings.load_page(first.next, 1).findings == []
        [ended] = listed_findings.load_page(listed_findings.start(withdrawn), 9).findings
    assert (ended.id, ended.is_ended) == (late.public_id, True)


def test_what_was_being_written_while_somebody_read_is_in_the_next_changes() -> None:
    """Its time is that of its statement, before the last change that the reader has seen."""
    seen = timezone.now()
    row = confirmed(confirmed_at=seen - timedelta(seconds=20))
    page = listed_findings.load_page(listed_findings.start(seen), 9)
    assert [each.id for each in page.findings] == [row.public_id]


def test_an_end_is_listed_for_so_many_days() -> None:
    row = confirmed(valid_until=timezone.localdate() - timedelta(days=1))
    assert [each.id for each in listed_findings.load_page(listed_findings.start(), 9).findings] == [
        row.public_id
    ]
    with time_machine.travel(timezone.now() + timedelta(days=listed_findings.ENDED_DAYS + 1)):
        assert listed_findings.load_page(listed_findings.start(), 9).findings == []


@pytest.mark.parametrize(
    "text",
    ["", "1", "1.2", "1.2.3.4", "a.b.c", "-1.2.3", "١.٢.٣", f"1.2.{'9' * 18}", f"{'9' * 19}.1.1"],
)
def test_what_is_no_cursor_is_none(text: str) -> None:
    assert listed_findings.parse_cursor(text) is None
