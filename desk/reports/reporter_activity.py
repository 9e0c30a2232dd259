"""Whom the desk waits for and who has spoken since, and who wants to withdraw."""

from collections.abc import Iterator
from typing import Any

from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Cast, Coalesce

from core.audit.events import NO_LOOK
from core.models import AuditEvent
from reports.models import Case, EvidenceFile, Followup, Message, Report


def with_unread_updates(reports: QuerySet[Report]) -> QuerySet[Report]:
    """Those of *reports* with words or files that no person has acted on since; its cost grows with
    what came later, not with the reports.
    """
    acted = _last_act("report_id")
    written = Message.objects.filter(actor=None, sent_at__gt=acted)
    added = Followup.objects.filter(received_at__gt=acted)
    sent = EvidenceFile.objects.filter(received_at__gt=acted)
    found = [Q(pk__in=rows.values("report_id")) for rows in (written, added, sent)]
    return reports.filter(found[0] | found[1] | found[2])


def annotate_last_action(reports: QuerySet[Report]) -> QuerySet[Report]:
    """The same with `.acted_at`, when a person last acted on each, which `is_fresh` asks for."""
    return reports.annotate(acted_at=_last_act("pk"))


def has_unread_updates() -> Q:
    """Whether something came since `acted_at`. For the few rows of a page."""
    about, since = OuterRef("pk"), OuterRef("acted_at")
    written = Message.objects.filter(report=about, actor=None, sent_at__gt=since)
    added = Followup.objects.filter(report=about, received_at__gt=since)
    sent = EvidenceFile.objects.filter(report=about, received_at__gt=since)
    return Q(Exists(written)) | Q(Exists(added)) | Q(Exists(sent))


def _last_act(report: str) -> Subquery:
    """When a person last acted on the report that the field *report* names."""
    about = AuditEvent.objects.filter(
        subject_type="report", subject_id=Cast(OuterRef(report), CharField()), actor__isnull=False
    )
    return Subquery(about.exclude(kind__in=NO_LOOK).order_by("-id").values("created_at")[:1])


def with_new_answers(reports: QuerySet[Report]) -> QuerySet[Report]:
    """Those that wait for their reporter although the reporter has written or added something
    since the desk last asked, and the other open ones with a message that nobody has acted on since.
    """
    waits, is_open = Q(case__status=Case.Status.WAITING), Q(case__status__in=Case.OPEN)
    spoken = waits & _spoken() | is_open & Exists(_unread())
    return reports.annotate(asked_at=_asked_at()).filter(spoken)


def _unread() -> QuerySet[Message]:
    about = Cast(OuterRef("report_id"), CharField())
    looks = AuditEvent.objects.filter(subject_type="report", subject_id=about, actor__isnull=False)
    looked = looks.exclude(kind__in=NO_LOOK).filter(created_at__gte=OuterRef("sent_at"))
    return Message.objects.filter(~Exists(looked), report=OuterRef("pk"), actor=None)


# The same of a row of an open case with its `report_id`, `status` and `changed_at`, for plain SQL.
SPOKEN = f"""(EXISTS (
    SELECT FROM reports_message AS message
     WHERE message.report_id = waits.report_id AND actor_id IS NULL AND NOT EXISTS (
           SELECT FROM core_auditevent AS look
            WHERE subject_type = 'report' AND subject_id = waits.report_id::text
              AND look.actor_id IS NOT NULL AND kind NOT IN {NO_LOOK} AND look.created_at >= message.sent_at))
    OR waits.status = 'waiting' AND EXISTS (
    SELECT FROM (SELECT coalesce((SELECT sent_at FROM reports_message AS message
                                   WHERE message.report_id = waits.report_id AND is_question
                                   ORDER BY id DESC LIMIT 1), waits.changed_at) AS at) AS asked
     WHERE EXISTS (SELECT FROM reports_message AS message
                    WHERE message.report_id = waits.report_id AND actor_id IS NULL AND sent_at > asked.at)
        OR EXISTS (SELECT FROM reports_followup AS addition
                    WHERE addition.report_id = waits.report_id AND received_at > asked.at)))"""  # noqa: S608  # nosec B608


def _asked_at() -> Coalesce:
    asked = Message.objects.filter(report=OuterRef("pk"), is_question=True).order_by("-id")
    return Coalesce(Subquery(asked.values("sent_at")[:1]), F("case__changed_at"))


def _spoken() -> Q:
    """Whether the reporter has said something since `asked_at`."""
    about, since = OuterRef("pk"), OuterRef("asked_at")
    written = Message.objects.filter(report=about, actor=None, sent_at__gt=since)
    return Q(Exists(written)) | Q(
        Exists(Followup.objects.filter(report=about, received_at__gt=since))
    )


def annotate_tags(reports: QuerySet[Report]) -> QuerySet[Report]:
    """The same, each with what its reporter has done that a row should say; `tags_of` says it."""
    is_open = Q(case__status__in=Case.OPEN)
    wish = Followup.objects.filter(report=OuterRef("pk"), kind=Followup.Kind.WITHDRAWAL)
    return (
        annotate_last_action(reports)
        .annotate(asked_at=_asked_at())
        .annotate(
            has_spoken=Q(case__status=Case.Status.WAITING) & _spoken(),
            has_fresh=has_unread_updates(),
            has_wish=is_open & Exists(wish),
        )
    )


def row_tags(row: Any) -> list[str]:
    """What a row of `with_tags` says."""
    return list(_tags(row.has_spoken, row.has_fresh, row.has_wish))


def _tags(spoken: bool, fresh: bool, wish: bool) -> Iterator[str]:
    if spoken:
        yield "Đã trả lời"
    elif fresh:
        yield "Có lời mới"
    if wish:
        yield "Đề nghị rút"
