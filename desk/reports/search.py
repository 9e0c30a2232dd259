"""The search box: a report's number, a campaign's code, a telephone number or its ends, words, and
what a program calls its report; what a code or number that found nothing was meant to be.

Each kind is one search over one index.
"""

import re
from collections import Counter
from collections.abc import Iterable
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.db.models.functions import Collate, Left, Reverse

from core.text import fold_code, list_single_edits, normalize, to_ascii_digits
from desk.labels.formatting import format_phone
from desk.reports.indicators import BY_DIGITS
from reports.campaigns.campaign_codes import campaign_for_code, find_by_ending
from reports.cases import full_text_search, visibility
from reports.extraction import phones
from reports.extraction.bank_accounts_and_links import MIN_ACCOUNT_DIGITS
from reports.models import Campaign, CampaignLink, Dispute, Indicator, NumberFinding, Report
from reports.models.report import ALPHABET
from reports.numbers import subjects

MAX_SEARCH_CHARS = 200
MIN_DIGITS = 4  # of a partial number
MAX_MARKED_CHARS = 4_000  # of the story that shows how a suggestion is written
MAX_NUMBERS = 2_000  # reports of a number
_PUBLIC_NUMBER = re.compile(rf"(?:XL)?(\d\d)([{ALPHABET}]{{4}})([{ALPHABET}]{{4}})")
_DISPUTE_CODE = re.compile(rf"(XL\d\d[{ALPHABET}]{{8}})[{ALPHABET}]{{4}}")  # with its secret group
_NO_DIGITS = re.compile(r"\D+")


def filter_by_search(
    reports: QuerySet[Report], typed: str, viewer: User, *, only_open: bool = False
) -> tuple[QuerySet[Report], bool]:
    """Return the matching reports, and whether the limit of matches was reached."""
    typed = typed[:MAX_SEARCH_CHARS]
    if number := _public_number(typed):
        return reports.filter(public_number=number), False
    if campaign := campaign_for_code(typed):
        return reports.filter(campaign_link__campaign=campaign), False
    # In statements of their own: within the page's many joins the planner would not start here.
    sent = list(_sent_as(typed).values_list("pk", flat=True)[:MAX_NUMBERS])
    if keys := _keys(typed):
        mentions = Indicator.objects.filter(kind__in=BY_DIGITS, key__in=keys).order_by("-id")
        ids = list(mentions.values_list("report_id", flat=True)[:MAX_NUMBERS])
        return reports.filter(pk__in=[*ids, *sent]), MAX_NUMBERS in {len(ids), len(sent)}
    ids = _by_digits(typed, viewer) or full_text_search.search_reports(
        full_text_search.query_terms(typed),
        unit=visibility.visible_unit_code(viewer),
        only_open=only_open,
    )
    # "5X8" may also be a word of a story: both are found.
    links = CampaignLink.objects.filter(
        campaign__in=find_by_ending(typed) if len(typed.split()) == 1 else ()
    )
    of_ending = list(
        links.order_by("-report__received_at").values_list("report_id", flat=True)[:MAX_NUMBERS]
    )
    is_cut = len(ids) >= full_text_search.MAX_FOUND or len(sent) >= MAX_NUMBERS
    return reports.filter(pk__in=[*ids, *of_ending, *sent]), is_cut


def _sent_as(typed: str) -> QuerySet[Report]:
    """Return the reports that their programs call so, letter by letter, the newest first."""
    named = Report.objects.filter(external_id=typed.strip(), external_id__gt="")
    return named.order_by("-received_at")


def is_number(typed: str) -> bool:
    """Return whether a whole number was typed, or the digits alone of an account."""
    is_code = _public_number(typed) or campaign_for_code(typed)
    digits = "".join(to_ascii_digits(typed).split())
    return not is_code and bool(
        _keys(typed) or (digits.isdecimal() and len(digits) >= MIN_ACCOUNT_DIGITS)
    )


def has_card(typed: str) -> bool:
    """Return whether a number, an account with its bank or a link was typed, of which a card tells."""
    return is_number(typed) or bool(
        not _public_number(typed)
        and not campaign_for_code(typed)
        and subjects.find_account_or_link(typed[:MAX_SEARCH_CHARS])
    )


