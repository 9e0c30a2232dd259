"""The one place that looks for a report by a code that was typed: wrong ones are counted, and after
many the next wrong one is told to wait. A right one always opens: its owner may share an address
with whoever guesses.
"""

from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from core import rate_limits
from core.province import province
from reports.models import Report
from reports.submission import receipt_codes
from reports.submission.forms import CodeForm
from reports.tracking import code_recovery
from reports.views.form_errors import FormError

UNKNOWN_CODE = format_lazy(
    _("Chưa thấy tin nào có mã này. Xem lại từng nhóm, hoặc gọi {hotline}."),
    hotline=province.hotline,
)
REPLACED = format_lazy(
    _("Mã này đã được thay lúc %(at)s. Không phải bạn lấy mã mới? Gọi {hotline}."),
    hotline=province.hotline,
)
TOO_MANY = format_lazy(
    _("Bạn đã thử nhiều lần. Chờ 10 phút, hoặc gọi {hotline}."), hotline=province.hotline
)
_NOT_SENT = FormError(429, _("Chưa gửi"), TOO_MANY)
_WAIT = "wait"  # the code of that error


def report_for_code_or_error(request: HttpRequest, form: CodeForm) -> Report | None:
    """The report whose code was typed; that there is none becomes an error of the form.

    Only a code that is well formed and never opened anything counts: a slip is told by its check
    sign, and who holds a replaced code has not guessed it.
    """
    code = form.cleaned_data["code"]
    found = receipt_codes.report_for_code(code)
    if found is None:
        form.add_error("code", _replaced(code) or _unknown(request))
    return found


def _replaced(code: str) -> ValidationError | None:
    at = code_recovery.replaced_at(code)
    said = {"at": f"{timezone.localtime(at):%H:%M, %d/%m/%Y}"} if at else None
    return ValidationError(REPLACED, params=said) if said else None


def _unknown(request: HttpRequest) -> ValidationError:
    """The error of one more wrong code, which is counted."""
    seconds = rate_limits.retry_after("code", request)
    rate_limits.record_wrong_code(request)
    return rate_limited_error(seconds) if seconds else ValidationError(UNKNOWN_CODE)


def rate_limited_error(seconds: int) -> ValidationError:
    """The error of a field that was tried too often, with how long to wait."""
    return ValidationError(TOO_MANY, code=_WAIT, params={"seconds": seconds})


def _wait_of(form: Form) -> int:
    """Seconds that an error of the form asks to wait; 0 where none does."""
    every = (each for errors in form.errors.as_data().values() for each in errors)
    return next((each.params["seconds"] for each in every if each.code == _WAIT and each.params), 0)


def render_invalid(
    request: HttpRequest,
    template: str,
    asked: Form,
    trouble: FormError | None = None,
    *,
    shown: Form | None = None,
    **more: object,
) -> HttpResponse:
    """A form that was not taken, under the status that says why. `asked` held the code; it is the
    form that is shown, unless another one gives back what was typed.
    """
    wait = _wait_of(asked)
    if wait:
        trouble = _NOT_SENT if shown else None
    status = 429 if wait else trouble.status if trouble else 422 if asked.errors else 200
    context = {"form": shown or asked, "trouble": trouble, **more}
    response = render(request, template, context, status=status, using="public")
    if wait:
        response["Retry-After"] = str(wait)
    return response
