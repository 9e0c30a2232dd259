"""Views that ask for a review of what is said of a number, account or link, and that tell its answer.

What is disputed is in the body alone, in no address, log or answer; the code opens status and answer.
"""

import structlog
from django import db
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from core import rate_limits
from core.province_names import insert_hotline
from reports.models import Dispute
from reports.numbers import disputes
from reports.numbers.disputes import DisputeSubmission
from reports.numbers.forms import PREFILL, DisputeCodeForm, DisputeForm
from reports.reference import confirmed_statements
from reports.submission import receipt_codes
from reports.submission.form_parser import ReportFormParser
from reports.views.form_errors import FormError, lookup_view, parse_short_body, render_form

DISPUTES = rate_limits.Window("dispute", 30)
log = structlog.get_logger(__name__)

FOREIGN = FormError(
    403,
    _("Chưa gửi. Bạn bấm một lần nữa"),
    _("Những gì vừa gửi đến từ một trang khác, không phải trang này."),
)
TOO_MANY = FormError(
    429,
    _("Chưa làm được ngay"),
    insert_hotline(_("Từ mạng này đã gửi nhiều lần. Chờ 10 phút, hoặc gọi {hotline}.")),
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
NOT_NOW = FormError(
    503, _("Chưa xem được"), _("Trang đang gặp trục trặc. Mã vẫn còn. Chờ một phút rồi bấm lại.")
)
UNKNOWN_CODE = insert_hotline(
    _("Chưa thấy đề nghị nào có mã này. Xem lại từng nhóm, hoặc gọi {hotline}.")
)


@lookup_view  # the back button finds the code, which is shown once, and what was refused
def dispute(request: HttpRequest) -> HttpResponse:
    """Show the form for a review, prefilled from another page; sent, submit the dispute."""
    if request.method != "POST":
        return _dispute_page(request, DisputeForm.fresh())
    data, error = parse_short_body(request, FOREIGN)
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
    context = {
        "dispute": submitted,
        "code": disputes.format_code(submitted),
        "answer": answer_promise(),
    }
    return render(request, "reports/check_dispute_receipt.html", context, using="public")


@lookup_view
def dispute_answer(request: HttpRequest) -> HttpResponse:
    """Show the form for a code; posted, the status of its dispute, and what the officer answered."""
    if request.method != "POST":
        return _code_page(request, DisputeCodeForm())
    data, error = parse_short_body(request, FOREIGN)
    form = DisputeCodeForm(data)
    if error or not form.is_valid():
        return _code_page(request, form, error)
    if rate_limits.retry_after(receipt_codes.CODE_GUESSES, request):
        return _code_page(request, form, TOO_MANY)
    try:
        found = disputes.find_by_code(form.cleaned_data["code"])
    except db.Error:
        return _code_page(request, form, NOT_NOW)
    if found is None:
        receipt_codes.record_wrong_code(request)
        form.add_error("code", UNKNOWN_CODE)
        return _code_page(request, form)
    return _answer_page(request, found)


def _code_page(
    request: HttpRequest, form: DisputeCodeForm, error: FormError | None = None
) -> HttpResponse:
    return render_form(request, "reports/dispute_code.html", form, error)


def _answer_page(request: HttpRequest, found: Dispute) -> HttpResponse:
    is_answered = found.status != Dispute.Status.OPEN
    context = {
        "dispute": found,
        "is_answered": is_answered,
        "is_upheld": found.status == Dispute.Status.UPHELD,
        "answer": found.answer if is_answered else "",
        "promise": "" if is_answered else answer_promise(),
    }
    return render(request, "reports/dispute_answer.html", context, using="public")


def _build_submission(form: DisputeForm) -> DisputeSubmission:
    fields = form.cleaned_data
    return DisputeSubmission(
        number=fields["number"], reason=fields["reason"], contact=fields["contact_phone"]
    )


def answer_promise() -> str:
    """Return the confirmed sentence on when an answer comes, in working days, or ""."""
    statement = confirmed_statements.statements().get(disputes.STATEMENT_CODE)
    return statement.text.replace("{days}", str(statement.amount)) if statement else ""


def _dispute_page(
    request: HttpRequest, form: DisputeForm, error: FormError | None = None
) -> HttpResponse:
    if form.is_bound:
        form.renew_token()
    template = "reports/check_dispute.html"
    return render_form(request, template, form, error, answer=answer_promise())
