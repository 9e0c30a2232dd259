"""The record of acts: one line an act, never changed, never removed."""

from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from core.models import AuditChainLink, AuditEvent


def log_event(
    subject_type: str, subject_id: object, kind: str, *, by: User | None = None, **detail: Any
) -> AuditEvent:
    """Write down an act. `by=None` is the machine. Details hold codes, numbers and what
    an officer gave as reason, never what a reporter said.
    """
    return AuditEvent.objects.create(
        subject_type=subject_type, subject_id=str(subject_id), kind=kind, actor=by, detail=detail
    )


DETAIL_ERASED = "detail_erased"


def redact_detail(event_id: int, *, by: User | None, reason: str) -> None:
    """Take away what an act says in its detail, where an officer wrote what must go. That this was
    done is on record, and the chain holds; nothing of the words can be guessed from it.
    """
    with transaction.atomic():
        log_event("event", event_id, DETAIL_ERASED, by=by, reason=reason)
        AuditEvent.objects.filter(pk=event_id).update(detail={})
        AuditChainLink.objects.filter(pk=event_id).update(salt=None)


# What a person did and has not read the report for: an act that was refused, and to have the
# machine read many again.
NO_LOOK = ("refused", "reread")


# What an act's detail holds that is no word of anybody: codes, keys, counts, times, names of units.
_NO_WORDS = frozenset({
    "after", "before", "clock", "correction", "due", "fact", "files", "format", "lists",
    "message", "number", "officer", "outcome", "personal", "proposed_by", "rows", "rule",
    "sha256", "slip", "source", "unit", "verb", "version", "what", "which", "why",
})  # fmt: skip


def redact_details_of(subject_type: str, subject_id: object, *, reason: str) -> None:
    """Take the details of those acts about one thing in which an officer's words may stand."""
    acts = AuditEvent.objects.filter(subject_type=subject_type, subject_id=str(subject_id))
    told = acts.exclude(detail={}).order_by("id").values_list("pk", "detail")
    for pk in [pk for pk, detail in told if not _NO_WORDS.issuperset(detail)]:
        redact_detail(pk, by=None, reason=reason)


def events_for(subject_type: str, subject_id: object) -> QuerySet[AuditEvent]:
    """Everything on record about one thing, newest first."""
    return AuditEvent.objects.filter(
        subject_type=subject_type, subject_id=str(subject_id)
    ).select_related("actor")


def views_of_report(report_id: object) -> QuerySet[AuditEvent]:
    """What a person did with a report: what a person acts on, a person has read. Oldest first."""
    acts = events_for("report", report_id).filter(actor__isnull=False).exclude(kind__in=NO_LOOK)
    return acts.order_by("id")
