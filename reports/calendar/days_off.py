"""The calendar in use: the file, and a table for what officers add, since the days swapped in a
year are announced while the portal runs.
"""

from datetime import date, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from core.audit import events
from core.database import CachedRead
from reports.calendar import working_days
from reports.calendar.working_days import Calendar
from reports.models import CalendarException

LOOKAHEAD = timedelta(days=60)  # an unknown year within it is an alarm


def _load_calendar() -> Calendar:
    rows = list(CalendarException.objects.values_list("day", "is_worked"))
    off = (day for day, is_worked in rows if not is_worked)
    return working_days.on_file().with_overrides(off, (day for day, is_worked in rows if is_worked))


_calendar = CachedRead(_load_calendar, working_days.on_file())


def calendar() -> Calendar:
    """Return the calendar, cached for a minute; the file alone before the first answer."""
    return _calendar.get()


def clear_cache() -> None:
    _calendar.invalidate()


def years_without_data(today: date | None = None) -> list[int]:
    """Return the years up to LOOKAHEAD from now whose days off are unknown."""
    first = today or timezone.localdate()
    return calendar().unknown_years(first, first + LOOKAHEAD)


def add(day: CalendarException, by: User) -> None:
    """Add a day to the calendar and log it."""
    with transaction.atomic():
        day.added_by = by
        day.save(force_insert=True)
        events.log_event("day", day.pk, "day_added", by=by, **_list_facts(day))
    clear_cache()


def remove(day: CalendarException, by: User) -> None:
    """Remove a day from the calendar and log it."""
    with transaction.atomic():
        events.log_event("day", day.pk, "day_removed", by=by, **_list_facts(day))
        day.delete()
    clear_cache()


def _list_facts(day: CalendarException) -> dict[str, object]:
    return {"is_worked": day.is_worked, "name": day.name, "source": day.source}
