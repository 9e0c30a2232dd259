"""What an officer types into the search box, and the reports it means.

A report's number, a telephone number in any spelling, or words with or without marks: the kind
is told from the text, so that each search runs over one index.
"""

import re

from django.db.models import QuerySet

from reports import phones
from reports.folding import fold, plain_digits
from reports.models import Dispute, Indicator, Report
from reports.models.report import SIGNS

_PUBLIC_NUMBER = re.compile(rf"(?:XL)?(\d\d)([{SIGNS}]{{4}})([{SIGNS}]{{4}})")
_NO_DIGITS = re.compile(r"\D+")
_MOST_WORDS = 8


def find(reports: QuerySet[Report], typed: str) -> QuerySet[Report]:
    """Those of `reports` that the officer means; what means nothing finds nothing."""
    if number := _public_number(typed):
        return reports.filter(public_number=number)
    if keys := _keys(typed):
        named = Indicator.objects.filter(key__in=keys).values("report_id")
        return reports.filter(pk__in=named)
    words = _words(typed)
    if not words:
        return reports.none()
    for word in words:
        reports = reports.filter(facts__search__contains=word)
    return reports


def disputes(rows: QuerySet[Dispute], typed: str) -> QuerySet[Dispute]:
    """Those of *rows* that the officer means by their code, with or without its head, or by the
    number that they are about.
    """
    if number := _public_number(typed):
        return rows.filter(public_number__in=[number, f"XL-{number}"])
    return rows.filter(key__in=list(filter(None, _keys(typed))))


def dispute_meant(typed: str) -> Dispute | None:
    """The dispute whose code was typed, and not a report's. One statement, where it is a code."""
    return disputes(Dispute.objects.all(), typed).first() if _public_number(typed) else None


def _public_number(typed: str) -> str:
    signs = "".join(sign for sign in typed.upper() if sign.isalnum())
    found = _PUBLIC_NUMBER.fullmatch(signs)
    return "-".join(found.groups()) if found else ""


def _keys(typed: str) -> list[str]:
    """The canonical forms of a whole number; none when a part of it or words were typed.

    Its bare digits too: an account may be somebody's telephone number.
    """
    read = [phone.key for phone in phones.read_all(typed) if phone.key]
    return [*read, _NO_DIGITS.sub("", plain_digits(fold(typed)))] if read else []


def _words(typed: str) -> list[str]:
    """Folded words; digits alone are one number that somebody typed with spaces."""
    words = fold(typed).split()
    return ["".join(words)] if all(map(str.isdecimal, words)) and words else words[:_MOST_WORDS]
