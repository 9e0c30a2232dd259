"""What unrelated people told of the numbers that called them: enough to be said, or nothing.

A bounded number of rows is given back, and each question is one statement that looks for its
numbers once; a number that one person has reported gives the very answer of one that nobody has.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connection
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
from django.db.models.lookups import LessThanOrEqual
from django.utils import timezone

from core.text import normalize
from reports.extraction import redaction
from reports.facts import abuse_flags
from reports.facts.abuse_flags import SAME_NETWORK
from reports.facts.choices import OFFICES
from reports.models import Dispute, Followup, Indicator, NumberFinding, OfficeNumber
from reports.numbers.reporter_independence import (
    ReporterEvidence,
    distinct_reporters,
    expiry_day,
    last_report_day,
)

MIN_PEOPLE = 2
MIN_ALIKE = 3  # other numbers of a range, each of which may be said by itself
DAYS = 60
_MAX_READ_BYTES = 150  # reports of one kind in one look
MAX_NAMED = 3  # callers of a report: a longer list is one for an officer
_TELLING = r"(\S+\s+){4}\S"  # five words, see reports/numbers/reporter_independence.py
STORY = 500  # signs of a story that tell two apart
_RANGE = 3  # the last digits that numbers of one range differ in
# A reporter who names the number of a caller later was called by it too.
CALLERS = (Indicator.IndicatorSource.CALLER, Indicator.IndicatorSource.LATER)
_NO_CONTACT = ["contact_unread", "contact_doubtful", "contact_is_caller"]
_OFFICES = {code: name for code, name in OFFICES if code != "other"}

# What stands in a statement for what is asked; no key, no start of one and no time is like these.
_KEY, _START, _SINCE = "?key", "?start", datetime(9999, 1, 1, tzinfo=UTC)
_NO_NUMBER = "?"

# One row for each contact and number, and one for each commune and day among the others and among
# those of shared networks; of the contacts the newest and the oldest, so that who writes often pushes
# nobody out. MATERIALIZED: the numbers are looked for once.
_APART = """
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
    """What unrelated people told; all empty while they are fewer than `FEWEST_PEOPLE`.

    `last`: the day of the last report by one of them. `until`: the day on which, without further
    reports, they are too few.
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
    told: ReporterEvidence


def counting_window_start() -> datetime:
    """Where it begins, at a local midnight: what was told on a day goes DAYS days later."""
    first = timezone.localdate() - timedelta(days=DAYS - 1)
    return timezone.make_aware(datetime.combine(first, time.min))


def summary_for(key: str, since: datetime) -> CallerReportSummary:
    """What was told of one number since then. One statement."""
    rows = _load_reports(_own, {_KEY: key}, since)
    told = [row.told for row in rows]
    people = distinct_reporters(told)
    if len(people) < MIN_PEOPLE:
        return CallerReportSummary()
    return CallerReportSummary(
        people=len(people),
        communes=len({person.commune for person in people if person.commune}),
        last=last_report_day(people, told),
        until=expiry_day(told, MIN_PEOPLE) + timedelta(days=DAYS),
        claimed=_claimed(rows),
    )


def similar_numbers_exist(key: str, since: datetime) -> bool:
    """Whether some other numbers that begin alike may be said, each by itself. How many they are,
    and what was told of the number itself, the answer does not give away. Two statements.
    """
    has_range = key.startswith("+") and len(key) > 9
    start = key[:-_RANGE] if has_range else _NO_NUMBER
    found = set(_confirmed(start, key))
    by_key: dict[str, list[ReporterEvidence]] = {}
    for row in _load_reports(_others, {_KEY: key, f"{_START}%": f"{start}%"}, since):
        by_key.setdefault(row.key, []).append(row.told)
    said = {key for key, told in by_key.items() if len(distinct_reporters(told)) >= MIN_PEOPLE}
    return len(found | said) >= MIN_ALIKE


def _confirmed(start: str, key: str) -> list[str]:
    standing = NumberFinding.objects.in_effect(timezone.localdate()).accusing()
    others = standing.filter(key__startswith=start).exclude(key=key)
    return list(others.values_list("key", flat=True)[:MIN_ALIKE])


def _own() -> Q:
    return Q(key=_KEY) & ~Q(key="")


def _others() -> Q:
    return Q(key__startswith=_START) & ~Q(key=_KEY) & ~_may_not_be_said()


def _may_not_be_said() -> Q:
    """Numbers that an institution has published, or that an officer has cleared: none is counted
    with its neighbours, whenever the reports came.
    """
    cleared = NumberFinding.objects.filter(
        finding=NumberFinding.Finding.CLEARED, withdrawn_at=None, confirmed_at__isnull=False
    )
    upheld = Dispute.objects.filter(status=Dispute.Status.UPHELD)
    excluded = [each.values("key") for each in (OfficeNumber.objects.all(), cleared, upheld)]
    return Q(*[Q(key__in=keys) for keys in excluded], _connector=Q.OR)


def _claimed(rows: Iterable[_Row]) -> str:
    """Whom the callers claimed to be, where two people at least say the same."""
    rows = list(rows)
    for code, _ in Counter(row.claimed for row in rows).most_common():
        same = distinct_reporters(row.told for row in rows if row.claimed == code)
        if code in _OFFICES and len(same) >= MIN_PEOPLE:
            return str(_OFFICES[code])
    return ""


def _load_reports(named: Callable[[], Q], given: Mapping[str, str], since: datetime) -> list[_Row]:
    """The reports since then that count, name a caller so and can add a person."""
    statement, values = _statement(named)
    values = [since if value == _SINCE else _filled(value, given) for value in values]
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [_row(*row) for row in cursor.fetchall()]


def _filled(value: Any, given: Mapping[str, str]) -> Any:
    return given.get(value, value) if isinstance(value, str) else value


@lru_cache(maxsize=2)
def _statement(named: Callable[[], Q]) -> tuple[str, list[Any]]:
    """The statement and its values, with marks where a look puts its own: putting it together
    takes the machine ten times as long as PostgreSQL needs to answer it.
    """
    rows, values = _columns(_naming(named(), _SINCE)).query.sql_with_params()
    return _APART.format(named=rows), [*values, *[_MAX_READ_BYTES] * 4]


def _naming(named: Q, since: datetime) -> QuerySet[Indicator]:
    """Callers' numbers, of reports that name a few of them."""
    callers = Q(kind=Indicator.Kind.NUMBER, place__in=CALLERS)
    of_report = Indicator.objects.filter(callers, report=OuterRef("report")).order_by()
    many = of_report.values("report").annotate(many=Count("key", distinct=True)).values("many")
    return Indicator.objects.filter(
        named,
        callers,
        report__in=abuse_flags.publicly_countable().filter(received_at__gte=since),
    ).filter(LessThanOrEqual(Subquery(many), MAX_NAMED))


