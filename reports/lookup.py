"""A number -> what the portal may say of it in public, with the reasons.

Nothing here is written down: not the number, not that somebody asked. Six statements each time,
whatever is found, over a bounded number of rows; a number that one person has reported gives the
very answer of one that nobody has, and so do its neighbours.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any

from django.db.models import Count, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Left
from django.db.models.lookups import LessThanOrEqual
from django.utils import timezone

from reports import counted, number_words
from reports.folding import fold, plain_digits
from reports.forms import OFFICES
from reports.independence import Told, enough_until, last_day, people_among
from reports.models import Dispute, Indicator, KnownNumber, OfficeNumber
from reports.numbering import owner_of, spaced
from reports.phones import Phone

FEWEST_PEOPLE = 2
FEWEST_ALIKE = 3  # other numbers of a range, each of which may be said by itself
DAYS = 60
_MOST_READ = 150  # reports of one kind in one look
_MOST_NAMED = 3  # callers of a report: a longer list is one for an officer
_TELLING = r"(\S+\s+){4}\S"  # five words, see reports/independence.py
_STORY = 500  # signs of a story that tell two apart
_RANGE = 3  # the last digits that numbers of one range differ in
_ODD_KINDS = {"international", "hidden", "brandname", "invalid", "shortcode"}
# A reporter who names the number of a caller later was called by it too.
_CALLERS = (Indicator.Place.CALLER, Indicator.Place.LATER)
_FORGED = frozenset(
    {"forged_069", "plus_before_service", "short_with_84", "unknown_country", "zero_after_plus"}
)
_NO_CONTACT = ["contact_unread", "contact_doubtful", "contact_is_caller"]
_HOLDS = Q(withdrawn_at=None, confirmed_at__isnull=False)
_OFFICES = {code: name for code, name in OFFICES if code != "other"}


class State(StrEnum):
    """What the page says first."""

    CONFIRMED = "confirmed"
    SEVERAL = "several"
    OFFICE = "office"
    SERVICE = "service"
    UNKNOWN = "unknown"
    ODD = "odd"


_TONES = {
    State.CONFIRMED: "is-red",
    State.SEVERAL: "is-amber",
    State.OFFICE: "is-green",
    State.SERVICE: "is-green",
    State.UNKNOWN: "is-violet",
    State.ODD: "is-violet",
}


@dataclass(frozen=True)
class Heard:
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
class Verdict:
    """What may be said of one number, and why."""

    phone: Phone
    state: State
    shown: str
    heard: Heard
    known: KnownNumber | None = None
    office: OfficeNumber | None = None
    near: tuple[OfficeNumber, ...] = ()
    alike: bool = False

    @property
    def notes(self) -> list[str]:
        """What is odd, and how the number was read."""
        return [str(sentence) for sentence in number_words.of(self.phone.flags)]

    @property
    def is_forged(self) -> bool:
        """Whether the number is shown as no real one is."""
        return not _FORGED.isdisjoint(self.phone.flags)

    @property
    def service(self) -> number_words.Service | None:
        """What a short number that everybody may dial is for."""
        return number_words.SERVICES.get(key_of(self.phone))

    @property
    def is_foreign(self) -> bool:
        return self.phone.kind == "international" and not self.is_forged

    @property
    def is_noted(self) -> bool:
        """Whether the notes stand beside the reasons, and not in the place of a finding."""
        return self.state in {State.CONFIRMED, State.SEVERAL, State.OFFICE} and bool(self.notes)

    @property
    def has_key(self) -> bool:
        return bool(key_of(self.phone))

    @property
    def tone(self) -> str:
        """The class of the box's colour; never green for what nobody knows."""
        if self.state == State.ODD and self.is_forged:
            return "is-amber"
        return _TONES[self.state]

    @property
    def range_of(self) -> str:
        """Whose range a Vietnamese number lies in, "" where that is not known."""
        return owner_of(self.phone.key) if self.phone.key.startswith("+84") else ""


def look(phone: Phone) -> Verdict:
    """What may be said of a number as phones.read gives it. Six statements."""
    key = key_of(phone)
    office, near = _offices(phone, key)
    known, cleared_at = _finding(key)
    since = _since()
    heard = _heard(key, max(filter(None, [since, cleared_at])))
    alike = _alike(key, since)
    state = _state(phone, office, known, heard)
    verdict = Verdict(phone, state, written(phone), heard, known, office, near, alike)
    return replace(verdict, shown=_shown(verdict))


def _shown(verdict: Verdict) -> str:
    """An institution's number as it is published, one that says something odd as it was typed."""
    if verdict.state == State.OFFICE and verdict.office:
        return verdict.office.number
    is_odd = verdict.state == State.ODD and not verdict.is_foreign
    return as_typed(verdict.phone) if is_odd else verdict.shown


