"""Whom the desk waits for and who has spoken since, and who wants to withdraw."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from reports.admin.fresh import is_fresh, with_acts
from reports.models import Addition, Case, Message, Report


def answered(reports: QuerySet[Report]) -> QuerySet[Report]:
    """Those that wait for their reporter although the reporter has written or added something
    since the desk last asked.
    """
    waiting = reports.filter(case__status=Case.Status.WAITING)
    return waiting.annotate(asked_at=_asked_at()).filter(_spoken())


# The same of a row that has a `report_id` and the `changed_at` of its case, for plain SQL.
SPOKEN = """EXISTS (
    SELECT FROM (SELECT coalesce((SELECT sent_at FROM reports_message AS message
                                   WHERE message.report_id = waits.report_id AND is_question
                                   ORDER BY id DESC LIMIT 1), waits.changed_at) AS at) AS asked
     WHERE EXISTS (SELECT FROM reports_message AS message
                    WHERE message.report_id = waits.report_id AND by_id IS NULL AND sent_at > asked.at)
        OR EXISTS (SELECT FROM reports_addition AS addition
                    WHERE addition.report_id = waits.report_id AND received_at > asked.at))"""


def _asked_at() -> Coalesce:
    asked = Message.objects.filter(report=OuterRef("pk"), is_question=True).order_by("-id")
    return Coalesce(Subquery(asked.values("sent_at")[:1]), F("case__changed_at"))


def _spoken() -> Q:
    """Whether the reporter has said something since `asked_at`."""
    about, since = OuterRef("pk"), OuterRef("asked_at")
    written = Message.objects.filter(report=about, by=None, sent_at__gt=since)
    return Q(Exists(written)) | Q(
        Exists(Addition.objects.filter(report=about, received_at__gt=since))
    )


def with_tags(reports: QuerySet[Report]) -> QuerySet[Report]:
    """The same, each with what its reporter has done that a row should say; `tags_of` says it."""
    is_open = Q(case__status__in=Case.OPEN)
    wish = Addition.objects.filter(report=OuterRef("pk"), kind=Addition.Kind.WITHDRAWAL)
    return (
        with_acts(reports)
        .annotate(asked_at=_asked_at())
        .annotate(
            has_spoken=Q(case__status=Case.Status.WAITING) & _spoken(),
            has_fresh=is_fresh(),
            has_wish=is_open & Exists(wish),
        )
    )


def tags_of(row: Any) -> list[str]:
    """What a row of `with_tags` says."""
    return list(_tags(row.has_spoken, row.has_fresh, row.has_wish))


def _tags(spoken: bool, fresh: bool, wish: bool) -> Iterator[str]:
    if spoken:
        yield "Đã trả lời"
    elif fresh:
        yield "Có lời mới"
    if wish:
        yield "Đề nghị rút"
