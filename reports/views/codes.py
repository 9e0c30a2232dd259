"""Look up the report of a typed receipt code, and replace a lost code.

Wrong codes are counted; after many, the next wrong one has to wait. A right one always opens: its
owner may share an address with somebody who guesses.
"""

import structlog
from django import db
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from core import rate_limits
from core.province_names import insert_hotline
from reports.models import Report
from reports.submission import guess_limits, receipt_codes
from reports.submission.forms import CodeForm
from reports.tracking import code_recovery
from reports.tracking.code_recovery import RedeemedCode
from reports.tracking.forms import OneTimeWordForm
from reports.views.form_errors import FormError, form_view, parse_body

log = structlog.get_logger(__name__)

UNKNOWN_CODE = insert_hotline(
    _("Chưa thấy tin nào có mã này. Xem lại từng nhóm, hoặc gọi {hotline}.")
)
REPLACED = insert_hotline(
    _("Mã này đã được thay lúc %(at)s. Không phải bạn lấy mã mới? Gọi {hotline}.")
)
TOO_MANY = insert_hotline(_("Bạn đã thử nhiều lần. Chờ 10 phút, hoặc gọi {hotline}."))
_NOT_SENT = FormError(429, _("Chưa gửi"), TOO_MANY)
_RATE_LIMITED = "wait"  # the code of that ValidationError
FOREIGN = FormError(
    403,
    _("Chưa lấy. Bạn bấm một lần nữa"),
    _("Số vừa rồi đến từ một trang khác, không phải trang này."),
)
NOT_NOW = FormError(
    503,
    _("Chưa lấy được mã mới"),
    _("Trang đang gặp trục trặc, tin của bạn không mất. Chờ một phút rồi bấm lại."),
)
WRONG_WORD = insert_hotline(
    _(
        "Số tin hoặc chữ chưa đúng, đã dùng rồi, hoặc đã quá 30 phút."
        " Xem lại, hoặc gọi {hotline} để lấy chữ mới."
    )
)


def report_for_code_or_error(request: HttpRequest, form: CodeForm) -> Report | None:
    """Return the report of the form's code; without one, add an error to the form.

    Only a well-formed code that never opened anything counts as a guess: a mistyped one fails its
    check character, and a replaced code was once right.
    """
    code = form.cleaned_data["code"]
    report = receipt_codes.report_for_code(code)
    if report is None:
        form.add_error("code", _replaced_error(code) or _wrong_code_error(request))
    return report


def _replaced_error(code: str) -> ValidationError | None:
    at = code_recovery.replaced_at(code)
    if at is None:
        return None
    return ValidationError(REPLACED, params={"at": f"{timezone.localtime(at):%H:%M, %d/%m/%Y}"})


def _wrong_code_error(request: HttpRequest) -> ValidationError:
    seconds = rate_limits.retry_after(guess_limits.CODES, request)
    guess_limits.record_wrong_code(request)
    return _rate_limited_error(seconds) if seconds else ValidationError(UNKNOWN_CODE)


def _rate_limited_error(seconds: int) -> ValidationError:
    return ValidationError(TOO_MANY, code=_RATE_LIMITED, params={"seconds": seconds})


def _retry_after(form: Form) -> int:
    """Return the seconds to wait by a rate-limit error of the form, 0 without one."""
    errors = (each for field in form.errors.as_data().values() for each in field)
    waits = (
        each.params["seconds"] for each in errors if each.code == _RATE_LIMITED and each.params
    )
    return next(waits, 0)


def render_invalid(
    request: HttpRequest,
    template: str,
    code_form: Form,
    error: FormError | None = None,
    *,
    returned_form: Form | None = None,
    **context: object,
) -> HttpResponse:
    """Return the page of a form that was not accepted, with the status that says why.

    The page holds `code_form`, or `returned_form` where another form gives back what was typed.
    """
    wait = _retry_after(code_form)
    if wait:
        error = _NOT_SENT if returned_form else None
    status = 429 if wait else error.status if error else 422 if code_form.errors else 200
    context = {"form": returned_form or code_form, "form_error": error, **context}
    response = render(request, template, context, status=status, using="public")
    if wait:
        response["Retry-After"] = str(wait)
    return response


@form_view
def new_code(request: HttpRequest) -> HttpResponse:
    """Take the report's number and an officer's one-time word; show the new code once."""
    if request.method != "POST":
        return _render_form(request, OneTimeWordForm())
    data, error = parse_body(request, FOREIGN)
    form = OneTimeWordForm(data)
    if error or not form.is_valid():
        return _render_form(request, form, error)
    number, word = form.cleaned_data["public_number"], form.cleaned_data["word"]
    if seconds := rate_limits.retry_after(guess_limits.ONE_TIME_WORDS, request, number):
        form.add_error("word", _rate_limited_error(seconds))
        return _render_form(request, form)
    try:
        redeemed = code_recovery.redeem_one_time_word(number, word)
    except db.Error as error:
        log.error("code.replace_failed", error=type(error).__name__)  # noqa: TRY400
        return _render_form(request, form, NOT_NOW)
    if redeemed is None:
        guess_limits.record_wrong_word(request, number)
        form.add_error("word", WRONG_WORD)
        return _render_form(request, form)
    return _render_new_code(request, redeemed)


def _render_form(
    request: HttpRequest, form: OneTimeWordForm, error: FormError | None = None
) -> HttpResponse:
    return render_invalid(request, "reports/new_code.html", form, error)


def _render_new_code(request: HttpRequest, redeemed: RedeemedCode) -> HttpResponse:
    groups = receipt_codes.spoken_groups(redeemed.code)
    context = {"report": redeemed.report, "groups": groups}
    return render(request, "reports/new_code_result.html", context, using="public")
