"""What a code or number was meant to be that found nothing: one that is there, with one sign other.

At most two statements over keys that are all made beforehand, each by its index.
"""

import re
from collections import Counter
from collections.abc import Iterable

from django.contrib.auth.models import User

from core.text import fold_code, list_single_edits, to_ascii_digits
from desk.labels.formatting import format_phone
from desk.reports.indicators import BY_DIGITS
from reports.cases import visibility
from reports.extraction import phones
from reports.models import Campaign, Indicator, Report
from reports.models.report import ALPHABET

MIN_DIGITS, MAX_DIGITS = 8, 19
MAX_MENTIONS = 500  # that are counted
_HOME = "+84"
_REPORT = re.compile(r"[0-9]{2}[0-9A-Z]{7,9}")
_CAMPAIGN = re.compile(r"[DĐC]([0-9]{2})([0-9A-Z]{2,10})")


def find_near(typed: str, viewer: User) -> str:
    """Return the only code, or the number most often named, that is one slip away; "" for none."""
    digits = _read_digits(typed)
    if MIN_DIGITS <= len(digits) <= MAX_DIGITS:
        return _find_number(digits, viewer)
    return _find_campaign(typed, viewer) or _find_report(typed, viewer)


def _read_digits(typed: str) -> str:
    """Return the digits of a text without letters, a telephone number's as they are dialled at home."""
    if any(map(str.isalpha, typed)):
        return ""
    if key := phones.parse(typed).key:
        return f"0{key.removeprefix(_HOME)}" if key.startswith(_HOME) else key.removeprefix("+")
    return "".join(filter(str.isdecimal, to_ascii_digits(typed)))


def _list_slips(text: str, signs: str) -> set[str]:
    """Return the texts one slip away: a sign too many, too few, another, or two that changed places."""
    swapped = {text[:at] + text[at + 1] + text[at] + text[at + 2 :] for at in range(len(text) - 1)}
    return (list_single_edits(text, signs) | swapped) - {text}


def _find_number(digits: str, viewer: User) -> str:
    slips = _list_slips(digits, "0123456789")
    keys = {*slips, *(f"{_HOME}{each[1:]}" for each in slips if each.startswith("0"))}
    named = Indicator.objects.filter(kind__in=BY_DIGITS, key__in=keys)
    seen = visibility.visible_via_report(named, viewer).order_by()
    often = Counter(seen.values_list("key", flat=True)[:MAX_MENTIONS]).most_common(1)
    return format_phone(often[0][0]) if often else ""


def _find_report(typed: str, viewer: User) -> str:
    """Return the report whose code has one sign other; its year is right."""
    code = fold_code(typed)
    if not _REPORT.fullmatch(code):
        return ""
    slips = (each for each in _list_slips(code[2:], ALPHABET) if len(each) == 8)
    codes = [f"{code[:2]}-{each[:4]}-{each[4:]}" for each in slips]
    rows = visibility.visible_reports(Report.objects.filter(public_number__in=codes), viewer)
    return _only(rows.order_by().values_list("public_number", flat=True)[:2])


def _find_campaign(typed: str, viewer: User) -> str:
    parts = _CAMPAIGN.fullmatch(fold_code(typed))
    if not parts or not visibility.sees_campaigns(viewer):
        return ""
    codes = [f"Đ-{parts[1]}-{each}" for each in {parts[2], *_list_slips(parts[2], ALPHABET)}]
    return _only(Campaign.objects.filter(code__in=codes).values_list("code", flat=True)[:2])


def _only(found: Iterable[str]) -> str:
    texts = list(found)
    return texts[0] if len(texts) == 1 else ""
