"""How many reports name the same number, account or link, and which.

Counts are of the whole province, for every officer: a number that many name is what a unit must know of
the one report that it has, and a count opens no report. Which reports they are is for who may see them.
"""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery

from reports.cases import visibility
from reports.models import Indicator, Report

# What may be known by its digits; the index begins with the kind.
BY_DIGITS = (Indicator.Kind.NUMBER, Indicator.Kind.ACCOUNT)
MAX_NAMED = 20
MAX_COUNTED = 100  # in a row of the queue: a wave may have thousands


def with_mention_counts(indicators: QuerySet[Indicator]) -> QuerySet[Any]:
    """The same indicators with `.named`: how many reports name each."""
    same = (
        Indicator.objects.filter(kind=OuterRef("kind"), key=OuterRef("key"))
        .order_by()
        .values("key")
        .annotate(n=Count("report", distinct=True))
        .values("n")
    )
    return indicators.annotate(named=Subquery(same))


def count_reports_naming(key: str) -> int:
    """How many reports name a number, in whatever place."""
    named = Indicator.objects.filter(kind__in=BY_DIGITS, key=key).exclude(key="")
    return named.aggregate(n=Count("report", distinct=True))["n"] or 0


def newest_naming(key: str, viewer: User) -> list[Report]:
    """The newest reports that name a number, in whatever place, of those that the viewer may see:
    links, so that no address holds the number.
    """
    named = Indicator.objects.filter(report=OuterRef("pk"), kind__in=BY_DIGITS, key=key, key__gt="")
    rows = visibility.visible_reports(Report.objects.filter(Exists(named)), viewer).order_by(
        "-received_at"
    )
    return list(rows.only("public_number", "received_at")[:MAX_NAMED])


def annotate_callers(reports: QuerySet[Report]) -> QuerySet[Report]:
    """The same, each with `caller_key`, the first caller's number that was written there, and with
    the reports that name it as `named_by`, so many as a row counts.
    """
    numbers = Indicator.objects.filter(kind=Indicator.Kind.NUMBER)
    own = numbers.filter(report=OuterRef("pk"), place=Indicator.IndicatorSource.CALLER).order_by(
        "id"
    )
    named = numbers.filter(key=OuterRef("caller_key"), key__gt="").values("report_id")
    return reports.annotate(caller_key=Subquery(own.values("key")[:1])).annotate(
        named_by=ArraySubquery(named[:MAX_COUNTED])
    )


def caller_by_report(report_ids: Iterable[UUID]) -> dict[UUID, Any]:
    """The caller's number of each report, the first that was written there."""
    kind, place = Indicator.Kind.NUMBER, Indicator.IndicatorSource.CALLER
    found = Indicator.objects.filter(report_id__in=list(report_ids), kind=kind, place=place)
    return {caller.report_id: caller for caller in found.order_by("-id")}
