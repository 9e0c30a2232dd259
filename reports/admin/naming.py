"""How many reports name the same number, account or link."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery

from reports.models import Indicator, Report

MOST_NAMED = 20


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


def newest_naming(key: str) -> list[Report]:
    """The newest reports that name a number, in whatever place: links, so that no address holds
    the number.
    """
    named = Indicator.objects.filter(report=OuterRef("pk"), key=key).exclude(key="")
    rows = Report.objects.filter(Exists(named)).order_by("-received_at")
    return list(rows.only("public_number", "received_at")[:MOST_NAMED])


def callers_of(report_ids: Iterable[UUID]) -> dict[UUID, Any]:
    """The caller's number of each report, the first that was written there."""
    kind, place = Indicator.Kind.NUMBER, Indicator.Place.CALLER
    found = Indicator.objects.filter(report_id__in=list(report_ids), kind=kind, place=place)
    return {caller.report_id: caller for caller in counted(found).order_by("-id")}
