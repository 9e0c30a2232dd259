"""What is sent from the page about a report: more, an answer, the wish to withdraw; and the way to
take one's own words along. The code travels in the body of each step.
"""

from collections.abc import Callable
from functools import partial

import structlog
from django.db import Error as DatabaseTrouble
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from core.form_data import Fields, sanitize_text
from core.province import province
from core.same_origin import is_same_origin
from reports.models import Followup, Report
from reports.reference import gazetteer
from reports.retention import erasure_requests
from reports.submission import flood_detection
from reports.submission.forms import CodeForm
from reports.tracking import data_export, followup_feedback, followups
from reports.tracking.followup_forms import (
    EraseForm,
    FollowupBaseForm,
    FollowupForm,
    ReplyForm,
    WithdrawForm,
)
from reports.tracking.followup_parser import FollowupFormParser
from reports.tracking.followups import FollowupSubmission, LimitReachedError, ReportErasedError
from reports.tracking.status_timeline import UploadResult
from reports.views.code_lookup import render_invalid, report_for_code_or_error
from reports.views.form_errors import FormError, parse_body
from reports.views.tracking import code_page, status_page

log = structlog.get_logger(__name__)

FOREIGN = FormError(
    403,
    _("Chưa gửi. Bạn bấm một lần nữa"),
    _("Phần vừa rồi đến từ một trang khác. Những gì bạn đã viết vẫn còn nguyên."),
)
NOT_SAVED = FormError(
    503,
    _("Chưa gửi được"),
    _(
        "Trang đang gặp trục trặc. Những gì bạn đã viết vẫn còn nguyên."
        " Chờ một phút rồi bấm lại. Gấp thì gọi 113."
    ),
)
TOO_LONG = FormError(
    413,
    _("Dài quá, chưa gửi được"),
    _(
        "Trang nhận đến 1,5 triệu ký tự. Những gì bạn đã viết vẫn còn nguyên."
        " Bỏ bớt phần chép lại, rồi bấm lại."
    ),
)
FULL = FormError(
    422,
    _("Đã đủ, chưa gửi được"),
    format_lazy(
        _(
            "Tin này đã ghi thêm nhiều lần, trang không nhận thêm ở đây. Những gì bạn đã viết vẫn còn"
            " nguyên. Còn điều cần nói, gọi {hotline} và đọc số tin."
        ),
        hotline=province.hotline,
    ),
)
NO_COPY = FormError(
    503,
    _("Chưa lấy được bản sao"),
    _("Trang đang gặp trục trặc, tin của bạn không mất. Chờ một phút rồi thử lại."),
)
MAX_WORDS = 4000  # of a reason
ERASED = UploadResult("", _("Tin này đã xóa dữ liệu nên không nhận thêm."))
NOTHING = UploadResult("", _("Chưa có gì để gửi. Ghi một điều rồi bấm lại."))
Act = Callable[[HttpRequest, Report, Fields], list[UploadResult]]


@csrf_exempt  # the code in the body is the key; there is no cookie to ride on
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def add_followup(request: HttpRequest) -> HttpResponse:
    """More, or a correction."""
    return _step(request, FollowupForm, _add)


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
def download_own_data(request: HttpRequest) -> HttpResponse:
    """The reporter's own data, as a text to keep."""
    if request.method != "POST":
        return redirect("reports:track")
    data, trouble = parse_body(request)
    form = CodeForm(data)
    if trouble is None and not is_same_origin(request):
        trouble = FOREIGN
    if trouble or not form.is_valid():
        return code_page(request, form, trouble)
    try:
        found = report_for_code_or_error(request, form)
        return _as_file(found) if found else code_page(request, form)
    except DatabaseTrouble:
        return code_page(request, form, NO_COPY)


def _as_file(report: Report) -> HttpResponse:
    return HttpResponse(
        data_export.subject_access_text(report),
        content_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="tin-{report.public_number}.txt"'},
    )


