"""How many reports name the same number, account or link."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Count, OuterRef, QuerySet, Subquery

from reports.models import Indicator


def counted(indicators: QuerySet[Indicator]) -> QuerySet[Any]:
    """The same indicators with `.named`: how many reports name each."""
    same = (
        Indicator.objects.filter(kind=OuterRef("kind"), key=OuterRef("key"))
        .order_by()
        .values("key")
        .annotate(n=Count("report", distinct=True))
        .values("n")
    )
    return indicators.annotate(named=Subquery(same))


def reports_naming(key: str) -> int:
    """How many reports name a number, in whatever place."""
    named = Indicator.objects.filter(key=key).exclude(key="")
    return named.aggregate(n=Count("report", distinct=True))["n"] or 0


def callers_of(report_ids: Iterable[UUID]) -> dict[UUID, Any]:
    """The caller's number of each report, the first that was written there."""
    kind, place = Indicator.Kind.NUMBER, Indicator.Place.CALLER
    found = Indicator.objects.filter(report_id__in=list(report_ids), kind=kind, place=place)
    return {caller.report_id: caller for caller in counted(found).order_by("-id")}
