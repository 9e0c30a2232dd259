"""What is sent from the page about a report: more, an answer, the wish to withdraw; and the way to
take one's own words along. The code travels in the body of each step.
"""

from collections.abc import Callable
from functools import partial

import structlog
from django.db import Error as DatabaseTrouble
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from core.same_origin import from_our_page
from reports.models import Addition, Report
from reports.reference import gazetteer as places
from reports.retention import erasure_requests as rights
from reports.submission import flood_detection as crowds
from reports.submission.form_parser import Fields
from reports.submission.forms import CodeForm
from reports.submission.intake import clean
from reports.tracking import data_export as own_copy
from reports.tracking import followup_feedback as told
from reports.tracking import followups as later
from reports.tracking.followup_forms import AddForm, EraseForm, ReplyForm, StepForm, WithdrawForm
from reports.tracking.followup_parser import PostedLater
from reports.tracking.followups import ErasedError, FullError, Later
from reports.tracking.status_timeline import Line
from reports.views.code_lookup import form_page, found_by
from reports.views.form_errors import Trouble, posted_fields
from reports.views.tracking import code_page, standing_page

log = structlog.get_logger(__name__)

FOREIGN = Trouble(
    403,
    _("Chưa gửi. Bạn bấm một lần nữa"),
    _("Phần vừa rồi đến từ một trang khác. Những gì bạn đã viết vẫn còn nguyên."),
)
NOT_SAVED = Trouble(
    503,
    _("Chưa gửi được"),
    _(
        "Trang đang gặp trục trặc. Những gì bạn đã viết vẫn còn nguyên."
        " Chờ một phút rồi bấm lại. Gấp thì gọi 113."
    ),
)
TOO_LONG = Trouble(
    413,
    _("Dài quá, chưa gửi được"),
    _(
        "Trang nhận đến 1,5 triệu ký tự. Những gì bạn đã viết vẫn còn nguyên."
        " Bỏ bớt phần chép lại, rồi bấm lại."
    ),
)
FULL = Trouble(
    422,
    _("Đã đủ, chưa gửi được"),
    _(
        "Tin này đã ghi thêm nhiều lần, trang không nhận thêm ở đây. Những gì bạn đã viết vẫn còn"
        " nguyên. Còn điều cần nói, gọi 02373.725.725 và đọc số tin."
    ),
)
NO_COPY = Trouble(
    503,
    _("Chưa lấy được bản sao"),
    _("Trang đang gặp trục trặc, tin của bạn không mất. Chờ một phút rồi thử lại."),
)
MOST_WORDS = 4000  # of a reason
ERASED = Line("", _("Tin này đã xóa dữ liệu nên không nhận thêm."))
NOTHING = Line("", _("Chưa có gì để gửi. Ghi một điều rồi bấm lại."))
Act = Callable[[HttpRequest, Report, Fields], list[Line]]


@csrf_exempt  # the code in the body is the key; there is no cookie to ride on
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def add(request: HttpRequest) -> HttpResponse:
    """More, or a correction."""
    return _step(request, AddForm, _add)


@csrf_exempt  # as above
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def reply(request: HttpRequest) -> HttpResponse:
    """A message to the desk."""
    return _step(request, ReplyForm, _reply)


@csrf_exempt  # as above
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def withdraw(request: HttpRequest) -> HttpResponse:
    """The wish to withdraw: asked once more, then written down. The police decide."""
    return _step(request, WithdrawForm, _withdraw, asks_first="sure")


@csrf_exempt  # as above
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def erase(request: HttpRequest) -> HttpResponse:
    """The wish to be erased: asked once more, then written down. An officer answers."""
    return _step(request, EraseForm, _erase, asks_first="sure")


@csrf_exempt  # it changes nothing
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def copy(request: HttpRequest) -> HttpResponse:
    """The reporter's own data, as a text to keep."""
    if request.method != "POST":
        return redirect("reports:track")
    data, trouble = posted_fields(request)
    form = CodeForm(data)
    if trouble is None and not from_our_page(request):
        trouble = FOREIGN
    if trouble or not form.is_valid():
        return code_page(request, form, trouble)
    try:
        found = found_by(request, form)
        return _as_file(found) if found else code_page(request, form)
    except DatabaseTrouble:
        return code_page(request, form, NO_COPY)


