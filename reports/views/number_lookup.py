"""The view that looks up a telephone number, an account or a link.

What is typed is in the body alone, in no address, log or cache; who asks is not recorded.
"""

from django import db
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from core import rate_limits
from core.province_names import insert_hotline
from reports.extraction.phones import ParsedCaller, format_national
from reports.models import SubjectKind
from reports.numbers import lookup, office_questions, report_counts, subjects
from reports.numbers.forms import CheckForm
from reports.numbers.subjects import Subject, SubjectVerdict
from reports.public import office_texts
from reports.views.disputes import answer_promise
from reports.views.form_errors import FormError, lookup_view, parse_short_body, render_form

LOOKUPS = rate_limits.Window("check", 300)  # a carrier's address has many people

MAX_NUMBERS = 8  # of one field
FOREIGN = FormError(
    403,
    _("Chưa kiểm tra. Bạn bấm một lần nữa"),
    _("Số vừa rồi đến từ một trang khác, không phải trang này."),
)
NOT_NOW = FormError(
    503,
    _("Chưa kiểm tra được"),
    insert_hotline(
        _(
            "Trang đang gặp trục trặc. Chưa biết không có nghĩa là an toàn:"
            " họ đòi tiền, hỏi mã thì cúp máy. Cần hỏi, gọi {hotline}."
        )
    ),
)
TOO_MANY = FormError(
    429,
    _("Chưa làm được ngay"),
    insert_hotline(
        _(
            "Từ mạng này đã hỏi nhiều lần. Chờ 10 phút rồi thử lại. Họ đòi tiền, hỏi mã thì cúp máy."
            " Cần hỏi, gọi {hotline}."
        )
    ),
)


@lookup_view
def check(request: HttpRequest) -> HttpResponse:
    """Show the form; posted, what may be said of the number, account or link."""
    if request.method != "POST":
        return _check_page(request, CheckForm())
    data, error = parse_short_body(request, FOREIGN)
    form = CheckForm(data)
    if error or not form.is_valid():
        return _check_page(request, form, error)
    phones = () if form.subject else form.parsed_phones
    if len(phones) > 1:
        return choice_page(request, phones)
    if not rate_limits.consume(LOOKUPS, request):
        return _check_page(request, form, TOO_MANY)
    try:
        return _answer_page(request, form)
    except db.Error:
        return _check_page(request, form, NOT_NOW)


def _answer_page(request: HttpRequest, form: CheckForm) -> HttpResponse:
    if subject := form.subject:
        return _subject_page(request, subjects.lookup_subject(subject))
    return verdict_page(request, lookup.lookup_number(form.parsed_phones[0]))


def _check_page(
    request: HttpRequest, form: CheckForm, error: FormError | None = None
) -> HttpResponse:
    return render_form(request, "reports/check.html", form, error)


def verdict_page(request: HttpRequest, verdict: lookup.NumberVerdict) -> HttpResponse:
    context = _verdict_context(verdict)
    if not (verdict.office or verdict.service):
        number = Subject(SubjectKind.NUMBER, lookup.lookup_key(verdict.phone))
        context["denials"] = office_questions.list_denials(number)
    if verdict.office:
        context["office"] = office_texts.localized_text(verdict.office.office)
        context["published"] = office_texts.localized_number(verdict.office)
    return render(request, "reports/check_verdict.html", context, using="public")


def choice_page(request: HttpRequest, phones: tuple[ParsedCaller, ...]) -> HttpResponse:
    """Return the page with a button for each of several numbers of one field."""
    numbers = [(phone.key or phone.raw, format_national(phone)) for phone in phones[:MAX_NUMBERS]]
    context = {"numbers": numbers, "form": CheckForm()}
    return render(request, "reports/check_number_choice.html", context, using="public")


def _subject_page(request: HttpRequest, verdict: SubjectVerdict) -> HttpResponse:
    denials = office_questions.list_denials(verdict.subject)
    context = {**_verdict_context(verdict), "denials": denials}
    return render(request, "reports/check_subject.html", context, using="public")


def _verdict_context(verdict: lookup.NumberVerdict | SubjectVerdict) -> dict[str, object]:
    return {
        "verdict": verdict,
        "form": CheckForm(),
        "days": report_counts.DAYS,
        "accused": list(filter(None, [verdict.disputable])),
        "answer": answer_promise(),
    }
