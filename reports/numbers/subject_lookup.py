"""What the portal says of an account or a link in public, with the reasons. Nothing is stored.

A thing that one person has reported gets the answer of one that nobody has, and so does what no officer
has judged (reports/numbers/report_counts.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from reports.models import NumberFinding, SubjectKind
from reports.numbers import report_counts
from reports.numbers.lookup import load_finding
from reports.numbers.report_counts import CallerReportSummary
from reports.numbers.subjects import Subject
from reports.public import link_hosts


class SubjectVerdictKind(StrEnum):
    CONFIRMED = "confirmed"
    IMITATION = "imitation"
    SEVERAL = "several"
    STATE = "state"
    UNKNOWN = "unknown"


_TONES = {
    SubjectVerdictKind.CONFIRMED: "is-red",
    SubjectVerdictKind.IMITATION: "is-red",
    SubjectVerdictKind.SEVERAL: "is-amber",
}
_STATE = _("Có tên cơ quan nhà nước nhưng không thuộc đuôi .gov.vn. Đừng bấm.")
_BANK = _("Có tên ngân hàng, nhưng đuôi này không ngân hàng nào dùng. Đừng bấm.")
_ODD_ENDING = _("Đuôi lạ, ai cũng mua được. Cơ quan, ngân hàng không dùng đuôi này.")


@dataclass(frozen=True)
class SubjectVerdict:
    """`notes`: what the link itself shows, whatever was reported."""

    subject: Subject
    kind: SubjectVerdictKind
    report_summary: CallerReportSummary
    finding: NumberFinding | None = None
    notes: tuple[Promise, ...] = ()

    @property
    def css_class(self) -> str:
        """Return the class of the box's colour; nothing is green."""
        return _TONES.get(self.kind, "is-violet")

    @property
    def disputable(self) -> str:
        """Return what its owner may have reviewed, "" for a verdict that accuses nobody."""
        return self.subject.typed if self.kind in _TONES else ""

    @property
    def is_link(self) -> bool:
        return self.subject.kind == SubjectKind.LINK

    @property
    def accused(self) -> str:
        """Return what the finding is about: the host of a link, the account with its bank."""
        if self.finding is None:
            return self.subject.text
        return Subject(self.subject.kind, self.finding.key, self.finding.bank).text


def lookup_subject(subject: Subject) -> SubjectVerdict:
    """Return what may be said of an account or a link. Three statements."""
    host = link_hosts.host_of(subject.key) if subject.kind == SubjectKind.LINK else ""
    keys = list(link_hosts.iter_keys(subject.key)) if host else [subject.key]
    finding, cleared_at = load_finding(subject.kind, keys, subject.bank)
    since = max(filter(None, [report_counts.counting_window_start(), cleared_at]))
    summary = report_counts.summary_for(subject.key, since, subject.kind, subject.bank)
    if host and not _is_accusable(subject.key, host):
        summary = CallerReportSummary()
    notes = tuple(_iter_notes(host)) if host and not cleared_at else ()
    kind = _decide_kind("" if cleared_at else host, finding, summary)
    return SubjectVerdict(subject, kind, summary, finding, notes)


def _is_accusable(link: str, host: str) -> bool:
    """Return whether reports may name a link: none that is genuine and imitated, nor a host that many
    share; as with findings.
    """
    return bool(link_hosts.key_of_link(link)) and not link_hosts.may_be_genuine(host)


def _decide_kind(
    host: str, finding: NumberFinding | None, summary: CallerReportSummary
) -> SubjectVerdictKind:
    """Return the kind of verdict; no finding is on an address of the state, and reports name it in vain.
    `host`: of a link that officers have not cleared.
    """
    if finding:
        return SubjectVerdictKind.CONFIRMED
    if host and link_hosts.is_of_state(host):
        return SubjectVerdictKind.STATE
    if host and (link_hosts.poses_as_state(host) or link_hosts.poses_as_bank(host)):
        return SubjectVerdictKind.IMITATION
    return SubjectVerdictKind.SEVERAL if summary.people else SubjectVerdictKind.UNKNOWN


def _iter_notes(host: str) -> Iterator[Promise]:
    if link_hosts.poses_as_state(host):
        yield _STATE
    elif link_hosts.poses_as_bank(host):
        yield _BANK
    elif link_hosts.has_odd_ending(host):
        yield _ODD_ENDING
