"""How many reports name the same number, account or link, and which.

Counts include every unit's reports, for every officer; only visible reports are listed.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    CharField,
    Count,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)

from desk.labels import highlighting
from desk.labels.formatting import format_phone
from desk.reports import followups
from reports.cases import visibility
from reports.extraction import phones
from reports.extraction.bank_accounts_and_links import defang_link
from reports.extraction.numbering_plan import range_owner
from reports.facts import followup_facts
from reports.facts.named_things import NamedChanges, identify
from reports.models import Correction, Indicator, Report

# Searchable by digits; the index begins with the kind.
BY_DIGITS = (Indicator.Kind.NUMBER, Indicator.Kind.ACCOUNT)
MAX_LINKS = 20
MAX_COUNTED = 100  # in a row of the queue: a campaign may have thousands
MAX_SIMILAR = 20
MAX_NAMED = 50
_CALLERS = (Indicator.IndicatorSource.CALLER, Indicator.IndicatorSource.OFFICER)
_NOTES = {**phones.FLAG_REASONS_VI, followup_facts.CORRECTED: "Người báo đã sửa lại số này."}


@dataclass(frozen=True)
class IndicatorRow:
    indicator: Indicator
    name: str  # facts/named_things.identify
    pk: int | None  # None until triage has stored what an officer added
    kind: str
    key: str
    bank: str
    holder: str
    what: str
    text: str
    reports: int
    owner: str
    notes: list[str]


@dataclass
class RelatedReport:
    report: Report
    why: list[str] = field(default_factory=list)


def with_mention_counts(indicators: QuerySet[Indicator]) -> QuerySet[Any]:
    alike = Indicator.objects.filter(kind=OuterRef("kind"), key=OuterRef("key"))
    own_bank = ExpressionWrapper(OuterRef("bank"), CharField())
    same = (
        alike.alias(own_bank=own_bank)
        .filter(Q(bank=F("own_bank")) | Q(bank="") | Q(own_bank=""))
        .order_by()
        .values("key")
        .annotate(n=Count("report", distinct=True))
        .values("n")
    )
    return indicators.annotate(named=Subquery(same))


def count_reports_naming(key: str, kind: str, bank: str = "") -> int:
    mentions = _mentions(key, kind, bank).exclude(key="")
    return mentions.aggregate(n=Count("report", distinct=True))["n"] or 0


def _mentions(key: str, kind: str, bank: str) -> QuerySet[Indicator]:
    """Return what names a number or an account by these digits, the account at that bank or at one
    that is not told, or a host in any of its links.
    """
    if kind != Indicator.Kind.LINK:
        named = Indicator.objects.filter(kind__in=BY_DIGITS, key=key)
        return named.filter(bank__in=("", bank)) if bank else named
    of_host = Q(key=key) | Q(key__startswith=f"{key}/")
    return Indicator.objects.filter(of_host, kind=Indicator.Kind.LINK)


def newest_naming(key: str, viewer: User, kind: str, bank: str = "") -> list[Report]:
    """Return the newest visible reports that name a thing, to link to: no URL holds a number."""
    same = _mentions(key, kind, bank).filter(report=OuterRef("pk"), key__gt="")
    rows = visibility.visible_reports(Report.objects.filter(Exists(same)), viewer)
    return list(rows.order_by("-received_at").only("public_number", "received_at")[:MAX_LINKS])


def annotate_callers(reports: QuerySet[Report]) -> QuerySet[Report]:
    """Return the reports with `caller_key` (first caller) and `named_by` (MAX_COUNTED reports naming it)."""
    numbers = Indicator.objects.filter(kind=Indicator.Kind.NUMBER)
    own = numbers.filter(report=OuterRef("pk"), source__in=_CALLERS).order_by("id")
    mentions = numbers.filter(key=OuterRef("caller_key"), key__gt="").values("report_id")
    rows = reports.annotate(caller_key=Subquery(own.values("key")[:1]))
    return rows.annotate(named_by=ArraySubquery(mentions[:MAX_COUNTED]))


def caller_by_report(report_ids: Iterable[UUID]) -> dict[UUID, Any]:
    """Return the indicator of the first caller's number by report."""
    callers = Indicator.objects.filter(
        report_id__in=list(report_ids), kind=Indicator.Kind.NUMBER, source__in=_CALLERS
    )
    return {caller.report_id: caller for caller in callers.order_by("-id")}


def load_indicators(report: Report) -> list[IndicatorRow]:
    """Return what a report names, in the order of extraction, as officers put it right: also before
    triage has counted that.
    """
    rows = list(with_mention_counts(report.indicators.all()).order_by("id")[:MAX_NAMED])
    return list(map(_indicator_row, changes_of(report).apply(rows)))


def load_removed(report: Report) -> list[IndicatorRow]:
    """Return what officers took off a report, each thing once."""
    return list({row.name: row for row in map(_indicator_row, changes_of(report).removed)}.values())


def changes_of(report: Report) -> NamedChanges:
    """Return what officers put right of what a report names, of a report loaded with its case."""
    return NamedChanges.from_json(report.case.corrections_json.get(Correction.Fact.NAMED))


def legible(indicator: Indicator) -> str:
    """Return a number, account, link or name as it stands on a page: no link can be followed."""
    is_link = indicator.kind == Indicator.Kind.LINK
    key = defang_link(indicator.key) if is_link else format_phone(indicator.key)
    words = ", ".join(filter(None, (indicator.bank, key or indicator.raw, indicator.holder)))
    return highlighting.plain_line(words)


def _indicator_row(each: Any) -> IndicatorRow:
    owner = range_owner(each.key) if each.kind == Indicator.Kind.NUMBER else ""
    notes = [_NOTES.get(code, code) for code in each.flags]
    what = f"{each.get_kind_display()}, {each.get_source_display()}"
    return IndicatorRow(
        each,
        identify(each),
        each.pk,
        each.kind,
        each.key,
        each.bank,
        each.holder,
        what,
        legible(each),
        getattr(each, "named", None) or 0,
        owner,
        notes,
    )


def related_reports(
    report: Report, rows: Iterable[IndicatorRow], viewer: User
) -> list[RelatedReport]:
    """Return the visible reports that share a number, an account or a link, newest first."""
    shared = [
        Q(kind=each.kind, key=each.key) & (Q(bank__in=("", each.bank)) if each.bank else Q())
        for each in rows
        if each.key
    ]
    if not shared:
        return []
    twins = (
        visibility.visible_via_report(Indicator.objects.filter(reduce(or_, shared)), viewer)
        .exclude(report=report)
        .select_related("report__facts", "report__case")
        .defer("raw", "report__story", "report__story_sealed", "report__facts__search_text")
        .defer(*(f"report__{name}" for name in followups.LINES))
        .order_by("-id")[: MAX_SIMILAR * 3]
    )
    related: dict[Any, RelatedReport] = {}
    for twin in twins:
        why = related.setdefault(twin.report_id, RelatedReport(twin.report)).why
        reason = f"cùng {twin.get_kind_display()} {legible(twin)}"
        if reason not in why:
            why.append(reason)
    return list(related.values())[:MAX_SIMILAR]