def _step(
    request: HttpRequest, form_class: type[FollowupBaseForm], act: Act, asks_first: str = ""
) -> HttpResponse:
    """One step: what was sent is written and the page about the report comes again, or the form
    with all that was typed.
    """
    if request.method != "POST":
        return redirect("reports:track")
    data, trouble = parse_body(request)
    form = form_class(data)
    if trouble and trouble.status == TOO_LONG.status and data:
        trouble = TOO_LONG
    if trouble is None and not is_same_origin(request):
        trouble = FOREIGN
    again = partial(_again, request, form)
    if trouble or not form.is_valid():
        return again(trouble)
    try:
        report = report_for_code_or_error(request, form)
        if report is None:
            return again()
        if asks_first and data.get(asks_first) != "yes":
            return again()
        return _written(request, report, form, act, data)
    except DatabaseTrouble as error:
        log.error("later.not_saved", error=type(error).__name__)  # noqa: TRY400
        return again(NOT_SAVED)


def _written(
    request: HttpRequest, report: Report, form: FollowupBaseForm, act: Act, data: Fields
) -> HttpResponse:
    try:
        lines = act(request, report, data)
    except ReportErasedError:
        lines = [ERASED]
    except LimitReachedError:
        return _again(request, form, FULL)
    more: dict[str, object] = {"notice": lines}
    if lines[0].is_taken and act in (_add, _reply):
        words = data.get("story") or data.get("text") or ""
        more["urgent"] = followup_feedback.emergency_help(
            report, words, data.get("money_lost_vnd") or ""
        )
    return status_page(request, report, form, lines[0].status, **more)


def _again(
    request: HttpRequest, form: FollowupBaseForm, trouble: FormError | None = None
) -> HttpResponse:
    """The form by itself, filled in."""
    if "code" in form.errors:
        form.ask_for_code()
    return render_invalid(
        request,
        "reports/followup/form.html",
        form,
        trouble,
        is_withdrawal=isinstance(form, WithdrawForm),
        is_erasure=isinstance(form, EraseForm),
    )


def _add(request: HttpRequest, report: Report, data: Fields) -> list[UploadResult]:
    posted = FollowupFormParser(data)
    marks = flood_detection.followup_flood_flags(
        request, posted.caller_last_digits, posted.submission_key
    )
    said = posted.to_submission(gazetteer.communes(), marks)
    if said.is_empty:
        return [NOTHING]
    kept = followups.submit_followup(report, said, posted.submission_key)
    return [
        UploadResult("", text, 200) for text in followup_feedback.confirmation_sentences(said, kept)
    ]


def _reply(request: HttpRequest, report: Report, data: Fields) -> list[UploadResult]:
    text = data.get("text") or ""
    if not text.strip():
        return [NOTHING]
    is_new = followups.submit_reply(report, text, FollowupFormParser(data).submission_key)
    return [
        UploadResult("", _("Đã gửi cho cán bộ.") if is_new else _("Trang đã nhận từ trước."), 200)
    ]


def _withdraw(request: HttpRequest, report: Report, data: Fields) -> list[UploadResult]:
    said = FollowupSubmission(kind=Followup.Kind.WITHDRAWAL, story=data.get("reason") or "")
    followups.submit_followup(report, said, FollowupFormParser(data).submission_key)
    return [UploadResult("", _("Đã ghi đề nghị rút tin. Cán bộ xem rồi trả lời ở trang này."), 200)]


def _erase(request: HttpRequest, report: Report, data: Fields) -> list[UploadResult]:
    words = sanitize_text(data.get("reason") or "")[:MAX_WORDS]
    if not erasure_requests.request_erasure(report, words):
        return [
            UploadResult(
                "", _("Trang đã nhận đề nghị xóa từ trước. Cán bộ trả lời ở trang này."), 200
            )
        ]
    return [UploadResult("", _("Đã ghi đề nghị xóa. Cán bộ xem rồi trả lời ở trang này."), 200)]
