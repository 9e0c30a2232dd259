"""The calendar in use, and when deadlines fall due in it, in Vietnam's time and working days.

The calendar is the file (working_days.py) and a table for what officers add, since the days swapped in a year
are announced while the portal runs; of a deadline nothing is stored here. Lengths are settings. Call (a
reporter in danger) and classify run from receipt, call again from a call that reached nobody; notify (the
reporter) and verify from the classification as a tin báo về tội phạm; an answer from an erasure request, from a
withdrawal or from a correction that an officer must accept. Verify may be extended twice.
"""

from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

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


def add_calendar_day(day: CalendarException, by: User) -> None:
    """Add a day to the calendar and log it."""
    with transaction.atomic():
        day.added_by = by
        day.save(force_insert=True)
        events.log_event("day", day.pk, "day_added", by=by, **_list_facts(day))
    clear_cache()


def remove_calendar_day(day: CalendarException, by: User) -> None:
    """Remove a day from the calendar and log it."""
    with transaction.atomic():
        events.log_event("day", day.pk, "day_removed", by=by, **_list_facts(day))
        day.delete()
    clear_cache()


def _list_facts(day: CalendarException) -> dict[str, object]:
    return {"is_worked": day.is_worked, "name": day.name, "source": day.source}


# --- deadlines

CALL, CALL_AGAIN = "call", "call_again"  # the reporter, until somebody was reached
CLASSIFY, NOTIFY, VERIFY = "classify", "notify", "verify"
ERASURE_ANSWER, FOLLOWUP_ANSWER = "erasure_answer", "followup_answer"
UNIT_RECEIPT, UNIT_ANSWER = "unit_receipt", "unit_answer"
HANDOVER = (UNIT_RECEIPT, UNIT_ANSWER)  # of a unit to which a report was handed over
FROM_RECEIPT, CALLS = (CALL, CLASSIFY), (CALL, CALL_AGAIN)
CALL_WITHIN = timedelta(hours=24)  # of a report; later nobody is in that danger any more
FROM_CRIME_REPORT = (NOTIFY, VERIFY)
MAX_EXTENSIONS = 2
END_OF_WORK = time(17, 0)
MAX_NOTICE_LENGTH = timedelta(days=3)
_DAYS = (
    _("thứ Hai"), _("thứ Ba"), _("thứ Tư"), _("thứ Năm"), _("thứ Sáu"), _("thứ Bảy"),
    _("Chủ nhật"),
)  # fmt: skip


def due_at(kind: str, start: datetime, extended: int = 0) -> datetime:
    """Return when a deadline falls due. Raises KeyError for an unknown kind."""
    if kind == VERIFY:
        return _verified_by(start, extended)
    return {
        CALL: lambda: start + timedelta(minutes=settings.DEADLINE_CALL_MINUTES),
        CALL_AGAIN: lambda: start + timedelta(minutes=settings.DEADLINE_CALL_AGAIN_MINUTES),
        CLASSIFY: lambda: add_hours(start, settings.DEADLINE_CLASSIFY_HOURS),
        NOTIFY: lambda: add_working_days(start, settings.DEADLINE_NOTIFY_WORKING_DAYS),
        ERASURE_ANSWER: lambda: add_working_days(start, settings.DEADLINE_REQUEST_WORKING_DAYS),
        FOLLOWUP_ANSWER: lambda: add_working_days(start, settings.DEADLINE_REQUEST_WORKING_DAYS),
    }[kind]()


def handover_times(start: datetime, *, is_urgent: bool) -> tuple[datetime, datetime]:
    """Return until when a unit confirms that it received a hand-over, and until when it answers."""
    if is_urgent:
        minutes = timedelta(minutes=settings.DEADLINE_URGENT_RECEIPT_MINUTES)
        return start + minutes, add_hours(start, settings.DEADLINE_URGENT_ANSWER_HOURS)
    days = settings.DEADLINE_RECEIPT_WORKING_DAYS, settings.DEADLINE_ANSWER_WORKING_DAYS
    receive_by, answer_by = (add_working_days(start, each) for each in days)
    return receive_by, answer_by


def _verified_by(start: datetime, extended: int) -> datetime:
    """Return the end: days after the start, once extended months after the same start."""
    day = timezone.localdate(start)
    if not extended:
        return _end_of(day + timedelta(days=settings.DEADLINE_VERIFY_DAYS))
    more = settings.DEADLINE_EXTENSION_MONTHS * (min(extended, MAX_EXTENSIONS) - 1)
    return _end_of(working_days.months_after(day, settings.DEADLINE_VERIFY_MONTHS + more))


def add_hours(start: datetime, hours: int) -> datetime:
    """Return the time so many hours later, in Vietnam's time."""
    return timezone.localtime(start + timedelta(hours=hours))


def add_working_days(start: datetime, days: int) -> datetime:
    """Return the end of work on the nth working day after the day of *start*."""
    return _end_of(calendar().add_working_days(timezone.localdate(start), days))


def _end_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, END_OF_WORK))


def format_deadline(moment: datetime) -> str:
    """Return the time like 14:32 thứ Tư 25/11; with the year where it is not the present one."""
    local = timezone.localtime(moment)
    form = "%d/%m" if local.year == timezone.localtime().year else "%d/%m/%Y"
    day = str(_DAYS[local.weekday()]).replace(" ", "\u00a0")  # “thứ Năm” stays on one line
    return f"{local:%H:%M} {day} {local:{form}}"


def start_of_day(day: date) -> datetime:
    """Return the local midnight with which a day begins."""
    return timezone.make_aware(datetime.combine(day, time.min))
