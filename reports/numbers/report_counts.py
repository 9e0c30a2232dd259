"""What unrelated people reported of callers' numbers, accounts and links; signs of arranged reports.

Each question is one statement over a bounded number of rows. A number that one person has reported
gets the answer of one that nobody has.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db.models import (
    Case,
    Count,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    When,
)
from django.db.models.fields import BooleanField
from django.db.models.functions import Left, TruncDate
from django.db.models.lookups import LessThanOrEqual, Regex
from django.utils import timezone

from core.database import fetch_all
from core.text import normalize_as_meant
from reports.calendar.deadline_rules import start_of_day
from reports.facts import abuse_flags, contact_index
from reports.facts.abuse_flags import SAME_NETWORK
from reports.facts.choices import OFFICES
from reports.facts.followup_facts import CORRECTED
from reports.models import Case as DecidedCase
from reports.models import Dispute, Followup, Indicator, NumberFinding, OfficeNumber, Report
from reports.numbers.reporter_independence import (
    ReporterEvidence,
    are_near_duplicates,
    distinct_reporters,
    expiry_day,
    last_report_day,
)

MIN_PEOPLE = 2
MIN_ALIKE = 3  # other numbers of a range, each of which may be named by itself
DAYS = 60
_MAX_ROWS = 150  # reports of one kind in one statement
_MAX_NAMING = 5000  # the newest that name a number, or one of its range
MAX_NAMED = 3  # callers of a report; longer lists do not count in public
_TELLING = r"(\S+\s+){4}\S"  # five words, see reports/numbers/reporter_independence.py
STORY = 500  # characters of a story that are compared
_RANGE = 3  # the last digits that numbers of one range differ in
# A reporter who names the number of a caller later was called by it too; so it is with a number that an
# officer adds: it is the caller's.
CALLERS = (
    Indicator.IndicatorSource.CALLER,
    Indicator.IndicatorSource.FOLLOWUP,
    Indicator.IndicatorSource.OFFICER,
)
_REPORTED = (Indicator.IndicatorSource.CALLER, Indicator.IndicatorSource.FOLLOWUP)
_JUDGED = Q(
    report__case__status__in=(DecidedCase.Status.CRIME_REPORT, DecidedCase.Status.HANDED_OVER)
) | Q(report__case__outcome__in=(DecidedCase.Outcome.WARNED, DecidedCase.Outcome.SCAM))
_NO_CONTACT = ["contact_unread", "contact_doubtful", "contact_is_caller"]
_OFFICES = {code: name for code, name in OFFICES if code != "other"}

# Placeholders of a statement; no key, no start of one and no time equals these.
_KEY, _START, _BANK, _SINCE = "?key", "?start", "?bank", datetime(9999, 1, 1, tzinfo=UTC)
_NO_NUMBER = "?"

# One row for each contact and number, and one for each commune and day among the others and among
# those of shared networks; of contacts the newest and the oldest, so that frequent writers displace
# nobody. MATERIALIZED: the numbers are searched once.
_DISTINCT_SQL = """
WITH named AS MATERIALIZED ({named}),
contacts AS (
    SELECT DISTINCT ON (key, contact) * FROM named
     WHERE known AND NOT shared AND (tells OR commune IS NOT NULL)
     ORDER BY key, contact, at DESC, id),
places AS (
    SELECT DISTINCT ON (key, shared, commune, day) * FROM named
     WHERE (shared OR NOT known) AND tells AND commune IS NOT NULL
     ORDER BY key, shared, commune, day, at, id),
apart AS (
    (SELECT * FROM contacts ORDER BY at DESC LIMIT %s) UNION
    (SELECT * FROM contacts ORDER BY at LIMIT %s) UNION
    (SELECT * FROM places WHERE NOT shared ORDER BY at DESC LIMIT %s) UNION
    (SELECT * FROM places WHERE shared ORDER BY at DESC LIMIT %s))
