"""The audit log: one event an act, never changed, never removed."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from core.database import fetch_all
from core.models import PERSONAL_DATA_VIEWS, AuditChainLink, AuditEvent

DETAIL_ERASED = "detail_erased"
MAX_REVEALS, REVEAL_WINDOW = 30, timedelta(minutes=10)  # by one officer, before the desk asks again
# Reports whose personal data an event opened: a case file one, an export as many as its rows.
_OPENED = """sum(CASE WHEN kind IN ('revealed', 'contact_searched') THEN 1 WHEN detail @> '{"personal": true}'
    THEN coalesce((detail ->> 'rows')::int, 1) ELSE 0 END)"""
_COUNT_OPENED_SQL = f"""
SELECT coalesce({_OPENED}, 0) FROM core_auditevent
 WHERE actor_id = %s AND created_at > greatest(%s, statement_timestamp() - %s)
"""  # noqa: S608  # a constant  # nosec B608
_COUNT_FREQUENT_SQL = f"""
SELECT count(DISTINCT actor_id) FROM (
    SELECT actor_id, {_OPENED} OVER (PARTITION BY actor_id ORDER BY created_at RANGE %s PRECEDING) AS opened
      FROM core_auditevent
     WHERE kind = ANY(%s) AND created_at > statement_timestamp() - interval '1 day') AS look
 WHERE opened >= %s
"""  # noqa: S608  # a constant  # nosec B608
# Keys of a detail that hold nobody's words: codes, keys, counts, times, names of units.
_NO_WORDS = frozenset({
    "after", "before", "cause", "correction", "deadline", "due", "fact", "field", "files",
    "amount", "format", "frozen", "item", "letter", "lists", "message", "number", "officer", "contact", "outcome", "personal", "proposed_by", "received_on", "result", "rows",
    "rule", "sha256", "slip", "source", "target", "unit", "urgent", "verb", "version",
})  # fmt: skip


def log_event(
    subject_type: str, subject_id: object, kind: str, *, by: User | None = None, **detail: Any
) -> AuditEvent:
    """Create and return an event; `by=None` is the machine. A detail never holds what a reporter wrote."""
    return AuditEvent.objects.create(
        subject_type=subject_type, subject_id=str(subject_id), kind=kind, actor=by, detail=detail
    )


def redact_detail(event_id: int, *, by: User | None, reason: str) -> None:
    """Erase an event's detail and its salt, so that its words cannot be guessed, and log the erasure."""
    with transaction.atomic():
        log_event("event", event_id, DETAIL_ERASED, by=by, reason=reason)
        AuditEvent.objects.filter(pk=event_id).update(detail={})
        AuditChainLink.objects.filter(pk=event_id).update(salt=None)


def redact_details_of(subject_type: str, subject_id: object, *, reason: str) -> None:
    """Erase the details of a subject's events in which an officer's words may stand."""
    rows = AuditEvent.objects.filter(subject_type=subject_type, subject_id=str(subject_id))
    details = rows.exclude(detail={}).order_by("id").values_list("pk", "detail")
    for pk in [pk for pk, detail in details if not _NO_WORDS.issuperset(detail)]:
        redact_detail(pk, by=None, reason=reason)


def has_revealed_often(by: User, since: datetime) -> bool:
    """Return whether an officer opened MAX_REVEALS since then, and within REVEAL_WINDOW."""
    ((opened,),) = fetch_all(_COUNT_OPENED_SQL, [by.pk, since, REVEAL_WINDOW])
    return int(opened) >= MAX_REVEALS


def count_frequent_viewers() -> int:
    """Return how many officers of the last day opened MAX_REVEALS within a REVEAL_WINDOW."""
    values = [REVEAL_WINDOW, list(PERSONAL_DATA_VIEWS), MAX_REVEALS]
    ((many,),) = fetch_all(_COUNT_FREQUENT_SQL, values)
    return int(many)


def events_for(subject_type: str, subject_id: object) -> QuerySet[AuditEvent]:
    """Return the events about a subject, newest first."""
    return AuditEvent.objects.filter(
        subject_type=subject_type, subject_id=str(subject_id)
    ).select_related("actor")
