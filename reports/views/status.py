"""The page about a report: after a POST, and by GET while its cookie is valid.

The address of that page has a handle, which tells reports apart and opens nothing; the code is in
the cookie of that address. Two reports in two tabs have two addresses, each with its own cookie.
"""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial
from typing import Any

from django import db
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.datastructures import MultiValueDict
from django.utils.timezone import localtime
from django.utils.translation import get_language, override
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from core.form_data import is_same_origin
from core.keys import newest_key
from core.province_names import insert_hotline
from reports.attachments import storage, upload_handler
from reports.extraction.language import amounts
from reports.facts import merged_report
from reports.facts.merged_report import MergedReport
from reports.models import Case, Report
from reports.reference import confirmed_statements, gazetteer
from reports.retention import erasure_requests
from reports.submission.forms import CodeForm
from reports.tracking import clarifying_questions, followups, results, status_timeline
from reports.tracking.followup_feedback import EmergencyHelp
from reports.tracking.forms import FollowupForm, ReplyForm
from reports.tracking.status_timeline import UploadResult
from reports.views import notices
from reports.views.codes import (
    code_page,
    drop_new_code,
    redirect_with_note,
    report_for_code_or_error,
)
from reports.views.form_errors import FormError, SubmissionRedirect, form_view
from reports.views.sealed_cookies import (
    COOKIE_SECONDS,
    SealedCookie,
    has_cookies,
    offer_cookie,
    receipt_cookie,
    receipt_cookie_path,
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
EXPIRED = FormError(
    200,
    _("Gõ mã để xem tin"),
    _(
        "Gõ mã rồi thì xem được 15 phút. Sau đó trang hỏi lại mã, để người dùng chung máy không"
        " xem được tin của bạn."
    ),
)
FOREIGN_CLOSE = FormError(
    403, _("Chưa đóng. Bạn bấm một lần nữa"), _("Lệnh đóng vừa rồi đến từ một trang khác.")
)
_NEWS_SECONDS = 120  # how long the page says what was just sent
_MAX_LINES = 12  # of that, in a cookie
_LANGUAGES = ("vi", "en")
_QUESTIONS_OPEN = (Case.Status.NEW, Case.Status.IN_REVIEW)
# Answers about the report of a code; the mapping says what was just sent.
AnswerWithCode = Callable[[Report, str, dict[str, Any]], HttpResponse]


def status_page(
    request: HttpRequest, report: Report, form: CodeForm, status: int = 200, **news: Any
) -> HttpResponse:
    """Answer a POST by the page about its report: where the browser keeps cookies, by a redirect.

    `news`: what was just sent, as `confirmation`, `lines` or `emergency`.
    """
    code = form.cleaned_data["code"]
    if has_cookies(request):
        return redirect_to_report(report, code, **news)
    return _render_status(request, report, code, status, **news)


def redirect_to_report(
    report: Report, code: str, page: str = "reports:report_status", **news: Any
) -> HttpResponse:
    """Return the redirect to a page about a report, with the cookie that opens it."""
    handle = report_handle(report)
    response = SubmissionRedirect(reverse(page, args=[handle]))
    value = json.dumps({"code": code} | _pack_news(**news), ensure_ascii=False)
    for language in _LANGUAGES:
        path = _report_address(handle, language)
        _cookie(language, handle).write(response, value, path, handle)
    return response


def report_handle(report: Report) -> str:
    """Return what tells a report's address from others', and nothing of the report."""
    digest = newest_key().mac("address of a report", str(report.pk).encode())
    return urlsafe_b64encode(digest[:9]).decode()


def _report_address(handle: str, language: str) -> str:
    with override(language):
        return reverse("reports:report_status", args=[handle])


def _cookie(language: str, handle: str) -> SealedCookie:
    return SealedCookie(f"report-{language}-{handle}", "report cookie")


def _pack_news(
    confirmation: Iterable[UploadResult] = (),
    lines: Iterable[UploadResult] = (),
    emergency: EmergencyHelp | None = None,
) -> dict[str, Any]:
    said = {"confirmation": confirmation, "lines": lines}
    packed: dict[str, Any] = {
        name: [[each.name, str(each.text), each.status] for each in list(results)[:_MAX_LINES]]
        for name, results in said.items()
        if results
    }
    return packed | ({"emergency": emergency} if emergency else {})


def _unpack_news(said: dict[str, Any]) -> dict[str, Any]:
    news: dict[str, Any] = {
        name: [UploadResult(*each) for each in said[name]]
        for name in ("confirmation", "lines")
        if name in said
    }
    return news | ({"emergency": EmergencyHelp(*said["emergency"])} if "emergency" in said else {})


@require_safe
@never_cache
def report_status(request: HttpRequest, handle: str) -> HttpResponse:
    """Show the page about a report while its cookie is valid."""
    return report_page(request, handle, partial(_show_status, request))


def _show_status(
    request: HttpRequest, report: Report, code: str, news: dict[str, Any]
) -> HttpResponse:
    return offer_cookie(_render_status(request, report, code, **news))


def report_page(request: HttpRequest, handle: str, answer: AnswerWithCode) -> HttpResponse:
    """Return the answer about the report of the cookie; without one, the page that asks for the code."""
    text, age = _cookie(get_language() or "vi", handle).load(request, handle)
    if not text:
        return code_page(request, CodeForm(), EXPIRED)
    said = json.loads(text)
    form = CodeForm(MultiValueDict({"code": [said.pop("code")]}))
    try:
        report = report_for_code_or_error(request, form) if form.is_valid() else None
        if report is None:
            return code_page(request, form)
        news = _unpack_news(said) if age < _NEWS_SECONDS else {}
        news["open_until"] = localtime() + timedelta(seconds=COOKIE_SECONDS - age)
        return answer(report, form.cleaned_data["code"], news)
    except db.Error:
        return code_page(request, form, LOOKUP_FAILED)


@form_view
def close(request: HttpRequest, handle: str) -> HttpResponse:
    """End the look at a report, for whoever uses the computer next."""
    if request.method != "POST":
        return redirect("reports:track")
    if not is_same_origin(request):
        return code_page(request, CodeForm(), FOREIGN_CLOSE)
    response = redirect_with_note("reports:track", {"is_closed": True})
    for language in _LANGUAGES:
        cookie = _cookie(language, handle)
        response.delete_cookie(cookie.name, _report_address(handle, language), samesite="Lax")
    path = receipt_cookie_path(get_language())
    response.delete_cookie(receipt_cookie().name, path, samesite="Lax")
    drop_new_code(response)
    if settings.HTTPS:  # what the back button would bring from the browser's memory
        response["Clear-Site-Data"] = '"cache"'
    return response


def _render_status(
    request: HttpRequest, report: Report, code: str, status: int = 200, **news: object
) -> HttpResponse:
    """Return the page about a report; hidden fields carry the code on to what is sent from it."""
    # First: what comes while the page is read is owed again, and not taken for seen.
    notice = None if report.erased_at else notices.build_panel(report, seen=True)
    case = Case.objects.get(report=report)
    conversation = status_timeline.conversation(report)
    question = conversation.question if case.status == Case.Status.WAITING else None
    reply_form = ReplyForm.fresh(code)
    if question:
        reply_form.fields["text"].label = _("Câu trả lời của bạn")
    merged = merged_report.merged_report(report)
    add_form = FollowupForm.fresh(code)
    add_form.own_numbers = followups.list_numbers(merged)  # type: ignore[attr-defined]
    files = status_timeline.files_sent(report)
    context = {
        "report": report,
        "merged_report": merged,
        "is_money_lost": not report.erased_at and _is_money_lost(merged),
        "statements": confirmed_statements.statements(),
        "code": code,
        "handle": report_handle(report),
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
        "notice": notice,
        "files": files,
        "most_files": storage.MAX_COUNT,
        "upload_ticket": upload_handler.issue_ticket(report),
        "files_left": storage.MAX_COUNT - sum(file.erased_at is None for file in files),
        "add_form": add_form,
        "reply_form": reply_form,
        **erasure_requests.request_summary(report),
        **news,
    }
    return render(request, "reports/status.html", context, status=status, using="public")


def _is_money_lost(merged: MergedReport) -> bool:
    typed = amounts.parse_money_field(merged.money_lost_raw).value
    return bool(merged.report.money_lost or typed)