def _as_file(report: Report) -> HttpResponse:
    return HttpResponse(
        own_copy.text_of(report),
        content_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="tin-{report.public_number}.txt"'},
    )


def _step(
    request: HttpRequest, form_class: type[StepForm], act: Act, asks_first: str = ""
) -> HttpResponse:
    """One step: what was sent is written and the page about the report comes again, or the form
    with all that was typed.
    """
    if request.method != "POST":
        return redirect("reports:track")
    data, trouble = posted_fields(request)
    form = form_class(data)
    if trouble and trouble.status == TOO_LONG.status and data:
        trouble = TOO_LONG
    if trouble is None and not from_our_page(request):
        trouble = FOREIGN
    again = partial(_again, request, form)
    if trouble or not form.is_valid():
        return again(trouble)
    try:
        report = found_by(request, form)
        if report is None:
            return again()
        if asks_first and data.get(asks_first) != "yes":
            return again()
        return _written(request, report, form, act, data)
    except DatabaseTrouble as error:
        log.error("later.not_saved", error=type(error).__name__)  # noqa: TRY400
        return again(NOT_SAVED)


def _written(
    request: HttpRequest, report: Report, form: StepForm, act: Act, data: Fields
) -> HttpResponse:
    try:
        lines = act(request, report, data)
    except ErasedError:
        lines = [ERASED]
    except FullError:
        return _again(request, form, FULL)
    more: dict[str, object] = {"notice": lines}
    if lines[0].is_taken and act in (_add, _reply):
        words = data.get("story") or data.get("text") or ""
        more["urgent"] = told.urgent(report, words, data.get("money_lost_vnd") or "")
    return standing_page(request, report, form, lines[0].status, **more)


def _again(request: HttpRequest, form: StepForm, trouble: Trouble | None = None) -> HttpResponse:
    """The form by itself, filled in."""
    if "code" in form.errors:
        form.ask_for_code()
    return form_page(
        request,
        "reports/later/again.html",
        form,
        trouble,
        is_withdrawal=isinstance(form, WithdrawForm),
        is_erasure=isinstance(form, EraseForm),
    )


def _add(request: HttpRequest, report: Report, data: Fields) -> list[Line]:
    posted = PostedLater(data)
    marks = crowds.later_marks(request, posted.callers, posted.submission_key)
    said = posted.later(places.communes(), marks)
    if said.is_empty:
        return [NOTHING]
    kept = later.add(report, said, posted.submission_key)
    return [Line("", text, 200) for text in told.added(said, kept)]


def _reply(request: HttpRequest, report: Report, data: Fields) -> list[Line]:
    text = data.get("text") or ""
    if not text.strip():
        return [NOTHING]
    is_new = later.reply(report, text, PostedLater(data).submission_key)
    return [Line("", _("Đã gửi cho cán bộ.") if is_new else _("Trang đã nhận từ trước."), 200)]


def _withdraw(request: HttpRequest, report: Report, data: Fields) -> list[Line]:
    said = Later(kind=Addition.Kind.WITHDRAWAL, story=data.get("reason") or "")
    later.add(report, said, PostedLater(data).submission_key)
    return [Line("", _("Đã ghi đề nghị rút tin. Cán bộ xem rồi trả lời ở trang này."), 200)]


def _erase(request: HttpRequest, report: Report, data: Fields) -> list[Line]:
    words = clean(data.get("reason") or "")[0][:MOST_WORDS]
    if not rights.ask(report, words):
        return [Line("", _("Trang đã nhận đề nghị xóa từ trước. Cán bộ trả lời ở trang này."), 200)]
    return [Line("", _("Đã ghi đề nghị xóa. Cán bộ xem rồi trả lời ở trang này."), 200)]
