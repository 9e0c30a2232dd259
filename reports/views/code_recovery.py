"""A new receipt code for who has lost the first one, with the word that an officer has read out."""

import structlog
from django.core.exceptions import ValidationError
from django.db import Error as DatabaseTrouble
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from core import rate_limits
from core.province import province
from core.same_origin import is_same_origin
from reports.submission import receipt_codes
from reports.tracking import code_recovery
from reports.tracking.code_recovery import RedeemedCode
from reports.tracking.code_recovery_forms import PickupForm
from reports.views.code_lookup import rate_limited_error, render_invalid
from reports.views.form_errors import FormError, parse_body

log = structlog.get_logger(__name__)

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
NOTHING = format_lazy(
    _(
        "Số tin hoặc chữ chưa đúng, đã dùng rồi, hoặc đã quá 30 phút."
        " Xem lại, hoặc gọi {hotline} để lấy chữ mới."
    ),
    hotline=province.hotline,
)


@csrf_exempt  # a visitor has no cookie to ride on; the word in the body is the key
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def new_code(request: HttpRequest) -> HttpResponse:
    """Number and word in, the new code out, once."""
    if request.method != "POST":
        return _render_form(request, PickupForm())
    data, trouble = parse_body(request)
    form = PickupForm(data)
    if trouble is None and not is_same_origin(request):
        trouble = FOREIGN
    if trouble or not form.is_valid():
        return _render_form(request, form, trouble)
    number, word = form.cleaned_data["public_number"], form.cleaned_data["word"]
    if seconds := rate_limits.retry_after("word", request, number):
        form.add_error("word", rate_limited_error(seconds))
        return _render_form(request, form)
    try:
        fetched = code_recovery.redeem_one_time_word(number, word)
    except DatabaseTrouble as error:
        log.error("code.not_replaced", error=type(error).__name__)  # noqa: TRY400
        return _render_form(request, form, NOT_NOW)
    if fetched is None:
        rate_limits.record_wrong_word(request, number)
        form.add_error("word", ValidationError(NOTHING))
        return _render_form(request, form)
    return _render_new_code(request, fetched)


def _render_form(
    request: HttpRequest, form: PickupForm, trouble: FormError | None = None
) -> HttpResponse:
    return render_invalid(request, "reports/new_code.html", form, trouble)


def _render_new_code(request: HttpRequest, fetched: RedeemedCode) -> HttpResponse:
    groups = [
        (group, receipt_codes.phonetic_group(group))
        for group in receipt_codes.format_code(fetched.code)
    ]
    context = {"report": fetched.report, "groups": groups}
    return render(request, "reports/new_code_result.html", context, using="public")
