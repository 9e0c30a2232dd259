"""The one place that looks for a report by a code that was typed: wrong ones are counted, and who
has tried many is asked to wait.
"""

from django.core.exceptions import ValidationError
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from reports import limits, receipts
from reports.forms import CodeForm
from reports.models import Report
from reports.views.posting import Trouble

UNKNOWN_CODE = _("Chưa thấy tin nào có mã này. Xem lại từng nhóm, hoặc gọi 02373.725.725.")
TOO_MANY = _("Bạn đã thử nhiều lần. Chờ 10 phút, hoặc gọi 02373.725.725.")
_NOT_SENT = Trouble(429, _("Chưa gửi"), TOO_MANY)
_WAIT = "wait"  # the code of that error


def found_by(request: HttpRequest, form: CodeForm) -> Report | None:
    """The report whose code was typed; that there is none becomes an error of the form.

    Only a code that is well formed and opens nothing counts: a slip is told by its check sign.
    """
    if must_wait(request, form, "code"):
        return None
    found = receipts.find(form.cleaned_data["code"])
    if found is None:
        limits.wrong_code(request)
        form.add_error("code", UNKNOWN_CODE)
    return found


def must_wait(request: HttpRequest, form: Form, field: str) -> bool:
    """Whether this visitor has tried too many; then that is an error of the field."""
    if not limits.pause("code", request):
        return False
    form.add_error(field, ValidationError(TOO_MANY, code=_WAIT))
    return True


def _is_refused(form: Form) -> bool:
    return any(each.code == _WAIT for errors in form.errors.as_data().values() for each in errors)


def form_page(
    request: HttpRequest,
    template: str,
    asked: Form,
    trouble: Trouble | None = None,
    *,
    shown: Form | None = None,
    **more: object,
) -> HttpResponse:
    """A form that was not taken, under the status that says why. `asked` held the code; it is the
    form that is shown, unless another one gives back what was typed.
    """
    is_refused = _is_refused(asked)
    if is_refused:
        trouble = _NOT_SENT if shown else None
    status = 429 if is_refused else trouble.status if trouble else 422 if asked.errors else 200
    context = {"form": shown or asked, "trouble": trouble, **more}
    response = render(request, template, context, status=status, using="public")
    if is_refused:
        response["Retry-After"] = str(limits.pause("code", request) or 1)
    return response
