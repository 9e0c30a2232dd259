"""What waits for officers about numbers: findings for a second one, wishes for an answer."""

from typing import Any

from django.contrib.auth.models import User
from django.db.models import Count, Min, QuerySet, Subquery, Value
from django.db.models.functions import JSONObject
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from reports.models import Dispute, NumberFinding
from reports.numbers import findings


def pending_counts_column(user: User) -> dict[str, Any]:
    """How many numbers wait for this officer to confirm them, and how many wishes for an answer;
    nothing for who may not. As columns of a statement, which `waiting` reads.
    """
    found: dict[str, Any] = {}
    if user.has_perm(findings.CONFIRM):
        numbers = count_unconfirmed().exclude(proposed_by=user)
        found["numbers"] = _of_all(numbers, count=Count("pk"))
    if user.has_perm(findings.ANSWER):
        wishes = Dispute.objects.filter(status=Dispute.Status.OPEN)
        found["wishes"] = _of_all(wishes, count=Count("pk"), due=Min("due_at"))
    return found


def _of_all(rows: QuerySet[Any], **told: Any) -> Subquery:
    """One object about all of the rows; NULL without any."""
    together = rows.order_by().annotate(all=Value(1)).values("all")
    return Subquery(together.annotate(told=JSONObject(**told)).values("told"))


def pending_tiles(told: dict[str, Any]) -> dict[str, Any]:
    """The tiles of what `asked` found: how many numbers, how many wishes, the next by `due`."""
    numbers, wishes = told.get("numbers") or {}, told.get("wishes") or {}
    due = parse_datetime(wishes["due"]) if wishes.get("due") else None
    is_late = due is not None and due < timezone.now()
    return {
        "waiting": numbers.get("count"),
        "open": wishes.get("count"),
        "due": due,
        "is_late": is_late,
    }


def count_unconfirmed() -> QuerySet[NumberFinding]:
    """Findings that wait for a second officer."""
    waiting = NumberFinding.objects.filter(confirmed_at=None, withdrawn_at=None)
    return waiting.filter(valid_until__gte=timezone.localdate())