def key_of(phone: Phone) -> str:
    """What a number is looked up by: its canonical key, a short number its digits, else ""."""
    if phone.kind == "shortcode" and not phone.flags:
        return _digits(phone.raw)
    return phone.key


def as_typed(phone: Phone) -> str:
    """Nothing repaired: a forged number shows itself by how it is written."""
    return " ".join(phone.raw.split())


def written(phone: Phone) -> str:
    """A number as people write it, 0550 000 123; what is no number as it was typed."""
    digits = "0" + phone.key.removeprefix("+84")
    if phone.kind == "international" and "unknown_country" not in phone.flags:
        return spaced(phone.key)
    if not phone.key.startswith("+84"):
        return phone.key or as_typed(phone)
    if phone.kind in {"tollfree", "premium"}:
        return f"{digits[1:5]} {digits[5:]}"
    return f"{digits[:4]} {digits[4:7]} {digits[7:]}" if len(digits) in {10, 11} else digits


def _state(
    phone: Phone, office: OfficeNumber | None, known: KnownNumber | None, heard: Heard
) -> State:
    """An institution's own number is never called a crook's: it is forged that crooks show it."""
    if key_of(phone) in number_words.SERVICES:
        return State.SERVICE
    if office:
        return State.OFFICE
    if known:
        return State.CONFIRMED
    if heard.people:
        return State.SEVERAL
    is_odd = phone.kind in _ODD_KINDS or not number_words.ODD.keys().isdisjoint(phone.flags)
    return State.ODD if is_odd else State.UNKNOWN


def _offices(phone: Phone, key: str) -> tuple[OfficeNumber | None, tuple[OfficeNumber, ...]]:
    """The institution whose number it is, and those whose number is one digit away from it.

    A number that is near is never read as the other one: a mobile number may belong to somebody.
    """
    keys = {key, *one_digit_away(key or _as_key(phone))}
    found = list(OfficeNumber.objects.select_related("office").filter(key__in=keys))
    own = next((each for each in found if key and each.key == key), None)
    return own, () if own else tuple(found)


def one_digit_away(key: str) -> set[str]:
    """All keys in which one digit more, less or another stands; none for short numbers."""
    digits = key.removeprefix("+")
    if len(digits) < 7 or len(digits) > 15:
        return set()
    places = range(len(digits))
    less = {digits[:at] + digits[at + 1 :] for at in places}
    other = {digits[:at] + new + digits[at + 1 :] for at in places for new in "0123456789"}
    more = {
        digits[:at] + new + digits[at:] for at in [*places, len(digits)] for new in "0123456789"
    }
    return {f"+{near}" for near in less | other | more} - {key}


def _as_key(phone: Phone) -> str:
    """The digits of what could not be read, in the shape of a key, to find what they are near to."""
    digits = _digits(phone.raw)
    return "+84" + digits[1:] if digits.startswith("0") else "+" + digits


def _digits(text: str) -> str:
    return "".join(sign for sign in plain_digits(text) if sign.isdecimal())


def _finding(key: str) -> tuple[KnownNumber | None, datetime | None]:
    """The confirmed finding that holds today, and up to when reports count no more because an
    officer has cleared the number. Two statements.
    """
    holds = _HOLDS & Q(valid_until__gte=timezone.localdate())
    row = KnownNumber.objects.filter(holds, key=key).exclude(key="").first()
    upheld = Dispute.objects.filter(key=key, status=Dispute.Status.UPHELD).exclude(key="")
    answered = upheld.order_by("-answered_at").values_list("answered_at", flat=True).first()
    if row is None or row.finding == KnownNumber.Finding.CONFIRMED:
        return row, answered
    return None, max(filter(None, [row.confirmed_at, answered]))


@dataclass(frozen=True)
class _Row:
    """A report that names the number, as far as it counts."""

    key: str
    claimed: str
    told: Told


def _since() -> datetime:
    """Where the window begins, at a local midnight: what was told on a day goes DAYS days later."""
    first = timezone.localdate() - timedelta(days=DAYS - 1)
    return timezone.make_aware(datetime.combine(first, time.min))


def _told(named: Q, since: datetime) -> list[_Row]:
    """The reports since then that count, name a caller so and can add a person, in one statement.
    One row for each contact and number, and one for each commune and day among the others; of the
    contacts the newest and the oldest, so that who writes often pushes nobody out.
    """
    rows = _naming(named, since)
    known = Q(report__contact_index__isnull=False) & ~Q(report__flags__overlap=_NO_CONTACT)
    tells = Q(report__story__regex=_TELLING)
    placed = Q(report__commune__isnull=False)
    newest, oldest = "-report__received_at", "report__received_at"
    by_contact = _first(rows.filter(known, tells | placed), newest, "report__contact_index")
    day = "report__received_at__date"
    by_day = _first(rows.filter(~known, tells, placed), oldest, "report__commune_id", day)
    ends = by_contact.order_by(newest), by_contact.order_by(oldest), by_day.order_by(newest)
    parts = [_columns(part)[:_MOST_READ] for part in ends]
    return [_row(row) for row in parts[0].union(*parts[1:])]


