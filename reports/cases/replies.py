"""Canned replies to reporters with fixed placeholders like {so_tin}, and forbidden wording."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils import timezone, translation

from core.text import normalize, reading_copy, to_ascii_digits
from reports.extraction import phones
from reports.extraction.bank_accounts_and_links import find_links
from reports.extraction.impersonation.office_names import claim_table
from reports.facts.choices import OFFICES
from reports.facts.effective_facts import effective_facts
from reports.models import CannedReply, Case, Office, OfficeNumber, Report
from reports.numbers import lookup
from reports.reference import gazetteer

# Each placeholder with its explanation at the desk.
PLACEHOLDERS: Mapping[str, str] = {
    "so_tin": "số tin",
    "ngay_bao": "ngày gửi tin, ví dụ 25/11/2026",
    "duong_day_nong": "đường dây nóng của Công an tỉnh, theo bảng số công bố",
    "co_quan": "nơi người gọi tự xưng",
    "don_vi": "đơn vị đã nhận tin",
    "xa": "xã, phường của người báo",
}
_IN_BRACES = re.compile(r"\{([^{}]*)\}")
_PLACEHOLDER = re.compile(r"\{(\w{1,40})\}")


def unknown_placeholders(text: str) -> list[str]:
    """Return braced texts that are no placeholders, and lone braces, each once."""
    unknown = [f"{{{name}}}" for name in _IN_BRACES.findall(text) if name not in PLACEHOLDERS]
    lone = [sign for sign in "{}" if sign in _IN_BRACES.sub("", text)]
    return list(dict.fromkeys(unknown + lone))


def unfilled_placeholders(text: str) -> list[str]:
    """Return the placeholders that are still in the text, each once."""
    return list(dict.fromkeys(f"{{{name}}}" for name in _PLACEHOLDER.findall(text)))


def placeholder_help(text: str) -> list[str]:
    names = [name.strip("{}") for name in unfilled_placeholders(text)]
    return [
        f"{{{name}}} ({PLACEHOLDERS[name]})" if name in PLACEHOLDERS else f"{{{name}}}"
        for name in names
    ]


def substitute(text: str, values: Mapping[str, str]) -> str:
    """Return the text with its placeholders filled; one without a value stays."""
    return _PLACEHOLDER.sub(lambda blank: values.get(blank[1]) or blank[0], text)


MAX_DIGITS = 3  # of a unit: PC02 has two, a telephone number more
_SECRETS = (
    r"(?:[o0] ?t ?p|mat khau|ma pin|so the|cvv|ma xac (?:thuc|nhan)"
    r"|ma (?:\w+ ){0,4}gui (?:ve|den|toi) (?:\w+ )?(?:may|dien thoai))"
)
_ASKING = r"(?:doc|gui|cho|nhap|dua|cung cap)"
_NEAR = r"(?: \w+){0,6}? "
_ASKING_FOR_SECRET = re.compile(
    rf"\b{_ASKING}{_NEAR}{_SECRETS}\b|\b{_SECRETS}{_NEAR}{_ASKING}\b|\bma (?:\w+ ){{0,4}}gui ve may\b"
)


def forbidden_wording(text: str) -> str:
    """Return what breaks a promise of the pages: "secret", "number" or "".

    No officer asks for a code or gives a number that no office has published: whoever took
    over an officer's session would. Runs a statement where there is a telephone number.
    """
    if _ASKING_FOR_SECRET.search(normalize(text)):
        return "secret"
    return "number" if has_unpublished_number(text) else ""


def has_unpublished_number(text: str) -> bool:
    """Return whether a telephone number stands in it that no office and no bank has published."""
    keys = {lookup.lookup_key(mention.phone) for mention in phones.find_in_text(text)}
    return bool(keys - lookup.find_published(keys))


_TRANSFER = re.compile(
    r"chuy[eể]n\s+(?:ti[eề]n|kho[aả]n)|(?:n[oộ]p|g[uử]i|đ[oó]ng)\s+ti[eề]n|\b(?:transfer|pay)\b(?!\s+nothing)"
)
_NEGATION = re.compile(r"\b(?:không|đừng|chớ|đã|no|not|never|nobody|having|cannot)\b|n['’]t\b")
_CLAUSE_END = re.compile(r"[.,;:!?…\n]")


def tells_to_pay(text: str) -> bool:
    """Return whether a clause speaks of transferring money with no "không" or "đừng" before it."""
    for clause in _CLAUSE_END.split(reading_copy(text).text.lower()):
        found = _TRANSFER.search(clause)
        if found and not _NEGATION.search(clause[: found.start()]):
            return True
    return False


def is_unit(text: str) -> bool:
    """Return whether a text may name a unit: no telephone number, no link, nothing forbidden."""
    digits = sum(sign.isdecimal() for sign in to_ascii_digits(text))
    return digits <= MAX_DIGITS and not find_links(text) and not forbidden_wording(text)


HOTLINE_OFFICE = "cong-an-tinh"
_UNAMBIGUOUS_ANSWERS = {"police", "court_procuracy", "bank"}  # of the answers of the report page


@dataclass(frozen=True)
class SuggestedReply:
    """A reply with its placeholders filled; `open`: the unfilled ones, explained."""

    title: str
    text: str
    open: list[str]


def suggested_replies(case: Case, verb: str, language: str) -> list[SuggestedReply]:
    """Return the reporter's replies, those of its scenario first. At most five statements."""
    facts = getattr(case.report, "facts", None)
    kind = facts.scenario if facts else ""
    usable = CannedReply.objects.usable(verb)
    fitting = [each for each in usable if not each.scenarios or kind in each.scenarios]
    fitting.sort(key=lambda each: not each.scenarios)
    values = placeholder_values(case, language) if fitting else {}
    return [_fill_reply(each, values, language) for each in fitting]