def did_you_mean(typed: str, viewer: User) -> str:
    """Return what was meant by words, a code or a number that found nothing: words with the marks of
    a story that has them; "" for none.
    """
    typed = typed[:MAX_SEARCH_CHARS]
    if near := find_near(typed, viewer):
        return near
    words = full_text_search.query_terms(typed)
    if not words or _public_number(typed) or campaign_for_code(typed) or _keys(typed):
        return ""
    unit = visibility.visible_unit_code(viewer)
    meant = full_text_search.spelling_suggestions(words, unit=unit)
    guessed = "".join(word for word in words if word not in meant)
    reports = full_text_search.search_reports(meant, unit=unit)
    if not reports or any(map(str.isdecimal, guessed)):  # of codes and numbers: find_near
        return ""
    story = Report.objects.filter(pk__in=reports[:1]).values_list(
        Left("story", MAX_MARKED_CHARS), flat=True
    )
    marked = {normalize(word): word.strip(".,;:!?“”").lower() for word in "".join(story).split()}
    return " ".join(marked.get(word, word) for word in meant)


def _by_digits(typed: str, viewer: User) -> list[UUID]:
    """Return the visible reports that name a number or account beginning or ending with these digits."""
    digits = "".join(to_ascii_digits(typed).split())
    if not (digits.isascii() and digits.isdecimal() and len(digits) >= MIN_DIGITS):
        return []
    digits = digits.removeprefix("0")
    visible = visibility.visible_via_report(Indicator.objects.all(), viewer)
    ends = visible.annotate(end=Collate(Reverse("key"), "C")).filter(
        end__startswith=digits[::-1], kind__in=BY_DIGITS
    )
    begins = visible.filter(kind=Indicator.Kind.NUMBER, key__startswith=f"+84{digits}")
    ids = [rows.values_list("report_id", flat=True)[:MAX_NUMBERS] for rows in (ends, begins)]
    return list(ids[0].union(ids[1]))


def disputes(rows: QuerySet[Dispute], typed: str) -> QuerySet[Dispute]:
    """Return the disputes of that code, with or without "XL-" and its last group, or about that
    number, account or link.
    """
    if number := _public_number(typed):
        return rows.filter(public_number__in=[number, f"XL-{number}"])
    return rows.filter(key__in=_subject_keys(typed))


def findings(rows: QuerySet[NumberFinding], typed: str) -> QuerySet[NumberFinding]:
    """Return the findings on that number, account or link, or whose text has these signs."""
    return rows.filter(Q(key__in=_subject_keys(typed)) | Q(number__icontains=typed.strip()))


def _subject_keys(typed: str) -> list[str]:
    """Return the keys under which findings and disputes stand, of what was typed."""
    subject = subjects.find_account_or_link(typed)
    if subject is None:
        return list(filter(None, _keys(typed)))
    return [subject.key, subjects.finding_subject(subject).key]


def dispute_for_code(typed: str) -> Dispute | None:
    return disputes(Dispute.objects.all(), typed).first() if _public_number(typed) else None


def _public_number(typed: str) -> str:
    parts = _PUBLIC_NUMBER.fullmatch(_DISPUTE_CODE.sub(r"\1", fold_code(typed)))
    return "-".join(parts.groups()) if parts else ""


def _keys(typed: str) -> list[str]:
    """Return the canonical forms of a whole number and its bare digits, as of an account; [] for less."""
    keys = [phone.key for phone in phones.parse_many(typed) if phone.key]
    return [*keys, _NO_DIGITS.sub("", to_ascii_digits(normalize(typed)))] if keys else []


MIN_NEAR_DIGITS, MAX_NEAR_DIGITS = 8, 19
# --- what was meant

MAX_MENTIONS = 500  # that are counted
_HOME = "+84"
_REPORT = re.compile(r"[0-9]{2}[0-9A-Z]{7,9}")
_CAMPAIGN = re.compile(r"[DĐC]([0-9]{2})([0-9A-Z]{2,10})")


def find_near(typed: str, viewer: User) -> str:
    """Return the only code, or the number most often named, that is one slip away; "" for none."""
    digits = _read_digits(typed)
    if MIN_NEAR_DIGITS <= len(digits) <= MAX_NEAR_DIGITS:
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
