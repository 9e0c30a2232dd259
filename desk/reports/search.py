"""What an officer types into the search box, and the reports it means.

A report's number, a campaign's code, a telephone number in any spelling or its first or last digits,
or words with or without marks: the kind is told from the text, so that each search runs over one
index.
"""

import re
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.db.models.functions import Collate, Reverse

from core.text import normalize, to_ascii_digits
from desk.reports.indicators import BY_DIGITS
from reports.campaigns.grouping_locks import GroupingError
from reports.cases import full_text_search, visibility
from reports.extraction import phones
from reports.models import Campaign, Dispute, Indicator, Report
from reports.models.report import SIGNS

MAX_LENGTH = 200  # signs of what is looked for
MIN_DIGITS = 4  # of a number that is known in part
MAX_NUMBERS = 2_000  # that begin or end alike
_PUBLIC_NUMBER = re.compile(rf"(?:XL)?(\d\d)([{SIGNS}]{{4}})([{SIGNS}]{{4}})")
_CODE = re.compile(rf"[ĐD](\d\d)([{SIGNS}]{{3,9}})")
_END = re.compile(rf"(\d\d)?([{SIGNS}]{{3,9}})")
_MAX_ENDING = 6  # campaigns of one short code, of several years
_NO_DIGITS = re.compile(r"\D+")


def search_reports(
    reports: QuerySet[Report], typed: str, viewer: User, *, only_open: bool = False
) -> tuple[QuerySet[Report], bool]:
    """Those of `reports` that the officer means, and whether there may be more of them than are
    looked up; what means nothing finds nothing. What the viewer may not see is not looked up.
    """
    typed = typed[:MAX_LENGTH]
    if number := _public_number(typed):
        return reports.filter(public_number=number), False
    if campaign := campaign_for_code(typed):
        return reports.filter(campaign_link__campaign=campaign), False
    if keys := _keys(typed):
        # Looked up first: within the statement of a page, which joins many tables, none of them
        # would be asked by what was found.
        named = Indicator.objects.filter(kind__in=BY_DIGITS, key__in=keys).order_by("-id")
        ids = list(named.values_list("report_id", flat=True)[:MAX_NUMBERS])
        return reports.filter(pk__in=ids), len(ids) >= MAX_NUMBERS
    found = _by_digits(typed, viewer) or full_text_search.search_reports(
        full_text_search.query_terms(typed), unit=visibility.unit_of(viewer), only_open=only_open
    )
    return reports.filter(pk__in=found), len(found) >= full_text_search.MAX_FOUND


def did_you_mean(typed: str, viewer: User) -> str:
    """What the officer may have meant by words that found nothing; "" where there is nothing like
    it, or where a number or a code was typed.
    """
    typed = typed[:MAX_LENGTH]
    words = full_text_search.query_terms(typed)
    if not words or _public_number(typed) or campaign_for_code(typed) or _keys(typed):
        return ""
    return " ".join(full_text_search.spelling_suggestions(words, unit=visibility.unit_of(viewer)))


def campaign_for_field(typed: str) -> Campaign:
    """The campaign that a form's field means: a code as the search reads it, or the end of one alone
    (XK9, 26 XK9). Raises GroupingError with what was not found.
    """
    shown = " ".join(typed.split())
    if not shown:
        raise GroupingError("Chưa ghi mã đợt.")
    whole = campaign_for_code(shown)
    found = [whole] if whole else _ending(shown)
    if not found:
        raise GroupingError(
            f"Không có đợt mang mã “{shown}”. Mã có dạng Đ-26-XK9; ghi XK9 cũng được."
        )
    if len(found) > 1:
        codes = ", ".join(each.code for each in found)
        raise GroupingError(f"Có mấy đợt mang mã “{shown}”: {codes}. Ghi cả mã.")
    return found[0]


def _ending(typed: str) -> list[Campaign]:
    """The campaigns whose code ends so after its year, or with its year, each as what it leads to."""
    signs = _signs(typed)
    if not (parts := _END.fullmatch(signs)):
        return []
    ends = Q(code__endswith=f"-{signs}")
    if parts[1]:
        ends |= Q(code__endswith=f"-{parts[1]}-{parts[2]}")
    rows = Campaign.objects.filter(ends).order_by("-code")[:_MAX_ENDING]
    return list(dict.fromkeys(row.root() for row in rows))


def _signs(typed: str) -> str:
    return "".join(sign for sign in typed.upper() if sign.isalnum())


def campaign_for_code(typed: str) -> Campaign | None:
    """The campaign whose code was typed, or the one that it leads to."""
    found = _CODE.fullmatch(_signs(typed))
    if not found:
        return None
    campaign = Campaign.objects.filter(code=f"Đ-{found[1]}-{found[2]}").first()
    return campaign and campaign.root()


def _by_digits(typed: str, viewer: User) -> list[UUID]:
    """The reports that name a number or an account with these digits at an end of it."""
    digits = "".join(to_ascii_digits(typed).split())
    if not (digits.isascii() and digits.isdecimal() and len(digits) >= MIN_DIGITS):
        return []
    known = digits.removeprefix("0")
    seen = visibility.visible_via_report(Indicator.objects.all(), viewer)
    ends = seen.annotate(end=Collate(Reverse("key"), "C")).filter(
        end__startswith=known[::-1], kind__in=BY_DIGITS
    )
    begins = seen.filter(kind=Indicator.Kind.NUMBER, key__startswith=f"+84{known}")
    found = (rows.values_list("report_id", flat=True)[:MAX_NUMBERS] for rows in (ends, begins))
    return list(next(found).union(next(found)))


def disputes(rows: QuerySet[Dispute], typed: str) -> QuerySet[Dispute]:
    """Those of *rows* that the officer means by their code, with or without its head, or by the
    number that they are about.
    """
    if number := _public_number(typed):
        return rows.filter(public_number__in=[number, f"XL-{number}"])
    return rows.filter(key__in=list(filter(None, _keys(typed))))


def dispute_for_code(typed: str) -> Dispute | None:
    """The dispute whose code was typed, and not a report's. One statement, where it is a code."""
    return disputes(Dispute.objects.all(), typed).first() if _public_number(typed) else None


def _public_number(typed: str) -> str:
    found = _PUBLIC_NUMBER.fullmatch(_signs(typed))
    return "-".join(found.groups()) if found else ""


def _keys(typed: str) -> list[str]:
    """The canonical forms of a whole number; none when a part of it or words were typed.

    Its bare digits too: an account may be somebody's telephone number.
    """
    read = [phone.key for phone in phones.parse_many(typed) if phone.key]
    return [*read, _NO_DIGITS.sub("", to_ascii_digits(normalize(typed)))] if read else []
