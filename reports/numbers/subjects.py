"""What a look-up, a finding or a dispute is about, read from a short text: a number, an account, a link."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from django.db.models import Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.text import normalize, to_ascii_digits
from reports.extraction import phones
from reports.extraction.bank_accounts_and_links import (
    CHAINS,
    MAX_ACCOUNT_DIGITS,
    MIN_ACCOUNT_DIGITS,
    bank_names,
    canonical_link,
    defang_link,
    find_bank,
    find_bank_accounts,
    find_cards,
    find_links,
    tables,
)
from reports.extraction.phones import ParsedCaller
from reports.models import Dispute, Indicator, NumberFinding, OfficeQuestion, SubjectKind
from reports.models.numbers import MAX_KEY_CHARS
from reports.numbers import lookup, report_counts
from reports.numbers.lookup import load_finding
from reports.numbers.report_counts import CallerReportSummary
from reports.public import link_hosts

MAX_TYPED_CHARS = 500  # of a link that is pasted whole
_MAX_NUMBERS_CHARS = 200
_MIN_BARE_DIGITS = 8  # of an account without a word beside it
_MAX_PHONE_DIGITS = 11  # at home, with the 0


@dataclass(frozen=True)
class Subject:
    """`key` as of an indicator, "" where nothing could be read; `bank`: of an account, "" where not told."""

    kind: SubjectKind
    key: str
    bank: str = ""

    @property
    def named(self) -> Q:
        """Return what selects the rows about it; of an account those of no told bank too."""
        of_bank = Q(bank__in=("", self.bank)) if self.bank else Q()
        return Q(kind=self.kind, key=self.key) & of_bank

    @property
    def text(self) -> str:
        """Return it as pages print it: no link can be pressed."""
        if self.kind == SubjectKind.LINK:
            return defang_link(self.key)
        if self.kind == SubjectKind.NUMBER:
            return phones.group_digits(self.key)
        return self.typed

    @property
    def typed(self) -> str:
        """Return it as the fields for it read it again."""
        return " ".join(filter(None, (self.bank, self.key)))


def subject_of(row: NumberFinding | Dispute | OfficeQuestion | Indicator) -> Subject:
    """Return what a finding, a dispute or a question is about, or a report names (no person)."""
    return Subject(SubjectKind(row.kind), row.key, row.bank)


def has_card(text: str) -> bool:
    return bool(find_cards(text))


def find_account_or_link(text: str) -> Subject | None:
    """Return the account or link of a short text; None where it is better read as telephone numbers."""
    text = text.strip()[:MAX_TYPED_CHARS]
    phone = phones.parse(text)
    if link := _find_link(text, phone):
        return Subject(SubjectKind.LINK, link)
    if phone.kind == "hidden" or has_card(text):
        return None
    if accounts := find_bank_accounts(text):
        return Subject(SubjectKind.ACCOUNT, accounts[0].account, accounts[0].bank)
    digits, bank = _find_lone_digits(text), find_bank(text)
    is_lone = not any(map(str.isalpha, text)) and _is_bare_account(digits, text, phone)
    if digits and (is_lone or (bank and _has_no_other_words(text))):
        return Subject(SubjectKind.ACCOUNT, digits, bank)
    return None


def _find_link(text: str, phone: ParsedCaller) -> str:
    """Return the first link of a text, or the host with any ending that it is, else ""."""
    if "link" in phone.flags:
        return find_links(text)[0].link
    is_one_word = "words" in phone.flags and len(text.split()) == 1
    return canonical_link(f"http://{text}") if is_one_word else ""


def _find_lone_digits(text: str) -> str:
    """Return the digits of a text that holds one number as long as an account's, else ""."""
    chains = CHAINS.findall(to_ascii_digits(text))
    digits = "".join(filter(str.isdecimal, chains[0])) if len(chains) == 1 else ""
    return digits if MIN_ACCOUNT_DIGITS <= len(digits) <= MAX_ACCOUNT_DIGITS else ""


def _is_bare_account(digits: str, text: str, phone: ParsedCaller) -> bool:
    """Return whether digits alone are an account: nothing that was meant as a telephone number."""
    is_spelt_as_phone = not text.replace(" ", "").isalnum() or (
        digits.startswith("0") and len(digits) <= _MAX_PHONE_DIGITS
    )
    return len(digits) >= _MIN_BARE_DIGITS and not is_spelt_as_phone and not is_number(phone, text)


def _has_no_other_words(text: str) -> bool:
    """Return whether a text with a bank says nothing else: no "Vietcombank gọi từ …"."""
    left = f" {normalize(''.join(' ' if sign.isdecimal() else sign for sign in text))} "
    known = {*bank_names(), *tables()["account_words"], *tables()["beside_holder"]}
    for phrase in sorted(known, key=len, reverse=True):
        left = left.replace(f" {phrase} ", " ")
    return not left.strip()


def is_number(phone: ParsedCaller, text: str) -> bool:
    """Return whether digits are a telephone number, not an account that begins with 00 or 1."""
    is_odd = phone.kind == "international" and "unlisted_range" in phone.flags
    return bool(phone.key) and ("+" in text or not is_odd)


def find_lone_numbers(text: str) -> tuple[ParsedCaller, ...]:
    """Return the telephone numbers of a text that holds nothing else, else ()."""
    if any(map(str.isalpha, text)) or len(text) > _MAX_NUMBERS_CHARS:
        return ()
    return tuple(each for each in phones.parse_many(text.strip()) if is_number(each, text))


def parse_subject(typed: str) -> Subject:
    """Return what was typed as findings name it, with the key "" where nothing could be read."""
    if found := find_account_or_link(typed):
        subject = finding_subject(found)
    else:
        subject = Subject(SubjectKind.NUMBER, lookup.lookup_key(phones.parse(typed)))
    return subject if len(subject.key) <= MAX_KEY_CHARS else replace(subject, key="")


def finding_subject(subject: Subject) -> Subject:
    """Return what a finding on it is about: of a link its host (public/link_hosts.py)."""
    if subject.kind != SubjectKind.LINK:
        return subject
    return Subject(subject.kind, link_hosts.key_of_link(subject.key))


# --- what the portal says in public of an account or a link


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