def fill(reply: CannedReply, case: Case, language: str) -> str:
    return substitute(reply.in_language(language), placeholder_values(case, language))


def _fill_reply(reply: CannedReply, values: Mapping[str, str], language: str) -> SuggestedReply:
    text = substitute(reply.in_language(language), values)
    return SuggestedReply(reply.title, text, placeholder_help(text))


def placeholder_values(case: Case, language: str) -> dict[str, str]:
    """Return placeholder -> value, "" where unknown; nothing that is sealed."""
    report = case.report
    return {
        "so_tin": report.public_number,
        "ngay_bao": f"{timezone.localtime(report.received_at):%d/%m/%Y}",
        "duong_day_nong": hotline(),
        "co_quan": _claimed_office_name(report, language),
        "don_vi": case.unit_name,
        "xa": gazetteer.commune_name(effective_facts(report).commune),
    }


def hotline() -> str:
    """Return the provincial police's published number, "" for none."""
    numbers = OfficeNumber.objects.filter(office=HOTLINE_OFFICE).order_by("pk")
    return numbers.values_list("number", flat=True).first() or ""


def _claimed_office_name(report: Report, language: str) -> str:
    """Return the name of the first office that the caller claimed to be, or ""."""
    codes = [*effective_facts(report).offices, report.claimed_office]
    offices = Office.objects.in_bulk([code for code in codes if code])
    is_english = language == Report.Language.ENGLISH
    with translation.override(language):
        named = {code: row.name_en if is_english else row.name for code, row in offices.items()}
        names = (named.get(code) or _form_answer(code) for code in codes)
        return next(filter(None, names), "")


def _form_answer(code: str) -> str:
    """Return the form's answer that means exactly this office, or ""."""
    answers = {wide: answer for answer, wide in claim_table().declared.items()}
    answer = answers.get(code, code)
    return str(dict(OFFICES)[answer]) if answer in _UNAMBIGUOUS_ANSWERS else ""
