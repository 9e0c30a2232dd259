"""When a promise falls due and how that time is said: on the clock of Vietnam, by working days."""

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Protocol

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

END_OF_WORK = time(17, 0)
_DAYS = (
    _("thứ Hai"), _("thứ Ba"), _("thứ Tư"), _("thứ Năm"), _("thứ Sáu"), _("thứ Bảy"),
    _("Chủ nhật"),
)  # fmt: skip


class _Calendar(Protocol):
    def is_working_day(self, day: date) -> bool: ...


@lru_cache(maxsize=1)
def _calendar() -> _Calendar:
    # Not at the top: it reads the holidays of every country, and only web promises anything.
    import holidays  # noqa: PLC0415

    calendar: _Calendar = holidays.country_holidays("VN")
    return calendar


def in_hours(start: datetime, hours: int) -> datetime:
    """So many hours later, on the clock of Vietnam."""
    return timezone.localtime(start + timedelta(hours=hours))


def in_working_days(start: datetime, days: int) -> datetime:
    """The end of work on the so-manyth working day after the day of *start*."""
    day = timezone.localtime(start).date()
    while days:
        day += timedelta(days=1)
        days -= _calendar().is_working_day(day)
    return timezone.make_aware(datetime.combine(day, END_OF_WORK))


def said(moment: datetime) -> str:
    """14:32 thứ Tư 25/11; with the year where it is not the present one."""
    local = timezone.localtime(moment)
    form = "%d/%m" if local.year == timezone.localtime().year else "%d/%m/%Y"
    day = str(_DAYS[local.weekday()]).replace(" ", "\u00a0")  # “thứ Năm” stays on one line
    return f"{local:%H:%M} {day} {local:{form}}"
