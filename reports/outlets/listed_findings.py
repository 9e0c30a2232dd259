"""What every outlet publishes: what the look-up says in red today, and what has ended, so that readers take it off.

A finding stands at the time of its last change: when it was confirmed, and once it has ended (withdrawn,
a dispute upheld, its last day over) when it ended. Whoever asks for the changes since the last answer is
told of each beginning and each end.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid5

from django.db.models import F, Max, Q, Value
from django.db.models.functions import TruncDate
from django.utils import timezone

from core.province import province
from reports.models import NumberFinding, SubjectKind
from reports.models.numbers import end_of_finding

# Of 100: "high" on the scale of STIX. Two officers agree, but a number may be faked.
CONFIDENCE = 85
ENDED_DAYS = 400  # so long an end is listed; who comes back later begins anew
# What is being written while somebody reads has the time of its statement and is committed later, by
# no more than a request may last (portal/gunicorn.py).
LATE_COMMIT = timedelta(seconds=40)
# Of everything that is made of a name. It must not change with the address of the portal.
NAMESPACE = uuid5(NAMESPACE_URL, f"{province.slug}/findings")
_FIRST = datetime(2000, 1, 1, tzinfo=UTC)
_LAST_DAY = date.max - timedelta(days=1)  # somebody may write 31/12/9999
_MICROSECOND = timedelta(microseconds=1)
_CURSOR = re.compile(r"(\d{1,18})\.(\d{1,18})\.(\d{1,18})", re.ASCII)
_COLUMNS = ("id", "public_id", "kind", "key", "bank", "confirmed_at", "valid_until")


class ListedFinding(NamedTuple):
    """A finding as its readers know it. `key` and `bank` as of the finding; ended: in force no more."""

    pk: int
    id: UUID
    kind: str
    key: str
    bank: str
    confirmed_at: datetime
    valid_until: date
    changed_at: datetime
    is_ended: bool

    @property
    def expires_at(self) -> datetime:
        """Return when it ends, or has ended."""
        return self.changed_at if self.is_ended else end_of_day(self.valid_until)


@dataclass(frozen=True)
class Cursor:
    """How far a reader is: after the change at `at` of the finding `pk`. What changes after `until`,
    when the reader began, is for the next time.
    """

    at: datetime
    pk: int
    until: datetime

    def __str__(self) -> str:
        return f"{(self.at - _FIRST) // _MICROSECOND}.{self.pk}.{(self.until - _FIRST) // _MICROSECOND}"


def start(since: datetime | None = None) -> Cursor:
    """Return the cursor of a reader who begins, or who knows what had changed by `since`."""
    now = timezone.now()
    at = min(max(_FIRST + LATE_COMMIT, since or _FIRST), now) - LATE_COMMIT
    return Cursor(at.astimezone(UTC), 0, now)  # PostgreSQL knows no offset of 16 hours


def parse_cursor(text: str) -> Cursor | None:
    """Return the cursor that a page named as the next one, None for any other text."""
    match = _CURSOR.fullmatch(text)
    if not match:
        return None
    at, pk, until = map(int, match.groups())
    try:
        times = [_FIRST + each * _MICROSECOND for each in (at, until)]
    except OverflowError:
        return None
    return Cursor(times[0], pk, min(times[1], timezone.now()))


def end_of_day(day: date) -> datetime:
    """Return the midnight in Vietnam with which a day ends."""
    following = min(day, _LAST_DAY) + timedelta(days=1)
    return datetime.combine(following, time(), timezone.get_default_timezone())


def format_utc(moment: datetime, timespec: str = "microseconds") -> str:
    """Return a time in UTC by RFC 3339, as precise as `datetime.isoformat` takes it."""
    return moment.astimezone(UTC).isoformat(timespec=timespec).replace("+00:00", "Z")


@dataclass(frozen=True)
class Page:
    """Findings in the order of their changes; `next`: None for the last page."""

    findings: Sequence[ListedFinding]
    next: Cursor | None = None


def load_page(
    after: Cursor,
    limit: int,
    kinds: Collection[str] = SubjectKind.values,
    *,
    with_ended: bool = True,
) -> Page:
    """Return so many of these kinds at most. One statement, along two indexes."""
    halves = [_in_force(), _ended()] if with_ended else [_in_force()]
    found = _load(halves, Q(kind__in=kinds), after, limit + 1)
    if len(found) <= limit:
        return Page(found)
    last = found[limit - 1]
    return Page(found[:limit], Cursor(last.changed_at, last.pk, after.until))


def load_by_id(ids: Collection[UUID], kind: str) -> list[ListedFinding]:
    return _load(_listed(), Q(public_id__in=ids, kind=kind))


def load_confirmed_on(day: date) -> list[ListedFinding]:
    """Return what was confirmed on that day in Vietnam."""
    first, after_last = end_of_day(day - timedelta(days=1)), end_of_day(day)
    return _load(_listed(), Q(confirmed_at__gte=first, confirmed_at__lt=after_last))


def load_in_force() -> list[ListedFinding]:
    return _load([_in_force()], Q())


def load_last_changes() -> dict[date, datetime]:
    """Return when anything that was confirmed on a day last changed, by that day in Vietnam."""
    day = TruncDate("confirmed_at", tzinfo=timezone.get_default_timezone())
    first, second = (
        half.order_by().values(day=day).annotate(last=Max("changed_at")).values_list("day", "last")
        for half in _listed()
    )
    last: dict[date, datetime] = {}
    for on, at in first.union(second, all=True):
        last[on] = max(at, last.get(on, at))
    return last


def _load(
    halves: Sequence[Any], which: Q, after: Cursor | None = None, limit: int | None = None
) -> list[ListedFinding]:
    """Return these in the order of their changes; each half is read along its own index."""
    after = after or start()
    first, *others = (
        half.filter(which, changed_at__range=(after.at, after.until))
        .exclude(changed_at=after.at, pk__lte=after.pk)
        .order_by("changed_at", "id")
        .values_list(*_COLUMNS, "changed_at", "is_ended")[:limit]
        for half in halves
    )
    rows = first.union(*others, all=True).order_by("changed_at", "id")[:limit] if others else first
    return [ListedFinding(*row) for row in rows]


def _listed() -> list[Any]:
    return [_in_force(), _ended()]


def _in_force() -> Any:
    rows = NumberFinding.objects.in_effect(timezone.localdate()).accusing()
    return rows.annotate(changed_at=F("confirmed_at"), is_ended=Value(False))


def _ended() -> Any:
    """Return the accusations that have ended; one that was never public has no end."""
    now = timezone.now()
    rows = NumberFinding.objects.filter(
        finding=NumberFinding.Finding.CONFIRMED, confirmed_at__isnull=False
    ).exclude(key="")
    ended = rows.annotate(changed_at=end_of_finding(), is_ended=Value(True))
    return ended.filter(changed_at__range=(now - timedelta(days=ENDED_DAYS), now))
