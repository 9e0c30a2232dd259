"""The calendar at the desk: days that officers add, on record, and years that are missing."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core.management import CommandError, call_command

from core.audit import events
from reports.calendar import deadline_rules
from reports.models import CalendarException
from tests.support.officers import Person

pytestmark = pytest.mark.django_db

ADD = "/admin/reports/calendarexception/add/"
HERE = ZoneInfo("Asia/Ho_Chi_Minh")
SWAPPED = {"day": "04/01/2027", "name": "Nghỉ hoán đổi", "source": "Thông báo năm 2027"}


def test_a_lead_adds_a_day_once_and_takes_it_out_again_on_record(lead: Person) -> None:
    assert deadline_rules.calendar().is_working_day(date(2027, 1, 4))
    assert lead.client.post(ADD, SWAPPED).status_code == 302
    assert not deadline_rules.calendar().is_working_day(date(2027, 1, 4))
    event = events.events_for("day", "2027-01-04").get()
    assert (event.kind, event.actor) == ("day_added", lead.user)
    assert lead.client.post(ADD, SWAPPED).status_code == 200
    assert CalendarException.objects.count() == 1
    lead.client.post("/admin/reports/calendarexception/2027-01-04/delete/", {"post": "yes"})
    assert deadline_rules.calendar().is_working_day(date(2027, 1, 4))
    assert events.events_for("day", "2027-01-04").first().kind == "day_removed"  # type: ignore[union-attr]


def test_only_a_weekend_can_be_worked_in_exchange_and_who_is_no_lead_adds_no_day(
    lead: Person, duty: Person
) -> None:
    answer = lead.client.post(ADD, SWAPPED | {"is_worked": "on"})
    assert "không phải thứ Bảy" in answer.content.decode()
    assert duty.client.post(ADD, SWAPPED).status_code == 403
    assert not CalendarException.objects.exists()


@pytest.mark.parametrize(("today", "years"), [("2027-10-31", []), ("2027-11-03", [2028])])
def test_a_year_is_missing_sixty_days_ahead(today: str, years: list[int]) -> None:
    assert deadline_rules.years_without_data(date.fromisoformat(today)) == years


def test_the_command_says_what_is_missing_and_fails_when_asked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with time_machine.travel(datetime(2027, 6, 1, tzinfo=HERE)):
        call_command("check_calendar")
        assert "missing: 2028" in capsys.readouterr().out
        with pytest.raises(CommandError, match="2028"):
            call_command("check_calendar", "--check")
