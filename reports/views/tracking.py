"""Views of the tracking page and its forms; the receipt code is in the body of each request."""

from collections.abc import Callable

import structlog
from django import db
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core.form_data import Fields, sanitize_text
from core.province_names import insert_hotline
from reports.cases.legal_holds import ReportErasedError
from reports.facts import merged_report
from reports.models import Followup, NoticeAddress, Report
from reports.notices import addresses
from reports.reference import gazetteer
from reports.retention import erasure, erasure_requests
from reports.submission import flood_detection
from reports.submission.forms import CodeForm
from reports.tracking import data_export, followup_feedback, followups
from reports.tracking.followups import FollowupSubmission, LimitReachedError
from reports.tracking.forms import (
    EraseForm,
    FollowupBaseForm,
    FollowupForm,
    FollowupFormParser,
    NoticeForm,
    ReplyForm,
    StopNoticeForm,
    WithdrawForm,
)
from reports.tracking.status_timeline import UploadResult
from reports.views.codes import code_page, form_page, render_invalid, report_for_code_or_error
from reports.views.form_errors import FormError, form_view, parse_body
from reports.views.sealed_cookies import has_cookies
from reports.views.status import LOOKUP_FAILED, redirect_to_report, report_page, status_page

log = structlog.get_logger(__name__)

FOREIGN_LOOKUP = FormError(
    403,
    _("Chưa xem. Bạn bấm một lần nữa"),
    _("Mã vừa rồi đến từ một trang khác, không phải trang này."),
)
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
    insert_hotline(
        _(
            "Tin này đã ghi thêm nhiều lần, trang không nhận thêm ở đây. Những gì bạn đã viết vẫn còn"
            " nguyên. Còn điều cần nói, gọi {hotline} và đọc số tin."
        )
    ),
)
NO_COPY = FormError(
    503,
    _("Chưa lấy được bản sao"),
    _("Trang đang gặp trục trặc, tin của bạn không mất. Chờ một phút rồi thử lại."),
)
MAX_REASON_LENGTH = 4000
ERASED = UploadResult("", _("Tin này đã xóa dữ liệu nên không nhận thêm."))
NO_INPUT = UploadResult("", _("Chưa có gì để gửi. Ghi một điều rồi bấm lại."))
# Saves a posted form and returns the lines of its confirmation.
Save = Callable[[HttpRequest, Report, Fields], list[UploadResult]]
CONFIRM_PAGES: dict[type[FollowupBaseForm], str] = {
    WithdrawForm: "reports:confirm_withdrawal",
    EraseForm: "reports:confirm_erasure",
}


@form_view
def track(request: HttpRequest) -> HttpResponse:
    """Show the form for the code; posted, the page about its report."""
    if request.method != "POST":
        return form_page(request, "reports:track", "reports/track.html", CodeForm)
    return answer_for_code(request, FOREIGN_LOOKUP, LOOKUP_FAILED, status_page)