def _of_one_network() -> Q:
    """Told from a network that had told of the number before: see reports/numbers/reporter_independence.py."""
    later = Followup.objects.filter(report=OuterRef("report"), flags__contains=[SAME_NETWORK])
    return (
        Q(report__flags__contains=[SAME_NETWORK])
        | Q(
            report__flood_sample__isnull=False, report__flood_sample__flags__contains=[SAME_NETWORK]
        )
        | Q(Exists(later), place=Indicator.IndicatorSource.LATER)
    )


def _columns(rows: QuerySet[Indicator]) -> "QuerySet[Indicator, Any]":
    """`known`: whether the contact is a subscriber's at home; `tells`: whether there is a story.
    `commune`: as the report itself told it, not the one told last as everywhere else. A correction
    can wait until its writer has seen what is said of the number; so none makes one person two.
    """
    known = Q(report__contact_index__isnull=False) & ~Q(report__flags__overlap=_NO_CONTACT)
    return rows.order_by().values(
        "id",
        "key",
        "report_id",
        claimed=F("report__claimed_office"),
        contact=Case(When(known, then=F("report__contact_index"))),
        sealed=Case(When(known, then=F("report__contact_sealed"))),
        commune=F("report__commune_id"),
        at=F("report__received_at"),
        day=TruncDate("report__received_at"),
        known=ExpressionWrapper(known, output_field=BooleanField()),
        tells=ExpressionWrapper(Q(report__story__regex=_TELLING), output_field=BooleanField()),
        shared=ExpressionWrapper(_of_one_network(), output_field=BooleanField()),
        story=Left("report__story", STORY),
    )


def _row(  # noqa: PLR0913, PLR0917  # what _APART gives
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
    told = ReporterEvidence(
        contact=_index(contact, sealed, report_id),
        commune=commune or "",
        at=timezone.localtime(at),
        words=frozenset(normalize(story).split()),
        is_shared=shared,
    )
    return _Row(key, claimed, told)


def _index(contact: memoryview | None, sealed: memoryview | None, report_id: UUID) -> bytes:
    return redaction.same_contact(bytes(contact), sealed, report_id) if contact and sealed else b""
