"""When a promise falls due, and how that is said."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone, translation
from pytest_django import Settings

from reports.calendar import deadline_rules

HERE = ZoneInfo("Asia/Ho_Chi_Minh")
pytestmark = pytest.mark.django_db

TUESDAY = datetime(2026, 11, 24, 14, 32, tzinfo=HERE)


@pytest.fixture(autouse=True)
def _today() -> object:
    with time_machine.travel(TUESDAY, tick=False):
        yield


def test_a_deadline_is_said_with_its_weekday_in_each_language_and_another_year_is_named() -> None:
    tomorrow = deadline_rules.add_hours(TUESDAY, 24)
    assert deadline_rules.format_deadline(tomorrow) == "14:32 thứ\u00a0Tư 25/11"
    with translation.override("en"):
        assert deadline_rules.format_deadline(tomorrow) == "14:32 on\u00a0Wednesday 25/11"
    sunday = datetime(2027, 1, 3, 8, 0, tzinfo=HERE)
    assert deadline_rules.format_deadline(sunday) == "08:00 Chủ\u00a0nhật 03/01/2027"


@pytest.mark.parametrize(
    ("start", "due"),
    [
        ("2026-11-24 14:32", "2026-11-27 17:00"),  # in the week
        ("2026-11-26 23:59", "2026-12-01 17:00"),  # over a weekend
        ("2026-11-28 09:00", "2026-12-02 17:00"),  # told on a Saturday
        ("2027-02-03 09:00", "2027-02-15 17:00"),  # over the lunar new year
    ],
)
def test_three_working_days_end_with_the_work(start: str, due: str) -> None:
    begun = datetime.fromisoformat(start).replace(tzinfo=HERE)
    assert f"{deadline_rules.add_working_days(begun, 3):%Y-%m-%d %H:%M}" == due


@pytest.mark.parametrize(
    ("kind", "start", "extended", "due"),
    [
        ("call", "2026-11-24 23:50", 0, "2026-11-25 00:05"),  # over midnight
        ("classify", "2026-11-24 23:50", 0, "2026-11-25 23:50"),
        ("notify", "2026-12-31 23:59", 0, "2027-01-06 17:00"),  # over the year
        ("verify", "2026-11-24 00:10", 0, "2026-12-14 17:00"),
        ("verify", "2026-12-31 09:00", 1, "2027-02-28 17:00"),  # February has no 31st
        ("verify", "2026-12-31 09:00", 2, "2027-04-30 17:00"),
        ("verify", "2026-12-31 09:00", 9, "2027-04-30 17:00"),  # four months at most
        ("verify", "2027-12-30 09:00", 1, "2028-02-29 17:00"),  # a leap year
    ],
)
def test_a_deadline_falls_due_by_the_calendar_of_vietnam(
    kind: str, start: str, extended: int, due: str
) -> None:
    begun = datetime.fromisoformat(start).replace(tzinfo=HERE)
    end = timezone.localtime(deadline_rules.due_at(kind, begun, extended))
    assert f"{end:%Y-%m-%d %H:%M}" == due


def test_the_day_of_a_start_is_that_of_vietnam_whatever_zone_it_comes_in() -> None:
    late = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)  # already the 25th there
    assert f"{deadline_rules.due_at('notify', late):%d %H:%M}" == "30 17:00"


@pytest.mark.parametrize(
    ("setting", "deadline", "due"),
    [
        (("DEADLINE_CALL_MINUTES", 5), ("call", 0), "24/11 14:37"),
        (("DEADLINE_CLASSIFY_HOURS", 48), ("classify", 0), "26/11 14:32"),
        (("DEADLINE_NOTIFY_WORKING_DAYS", 1), ("notify", 0), "25/11 17:00"),
        (("DEADLINE_VERIFY_DAYS", 10), ("verify", 0), "04/12 17:00"),
        (("DEADLINE_VERIFY_MONTHS", 1), ("verify", 1), "24/12 17:00"),
        (("DEADLINE_EXTENSION_MONTHS", 1), ("verify", 2), "24/02 17:00"),
    ],
)
def test_every_length_is_a_setting(
    setting: tuple[str, int], deadline: tuple[str, int], due: str, settings: Settings
) -> None:
    setattr(settings, *setting)
    kind, extended = deadline
    end = timezone.localtime(deadline_rules.due_at(kind, TUESDAY, extended))
    assert f"{end:%d/%m %H:%M}" == due