@form_view
def download_own_data(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return redirect("reports:track")
    return answer_for_code(request, FOREIGN, NO_COPY, _export_file)


def answer_for_code(
    request: HttpRequest,
    foreign: FormError,
    database_error: FormError,
    answer: Callable[[HttpRequest, Report, CodeForm], HttpResponse],
) -> HttpResponse:
    """Return the answer about the report of the posted code, else the page that asks for it."""
    data, error = parse_body(request, foreign)
    form = CodeForm(data)
    if error or not form.is_valid():
        return code_page(request, form, error)
    try:
        report = report_for_code_or_error(request, form)
        return answer(request, report, form) if report else code_page(request, form)
    except db.Error:
        return code_page(request, form, database_error)


@form_view
def add_followup(request: HttpRequest) -> HttpResponse:
    """Save a follow-up: more, or a correction."""
    return _save_step(request, FollowupForm, _save_followup)


@form_view
def reply(request: HttpRequest) -> HttpResponse:
    return _save_step(request, ReplyForm, _save_reply)


@form_view
def withdraw(request: HttpRequest) -> HttpResponse:
    """Record the request to withdraw the report, once it is confirmed; an officer decides."""
    return _save_step(request, WithdrawForm, _save_withdrawal, confirm_field="sure")


@form_view
def erase(request: HttpRequest) -> HttpResponse:
    """Record the request for erasure, once it is confirmed; an officer answers."""
    return _save_step(request, EraseForm, _save_erasure_request, confirm_field="sure")


@form_view
def keep_notice_address(request: HttpRequest) -> HttpResponse:
    """Keep the address to which a notice goes when there is something new."""
    return _save_step(request, NoticeForm, _save_notice_address)


@form_view
def stop_notices(request: HttpRequest) -> HttpResponse:
    return _save_step(request, StopNoticeForm, _stop_notices)


def _export_file(_request: HttpRequest, report: Report, _form: CodeForm) -> HttpResponse:
    return HttpResponse(
        data_export.subject_access_text(report),
        content_type="text/plain; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="tin-{report.public_number}.txt"'},
    )


def _save_step(
    request: HttpRequest, form_class: type[FollowupBaseForm], save: Save, confirm_field: str = ""
) -> HttpResponse:
    """Save a posted form and return the page about the report, else the form, filled in."""
    if request.method != "POST":
        return redirect("reports:track")
    data, error = parse_body(request, FOREIGN)
    form = form_class(data)
    if error and error.status == TOO_LONG.status and data:
        error = TOO_LONG
    if error or not form.is_valid():
        return _form_page(request, form, error)
    try:
        report = report_for_code_or_error(request, form)
        if report is None:
            return _form_page(request, form)
        if confirm_field and data.get(confirm_field) != "yes":
            return _ask_to_confirm(request, report, form)
        return _save_and_show(request, report, form, save, data)
    except db.Error as error:
        log.error("followup.save_failed", error=type(error).__name__)  # noqa: TRY400
        return _form_page(request, form, NOT_SAVED)


def _save_and_show(
    request: HttpRequest, report: Report, form: FollowupBaseForm, save: Save, data: Fields
) -> HttpResponse:
    try:
        lines = save(request, report, data)
    except ReportErasedError:
        lines = [ERASED]
    except LimitReachedError:
        return _form_page(request, form, FULL)
    more: dict[str, object] = {"confirmation": lines}
    if lines[0].is_taken and save in (_save_followup, _save_reply):
        words = data.get("story") or data.get("text") or ""
        more["emergency"] = followup_feedback.emergency_help(
            report, words, data.get("money_lost_vnd") or ""
        )
    return status_page(request, report, form, lines[0].status, **more)


def _ask_to_confirm(request: HttpRequest, report: Report, form: FollowupBaseForm) -> HttpResponse:
    """Return the page that asks once more; where the browser keeps cookies, by a redirect."""
    if has_cookies(request) and not form.data.get("reason"):
        return redirect_to_report(report, form.cleaned_data["code"], page=CONFIRM_PAGES[type(form)])
    return _form_page(request, form)


@require_safe
@never_cache
def confirm_withdrawal(request: HttpRequest, handle: str) -> HttpResponse:
    """Show the form of the request to withdraw the report."""
    return _confirm_page(request, handle, WithdrawForm)


@require_safe
@never_cache
def confirm_erasure(request: HttpRequest, handle: str) -> HttpResponse:
    """Show the form of the request for erasure."""
    return _confirm_page(request, handle, EraseForm)


def _confirm_page(
    request: HttpRequest, handle: str, form_class: type[FollowupBaseForm]
) -> HttpResponse:
    return report_page(
        request, handle, lambda _report, code, _notes: _form_page(request, form_class.fresh(code))
    )


def _form_page(
    request: HttpRequest, form: FollowupBaseForm, error: FormError | None = None
) -> HttpResponse:
    if "code" in form.errors:
        form.ask_for_code()
    return render_invalid(
        request,
        "reports/followup/form.html",
        form,
        error,
        is_withdrawal=isinstance(form, WithdrawForm),
        is_erasure=isinstance(form, EraseForm),
    )


def _save_followup(request: HttpRequest, report: Report, data: Fields) -> list[UploadResult]:
    parser = FollowupFormParser(data)
    places, key = flood_detection.origin_digests(request), (report.pk, parser.submission_key)
    flags = flood_detection.followup_flood_flags(places, parser.caller_last_digits, *key)
    submission = parser.to_submission(gazetteer.communes(), flags)
    if wrong := data.getlist("wrong_number"):
        merged = merged_report.merged_report(report)
        submission = followups.mark_wrong_numbers(submission, merged, wrong)
    if submission.is_empty:
        return [NO_INPUT]
    result = followups.submit_followup(report, submission, parser.submission_key)
    return _confirm(*followup_feedback.confirmation_sentences(submission, result))


def _save_reply(_request: HttpRequest, report: Report, data: Fields) -> list[UploadResult]:
    text = data.get("text") or ""
    if not text.strip():
        return [NO_INPUT]
    is_new = followups.submit_reply(report, text, FollowupFormParser(data).submission_key)
    return _confirm(_("Đã gửi cho cán bộ.") if is_new else _("Trang đã nhận từ trước."))


def _save_withdrawal(_request: HttpRequest, report: Report, data: Fields) -> list[UploadResult]:
    submission = FollowupSubmission(kind=Followup.Kind.WITHDRAWAL, story=data.get("reason") or "")
    followups.submit_followup(report, submission, FollowupFormParser(data).submission_key)
    return _confirm(_("Đã ghi đề nghị rút tin. Cán bộ xem rồi trả lời ở trang này."))


def _save_erasure_request(
    _request: HttpRequest, report: Report, data: Fields
) -> list[UploadResult]:
    reason = sanitize_text(data.get("reason") or "")[:MAX_REASON_LENGTH]
    is_new = erasure_requests.request_erasure(report, reason)
    return _confirm(
        _("Đã ghi đề nghị xóa. Cán bộ xem rồi trả lời ở trang này.")
        if is_new
        else _("Trang đã nhận đề nghị xóa từ trước. Cán bộ trả lời ở trang này.")
    )


def _save_notice_address(_request: HttpRequest, report: Report, data: Fields) -> list[UploadResult]:
    if report.erased_at:
        raise ReportErasedError
    if addresses.register(report.pk, data.get("email") or ""):
        return _confirm(_("Đã ghi email. Có lời mới thì trang báo."))
    return [
        UploadResult("", _("Chưa ghi được: email này hôm nay đã ghi cho nhiều tin. Mai ghi lại."))
    ]


def _stop_notices(_request: HttpRequest, report: Report, _data: Fields) -> list[UploadResult]:
    erasure.forget_addresses(NoticeAddress.objects.filter(report=report))
    return _confirm(_("Đã thôi. Trang đã xóa email của bạn."))


def _confirm(*texts: str | Promise) -> list[UploadResult]:
    return [UploadResult("", text, 200) for text in texts]
