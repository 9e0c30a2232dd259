"""The audit log: one event an act, never changed, never removed."""

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from core.models import AuditChainLink, AuditEvent

DETAIL_ERASED = "detail_erased"
# Keys of a detail that hold nobody's words: codes, keys, counts, times, names of units.
_NO_WORDS = frozenset({
    "after", "before", "cause", "correction", "deadline", "due", "fact", "field", "files",
    "format", "lists", "message", "number", "officer", "outcome", "personal", "proposed_by", "rows", "rule",
    "sha256", "slip", "source", "target", "unit", "verb", "version",
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


def events_for(subject_type: str, subject_id: object) -> QuerySet[AuditEvent]:
    """Return the events about a subject, newest first."""
    return AuditEvent.objects.filter(
        subject_type=subject_type, subject_id=str(subject_id)
    ).select_related("actor")
