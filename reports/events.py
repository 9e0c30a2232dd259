"""The record of acts: one line an act, never changed, never removed."""

from typing import Any

from django.contrib.auth.models import User
from django.db.models import QuerySet

from reports.models import Event


def record(
    subject_type: str, subject_id: object, kind: str, *, by: User | None = None, **detail: Any
) -> Event:
    """Write down an act. `by=None` is the machine. Details hold codes, numbers and what
    an officer gave as reason, never what a reporter said.
    """
    return Event.objects.create(
        subject_type=subject_type, subject_id=str(subject_id), kind=kind, by=by, detail=detail
    )


def about(subject_type: str, subject_id: object) -> QuerySet[Event]:
    """Everything on record about one thing, newest first."""
    return Event.objects.filter(
        subject_type=subject_type, subject_id=str(subject_id)
    ).select_related("by")