def _naming(named: Q, since: datetime) -> QuerySet[Indicator]:
    """Callers' numbers, of reports that name a few of them."""
    callers = Q(kind=Indicator.Kind.NUMBER, place__in=_CALLERS)
    of_report = Indicator.objects.filter(callers, report=OuterRef("report")).order_by()
    many = of_report.values("report").annotate(many=Count("key", distinct=True)).values("many")
    return Indicator.objects.filter(
        named, callers, report__in=counted.reports().filter(received_at__gte=since)
    ).filter(LessThanOrEqual(Subquery(many), _MOST_NAMED))


def _first(rows: QuerySet[Indicator], order: str, *same: str) -> QuerySet[Indicator]:
    """The first row in this order for each number and what is the *same*."""
    first = rows.order_by("key", *same, order, "pk").distinct("key", *same)
    return Indicator.objects.filter(pk__in=first.values("pk"))


def _columns(rows: QuerySet[Indicator]) -> "QuerySet[Indicator, Any]":
    return rows.values(
        "key",
        claimed=F("report__claimed_office"),
        contact=F("report__contact_index"),
        commune=F("report__commune_id"),
        at=F("report__received_at"),
        marks=F("report__flags"),
        story=Left("report__story", _STORY),
    )


def _row(row: Mapping[str, Any]) -> _Row:
    is_known = set(_NO_CONTACT).isdisjoint(row["marks"])
    told = Told(
        contact=bytes(row["contact"] or b"") if is_known else b"",
        commune=row["commune"] or "",
        at=timezone.localtime(row["at"]),
        words=frozenset(fold(row["story"]).split()),
    )
    return _Row(row["key"], row["claimed"], told)


def _heard(key: str, since: datetime) -> Heard:
    rows = _told(Q(key=key) & ~Q(key=""), since)
    told = [row.told for row in rows]
    people = people_among(told)
    if len(people) < FEWEST_PEOPLE:
        return Heard()
    return Heard(
        people=len(people),
        communes=len({person.commune for person in people if person.commune}),
        last=last_day(people, told),
        until=enough_until(told, FEWEST_PEOPLE) + timedelta(days=DAYS),
        claimed=_claimed(rows),
    )


def _claimed(rows: list[_Row]) -> str:
    """Whom the callers claimed to be, where two people at least say the same."""
    for code, _ in Counter(row.claimed for row in rows).most_common():
        same = people_among(row.told for row in rows if row.claimed == code)
        if code in _OFFICES and len(same) >= FEWEST_PEOPLE:
            return str(_OFFICES[code])
    return ""


def _alike(key: str, since: datetime) -> bool:
    """Whether some other numbers that begin alike may be said, each by itself. How many they are,
    and what was told of the number itself, the answer does not give away. Two statements.
    """
    start = key[:-_RANGE] if key.startswith("+") and len(key) > 9 else "+"
    others = Q(key__startswith=start) & ~Q(key=key) if start != "+" else Q(key="+")
    found = set(_confirmed(others))
    by_key: dict[str, list[Told]] = {}
    for row in _told(others & ~_may_not_be_said(), since):
        by_key.setdefault(row.key, []).append(row.told)
    said = {key for key, told in by_key.items() if len(people_among(told)) >= FEWEST_PEOPLE}
    return len(found | said) >= FEWEST_ALIKE


def _confirmed(named: Q) -> list[str]:
    holds = _HOLDS & Q(finding=KnownNumber.Finding.CONFIRMED, valid_until__gte=timezone.localdate())
    offices = OfficeNumber.objects.values("key")
    keys = KnownNumber.objects.filter(holds, named).exclude(key__in=offices)
    return list(keys.values_list("key", flat=True)[:FEWEST_ALIKE])


def _may_not_be_said() -> Q:
    """Numbers that an institution has published, or that an officer has cleared: none is counted
    with its neighbours, whenever the reports came.
    """
    cleared = KnownNumber.objects.filter(_HOLDS, finding=KnownNumber.Finding.CLEARED)
    upheld = Dispute.objects.filter(status=Dispute.Status.UPHELD)
    excluded = [each.values("key") for each in (OfficeNumber.objects.all(), cleared, upheld)]
    return Q(*[Q(key__in=keys) for keys in excluded], _connector=Q.OR)
