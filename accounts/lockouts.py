"""Officers locked out after wrong passwords or codes: until when, and lifting it."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from axes.models import AccessAttempt
from axes.utils import reset
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Max, Sum
from django.utils import timezone

from accounts.models import EncryptedTOTPDevice, HashedBackupCodes
from core.audit import events


def active_lockouts(users: Iterable[User]) -> dict[str, datetime]:
    """Return user name -> end of the lockout (axes), of these users only.

    A name that is nobody's may be a password typed into the wrong field.
    """
    after = timezone.now() - _cool_off()
    guesses = AccessAttempt.objects.filter(attempt_time__gte=after).order_by()
    locked = (
        guesses.filter(username__in=[user.get_username() for user in users])
        .values("username", "ip_address")
        .annotate(guessed=Sum("failures_since_start"), last=Max("attempt_time"))
        .filter(guessed__gte=settings.AXES_FAILURE_LIMIT)
        .order_by("last")
    )
    return {row["username"]: row["last"] + _cool_off() for row in locked}


@transaction.atomic
def clear_lockout(user: User, *, by: User) -> None:
    """Lift the lockout of an officer for every address and device, and audit it."""
    reset(username=user.get_username())
    free = {"throttling_failure_count": 0, "throttling_failure_timestamp": None}
    for kind in (EncryptedTOTPDevice, HashedBackupCodes):
        kind.objects.filter(user=user).update(**free)
    events.log_event("user", user.pk, "lock_lifted", by=by)


def _cool_off() -> timedelta:
    return timedelta(hours=settings.AXES_COOLOFF_TIME)
