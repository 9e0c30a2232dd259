"""Reporters' activity: unread input, answers to questions, withdrawals."""

from functools import reduce
from operator import or_
from typing import Any

from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce

from core.models import AuditEvent
from reports.models import Case, EvidenceFile, Followup, Message, Report
from reports.models.report_views import NO_VIEWS


def with_unread_updates(reports: QuerySet[Report]) -> QuerySet[Report]:
    """Return the reports with input that no officer has acted on since; cost grows with the input."""
    updates = _updates_since(_last_act("report_id"))
    return reports.filter(reduce(or_, (Q(pk__in=rows.values("report_id")) for rows in updates)))


def _updates_since(at: Combinable) -> list[QuerySet[Any]]:
    """Return the reporters' messages, follow-ups and files since then."""
    return [
        Message.objects.filter(actor=None, sent_at__gt=at),
        Followup.objects.filter(received_at__gt=at),
        EvidenceFile.objects.filter(received_at__gt=at, erased_at=None),
    ]


def has_unread_updates() -> Q:
    """Return the condition of input since `acted_at`, for the few rows of a page."""
    updates = _updates_since(OuterRef("acted_at"))
    return reduce(or_, (Q(Exists(rows.filter(report=OuterRef("pk")))) for rows in updates))


def _last_act(report: str) -> Subquery:
    """Return when an officer last acted on the report whose key is in that field."""
    about = AuditEvent.objects.filter(
        subject_type="report", subject_id=Cast(OuterRef(report), CharField()), actor__isnull=False
    )
    return Subquery(about.exclude(kind__in=NO_VIEWS).order_by("-id").values("created_at")[:1])


def with_new_answers(reports: QuerySet[Report]) -> QuerySet[Report]:
    """Return the waiting reports whose reporter has answered, and open ones with an unread message."""
    waits, is_open = Q(case__status=Case.Status.WAITING), Q(case__status__in=Case.OPEN)
    has_answer = waits & _has_answer() | is_open & Exists(_unread())
    return reports.annotate(asked_at=_asked_at()).filter(has_answer)


def _unread() -> QuerySet[Message]:
    about = Cast(OuterRef("report_id"), CharField())
    acts = AuditEvent.objects.filter(subject_type="report", subject_id=about, actor__isnull=False)
    later = acts.exclude(kind__in=NO_VIEWS).filter(created_at__gte=OuterRef("sent_at"))
    return Message.objects.filter(~Exists(later), report=OuterRef("pk"), actor=None)


# The condition of with_new_answers in SQL, for rows `waits` of open cases.
SPOKEN = f"""(EXISTS (
    SELECT FROM reports_message AS message
     WHERE message.report_id = waits.report_id AND actor_id IS NULL AND NOT EXISTS (
           SELECT FROM core_auditevent AS look
            WHERE subject_type = 'report' AND subject_id = waits.report_id::text
              AND look.actor_id IS NOT NULL AND kind NOT IN {NO_VIEWS} AND look.created_at >= message.sent_at))
    OR waits.status = 'waiting' AND EXISTS (
    SELECT FROM (SELECT coalesce((SELECT sent_at FROM reports_message AS message
                                   WHERE message.report_id = waits.report_id AND is_question
                                   ORDER BY id DESC LIMIT 1), waits.changed_at) AS at) AS asked
     WHERE EXISTS (SELECT FROM reports_message AS message
                    WHERE message.report_id = waits.report_id AND actor_id IS NULL AND sent_at > asked.at)
        OR EXISTS (SELECT FROM reports_followup AS followup
                    WHERE followup.report_id = waits.report_id AND received_at > asked.at)))"""  # noqa: S608  # nosec B608


def _asked_at() -> Coalesce:
    questions = Message.objects.filter(report=OuterRef("pk"), is_question=True).order_by("-id")
    return Coalesce(Subquery(questions.values("sent_at")[:1]), F("case__changed_at"))


def _has_answer() -> Q:
    """Return the condition of a message or follow-up since `asked_at`."""
    words = _updates_since(OuterRef("asked_at"))[:2]
    return reduce(or_, (Q(Exists(rows.filter(report=OuterRef("pk")))) for rows in words))


def annotate_tags(reports: QuerySet[Report]) -> QuerySet[Report]:
    is_open = Q(case__status__in=Case.OPEN)
    withdrawal = Followup.objects.filter(report=OuterRef("pk"), kind=Followup.Kind.WITHDRAWAL)
    return reports.annotate(acted_at=_last_act("pk"), asked_at=_asked_at()).annotate(
        has_spoken=Q(case__status=Case.Status.WAITING) & _has_answer(),
        has_fresh=has_unread_updates(),
        has_withdrawal_request=is_open & Exists(withdrawal),
    )


def row_tags(row: Any) -> list[str]:
    tags = ["Đã trả lời"] if row.has_spoken else ["Có lời mới"] if row.has_fresh else []
    return [*tags, "Đề nghị rút"] if row.has_withdrawal_request else tags
