"""Store breaches of personal data and their notices; count missed deadlines."""

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from core.audit import events
from reports.models import DataBreach

STEPS = ("first_notice_at", "authority_notified_at", "subjects_notified_at", "closed_at")


def save(breach: DataBreach, *, by: User, changed: list[str]) -> None:
    """Store a breach or its changes, and log that without its text."""
    kind = "breach_changed" if breach.pk else "breach_opened"
    if not breach.pk:
        breach.opened_by = by
    steps = [name for name in STEPS if name in changed]
    with transaction.atomic():
        breach.save()
        done: dict[str, Any] = {name: str(getattr(breach, name)) for name in steps}
        events.log_event("breach", breach.pk, kind, by=by, **done)


def count_missed_deadlines() -> int:
    return sum(breach.missed for breach in DataBreach.objects.filter(closed_at=None))
