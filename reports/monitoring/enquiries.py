"""Calls in which somebody only asked: counted apart from reports, for the desk alone."""

from datetime import date

from django.contrib.auth.models import User
from django.db.models import QuerySet

from core.periods import Period
from reports.models import Enquiry


def record_enquiry(submission_key: str, kind: str, by: User) -> None:
    """Record one call; the same key counts once."""
    row = Enquiry(submission_key=submission_key, kind=kind, officer=by)
    Enquiry.objects.bulk_create([row], ignore_conflicts=True)


def list_enquiries(from_day: date, to_day: date) -> QuerySet[Enquiry]:
    """Return the enquiries of these days in Vietnam, the last one included."""
    return Enquiry.objects.filter(Period(from_day, to_day).within("asked_at"))


def count_enquiries(from_day: date, to_day: date) -> int:
    return list_enquiries(from_day, to_day).count()
