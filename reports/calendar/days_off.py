"""The calendar that the desk and the pages count by: the file, and what officers added to it.

A table and no edit of the file: the swapped days of a year are announced while the portal runs,
by people who cannot reach its image.
"""

from datetime import date, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from core.audit import events
from core.ttl_cache import TTLCache
from reports.calendar import working_days
from reports.calendar.working_days import Calendar
from reports.models import CalendarException

AHEAD = timedelta(days=60)  # a year that is not known by then is an alarm


def _load_calendar() -> Calendar:
    rows = list(CalendarException.objects.values_list("day", "is_worked"))
    off = (day for day, is_worked in rows if not is_worked)
    return working_days.on_file().with_overrides(off, (day for day, is_worked in rows if is_worked))


_calendar = TTLCache(_load_calendar, working_days.on_file())


def calendar() -> Calendar:
    """Kept for a minute; the file alone while the database has never answered."""
    return _calendar.get()


def clear_cache() -> None:
    """Read the table anew at the next call."""
    _calendar.invalidate()


def years_without_data(today: date | None = None) -> list[int]:
    """The years, from this one to the one of sixty days ahead, whose days off nobody knows."""
    first = today or timezone.localdate()
    return calendar().unknown_years(first, first + AHEAD)


def add(day: CalendarException, by: User) -> None:
    """Add a day to the calendar, on record."""
    with transaction.atomic():
        day.added_by = by
        day.save(force_insert=True)
        events.log_event("day", day.pk, "day_added", by=by, **_list_facts(day))
    clear_cache()


def remove(day: CalendarException, by: User) -> None:
    """Take a day out of the calendar again, on record."""
    with transaction.atomic():
        events.log_event("day", day.pk, "day_removed", by=by, **_list_facts(day))
        day.delete()
    clear_cache()


def _list_facts(day: CalendarException) -> dict[str, object]:
    return {"is_worked": day.is_worked, "name": day.name, "source": day.source}
