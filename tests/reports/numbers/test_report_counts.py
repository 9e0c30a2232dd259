"""Which reports of a number count as people, and for how long."""

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone

from portal.management import reference_data
from reports.models import Case, Followup, Indicator, NumberFinding, Report
from reports.numbers.lookup import VerdictKind
from tests.support import report_factories
from tests.support.number_factories import (
    APART,
    KEY,
    add_finding,
    file_report,
    look_up,
    move_report,
)
from tests.support.number_lookup_page import ask
from tests.support.resident_pages import words

HERE = ZoneInfo("Asia/Ho_Chi_Minh")
CALLED = {"kind": "number", "source": "caller", "key": KEY}
pytestmark = pytest.mark.django_db


def test_an_offices_number_stays_one_however_many_report_it() -> None:
    reference_data.load_offices()
    key = "+842373725725"
    file_report(0, key), file_report(1, key)
    verdict = look_up("02373.725.725")
    assert (verdict.kind, verdict.report_summary.people) == (VerdictKind.OFFICE, 2)


@pytest.mark.parametrize(
    ("verb", "fields"),
    [("junk", {"status": "junk"}), ("withdrawn", {"status": "withdrawn"}),
     ("not a scam", {"status": "closed", "outcome": "not_scam"}),
     ("duplicate", {"status": "closed", "outcome": "duplicate"})],
)  # fmt: skip
def test_what_an_officer_took_away_does_not_count(verb: str, fields: dict[str, str]) -> None:
    file_report(0)
    Case.objects.filter(report=file_report(1)).update(**fields)
    assert look_up().kind == VerdictKind.UNKNOWN, verb


def test_who_asks_to_withdraw_does_not_count() -> None:
    file_report(0)
    Followup.objects.create(
        report=file_report(1), kind="withdrawal", submission_key="k" * 16, content_digest=b"d"
    )
    assert look_up().kind == VerdictKind.UNKNOWN


@pytest.mark.parametrize("flag", ["too_fast", "trap_filled"])
def test_what_a_machine_may_have_sent_waits_for_an_officer(flag: str) -> None:
    file_report(0)
    suspected = file_report(1, flags=(flag,))
    assert look_up().kind == VerdictKind.UNKNOWN
    Case.objects.filter(report=suspected).update(status="in_review")
    assert look_up().kind == VerdictKind.SEVERAL


@pytest.mark.parametrize(
    "typed",
    [{"contact": "người đi đường", "flags": (flag,)}
     for flag in ("contact_unread", "contact_doubtful", "contact_is_caller")]
    + [{"contact": "+84550111000"}],  # that of the first in another spelling
)  # fmt: skip
def test_a_contact_that_is_no_number_or_the_same_tells_nobody_apart(typed: dict[str, Any]) -> None:
    file_report(0)
    file_report(1, **typed)
    assert look_up().kind == VerdictKind.UNKNOWN


def test_a_number_in_a_story_is_not_a_caller() -> None:
    for number in range(2):
        report_factories.number(file_report(number, "+84550000999"), KEY, source="story")
    assert look_up().kind == VerdictKind.UNKNOWN


def day(number: int) -> time_machine.travel:
    """The morning of a day, counted from some first one."""
    return time_machine.travel(datetime(2026, 11, 1, 8, tzinfo=HERE) + timedelta(days=number))


def report_on(days: Iterable[int]) -> None:
    """One more person on each of these days."""
    for number, on in enumerate(days):
        move_to_day(file_report(number), on)


def move_to_day(report: Report, on: int) -> None:
    """Move a report to a day, those of several people apart."""
    noon = datetime(2026, 11, 1, 12, tzinfo=HERE) + timedelta(days=on)
    move_report(report, noon + APART * Report.objects.count())


@pytest.mark.parametrize("days", [(0, 0), (0, 40), (0, 0, 25), (3, 10, 50, 59), (5, 5)])
def test_it_goes_after_sixty_days_on_the_very_day_that_is_said(days: tuple[int, ...]) -> None:
    report_on(days)
    with day(max(days)):
        until = look_up().report_summary.until
    goes = sorted(days)[-2] + 60
    assert until == date(2026, 11, 1) + timedelta(days=goes)
    with day(goes - 1):
        assert (look_up().kind, look_up().report_summary.until) == (VerdictKind.SEVERAL, until)
    with day(goes):
        assert look_up().kind == VerdictKind.UNKNOWN