SELECT key, claimed, contact, sealed, commune, at, story, shared, report_id FROM apart
"""


@dataclass(frozen=True)
class CallerReportSummary:
    """What unrelated people reported; empty while they are fewer than MIN_PEOPLE. `last`: the day
    of their last report; `until`: the day on which, without further reports, they are too few.
    """

    people: int = 0
    communes: int = 0
    last: date | None = None
    until: date | None = None
    claimed: str = ""


@dataclass(frozen=True)
class _Row:
    """A report that names the number, as far as it counts."""

    key: str
    claimed: str
    evidence: ReporterEvidence


def counting_window_start() -> datetime:
    """Return the local midnight from which reports count: each counts for DAYS days."""
    first = timezone.localdate() - timedelta(days=DAYS - 1)
    return start_of_day(first)


def summary_for(
    key: str, since: datetime, kind: str = Indicator.Kind.NUMBER, bank: str = ""
) -> CallerReportSummary:
    """Return what was reported of one number, account or link since then; of an account with a bank
    not what was reported of another bank's. One statement.
    """
    match = _match_account if bank else _match_key
    rows = _load_reports(match, {_KEY: key, _BANK: bank}, since, kind)
    evidence = [row.evidence for row in rows]
    people = distinct_reporters(evidence)
    if len(people) < MIN_PEOPLE:
        return CallerReportSummary()
    return CallerReportSummary(
        people=len(people),
        communes=len({person.commune for person in people if person.commune}),
        last=last_report_day(people, evidence),
        until=expiry_day(evidence, MIN_PEOPLE) + timedelta(days=DAYS),
        claimed=_most_claimed_office(rows),
    )


def similar_numbers_exist(key: str, since: datetime) -> bool:
    """Return whether MIN_ALIKE other numbers of the range may be named, each by itself, without
    revealing how many or anything of the number itself. Two statements.
    """
    has_range = key.startswith("+") and len(key) > 9
    start = key[:-_RANGE] if has_range else _NO_NUMBER
    confirmed = set(_list_confirmed(start, key))
    by_key: dict[str, list[ReporterEvidence]] = {}
    for row in _load_reports(_match_range, {_KEY: key, f"{_START}%": f"{start}%"}, since):
        by_key.setdefault(row.key, []).append(row.evidence)
    reported = {
        key for key, evidence in by_key.items() if len(distinct_reporters(evidence)) >= MIN_PEOPLE
    }
    return len(confirmed | reported) >= MIN_ALIKE


def _list_confirmed(start: str, key: str) -> list[str]:
    accusing = NumberFinding.objects.in_effect(timezone.localdate()).accusing()
    others = accusing.filter(kind=Indicator.Kind.NUMBER, key__startswith=start).exclude(key=key)
    return list(others.values_list("key", flat=True)[:MIN_ALIKE])


def _match_key() -> Q:
    return Q(key=_KEY) & ~Q(key="")


def _match_account() -> Q:
    return _match_key() & Q(bank__in=("", _BANK))


def _match_range() -> Q:
    return Q(key__startswith=_START) & ~Q(key=_KEY) & ~_match_excluded()


def _match_excluded() -> Q:
    """Match published and cleared numbers, which never count with their neighbours."""
    cleared = NumberFinding.objects.filter(
        kind=Indicator.Kind.NUMBER,
        finding=NumberFinding.Finding.CLEARED,
        withdrawn_at=None,
        confirmed_at__isnull=False,
    )
    upheld = Dispute.objects.filter(kind=Indicator.Kind.NUMBER, status=Dispute.Status.UPHELD)
    excluded = [each.values("key") for each in (OfficeNumber.objects.all(), cleared, upheld)]
    return Q(*[Q(key__in=keys) for keys in excluded], _connector=Q.OR)


def _most_claimed_office(rows: Iterable[_Row]) -> str:
    """Return whom the callers claimed to be, where MIN_PEOPLE say the same, else ""."""
    rows = list(rows)
    for code, _ in Counter(row.claimed for row in rows).most_common():
        same = distinct_reporters(row.evidence for row in rows if row.claimed == code)
        if code in _OFFICES and len(same) >= MIN_PEOPLE:
            return str(_OFFICES[code])
    return ""


def _load_reports(
    match: Callable[[], Q],
    replacements: Mapping[str, str],
    since: datetime,
    kind: str = Indicator.Kind.NUMBER,
) -> list[_Row]:
    """Return the reports since then that count, name a caller so and can add a person."""
    statement, placeholders = _build_statement(match, kind)
    actual: dict[Any, Any] = {**replacements, _SINCE: since}
    values = [
        actual.get(each, each) if isinstance(each, str | datetime) else each
        for each in placeholders
    ]
    return [_parse_row(*row) for row in fetch_all(statement, values)]


@lru_cache(maxsize=8)
def _build_statement(match: Callable[[], Q], kind: str) -> tuple[str, list[Any]]:
    """Return statement and values with placeholders: building it takes ten times its run."""
    columns = _select_columns(_select_named(match(), kind, _SINCE))[:_MAX_NAMING]
    rows, values = columns.query.sql_with_params()
    return _DISTINCT_SQL.format(named=rows), [*values, *[_MAX_ROWS] * 4]


def _select_named(named: Q, kind: str, since: datetime) -> QuerySet[Indicator]:
    """Select callers' numbers, or accounts or links, of reports that name at most MAX_NAMED.

    What an officer added counts for the desk alone: one officer names nobody in public. An account or a
    link may be the reporter's own, and no flood is noticed by it: a report counts once an officer has
    judged it.
    """
    of_kind = Q(kind=kind)
    if kind == Indicator.Kind.NUMBER:
        of_kind &= Q(source__in=_REPORTED)
    else:
        of_kind &= ~Q(source=Indicator.IndicatorSource.OFFICER) & _JUDGED
    of_report = Indicator.objects.filter(of_kind, report=OuterRef("report")).order_by()
    many = of_report.values("report").annotate(many=Count("key", distinct=True)).values("many")
    return (
        Indicator.objects.filter(
            named,
            of_kind,
            report__in=abuse_flags.publicly_countable().filter(received_at__gte=since),
        )
        .exclude(flags__contains=[CORRECTED])
        .filter(LessThanOrEqual(Subquery(many), MAX_NAMED))
    )


def _match_shared_network() -> Q:
    """Match reports from a network that had reported the number before."""
    later = Followup.objects.filter(report=OuterRef("report"), flags__contains=[SAME_NETWORK])
    return (
        Q(report__flags__contains=[SAME_NETWORK])
        | Q(
            report__flood_sample__isnull=False, report__flood_sample__flags__contains=[SAME_NETWORK]
        )
        | Q(Exists(later), source=Indicator.IndicatorSource.FOLLOWUP)
    )


def _select_columns(rows: QuerySet[Indicator]) -> "QuerySet[Indicator, Any]":
    """Select the columns of _DISTINCT_SQL. `known`: the contact is a subscriber's; `tells`: there
    is a story. `commune`: as first reported, so that a correction written after a look-up cannot
    make one person two.
    """
    is_known = Q(report__contact_index__isnull=False) & ~Q(report__flags__overlap=_NO_CONTACT)
    start = Left("report__story", STORY)
    return rows.order_by("-report__received_at").values(
        "id",
        "key",
        "report_id",
        claimed=F("report__claimed_office"),
        contact=Case(When(is_known, then=F("report__contact_index"))),
        sealed=Case(When(is_known, then=F("report__contact_sealed"))),
        commune=F("report__commune_id"),
        at=F("report__received_at"),
        day=TruncDate("report__received_at"),
        known=ExpressionWrapper(is_known, output_field=BooleanField()),
        tells=Regex(start, _TELLING),
        shared=ExpressionWrapper(_match_shared_network(), output_field=BooleanField()),
        story=start,
    )


def _parse_row(  # noqa: PLR0913, PLR0917  # the columns of _DISTINCT_SQL
    key: str,
    claimed: str,
    contact: memoryview | None,
    sealed: memoryview | None,
    commune: str | None,
    at: datetime,
    story: str,
    shared: bool,
    report_id: UUID,
) -> _Row:
    own = (
        contact_index.same_contact(bytes(contact), sealed, report_id) if contact and sealed else b""
    )
    evidence = ReporterEvidence(
        contact=own,
        commune=commune or "",
        at=timezone.localtime(at),
        words=frozenset(normalize_as_meant(story).split()),
        is_shared=shared,
    )
    return _Row(key, claimed, evidence)


MIN_COORDINATED = 3  # reports of a number, for a signal
MAX_SIGNAL_REPORTS = 100  # the newest of a number


@dataclass(frozen=True)
class CoordinationSignal:
    """How many of the newest reports of a number there are, and how many share each sign."""

    reports: int
    one_network: int
    alike: int
    lowered: int
    days: int = DAYS


def coordination_signal(key: str) -> CoordinationSignal | None:
    """Return the signs of arranged reports of a key, None where there are too few."""
    rows = _load_signal_rows(key)
    all_flags = [{*flags, *(sample_flags or ())} for flags, sample_flags, _ in rows]
    stories = [frozenset(normalize_as_meant(story).split()) for *_, story in rows]
    signs = {
        "one_network": sum(abuse_flags.SAME_NETWORK in flags for flags in all_flags),
        "alike": _count_near_duplicates(stories),
        "lowered": sum(map(abuse_flags.is_deprioritized, all_flags)),
    }
    enough = {name: many for name, many in signs.items() if many >= MIN_COORDINATED - 1}
    if len(rows) < MIN_COORDINATED or not enough:
        return None
    return CoordinationSignal(len(rows), **{name: enough.get(name, 0) for name in signs})


def _load_signal_rows(key: str) -> list[tuple[list[str], list[str] | None, str]]:
    """Return flags, flood flags and story of the newest reports that name the key as a caller's."""
    if not key:
        return []
    named = Indicator.objects.filter(
        report=OuterRef("pk"), kind=Indicator.Kind.NUMBER, source__in=CALLERS, key=key
    )
    rows = Report.objects.filter(Exists(named), received_at__gte=counting_window_start())
    newest = rows.order_by("-received_at").annotate(story_start=Left("story", STORY))
    columns = newest.values_list("flags", "flood_sample__flags", "story_start")
    return list(columns[:MAX_SIGNAL_REPORTS])


def _count_near_duplicates(stories: Sequence[frozenset[str]]) -> int:
    return sum(
        any(are_near_duplicates(words, other) for at, other in enumerate(stories) if at != place)
        for place, words in enumerate(stories)
    )
