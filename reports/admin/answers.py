"""Whom the desk waits for and who has spoken since, and who wants to withdraw."""

from collections.abc import Iterable, Iterator
from uuid import UUID

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
    """What the reporters of these rows have done that a row should say, by key. One statement."""
    is_open = Q(case__status__in=Case.OPEN)
    wish = Addition.objects.filter(report=OuterRef("pk"), kind=Addition.Kind.WITHDRAWAL)
    found = (
        with_acts(Report.objects.filter(pk__in=[row.pk for row in rows]))
        .annotate(asked_at=_asked_at())
        .annotate(
            spoken=Q(case__status=Case.Status.WAITING) & _spoken(),
            fresh=is_fresh(),
            wish=is_open & Exists(wish),
        )
        .values_list("pk", "spoken", "fresh", "wish")
    )
    return {pk: list(_tags(*done)) for pk, *done in found}


def _tags(spoken: bool, fresh: bool, wish: bool) -> Iterator[str]:
    if spoken:
        yield "Đã trả lời"
    elif fresh:
        yield "Có lời mới"
    if wish:
        yield "Đề nghị rút"
