"""Views of the tracking page and its forms; the receipt code is in the body of each request."""

from collections.abc import Callable

import structlog
from django import db
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from core.form_data import Fields, sanitize_text
from core.province_names import insert_hotline
from reports.attachments import storage, upload_handler
from reports.cases.legal_holds import ReportErasedError
from reports.extraction.language import amounts
from reports.facts import merged_report
from reports.facts.merged_report import MergedReport
from reports.models import Case, Followup, Report
from reports.notices import addresses
from reports.reference import confirmed_statements, gazetteer
from reports.retention import erasure_requests
from reports.submission import flood_detection
from reports.submission.forms import CodeForm
from reports.tracking import (
    clarifying_questions,
    data_export,
    followup_feedback,
    followups,
    results,
    status_timeline,
)
from reports.tracking.followup_parser import FollowupFormParser
from reports.tracking.followups import FollowupSubmission, LimitReachedError
from reports.tracking.forms import (
    EraseForm,
    FollowupBaseForm,
    FollowupForm,
    NoticeForm,
    ReplyForm,
    StopNoticeForm,
    WithdrawForm,
)
from reports.tracking.status_timeline import UploadResult
from reports.views import notices
from reports.views.codes import render_invalid, report_for_code_or_error
from reports.views.form_errors import FormError, form_view, parse_body

log = structlog.get_logger(__name__)

FOREIGN_LOOKUP = FormError(
    403,
    _("Chưa xem. Bạn bấm một lần nữa"),
    _("Mã vừa rồi đến từ một trang khác, không phải trang này."),
)
LOOKUP_FAILED = FormError(
    503,
    _("Chưa xem được tin"),
    insert_hotline(
        _(
            "Trang đang gặp trục trặc, tin của bạn không mất. Chờ một phút rồi thử lại."
            " Gấp thì gọi {hotline}."
        )
    ),
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

_QUESTIONS_OPEN = (Case.Status.NEW, Case.Status.IN_REVIEW)


@form_view
def track(request: HttpRequest) -> HttpResponse:
    """Show the form for the code; posted, the page about its report."""
    if request.method != "POST":
        return code_page(request, CodeForm())
    return _answer_for_code(request, FOREIGN_LOOKUP, LOOKUP_FAILED, status_page)


@form_view
def download_own_data(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return redirect("reports:track")
    return _answer_for_code(request, FOREIGN, NO_COPY, _export_file)


def _answer_for_code(
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


def code_page(request: HttpRequest, form: CodeForm, error: FormError | None = None) -> HttpResponse:
    """Return the page that asks for the code, with what was wrong with the typed one."""
    return render_invalid(request, "reports/track.html", form, error)


def status_page(
    request: HttpRequest, report: Report, form: CodeForm, status: int = 200, **more: object
) -> HttpResponse:
    """Return the page about a report; hidden fields carry the code on to what is sent from it."""
    code, case = form.cleaned_data["code"], Case.objects.get(report=report)
    conversation = status_timeline.conversation(report)
    question = conversation.question if case.status == Case.Status.WAITING else None
    reply_form = ReplyForm.fresh(code)
    if question:
        reply_form.fields["text"].label = _("Câu trả lời của bạn")
    merged = merged_report.merged_report(report)
    add_form = FollowupForm.fresh(code)
    files = status_timeline.files_sent(report)
    context = {
        "report": report,
        "merged_report": merged,
        "is_money_lost": not report.erased_at and _is_money_lost(merged),
        "statements": confirmed_statements.statements(),
        "code": code,
        "submission_key": add_form.initial["submission_key"],
        "steps": status_timeline.progress_steps(report, case, conversation),
        "conversation": conversation,
        "question": question,
        # Not while an officer's question waits, nor after the case has ended.
        "questions": clarifying_questions.open_questions(
            clarifying_questions.latest_input(merged), gazetteer.communes()
        )
        if case.status in _QUESTIONS_OPEN and not report.erased_at
        else [],
        "withdrawal_promise": erasure_requests.answer_deadline_text(
            "withdraw_answer", merged.withdrawal.received_at
        )
        if merged.withdrawal and case.status in Case.OPEN
        else "",
        "results": results.load_results(report, case),
        "notice": None if report.erased_at else notices.build_panel(report, seen=True),
        "files": files,
        "most_files": storage.MAX_COUNT,
        "upload_ticket": upload_handler.issue_ticket(report),
        "files_left": storage.MAX_COUNT - len(files),
        "add_form": add_form,
        "reply_form": reply_form,
        **erasure_requests.request_summary(report),
        **more,
    }
    return render(request, "reports/status.html", context, status=status, using="public")


def _is_money_lost(merged: MergedReport) -> bool:
    typed = amounts.parse_money_field(merged.money_lost_raw).value
    return bool(merged.report.money_lost or typed)


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
        if report is None or (confirm_field and data.get(confirm_field) != "yes"):
            return _form_page(request, form)
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
    flags = flood_detection.followup_flood_flags(
        request, parser.caller_last_digits, parser.submission_key
    )
    submission = parser.to_submission(gazetteer.communes(), flags)
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
    addresses.end(report.pk)
    return _confirm(_("Đã thôi. Trang đã xóa email của bạn."))


def _confirm(*texts: str | Promise) -> list[UploadResult]:
    return [UploadResult("", text, 200) for text in texts]
