"""When a promise falls due, and how that is said."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import translation

from reports import clocks

HERE = ZoneInfo("Asia/Ho_Chi_Minh")
TUESDAY = datetime(2026, 11, 24, 14, 32, tzinfo=HERE)


@pytest.fixture(autouse=True)
def _today() -> object:
    with time_machine.travel(TUESDAY, tick=False):
        yield


def test_a_day_later_is_said_with_its_weekday() -> None:
    assert clocks.said(clocks.in_hours(TUESDAY, 24)) == "14:32 thứ\u00a0Tư 25/11"


def test_english_says_it_too() -> None:
    with translation.override("en"):
        assert clocks.said(clocks.in_hours(TUESDAY, 24)) == "14:32 on\u00a0Wednesday 25/11"


def test_another_year_is_named() -> None:
    assert clocks.said(datetime(2027, 1, 3, 8, 0, tzinfo=HERE)) == "08:00 Chủ\u00a0nhật 03/01/2027"


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
    assert f"{clocks.in_working_days(begun, 3):%Y-%m-%d %H:%M}" == due
