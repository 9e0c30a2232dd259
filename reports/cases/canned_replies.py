"""Canned replies for one report: which fit, what fills their blanks, and what forbids to send."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils import timezone, translation

from reports.cases import reply_placeholders
from reports.extraction.impersonation.office_names import claim_table
from reports.facts.choices import OFFICES
from reports.facts.effective_facts import effective_facts
from reports.models import CannedReply, Case, Office, OfficeNumber, Report
from reports.reference import gazetteer

HOTLINE_OF = "cong-an-tinh"
_MEAN_ONE_THING = {"police", "court_procuracy", "bank"}  # of the answers of the report page


@dataclass(frozen=True)
class SuggestedReply:
    """A reply as it would stand in the message; `open`: the blanks that nothing fills, explained."""

    title: str
    text: str
    open: list[str]


def suggested_replies(case: Case, verb: str, language: str) -> list[SuggestedReply]:
    """The replies for a question or a message to this reporter, those for its kind first. At most
    five statements.
    """
    facts = getattr(case.report, "facts", None)
    kind = facts.scenario if facts else ""
    fitting = [
        each
        for each in CannedReply.objects.usable(verb)
        if not each.scenarios or kind in each.scenarios
    ]
    values = placeholder_values(case, language) if fitting else {}
    return [
        _offered(each, values, language)
        for each in sorted(fitting, key=lambda each: not each.scenarios)
    ]


def _offered(reply: CannedReply, values: Mapping[str, str], language: str) -> SuggestedReply:
    text = reply_placeholders.substitute(reply.in_language(language), values)
    return SuggestedReply(reply.title, text, reply_placeholders.placeholder_help(text))


def placeholder_values(case: Case, language: str) -> dict[str, str]:
    """What fills each blank, "" where nothing is known; nothing that is sealed."""
    report = case.report
    return {
        "so_tin": report.public_number,
        "ngay_bao": f"{timezone.localtime(report.received_at):%d/%m/%Y}",
        "duong_day_nong": hotline(),
        "co_quan": _claimed(report, language),
        "don_vi": case.unit,
        "xa": gazetteer.commune_name(effective_facts(report).commune),
    }


def hotline() -> str:
    """The number of the provincial police that officers keep in the table; "" for none."""
    numbers = OfficeNumber.objects.filter(office=HOTLINE_OF).order_by("pk")
    return numbers.values_list("number", flat=True).first() or ""


def _claimed(report: Report, language: str) -> str:
    """The first institution that the caller claimed to be: as the officers' table names it, or as
    the report page does where no more is known of it; "" where neither has a name for it.
    """
    codes = [*effective_facts(report).offices, report.claimed_office]
    known = Office.objects.in_bulk([code for code in codes if code])
    is_english = language == Report.Language.ENGLISH
    with translation.override(language):
        named = {code: row.name_en if is_english else row.name for code, row in known.items()}
        names = (named.get(code) or _as_on_the_form(code) for code in codes)
        return next(filter(None, names), "")


def _as_on_the_form(code: str) -> str:
    """The answer of the report page that means this and nothing else beside it, "" for none: who said
    "cán bộ" did not say "thuế, bảo hiểm, VNeID".
    """
    answers = {wide: answer for answer, wide in claim_table().declared.items()}
    answer = answers.get(code, code)
    return str(dict(OFFICES)[answer]) if answer in _MEAN_ONE_THING else ""
