"""Look up the report of a typed receipt code, ask for it again, and replace a lost code.

Wrong codes are counted; after many, the next wrong one has to wait. A right one always opens: its
owner may share an address with somebody who guesses.
"""

import json
from typing import Any

import structlog
from django import db
from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.datastructures import MultiValueDict
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core import rate_limits
from core.province_names import insert_hotline
from reports.models import Report
from reports.submission import receipt_codes
from reports.submission.forms import CodeForm
from reports.tracking import code_recovery
from reports.tracking.code_recovery import RedeemedCode
from reports.tracking.forms import OneTimeWordForm
from reports.views.form_errors import FormError, SubmissionRedirect, form_view, parse_body
from reports.views.sealed_cookies import SealedCookie, has_cookies, offer_cookie, page_address

log = structlog.get_logger(__name__)

UNKNOWN_CODE = insert_hotline(
    _("Chưa thấy tin nào có mã này. Xem lại từng nhóm, hoặc gọi {hotline}.")
)
REPLACED = insert_hotline(
    _("Mã này đã được thay lúc %(at)s. Không phải bạn lấy mã mới? Gọi {hotline}.")
)
TOO_MANY = insert_hotline(_("Bạn đã thử nhiều lần. Chờ 10 phút, hoặc gọi {hotline}."))
_MAX_TYPED_CHARS = 200  # of a field that a cookie takes to the page that gives it back
_NEW_CODE = SealedCookie("new-code", "new code")
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
    seconds = rate_limits.retry_after(receipt_codes.CODE_GUESSES, request)
    receipt_codes.record_wrong_code(request)
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


def answer_refused(
    request: HttpRequest, view: str, template: str, form: Form, error: FormError | None = None
) -> HttpResponse:
    """Answer a POST whose code or word opened nothing: by a redirect to the page of its form, which
    gives back what was typed, where the browser keeps cookies.
    """
    if request.method != "POST":
        return offer_cookie(render_invalid(request, template, form, error))
    if not has_cookies(request):
        return render_invalid(request, template, form, error)
    said = {
        "typed": {name: form.data.get(name, "")[:_MAX_TYPED_CHARS] for name in form.fields},
        "fields": {name: str(errors[0]) for name, errors in form.errors.items()},
        "wait": _retry_after(form),
        "error": error and [error.status, str(error.title), str(error.text)],
    }
    return redirect_with_note(view, said)


def code_page(request: HttpRequest, form: CodeForm, error: FormError | None = None) -> HttpResponse:
    """Answer with the page that asks for the code, with what was wrong with the typed one."""
    return answer_refused(request, "reports:track", "reports/track.html", form, error)


def redirect_with_note(view: str, note: dict[str, Any]) -> HttpResponse:
    """Return the redirect to a page of a form, with what it is to say."""
    address = page_address(view, get_language())
    response = SubmissionRedirect(address)
    # Letters as they are: escaped, those of two full fields are more than browsers keep.
    _refusal_cookie(view).write(response, json.dumps(note, ensure_ascii=False), address)
    return response


def _refusal_cookie(view: str) -> SealedCookie:
    return SealedCookie(view.replace(":", "-"), view, max_age_seconds=120)


def form_page(
    request: HttpRequest, view: str, template: str, form_class: type[CodeForm | OneTimeWordForm]
) -> HttpResponse:
    """Return the page of a form by GET: empty, or with what was wrong a moment ago."""
    text, _age = _refusal_cookie(view).load(request)
    said = json.loads(text) if text else {}
    typed = {name: [value] for name, value in said.get("typed", {}).items()}
    form = form_class(MultiValueDict(typed) if typed else None)
    for name, sentence in said.get("fields", {}).items():
        if name not in form.errors:
            form.add_error(name, _restore_error(sentence, said["wait"]))
    error = FormError(*said["error"]) if said.get("error") else None
    page = render_invalid(request, template, form, error, is_closed=said.get("is_closed"))
    return offer_cookie(page)


def _restore_error(sentence: str, wait: int) -> ValidationError:
    return _rate_limited_error(wait) if wait else ValidationError(sentence)


@form_view
def new_code(request: HttpRequest) -> HttpResponse:
    """Take the report's number and an officer's one-time word; show the new code once."""
    if request.method != "POST":
        return form_page(request, "reports:new_code", "reports/new_code.html", OneTimeWordForm)
    data, error = parse_body(request, FOREIGN)
    form = OneTimeWordForm(data)
    if error or not form.is_valid():
        return _render_form(request, form, error)
    number, word = form.cleaned_data["public_number"], form.cleaned_data["word"]
    if seconds := rate_limits.retry_after(receipt_codes.WORD_GUESSES, request, number):
        form.add_error("word", _rate_limited_error(seconds))
        return _render_form(request, form)
    try:
        redeemed = code_recovery.redeem_one_time_word(number, word)
    except db.Error as error:
        log.error("code.replace_failed", error=type(error).__name__)  # noqa: TRY400
        return _render_form(request, form, NOT_NOW)
    if redeemed is None:
        receipt_codes.record_wrong_word(request, number)
        form.add_error("word", WRONG_WORD)
        return _render_form(request, form)
    return _answer_redeemed(request, redeemed)


def _render_form(
    request: HttpRequest, form: OneTimeWordForm, error: FormError | None = None
) -> HttpResponse:
    return answer_refused(request, "reports:new_code", "reports/new_code.html", form, error)


def _answer_redeemed(request: HttpRequest, redeemed: RedeemedCode) -> HttpResponse:
    """Return the page with the new code; where the browser keeps cookies, by a redirect."""
    if not has_cookies(request):
        return _render_new_code(request, redeemed.report, redeemed.code)
    address = page_address("reports:new_code_received", get_language())
    response = SubmissionRedirect(address)
    _NEW_CODE.write(response, redeemed.code, address)
    return response


@require_safe
@never_cache
def new_code_received(request: HttpRequest) -> HttpResponse:
    """Show the new code while the cookie with it is valid."""
    code, _age = _NEW_CODE.load(request)
    try:
        report = receipt_codes.report_for_code(code) if code else None
    except db.Error:
        return render(request, "503.html", status=503, using="public")
    return _render_new_code(request, report, code) if report else redirect("reports:new_code")


def drop_new_code(response: HttpResponse) -> None:
    """Have the browser forget a new code that was shown."""
    for language in ("vi", "en"):
        address = page_address("reports:new_code_received", language)
        response.delete_cookie(_NEW_CODE.name, address, samesite="Lax")


def _render_new_code(request: HttpRequest, report: Report, code: str) -> HttpResponse:
    context = {"report": report, "groups": receipt_codes.spoken_groups(code)}
    return render(request, "reports/new_code_result.html", context, using="public")
