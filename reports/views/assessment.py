"""The page that tells whether a call or a message has the signs of a scam.

What is typed is in the body alone, in no address, log or cache, and is not stored.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeVar

from django import db, forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from core import rate_limits
from core.form_data import Fields, form_part, make_helper
from reports.extraction.bank_accounts_and_links import mask_cards
from reports.extraction.impersonation.office_names import OfficeLexicon
from reports.extraction.phones import Mentions, ParsedCaller, format_national
from reports.facts.choices import GROUPS, OFFICES
from reports.models import Office, SubjectKind
from reports.numbers import lookup, subjects
from reports.numbers.lookup import VerdictKind
from reports.numbers.report_counts import CallerReportSummary
from reports.numbers.subjects import Subject, SubjectVerdict, SubjectVerdictKind
from reports.public import call_assessment, office_texts, training_scenarios
from reports.public.call_assessment import MAX_CHARS, MAX_LOOKUPS, CallAssessment, Strength
from reports.reference import confirmed_statements
from reports.reference.office_lexicon import bundled_lexicon, office_lexicon
from reports.submission.forms import CollapsibleFieldset
from reports.views import number_lookup
from reports.views.disputes import answer_promise
from reports.views.form_errors import TOO_LONG, FormError, parse_body, render_form
from reports.views.number_lookup import FOREIGN, LOOKUPS, TOO_MANY
from reports.views.statistics import scenario_label

T = TypeVar("T")

MAX_OFFICES = 2
_DEMANDS = {group.code for group in GROUPS}
MAX_BODY_CHARS = 100_000  # more is refused; between MAX_CHARS and this the beginning is read
NOTHING = FormError(
    422, _("Chưa có gì để xem"), _("Dán tin nhắn, ghi số, hoặc kể một câu họ nói gì.")
)
_TONES = {Strength.CLEAR: "is-red", Strength.SOME: "is-amber", Strength.NONE: "is-violet"}
_TITLES = {
    Strength.CLEAR: _("Có dấu hiệu lừa đảo rõ. Cúp máy, đừng làm theo."),
    Strength.SOME: _("Có dấu hiệu, chưa chắc. Đừng làm theo khi chưa hỏi số thật."),
    Strength.NONE: _("Chưa thấy dấu hiệu. Không có nghĩa là an toàn: hỏi lại bằng số thật."),
}
_NOT_ENOUGH = _("Chưa đủ tin để nói. Không có nghĩa là an toàn.")
_STATE_OWN = _("Đuôi .gov.vn là của cơ quan nhà nước. Tự gõ địa chỉ, đừng bấm link người khác gửi.")
_CONFIRMED_ACCOUNT = _("Công an tỉnh đã xác nhận: kẻ gian đã dùng tài khoản này.")
_CONFIRMED_LINK = _("Công an tỉnh đã xác nhận: kẻ gian đã dùng trang này.")
_OF_NUMBER: dict[VerdictKind, Promise] = {
    VerdictKind.CONFIRMED: _("Công an tỉnh đã xác nhận: kẻ gian đã dùng số này."),
    VerdictKind.OFFICE: _("Số của cơ quan, nhưng có thể bị giả."),
    VerdictKind.SERVICE: _("Số dịch vụ công cộng, nhưng có thể bị giả."),
}


class AssessmentForm(forms.Form):
    """What was said, whom they claimed to be, what they wanted: fields named as on the report form."""

    story = forms.CharField(
        label=_("Dán tin nhắn, số, tài khoản, đường link, hoặc kể họ nói gì"),
        help_text=_("Viết không dấu cũng được. Đừng ghi số thẻ, mã OTP."),
        required=False,
        strip=False,
        widget=forms.Textarea({"class": "input", "rows": "4"}),
    )
    claimed_office = forms.ChoiceField(required=False, choices=OFFICES, widget=forms.RadioSelect)
    demands = forms.MultipleChoiceField(
        required=False,
        choices=[(group.code, _(group.label)) for group in GROUPS],
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, data: Fields | None = None) -> None:
        super().__init__(data)
        self.helper = make_helper(
            "reports:assessment",
            "story",
            CollapsibleFieldset(gettext("Họ xưng là ai?"), "claimed_office"),
            CollapsibleFieldset(gettext("Họ muốn gì?"), "demands"),
            form_part("submit_assessment"),
        )


@dataclass(frozen=True)
class Finding:
    """What is known of a number, an account or a link of the text."""

    what: str | Promise
    display: str
    text: str | Promise
    tone: str
    disputable: str


@csrf_exempt  # no cookie, and nothing is stored
@require_http_methods(["GET", "HEAD", "POST"])
def assessment(request: HttpRequest) -> HttpResponse:
    """Show the form over the quiz; posted, the signs of a scam in what was said."""
    return _answer(request) if request.method == "POST" else _form_page(request)


@cache_control(public=True, max_age=300)
def _form_page(request: HttpRequest) -> HttpResponse:
    context = {"form": AssessmentForm(), "situations": training_scenarios.SITUATIONS}
    return render(request, "reports/assessment.html", context, using="public")


# Without no-store: the back button finds the answer again.
@cache_control(private=True, no_cache=True)
def _answer(request: HttpRequest) -> HttpResponse:
    data, error = parse_body(request, FOREIGN)
    typed = data.get("story", "")
    has_card = subjects.has_card(typed[:MAX_BODY_CHARS])
    if has_card:  # neither shown again nor carried on to a report
        data["story"] = mask_cards(typed)
    form = AssessmentForm(data)
    form.is_valid()  # an unknown choice counts as none
    error = error or _find_error(request, form)
    if error:
        return render_form(request, "reports/assessment.html", form, error)
    numbers = subjects.find_lone_numbers(data.get("story", ""))
    if numbers:
        return _number_page(request, form, numbers)
    return _assessment_page(request, form, has_card=has_card)


def _find_error(request: HttpRequest, form: AssessmentForm) -> FormError | None:
    typed = form.data.get("story", "")
    if len(typed) > MAX_BODY_CHARS:
        return TOO_LONG
    if not (typed.strip() or form.cleaned_data.get("claimed_office") or form.data.get("demands")):
        return NOTHING
    return None if rate_limits.consume(LOOKUPS, request) else TOO_MANY


def _number_page(
    request: HttpRequest, form: AssessmentForm, numbers: tuple[ParsedCaller, ...]
) -> HttpResponse:
    """Return what is known of a number that was typed alone, or the choice among several."""
    if len(numbers) > 1:
        return number_lookup.choice_page(request, numbers)
    try:
        return number_lookup.verdict_page(request, lookup.lookup_number(numbers[0]))
    except db.Error:
        return _assessment_page(request, form, has_card=False)


def _assessment_page(request: HttpRequest, form: AssessmentForm, *, has_card: bool) -> HttpResponse:
    """Return the answer; without a database, what the text alone says."""
    try:
        context = _build_context(form) | {"with_database": True, "has_card": has_card}
        return render(request, "reports/assessment_answer.html", context, using="public")
    except db.Error:
        context = _describe(form, _assess(form, bundled_lexicon())) | {"has_card": has_card}
        return render(request, "reports/assessment_answer.html", context, using="public")


def _assess(form: AssessmentForm, lexicon: OfficeLexicon) -> CallAssessment:
    fields = form.cleaned_data
    return call_assessment.assess_call(
        form.data.get("story", ""),
        fields.get("claimed_office", ""),
        fields.get("demands", ()),
        lexicon,
    )


def _build_context(form: AssessmentForm) -> dict[str, object]:
    assessed = _assess(form, office_lexicon())
    findings = list(_list_findings(assessed, form.data.get("story", "")))
    rows = Office.objects.prefetch_related("numbers").in_bulk(assessed.offices[:MAX_OFFICES])
    offices = [_describe_office(row, form.data.get("story", "")) for row in rows.values()]
    if any(finding.tone == "is-red" for finding in findings):
        assessed = replace(assessed, strength=Strength.CLEAR)
    elif any(f.tone == "is-amber" for f in findings) and assessed.strength == Strength.NONE:
        assessed = replace(assessed, strength=Strength.SOME)
    accused = [each.disputable for each in findings if each.disputable]
    known = {"findings": findings, "offices": offices, "accused": accused}
    return _describe(form, assessed) | known | {"answer": answer_promise()}


def _describe_office(office: Office, story: str) -> tuple[object, ...]:
    """Return an office, its words and whom to ring; of the banks, those that the story names first."""
    banks = confirmed_statements.banks_named_in(story) or confirmed_statements.bank_hotlines()
    numbers = [office_texts.localized_number(each) for each in office.numbers.all()]
    words, kind = office_texts.localized_text(office), office_texts.kind_of(office.pk)
    return office.pk, words, [each for each in numbers if not each.is_of_unit], kind, banks


def _describe(form: AssessmentForm, assessed: CallAssessment) -> dict[str, object]:
    """Return what the page says of an assessment; `report` is what goes along to a report."""
    story = form.data.get("story", "")
    phones = assessed.mentions.phones
    return {
        "form": form,
        "assessed": assessed,
        "title": _TITLES[assessed.strength],
        "tone": _TONES[assessed.strength],
        "kind": scenario_label(assessed.scenario) if assessed.scenario else "",
        "is_cut": len(story) > MAX_CHARS,
        "most": MAX_CHARS,
        "caller_number": format_national(phones[0].phone) if phones else "",
        "claimed_office": form.cleaned_data.get("claimed_office")
        or next(filter(None, map(office_texts.find_claim, assessed.offices)), ""),
        "demands": [sign.code for sign in assessed.signs if sign.code in _DEMANDS],
        "story": story,
    }


def _list_findings(assessed: CallAssessment, story: str) -> Iterator[Finding]:
    """Yield what is known of the first numbers, accounts and links of the text."""
    mentions = assessed.mentions
    for phone in _unique(each.phone for each in mentions.phones)[:MAX_LOOKUPS]:
        yield _find_number(phone)
    for subject in _list_subjects(mentions, story):
        yield _find_subject(subjects.lookup_subject(subject))


def _list_subjects(mentions: Mentions, story: str) -> list[Subject]:
    """Return the first accounts and links of a text, or the account that it is."""
    accounts = _unique(
        Subject(SubjectKind.ACCOUNT, each.account, each.bank) for each in mentions.accounts
    )
    links = _unique(Subject(SubjectKind.LINK, each.link) for each in mentions.links)
    if accounts or links:
        return [*accounts[:MAX_LOOKUPS], *links[:MAX_LOOKUPS]]
    lone = subjects.find_account_or_link(story)
    return [lone] if lone else []


def _find_subject(verdict: SubjectVerdict) -> Finding:
    what = _("Đường link") if verdict.is_link else _("Số tài khoản")
    text, colour = _describe_subject(verdict), verdict.css_class
    return Finding(what, verdict.accused, text, colour, verdict.disputable)


def _describe_subject(verdict: SubjectVerdict) -> str | Promise:
    match verdict.kind:
        case SubjectVerdictKind.CONFIRMED:
            return _CONFIRMED_LINK if verdict.is_link else _CONFIRMED_ACCOUNT
        case SubjectVerdictKind.SEVERAL:
            return _say_reported(verdict.report_summary)
        case SubjectVerdictKind.STATE:
            return _STATE_OWN
        case _:
            return next(iter(verdict.notes), _NOT_ENOUGH)


def _unique(items: Iterable[T]) -> list[T]:
    return list(dict.fromkeys(items))


def _find_number(phone: ParsedCaller) -> Finding:
    verdict = lookup.lookup_number(phone)
    if verdict.kind == VerdictKind.SEVERAL:
        text: str | Promise = _say_reported(verdict.report_summary)
    else:
        odd = verdict.notes[0] if verdict.kind == VerdictKind.ODD and verdict.notes else ""
        text = odd or _OF_NUMBER.get(verdict.kind, _NOT_ENOUGH)
    what, colour = _("Số điện thoại"), verdict.css_class
    return Finding(what, verdict.display_number, text, colour, verdict.disputable)


def _say_reported(summary: CallerReportSummary) -> str:
    text = ngettext(
        "%(people)s người không liên quan nhau đã báo, gần nhất %(day)s. Chưa xác minh.",
        "%(people)s người không liên quan nhau đã báo, gần nhất %(day)s. Chưa xác minh.",
        summary.people,
    )
    return text % {
        "people": summary.people,
        "day": summary.last and date_format(summary.last, "d/m/Y"),
    }
