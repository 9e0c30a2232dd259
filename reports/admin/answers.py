"""Whom the desk waits for and who has spoken since, and who wants to withdraw."""

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from reports.models import Addition, Case, Message, Report


def answered(reports: QuerySet[Report]) -> QuerySet[Report]:
    """Those that wait for their reporter although the reporter has written or added something
    since the desk last asked.
    """
    waiting = reports.filter(case__status=Case.Status.WAITING)
    return waiting.annotate(asked_at=_asked_at()).filter(_spoken())


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


def tags_of(rows: Iterable[Report]) -> dict[UUID, list[str]]:
    """What the reporters of the open ones among these rows have done that a row should say, by
    key. One statement.
    """
    opened = [row.pk for row in rows if row.case.status in Case.OPEN]
    wish = Addition.objects.filter(report=OuterRef("pk"), kind=Addition.Kind.WITHDRAWAL)
    found = (
        Report.objects.filter(pk__in=opened)
        .annotate(asked_at=_asked_at())
        .annotate(spoken=Q(case__status=Case.Status.WAITING) & _spoken(), wish=Exists(wish))
        .values_list("pk", "spoken", "wish")
    )
    return {pk: [*_ANSWERED[spoken], *_WISH[wish]] for pk, spoken, wish in found}


_ANSWERED = {True: ["Đã trả lời"], False: []}
_WISH = {True: ["Đề nghị rút"], False: []}
