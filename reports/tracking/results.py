"""What came of a report, for its reporter, dated: nothing of others' reports beyond what is public.

A further kind of result is one function in `_SOURCES`. Warnings are added by the page, as their room
stands above this one.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import get_language, gettext

from core.text import group_thousands
from reports.blocking import mentions
from reports.extraction import phones
from reports.extraction.phones import format_national
from reports.facts import abuse_flags
from reports.models import (
    BankLetter,
    Campaign,
    CampaignLink,
    Case,
    Indicator,
    NumberFinding,
    Report,
    SubjectKind,
)
from reports.numbers.report_counts import CALLERS
from reports.numbers.subjects import Subject

Status, Outcome = Case.Status, Case.Outcome
MIN_OTHERS = 5  # of a campaign; a smaller count could identify somebody
_DECIDED = (Status.HANDED_OVER, Status.CRIME_REPORT, Status.CLOSED)


@dataclass(frozen=True)
class ReportResult:
    """One thing that came of a report; `advice`: what its reporter should know with it."""

    at: datetime
    text: str
    advice: str = ""


@dataclass(frozen=True)
class CampaignNotice:
    """The campaign of a report; `others` is None below MIN_OTHERS."""

    campaign: Campaign
    others: int | None
    is_machines: bool
    at: datetime


@dataclass(frozen=True)
class ReportResults:
    """What came of a report; `decided_at`: None for an undecided one; `is_counted`: in public figures."""

    campaign: CampaignNotice | None
    rows: tuple[ReportResult, ...] = ()
    decided_at: datetime | None = None
    is_counted: bool = False


def load_results(report: Report, case: Case) -> ReportResults:
    """Return what came of a report, oldest first. Eight statements at most."""
    campaign = _find_campaign(report)
    if report.erased_at:
        return ReportResults(campaign)
    rows = sorted((row for source in _SOURCES for row in source(report)), key=attrgetter("at"))
    decided_at = timezone.localtime(case.changed_at) if case.status in _DECIDED else None
    is_counted = bool(decided_at) and abuse_flags.publicly_countable().filter(pk=report.pk).exists()
    return ReportResults(campaign, tuple(rows), decided_at, is_counted)


def _find_campaign(report: Report) -> CampaignNotice | None:
    link = CampaignLink.objects.select_related("campaign").filter(report=report).first()
    if link is None:
        return None
    others = CampaignLink.objects.filter(campaign=link.campaign).exclude(
        Q(report=report)
        | Q(report__case__status__in=(Status.JUNK, Status.WITHDRAWN))
        | Q(report__case__outcome__in=(Outcome.DUPLICATE, Outcome.NOT_SCAM))
    )
    count = others.count()
    is_machines = link.kind != CampaignLink.Kind.OFFICER
    at = timezone.localtime(link.placed_at)
    return CampaignNotice(link.campaign, count if count >= MIN_OTHERS else None, is_machines, at)


def _list_confirmed_numbers(report: Report) -> Iterator[ReportResult]:
    """Yield the callers' numbers that the police confirmed, and say so in public today."""
    named = Indicator.objects.filter(
        report=report, kind=Indicator.Kind.NUMBER, source__in=CALLERS
    ).exclude(key="")
    findings = NumberFinding.objects.in_effect(timezone.localdate()).accusing()
    since = findings.filter(
        kind=SubjectKind.NUMBER, key__in=named.values("key"), confirmed_at__gte=report.received_at
    )
    for finding in since.exclude(confirmed_at=None):
        shown = format_national(phones.parse(finding.number))
        yield ReportResult(
            timezone.localtime(finding.confirmed_at),
            gettext(
                "Công an xác nhận kẻ gian đã dùng số %(number)s mà bạn báo. Ai tra số này cũng thấy."
            )
            % {"number": shown},
        )


def _list_blocked(report: Report) -> Iterator[ReportResult]:
    """Yield what partners say they blocked of what the report names, while it is."""
    sentences = {
        SubjectKind.NUMBER: gettext("Số %(thing)s mà bạn báo đã bị chặn, theo %(partner)s."),
        SubjectKind.ACCOUNT: gettext(
            "Tài khoản %(thing)s mà bạn báo đã bị khóa (phong tỏa), theo %(partner)s."
        ),
        SubjectKind.LINK: gettext("Trang %(thing)s mà bạn báo đã bị chặn, theo %(partner)s."),
    }
    for row in mentions.list_blocked(report):
        subject = Subject(SubjectKind(row.finding.kind), row.finding.key, row.finding.bank)
        words = {"thing": subject.text, "partner": row.partner.name}
        is_account = subject.kind == SubjectKind.ACCOUNT
        advice = gettext("Ai đòi phí trước mới trả lại tiền là lừa lần nữa.") if is_account else ""
        text = sentences[subject.kind] % words
        yield ReportResult(timezone.localtime(row.blocked_at), text, advice)


def _list_money_held(report: Report) -> Iterator[ReportResult]:
    """Yield what banks hold; never what they were only asked for, which a thief could be warned of."""
    for letter in BankLetter.objects.filter(report=report, frozen_vnd__gt=0):
        amount = group_thousands(letter.frozen_vnd or 0, get_language())
        yield ReportResult(
            timezone.localtime(letter.answered_at),
            gettext("Ngân hàng đã giữ lại %(amount)s đồng.") % {"amount": amount},
            gettext("Ai đòi phí trước mới trả lại tiền là lừa lần nữa."),
        )


def _list_handovers(report: Report) -> Iterator[ReportResult]:
    """Yield the unit that has the report now, and that it confirmed so."""
    for slip in report.slips.under_way():
        unit = {"unit": slip.unit}
        sent = gettext("Tin đã chuyển đến %(unit)s.") % unit
        yield ReportResult(timezone.localtime(slip.created_at), sent)
        if slip.received_at:
            received = gettext("%(unit)s đã nhận tin.") % unit
            yield ReportResult(timezone.localtime(slip.received_at), received)


_SOURCES: tuple[Callable[[Report], Iterator[ReportResult]], ...] = (
    _list_confirmed_numbers,
    _list_blocked,
    _list_money_held,
    _list_handovers,
)