def test_the_last_day_is_one_of_the_people_who_count() -> None:
    reference_data.load_communes()
    report_on([0, 5])
    either = file_report(2, contact="", commune_id="phuong_hac_thanh")
    move_to_day(either, 20)
    with day(21):
        assert look_up().report_summary.last == date(2026, 11, 6)
    move_to_day(file_report(3, contact="0550 111 001"), 12)
    with day(21):
        summary = look_up().report_summary
        assert (summary.people, summary.last) == (2, date(2026, 11, 13))


def test_the_number_of_a_caller_told_later_counts() -> None:
    file_report(0)
    Indicator.objects.filter(report=file_report(1)).update(source="followup")
    assert look_up().kind == VerdictKind.SEVERAL


def test_what_a_machine_sends_hides_nobody() -> None:
    file_report(0), file_report(1)
    robot = [report_factories.report("Tin rác", flags=("trap_filled",)) for _ in range(2)]
    Indicator.objects.bulk_create(Indicator(report=robot[n % 2], **CALLED) for n in range(400))
    assert look_up().report_summary.people == 2


def test_whom_they_claim_to_be_is_said_when_two_say_the_same() -> None:
    file_report(0, claimed_office="bank")
    file_report(1, claimed_office="police")
    assert look_up().report_summary.claimed == ""
    file_report(2, claimed_office="bank")
    assert look_up().report_summary.claimed == "Ngân hàng"


def report_twice(*numbers: int) -> None:
    """Two people each for some numbers that begin as NUMBER does."""
    for number in numbers:
        file_report(0, f"+84550000{number}"), file_report(1, f"+84550000{number}")


def test_neighbours_are_told_of_when_three_of_them_are_said_themselves(client: Client) -> None:
    report_twice(120, 121)
    file_report(0, "+84550000122")
    assert not look_up("0550000155").has_similar_numbers
    file_report(1, "+84550000122")
    assert look_up("0550000155").has_similar_numbers
    assert not look_up("0550001120").has_similar_numbers
    assert not look_up("0550000122").has_similar_numbers  # itself is none of the others
    page = words(ask(client, "0550000155").content)
    assert "Nhiều số gần giống cũng bị báo" in page


def test_own_reports_never_change_what_is_said_of_the_neighbours(client: Client) -> None:
    file_report(0, "+84550000122")
    report_twice(120, 121)
    for number in range(3):
        file_report(2, f"+8455000013{number}")
    reported, silent = ask(client, "0550000122").content, ask(client, "0550000155").content
    assert reported.replace(b"0550 000 122", b"") == silent.replace(b"0550 000 155", b"")


def test_a_cleared_neighbour_or_an_offices_is_not_counted() -> None:
    report_twice(120, 121, 122)
    finding = add_finding(key="+84550000122", finding="cleared")
    assert not look_up("0550000155").has_similar_numbers
    NumberFinding.objects.filter(pk=finding.pk).update(finding="confirmed")
    assert look_up("0550000155").has_similar_numbers


def test_who_was_cleared_is_only_told_of_what_came_after() -> None:
    file_report(4), file_report(5)
    add_finding(finding="cleared", confirmed_at=timezone.now() - 3 * APART)
    assert look_up().kind == VerdictKind.UNKNOWN
    file_report(0), file_report(1)
    assert look_up().kind == VerdictKind.SEVERAL


@pytest.mark.parametrize("story", ["x", "một lời kể dài hơn năm chữ"])
@pytest.mark.parametrize("contact", ["none", "one", "each its own"])
def test_nobody_removes_a_warning_with_many_posts(story: str, contact: str) -> None:
    file_report(4), file_report(5)
    contacts = {"none": None, "one": b"one"}
    flood(400, story, lambda n: contacts.get(contact, b"%d" % n))
    assert look_up().kind == VerdictKind.SEVERAL


def flood(many: int, story: str, contact_of: Callable[[int], bytes | None]) -> None:
    newer = [
        Report(submission_key=f"flood-{n:012}", content_digest=b"d", public_number=f"F{n}",
               story=story, contact_index=contact_of(n))
        for n in range(many)
    ]  # fmt: skip
    Report.objects.bulk_create(newer)
    Indicator.objects.bulk_create(Indicator(report=row, **CALLED) for row in newer)


def test_nobody_silences_a_number_with_the_longest_stories() -> None:
    file_report(4), file_report(5)
    flood(50, "a" * 1_500_000, lambda _: None)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '250ms'")
    assert look_up().kind == VerdictKind.SEVERAL


def test_two_long_lists_smear_nobody() -> None:
    reports = file_report(0), file_report(1)
    for number in range(2):
        report_factories.number(reports[0], f"+8455000090{number}")
    assert look_up().kind == VerdictKind.SEVERAL
    report_factories.number(reports[0], "+84550000902", source="followup")
    assert look_up().kind == VerdictKind.UNKNOWN
