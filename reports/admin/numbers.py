"""What waits for officers about numbers: findings for a second one, wishes for an answer."""

from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count, Min, QuerySet
from django.utils import timezone

from reports import findings
from reports.models import Dispute, KnownNumber


def waiting_for(user: User) -> dict[str, Any]:
    """How many numbers wait for this officer to confirm them, and how many wishes for an answer,
    the next by `due`. A statement each, for who may do it.
    """
    found: dict[str, Any] = {}
    if user.has_perm(findings.CONFIRM):
        found["waiting"] = unconfirmed().exclude(proposed_by=user).count()
    if user.has_perm(findings.ANSWER):
        wishes = Dispute.objects.filter(status=Dispute.Status.OPEN)
        found |= wishes.aggregate(open=Count("pk"), due=Min("due_at"))
        found["is_late"] = bool(found["due"]) and found["due"] < timezone.now()
    return found


def unconfirmed() -> QuerySet[KnownNumber]:
    """Findings that wait for a second officer."""
    waiting = KnownNumber.objects.filter(confirmed_at=None, withdrawn_at=None)
    return waiting.filter(valid_until__gte=timezone.localdate())
