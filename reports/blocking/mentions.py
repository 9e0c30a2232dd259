"""Which reports name what a finding is about, and what was blocked of what a report names."""

import re

from django.db.models import Q, QuerySet

from reports.models import BlockRequest, Case, Indicator, NumberFinding, Report, SubjectKind
from reports.numbers.report_counts import CALLERS
from reports.public import link_hosts


def list_reports(finding: NumberFinding) -> QuerySet[Report]:
    """Return the reports that name it: a number as that of a caller, an account or a link anywhere, also
    one below its host.
    """
    named = Indicator.objects.filter(kind=finding.kind).exclude(key="")
    if finding.kind == SubjectKind.LINK:
        named = named.filter(key__regex=rf"^([^/]*\.)?{re.escape(finding.key)}(/|$)")
    elif finding.kind == SubjectKind.ACCOUNT:
        named = named.filter(key=finding.key, bank__in=("", finding.bank))
    else:
        named = named.filter(key=finding.key, source__in=CALLERS)
    return Report.objects.filter(pk__in=named.values("report"))


def list_told(finding: NumberFinding) -> QuerySet[Report]:
    """Return the reports whose reporters are told of a block. Not junk: whoever sends it may have given
    somebody else's address.
    """
    ended = (Case.Status.JUNK, Case.Status.WITHDRAWN)
    return list_reports(finding).exclude(case__status__in=ended)


def list_blocked(report: Report) -> list[BlockRequest]:
    """Return the requests about what a report names that partners say they carried out since it came,
    and that nobody has taken back. Two statements.
    """
    named = Indicator.objects.filter(report=report).exclude(key="")
    is_of_caller = ~Q(kind=SubjectKind.NUMBER) | Q(source__in=CALLERS)
    things = set(named.filter(is_of_caller).values_list("kind", "key", "bank"))
    things |= {
        (kind, host, "")
        for kind, key, _ in things if kind == SubjectKind.LINK
        for host in link_hosts.iter_keys(key)
    }  # fmt: skip
    rows = BlockRequest.objects.filter(
        state=BlockRequest.State.BLOCKED,
        blocked_at__gte=report.received_at,
        finding__withdrawn_at=None,
        finding__key__in={key for _, key, _ in things},
    ).select_related("finding", "partner")
    return [
        row
        for row in rows.order_by("blocked_at")
        if {(row.finding.kind, row.finding.key, bank) for bank in ("", row.finding.bank)} & things
    ]
