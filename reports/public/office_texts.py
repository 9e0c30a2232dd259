"""The offices that callers claim to speak for, as on the public pages."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from django.db.models import Q
from django.utils.translation import get_language

from core.text import normalize
from reports.data import loader
from reports.extraction import phones
from reports.models import Case, Office, OfficeNumber
from reports.public import statistics

# The choices of the report form for "who", and the offices that each covers.
_OFFICES_BY_CLAIM = {
    "police": ("cong-an-tinh", "bo-cong-an", "cong-an-xa-phuong", "canh-sat-giao-thong"),
    "provincial_leader": ("lanh-dao-tinh-so-nganh", "ubnd-tinh", "tinh-uy"),
    "court_procuracy": ("toa-an", "vien-kiem-sat"),
    "bank": ("ngan-hang",),
}
_CLAIM_BY_OFFICE = {
    office: code for code, offices in _OFFICES_BY_CLAIM.items() for office in offices
}


@dataclass(frozen=True)
class Group:
    name: str
    offices: list[Office]


@dataclass(frozen=True)
class OfficeText:
    name: str
    never: str
    claims: list[str]


@dataclass(frozen=True)
class OfficeNumberText:
    """A number that an office has published; `dial` is for the tel: link, `is_of_unit` of a unit that
    takes reports over.
    """

    number: str
    dial: str
    label: str
    source: str
    verified_on: date
    address: str
    is_of_unit: bool


def kind_of(office: str) -> str:
    """Return which words the page of an office has: "office" for one that exists (offices.json, kinds)."""
    kinds = loader.load_offices()["kinds"]
    return next((kind for kind, offices in kinds.items() if office in offices), "office")


def offices_of_scenario(scenario: str) -> frozenset[str]:
    """Return the offices that a kind of scam is about, none where it is about anybody."""
    return frozenset(loader.load_offices()["scenarios"].get(scenario, ()))


@lru_cache(maxsize=1)
def _load_groups() -> list[tuple[str, str, frozenset[str]]]:
    """Return each heading in both languages, and the codenames of its offices."""
    data = loader.load_offices()
    return [
        (
            group["name"],
            group["name_en"],
            frozenset(row["codename"] for row in data["offices"] if row["group"] == group["code"]),
        )
        for group in data["groups"]
    ]


def group_by_kind(offices: Iterable[Office]) -> list[Group]:
    """Return the offices by heading; those that officers added come last, without one."""
    left = list(offices)
    groups = []
    for name, name_en, codenames in _load_groups():
        here = [office for office in left if office.pk in codenames]
        left = [office for office in left if office.pk not in codenames]
        groups.append(Group(name_en if _is_english() else name, here))
    return [group for group in [*groups, Group("", left)] if group.offices]


def localized_text(office: Office) -> OfficeText:
    """Return the texts of an office, each in English where the page is and the text exists."""
    english = _is_english()
    claims = (english and office.claims_en) or office.claims
    return OfficeText(
        name=(english and office.name_en) or office.name,
        never=(english and office.never_by_phone_en) or office.never_by_phone,
        claims=[line.strip() for line in claims.splitlines() if line.strip()],
    )


def localized_number(number: OfficeNumber) -> OfficeNumberText:
    """Return a published number as the page shows it, in its language."""
    return OfficeNumberText(
        number=number.number,
        dial=phones.format_dialled(number.key),
        label=(_is_english() and number.label_en) or number.label,
        source=number.source.removeprefix("https://").partition("/")[0]
        if number.source.startswith("https://")
        else number.source,
        verified_on=number.verified_on,
        address=number.address,
        is_of_unit=number.unit_id is not None,
    )


def find_unit_number(case: Case) -> OfficeNumberText | None:
    """Return the confirmed number of the unit that took a report over. One statement."""
    name = normalize(case.unit_name)
    named = (
        Q(unit=case.assigned_unit_id) if case.assigned_unit_id else Q(unit__name_normalized=name)
    )
    number = OfficeNumber.objects.filter(named).first() if name else None
    return localized_number(number) if number else None


@dataclass(frozen=True)
class OfficeStatistics:
    """How many reports name an office, by its code on the report form, up to the end of a day."""

    claimed: str
    reports: int
    through: date


def find_claim(office: str) -> str:
    """Return the choice of the report form that covers an office, "" for none."""
    return _CLAIM_BY_OFFICE.get(office, "")


def find_offices(codes: Iterable[str]) -> list[Office]:
    """Return the offices that codes of a claim mean, of a wide one none: it may be any of several."""
    of_claims = (_OFFICES_BY_CLAIM.get(code, (code,)) for code in codes)
    return list(Office.objects.filter(pk__in=[each[0] for each in of_claims if len(each) == 1]))


def office_statistics(office: Office) -> OfficeStatistics | None:
    """Return an office's public statistics; None where suppressed, or where no choice of the form
    means this office alone: what covers several tells of none.

    Never a live count, which would show each report arrive.
    """
    code = find_claim(office.pk)
    code = code if _OFFICES_BY_CLAIM.get(code) == (office.pk,) else ""
    loaded = statistics.load() if code else None
    if loaded is None:
        return None
    public, _ = loaded
    reports = public.claims.get(code)
    return OfficeStatistics(code, reports, date.fromisoformat(public.through)) if reports else None


def _is_english() -> bool:
    return get_language() == "en"
