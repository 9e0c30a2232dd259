"""Breaches of personal data at the desk: what was done, on record, and what is late."""

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from core.audit import events as log
from reports.models import Breach

STEPS = ("first_told_at", "body_told_at", "people_told_at", "closed_at")


def save(breach: Breach, *, by: User, changed: list[str]) -> None:
    """Write a breach down, or what was done since; on record without a word of it."""
    kind = "breach_changed" if breach.pk else "breach_opened"
    if not breach.pk:
        breach.opened_by = by
    with transaction.atomic():
        breach.save()
        done: dict[str, Any] = {
            name: str(getattr(breach, name)) for name in STEPS if name in changed
        }
        log.log_event("breach", breach.pk, kind, by=by, **done)


def count_missed_deadlines() -> int:
    """How many deadlines of open breaches have passed with nobody told."""
    return sum(breach.missed for breach in Breach.objects.filter(closed_at=None))
