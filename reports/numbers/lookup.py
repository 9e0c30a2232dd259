"""A number -> what the portal may say of it in public, with the reasons.

Nothing here is written down: not the number, not that somebody asked. Six statements each time,
whatever is found, over a bounded number of rows; a number that one person has reported gives the
very answer of one that nobody has, and so do its neighbours.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from django.utils import timezone

from core.text import to_ascii_digits
from reports.extraction.numbering_plan import range_owner
from reports.extraction.phones import ParsedCaller, format_national, format_raw
from reports.models import Dispute, NumberFinding, OfficeNumber
from reports.numbers import report_counts
from reports.numbers import text as number_words
from reports.numbers.report_counts import CallerReportSummary

_ODD_KINDS = {"international", "hidden", "brandname", "invalid", "shortcode"}
_FORGED = frozenset(
    {"forged_069", "plus_before_service", "short_with_84", "unknown_country", "zero_after_plus"}
)


class VerdictKind(StrEnum):
    """What the page says first."""

    CONFIRMED = "confirmed"
    SEVERAL = "several"
    OFFICE = "office"
    SERVICE = "service"
    UNKNOWN = "unknown"
    ODD = "odd"


_TONES = {
    VerdictKind.CONFIRMED: "is-red",
    VerdictKind.SEVERAL: "is-amber",
    VerdictKind.OFFICE: "is-green",
    VerdictKind.SERVICE: "is-green",
    VerdictKind.UNKNOWN: "is-violet",
    VerdictKind.ODD: "is-violet",
}


@dataclass(frozen=True)
class Verdict:
    """What may be said of one number, and why."""

    phone: ParsedCaller
    state: VerdictKind
    shown: str
    heard: CallerReportSummary
    known: NumberFinding | None = None
    office: OfficeNumber | None = None
    near: tuple[OfficeNumber, ...] = ()
    alike: bool = False

    @property
    def notes(self) -> list[str]:
        """What is odd, and how the number was read."""
        return [str(sentence) for sentence in number_words.flag_sentences(self.phone.flags)]

    @property
    def is_forged(self) -> bool:
        """Whether the number is shown as no real one is."""
        return not _FORGED.isdisjoint(self.phone.flags)

    @property
    def service(self) -> number_words.Service | None:
        """What a short number that everybody may dial is for."""
        return number_words.SERVICES.get(lookup_key(self.phone))

    @property
    def is_foreign(self) -> bool:
        return self.phone.kind == "international" and not self.is_forged

    @property
    def shows_notes(self) -> bool:
        """Whether the notes stand beside the reasons, and not in the place of a finding."""
        return self.state in {
            VerdictKind.CONFIRMED,
            VerdictKind.SEVERAL,
            VerdictKind.OFFICE,
        } and bool(self.notes)

    @property
    def has_key(self) -> bool:
        return bool(lookup_key(self.phone))

    @property
    def css_class(self) -> str:
        """The class of the box's colour; never green for what nobody knows."""
        if self.state == VerdictKind.ODD and self.is_forged:
            return "is-amber"
        return _TONES[self.state]

    @property
    def range_of(self) -> str:
        """Whose range a Vietnamese number lies in, "" where that is not known."""
        return range_owner(self.phone.key) if self.phone.key.startswith("+84") else ""


def lookup_number(phone: ParsedCaller) -> Verdict:
    """What may be said of a number as phones.read gives it. Six statements."""
    key = lookup_key(phone)
    office, near = _offices(phone, key)
    known, cleared_at = _finding(key)
    since = report_counts.counting_window_start()
    heard = report_counts.summary_for(key, max(filter(None, [since, cleared_at])))
    alike = report_counts.similar_numbers_exist(key, since)
    state = _state(phone, office, known, heard)
    verdict = Verdict(phone, state, format_national(phone), heard, known, office, near, alike)
    return replace(verdict, shown=_format_number(verdict))


def _format_number(verdict: Verdict) -> str:
    """An institution's number as it is published, one that says something odd as it was typed."""
    if verdict.state == VerdictKind.OFFICE and verdict.office:
        return verdict.office.number
    is_odd = verdict.state == VerdictKind.ODD and not verdict.is_foreign
    return format_raw(verdict.phone) if is_odd else verdict.shown


def lookup_key(phone: ParsedCaller) -> str:
    """What a number is looked up by: its canonical key, a short number its digits, else ""."""
    if phone.kind == "shortcode" and not phone.flags:
        return _digits(phone.raw)
    return phone.key


def _state(
    phone: ParsedCaller,
    office: OfficeNumber | None,
    known: NumberFinding | None,
    heard: CallerReportSummary,
) -> VerdictKind:
    """An institution's own number is never called a crook's: it is forged that crooks show it."""
    if lookup_key(phone) in number_words.SERVICES:
        return VerdictKind.SERVICE
    if office:
        return VerdictKind.OFFICE
    if known:
        return VerdictKind.CONFIRMED
    if heard.people:
        return VerdictKind.SEVERAL
    is_odd = phone.kind in _ODD_KINDS or not number_words.ODD.keys().isdisjoint(phone.flags)
    return VerdictKind.ODD if is_odd else VerdictKind.UNKNOWN


def _offices(phone: ParsedCaller, key: str) -> tuple[OfficeNumber | None, tuple[OfficeNumber, ...]]:
    """The institution whose number it is, and those whose number is one digit away from it.

    A number that is near is never read as the other one: a mobile number may belong to somebody.
    """
    keys = {key, *neighbouring_keys(key or _as_key(phone))}
    found = list(OfficeNumber.objects.select_related("office").filter(key__in=keys))
    own = next((each for each in found if key and each.key == key), None)
    return own, () if own else tuple(found)


def neighbouring_keys(key: str) -> set[str]:
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


def _as_key(phone: ParsedCaller) -> str:
    """The digits of what could not be read, in the shape of a key, to find what they are near to."""
    digits = _digits(phone.raw)
    return "+84" + digits[1:] if digits.startswith("0") else "+" + digits


def _digits(text: str) -> str:
    return "".join(sign for sign in to_ascii_digits(text) if sign.isdecimal())


def _finding(key: str) -> tuple[NumberFinding | None, datetime | None]:
    """The confirmed finding that holds today, and up to when reports count no more because an
    officer has cleared the number. Two statements.
    """
    row = NumberFinding.objects.in_effect(timezone.localdate()).filter(key=key).first()
    upheld = Dispute.objects.filter(key=key, status=Dispute.Status.UPHELD).exclude(key="")
    answered = upheld.order_by("-answered_at").values_list("answered_at", flat=True).first()
    if row is None or row.finding == NumberFinding.Finding.CONFIRMED:
        return row, answered
    return None, max(filter(None, [row.confirmed_at, answered]))
