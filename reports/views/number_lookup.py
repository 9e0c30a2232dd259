"""What is known of a number, and asking for a second look. A number travels in the body alone: it
is in no address, no log and no cache, and who asks is written down nowhere.
"""

import structlog
from django.db import Error as DatabaseTrouble
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from core import rate_limits
from core.form_data import Fields
from core.province import province
from core.same_origin import is_same_origin
from reports.extraction.phones import ParsedCaller, format_national
from reports.models import Dispute
from reports.numbers import findings, lookup, report_counts
from reports.numbers.findings import DisputeSubmission
from reports.numbers.forms import PREFILL, CheckForm, DisputeForm
from reports.public import institutions
from reports.reference import confirmed_statements
from reports.submission.form_parser import ReportFormParser
from reports.views.form_errors import FormError, parse_body

log = structlog.get_logger(__name__)

MAX_ASKED = 8  # numbers of one field
FOREIGN = FormError(
    403,
    _("Chưa kiểm tra. Bạn bấm một lần nữa"),
    _("Số vừa rồi đến từ một trang khác, không phải trang này."),
)
NOT_NOW = FormError(
    503,
    _("Chưa kiểm tra được"),
    format_lazy(
        _(
            "Trang đang gặp trục trặc. Chưa biết không có nghĩa là an toàn:"
            " họ đòi tiền, hỏi mã thì cúp máy. Cần hỏi, gọi {hotline}."
        ),
        hotline=province.hotline,
    ),
)
TOO_MANY = FormError(
    429,
    _("Chưa làm được ngay"),
    format_lazy(
        _(
            "Từ mạng này đã hỏi nhiều lần. Chờ 10 phút rồi thử lại. Họ đòi tiền, hỏi mã thì cúp máy."
            " Cần hỏi, gọi {hotline}."
        ),
        hotline=province.hotline,
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


@csrf_exempt  # it changes nothing, and a visitor has no cookie
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def check(request: HttpRequest) -> HttpResponse:
    """The form; posted, what may be said of the number."""
    if request.method != "POST":
        return _check_page(request, CheckForm())
    data, trouble = _posted(request)
    form = CheckForm(data)
    if trouble or not form.is_valid():
        return _check_page(request, form, trouble)
    phones = form.parsed_phones
    if len(phones) > 1:
        return _which(request, phones)
    if not rate_limits.consume("check", request):
        return _check_page(request, form, TOO_MANY)
    try:
        verdict = lookup.lookup_number(phones[0])
    except DatabaseTrouble:
        return _check_page(request, form, NOT_NOW)
    return _verdict_page(request, verdict)


@csrf_exempt  # a form token of our own instead: no cookie for a visitor
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def dispute(request: HttpRequest) -> HttpResponse:
    """A form to ask for a second look; posted, the number to name it by. A page of ours may carry
    a number to it.
    """
    if request.method != "POST":
        return _dispute_page(request, DisputeForm.fresh())
    data, trouble = _posted(request)
    if trouble is None and PREFILL in data:
        return _dispute_page(request, DisputeForm.fresh(data.get(PREFILL, "")))
    posted = ReportFormParser(data)
    form = DisputeForm(posted.data)
    trouble = trouble or _distrust(posted)
    if trouble or not form.is_valid():
        return _dispute_page(request, form, trouble)
    if not rate_limits.consume("dispute", request):
        return _dispute_page(request, form, TOO_MANY)
    try:
        taken = findings.submit_dispute(_build_submission(form), posted.submission_key)
    except DatabaseTrouble as error:
        log.error("dispute.not_saved", error=type(error).__name__)  # noqa: TRY400
        return _dispute_page(request, form, NOT_SAVED)
    return _taken_page(request, taken)


def _posted(request: HttpRequest) -> tuple[Fields, FormError | None]:
    """What was sent, and why it is not looked at."""
    data, trouble = parse_body(request)
    if trouble:
        return data, TOO_LONG
    return data, None if is_same_origin(request) else FOREIGN


def _distrust(posted: ReportFormParser) -> FormError | None:
    """An old page, or a field filled in that people do not see: one more press sends it."""
    is_ours = posted.age is not None and not posted.data.get("website")
    return None if is_ours else AGAIN


def _build_submission(form: DisputeForm) -> DisputeSubmission:
    said = form.cleaned_data
    return DisputeSubmission(
        number=said["number"], reason=said["reason"], contact=said["contact_phone"]
    )


def _promise() -> str:
    """Within how many working days an answer is expected, once officers have confirmed it."""
    said = confirmed_statements.statements().get(findings.STATEMENT_CODE)
    return said.text.replace("{days}", str(said.amount)) if said else ""


def _check_page(
    request: HttpRequest, form: CheckForm, trouble: FormError | None = None
) -> HttpResponse:
    status = trouble.status if trouble else 422 if form.errors else 200
    context = {"form": form, "trouble": trouble}
    return render(request, "reports/check.html", context, status=status, using="public")


def _verdict_page(request: HttpRequest, verdict: lookup.Verdict) -> HttpResponse:
    context: dict[str, object] = {
        "verdict": verdict,
        "form": CheckForm(),
        "days": report_counts.DAYS,
    }
    context["answer"] = _promise()
    if verdict.office:
        context["office"] = institutions.localized_text(verdict.office.office)
        context["published"] = institutions.published(verdict.office)
    return render(request, "reports/check_verdict.html", context, using="public")


def _which(request: HttpRequest, phones: tuple[ParsedCaller, ...]) -> HttpResponse:
    """Several numbers stand in one field: each is a button."""
    numbers = [(phone.key or phone.raw, format_national(phone)) for phone in phones[:MAX_ASKED]]
    context = {"numbers": numbers, "form": CheckForm()}
    return render(request, "reports/check_number_choice.html", context, using="public")


def _dispute_page(
    request: HttpRequest, form: DisputeForm, trouble: FormError | None = None
) -> HttpResponse:
    status = trouble.status if trouble else 422 if form.errors else 200
    if form.is_bound:
        form.offer_again()
    context = {"form": form, "trouble": trouble, "answer": _promise()}
    return render(request, "reports/check_dispute.html", context, status=status, using="public")


def _taken_page(request: HttpRequest, taken: Dispute) -> HttpResponse:
    context = {"dispute": taken, "answer": _promise()}
    return render(request, "reports/check_dispute_receipt.html", context, using="public")
