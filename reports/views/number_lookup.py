"""Views that look up a telephone number, or request a review of its entry.

A number is in the body alone, in no address, log or cache; who asks is not recorded.
"""

import structlog
from django import db
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from core import rate_limits
from core.form_data import Fields
from core.province_names import insert_hotline
from reports.extraction.phones import ParsedCaller, format_national
from reports.numbers import disputes, lookup, report_counts
from reports.numbers.disputes import DisputeSubmission
from reports.numbers.forms import PREFILL, CheckForm, DisputeForm
from reports.public import office_texts
from reports.reference import confirmed_statements
from reports.submission.form_parser import ReportFormParser
from reports.views.form_errors import FormError, form_view, lookup_view, parse_body

LOOKUPS = rate_limits.Window("check", 300)  # a carrier's address has many people
DISPUTES = rate_limits.Window("dispute", 30)
log = structlog.get_logger(__name__)

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
TOO_LONG = FormError(
    413, _("Dài quá, chưa đọc được"), _("Bấm Quay lại, bỏ bớt phần chép lại, rồi gửi lại.")
)
AGAIN = FormError(
    422,
    _("Chưa gửi. Bạn bấm Gửi một lần nữa"),
    _("Trang đã mở quá lâu. Những gì bạn đã viết vẫn còn nguyên. Bấm Gửi đề nghị là xong."),
)
NOT_SAVED = FormError(
    503,
    _("Chưa gửi được"),
    _(
        "Trang chưa ghi được đề nghị của bạn. Những gì bạn đã viết vẫn còn nguyên."
        " Chờ một phút rồi bấm Gửi đề nghị."
    ),
)


@lookup_view
def check(request: HttpRequest) -> HttpResponse:
    """Show the form; posted, what may be said of the number."""
    if request.method != "POST":
        return _check_page(request, CheckForm())
    data, error = _parse_body(request)
    form = CheckForm(data)
    if error or not form.is_valid():
        return _check_page(request, form, error)
    phones = form.parsed_phones
    if len(phones) > 1:
        return choice_page(request, phones)
    if not rate_limits.consume(LOOKUPS, request):
        return _check_page(request, form, TOO_MANY)
    try:
        verdict = lookup.lookup_number(phones[0])
    except db.Error:
        return _check_page(request, form, NOT_NOW)
    return verdict_page(request, verdict)


@form_view
def dispute(request: HttpRequest) -> HttpResponse:
    """Show the form for a review, prefilled with a posted number; sent, submit the dispute."""
    if request.method != "POST":
        return _dispute_page(request, DisputeForm.fresh())
    data, error = _parse_body(request)
    if error is None and PREFILL in data:
        return _dispute_page(request, DisputeForm.fresh(data.get(PREFILL, "")))
    parser = ReportFormParser(data)
    form = DisputeForm(parser.data)
    if error is None and (parser.age is None or parser.data.get("website")):
        error = AGAIN  # an old page, or the honeypot: one more press sends it
    if error or not form.is_valid():
        return _dispute_page(request, form, error)
    if not rate_limits.consume(DISPUTES, request):
        return _dispute_page(request, form, TOO_MANY)
    try:
        submitted = disputes.submit_dispute(_build_submission(form), parser.submission_key)
    except db.Error as error:
        log.error("dispute.save_failed", error=type(error).__name__)  # noqa: TRY400
        return _dispute_page(request, form, NOT_SAVED)
    context = {"dispute": submitted, "answer": _answer_promise()}
    return render(request, "reports/check_dispute_receipt.html", context, using="public")


def _parse_body(request: HttpRequest) -> tuple[Fields, FormError | None]:
    data, error = parse_body(request, FOREIGN)
    return data, error if error is None or error is FOREIGN else TOO_LONG


def _build_submission(form: DisputeForm) -> DisputeSubmission:
    fields = form.cleaned_data
    return DisputeSubmission(
        number=fields["number"], reason=fields["reason"], contact=fields["contact_phone"]
    )


def _answer_promise() -> str:
    """Return the confirmed sentence on when an answer comes, in working days, or ""."""
    statement = confirmed_statements.statements().get(disputes.STATEMENT_CODE)
    return statement.text.replace("{days}", str(statement.amount)) if statement else ""


def _check_page(
    request: HttpRequest, form: CheckForm, error: FormError | None = None
) -> HttpResponse:
    status = error.status if error else 422 if form.errors else 200
    context = {"form": form, "form_error": error}
    return render(request, "reports/check.html", context, status=status, using="public")


def verdict_page(request: HttpRequest, verdict: lookup.NumberVerdict) -> HttpResponse:
    context: dict[str, object] = {
        "verdict": verdict,
        "form": CheckForm(),
        "days": report_counts.DAYS,
        "answer": _answer_promise(),
    }
    if verdict.office:
        context["office"] = office_texts.localized_text(verdict.office.office)
        context["published"] = office_texts.localized_number(verdict.office)
    return render(request, "reports/check_verdict.html", context, using="public")


def choice_page(request: HttpRequest, phones: tuple[ParsedCaller, ...]) -> HttpResponse:
    """Return the page with a button for each of several numbers of one field."""
    numbers = [(phone.key or phone.raw, format_national(phone)) for phone in phones[:MAX_NUMBERS]]
    context = {"numbers": numbers, "form": CheckForm()}
    return render(request, "reports/check_number_choice.html", context, using="public")


def _dispute_page(
    request: HttpRequest, form: DisputeForm, error: FormError | None = None
) -> HttpResponse:
    status = error.status if error else 422 if form.errors else 200
    if form.is_bound:
        form.renew_token()
    context = {"form": form, "form_error": error, "answer": _answer_promise()}
    return render(request, "reports/check_dispute.html", context, status=status, using="public")
