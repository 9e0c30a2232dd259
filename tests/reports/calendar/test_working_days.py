"""Which days are worked: the file against a second source, swapped days, years nobody knows."""

from datetime import date, timedelta

import holidays
import pytest

from reports.calendar import working_days
from reports.calendar.working_days import Calendar

FILE = working_days.on_file()


@pytest.mark.parametrize("year", working_days.sources(), ids=lambda year: str(year["year"]))
def test_a_year_on_file_is_whole_and_says_where_it_is_from(year: dict[str, object]) -> None:
    assert FILE.knows(int(str(year["year"])))
    assert year["source"]


@pytest.mark.parametrize("year", [2024, 2025, 2026, 2027])
def test_the_file_says_what_the_rule_says(year: int) -> None:
    by_rule = set(holidays.country_holidays("VN", years=year))
    assert {day for day in FILE.off if day.year == year} == by_rule


@pytest.mark.parametrize(
    ("day", "is_worked"),
    [
        ("2026-11-24", False),  # a holiday in the week
        ("2026-11-25", True),
        ("2026-11-28", False),  # Saturday
        ("2026-04-27", False),  # for Hùng Vương on the Sunday before
        ("2026-08-22", True),  # a Saturday worked for 31 August
        ("2027-02-10", False),  # Tết
    ],
)
def test_a_day_is_worked_or_not(day: str, is_worked: bool) -> None:
    assert FILE.is_working_day(date.fromisoformat(day)) is is_worked


def test_working_days_are_counted_over_tet_and_for_years() -> None:
    assert FILE.add_working_days(date(2027, 2, 3), 3) == date(2027, 2, 15)
    assert FILE.add_working_days(date(2026, 11, 28), 0) == date(2026, 11, 28)
    assert FILE.add_working_days(date(2024, 1, 1), 700) > date(2024, 1, 1) + timedelta(days=700)


def test_of_an_unknown_year_weekends_alone_are_known_so_that_nothing_falls_due_late() -> None:
    assert not Calendar().knows(2027)
    by_weekends = Calendar().add_working_days(date(2027, 2, 3), 3)
    assert by_weekends <= FILE.add_working_days(date(2027, 2, 3), 3)
    assert FILE.unknown_years(date(2026, 12, 1), date(2027, 1, 30)) == []
    assert FILE.unknown_years(date(2027, 12, 1), date(2028, 1, 30)) == [2028]  # told ahead


def test_what_people_know_better_comes_first() -> None:
    swapped = FILE.with_overrides(off=[date(2027, 1, 4)], worked=[date(2027, 1, 9)])
    assert not swapped.is_working_day(date(2027, 1, 4))
    assert swapped.is_working_day(date(2027, 1, 9))
    assert FILE.with_overrides([], [date(2027, 2, 10)]).is_working_day(date(2027, 2, 10))


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [
        ("2026-12-31", 2, "2027-02-28"),
        ("2027-12-31", 2, "2028-02-29"),
        ("2026-10-31", 2, "2026-12-31"),
        ("2026-11-15", 14, "2028-01-15"),
        ("2026-12-01", 12, "2027-12-01"),
    ],
)
def test_months_later_is_the_same_day_or_the_last(day: str, months: int, later: str) -> None:
    assert working_days.months_after(date.fromisoformat(day), months).isoformat() == later
