"""The institutions that callers claim to speak for, as the public pages show them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from django.utils.translation import get_language

from reports.data import loader
from reports.models import Office, OfficeNumber
from reports.public import statistics

# What the report page offers as "who", for the offices that lie in it.
_CLAIMED_AS = {
    "police": ("cong-an-tinh", "bo-cong-an", "cong-an-xa-phuong", "canh-sat-giao-thong"),
    "provincial_leader": ("lanh-dao-tinh-so-nganh", "ubnd-tinh", "tinh-uy"),
    "court_procuracy": ("toa-an", "vien-kiem-sat"),
    "bank": ("ngan-hang",),
}
_ASKED_AS = {office: code for code, offices in _CLAIMED_AS.items() for office in offices}


@dataclass(frozen=True)
class Group:
    """Offices under one heading."""

    name: str
    offices: list[Office]


@dataclass(frozen=True)
class OfficeText:
    """What a page says of an office, in the language of the page."""

    name: str
    never: str
    claims: list[str]


@dataclass(frozen=True)
class PublishedNumber:
    """A number that an institution has published; `dial` is what a telephone is to ring."""

    number: str
    dial: str
    label: str
    source: str
    verified_on: date


@lru_cache(maxsize=1)
def _groups() -> list[tuple[str, str, frozenset[str]]]:
    """Headings in both languages and the offices under them, from the data file."""
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
    """Offices under their headings; those that officers have added come last, under none."""
    left = list(offices)
    groups = []
    for name, name_en, codenames in _groups():
        here = [office for office in left if office.pk in codenames]
        left = [office for office in left if office.pk not in codenames]
        groups.append(Group(name_en if _is_english() else name, here))
    return [group for group in [*groups, Group("", left)] if group.offices]


def localized_text(office: Office) -> OfficeText:
    """In English where an officer or the data file has the words, else as they stand."""
    english = _is_english()
    claims = (english and office.claims_en) or office.claims
    return OfficeText(
        name=(english and office.name_en) or office.name,
        never=(english and office.never_by_phone_en) or office.never_by_phone,
        claims=[line.strip() for line in claims.splitlines() if line.strip()],
    )


def published(number: OfficeNumber) -> PublishedNumber:
    """As a page shows it, in its language."""
    home = number.key.removeprefix("+84")
    is_short = home == number.key or home.startswith(("1800", "1900"))
    return PublishedNumber(
        number=number.number,
        dial=home if is_short else f"0{home}",
        label=(_is_english() and number.label_en) or number.label,
        source=number.source,
        verified_on=number.verified_on,
    )


@dataclass(frozen=True)
class OfficeStatistics:
    """How many reports say whom the callers claimed to be, by the code of the report page, and to
    the end of which day they were counted.
    """

    claimed: str
    reports: int
    through: date


def office_statistics(office: Office) -> OfficeStatistics | None:
    """What the public figures tell of an office; None where they hide it, or the report page does
    not ask for it. Never a count of this moment: that would show each report arrive.
    """
    code = _ASKED_AS.get(office.pk)
    found = statistics.load() if code else None
    if code is None or found is None:
        return None
    told = found[0]
    reports = told.claims.get(code)
    return OfficeStatistics(code, reports, date.fromisoformat(told.through)) if reports else None


def _is_english() -> bool:
    return get_language() == "en"
