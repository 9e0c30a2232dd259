"""The offices that callers claim to speak for, as on the public pages."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from django.utils.translation import get_language

from reports.data import loader
from reports.models import Office, OfficeNumber
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
    """A number that an office has published; `dial` is for the tel: link."""

    number: str
    dial: str
    label: str
    source: str
    verified_on: date


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
    national = number.key.removeprefix("+84")
    is_short = national == number.key or national.startswith(("1800", "1900"))
    return OfficeNumberText(
        number=number.number,
        dial=national if is_short else f"0{national}",
        label=(_is_english() and number.label_en) or number.label,
        source=number.source,
        verified_on=number.verified_on,
    )


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
    """Return an office's public statistics; None where suppressed, or not a choice of the form.

    Never a live count, which would show each report arrive.
    """
    code = _CLAIM_BY_OFFICE.get(office.pk)
    loaded = statistics.load() if code else None
    if code is None or loaded is None:
        return None
    public, _ = loaded
    reports = public.claims.get(code)
    return OfficeStatistics(code, reports, date.fromisoformat(public.through)) if reports else None


def _is_english() -> bool:
    return get_language() == "en"
