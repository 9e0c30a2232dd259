"""Where a report stands, for whoever holds its code. The code travels in the body alone."""

from django.db import Error as DatabaseTrouble
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from core.province import province
from core.same_origin import is_same_origin
from reports.attachments import storage
from reports.facts import merged_report
from reports.models import Case, Report
from reports.reference import gazetteer
from reports.retention import erasure_requests
from reports.submission.forms import CodeForm
from reports.tracking import clarifying_questions, status_timeline
from reports.tracking.followup_forms import FollowupForm, ReplyForm
from reports.views.code_lookup import render_invalid, report_for_code_or_error
from reports.views.form_errors import FormError, parse_body

FOREIGN_LOOK = FormError(
    403,
    _("Chưa xem. Bạn bấm một lần nữa"),
    _("Mã vừa rồi đến từ một trang khác, không phải trang này."),
)
NOT_FOUND_NOW = FormError(
    503,
    _("Chưa xem được tin"),
    format_lazy(
        _(
            "Trang đang gặp trục trặc, tin của bạn không mất. Chờ một phút rồi thử lại."
            " Gấp thì gọi {hotline}."
        ),
        hotline=province.hotline,
    ),
)

_ASKED = (Case.Status.NEW, Case.Status.IN_REVIEW)


@csrf_exempt  # it changes nothing, and a visitor has no cookie
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def track(request: HttpRequest) -> HttpResponse:
    """Where a report stands, for whoever holds its code. The code travels in the body alone."""
    if request.method != "POST":
        return code_page(request, CodeForm())
    data, trouble = parse_body(request)
    form = CodeForm(data)
    if trouble is None and not is_same_origin(request):
        trouble = FOREIGN_LOOK
    if trouble or not form.is_valid():
        return code_page(request, form, trouble)
    try:
        found = report_for_code_or_error(request, form)
        return status_page(request, found, form) if found else code_page(request, form)
    except DatabaseTrouble:
        return code_page(request, form, NOT_FOUND_NOW)


def status_page(
    request: HttpRequest, report: Report, form: CodeForm, status: int = 200, **more: object
) -> HttpResponse:
    """Where a report stands. Its code stays in the page, hidden, for what is sent from there."""
    code, case = form.cleaned_data["code"], Case.objects.get(report=report)
    talk = status_timeline.conversation(report)
    question = talk.question if case.status == Case.Status.WAITING else None
    reply = ReplyForm.fresh(code)
    if question:
        reply.fields["text"].label = _("Câu trả lời của bạn")
    told = merged_report.merged_report(report)
    add = FollowupForm.fresh(code)
    sent = status_timeline.files_sent(report)
    context = {
        "report": report,
        "whole": told,
        "code": code,
        "submission_key": add.initial["submission_key"],
        "steps": status_timeline.progress_steps(report, case, talk),
        "talk": talk,
        "question": question,
        # One thing at a time: the officer's question comes first, and what has ended is not asked.
        "questions": clarifying_questions.open_questions(
            clarifying_questions.latest_input(told), gazetteer.communes()
        )
        if case.status in _ASKED and not report.erased_at
        else [],
        "withdrawal_promise": erasure_requests.answer_deadline_text(
            "withdraw_answer", told.withdrawal.received_at
        )
        if told.withdrawal and case.status in Case.OPEN
        else "",
        "wave": status_timeline.campaign_summary(report),
        "files": sent,
        "most_files": storage.MAX_COUNT,
        "files_left": storage.MAX_COUNT - len(sent),
        "add_form": add,
        "reply_form": reply,
        **erasure_requests.request_summary(report),
        **more,
    }
    return render(request, "reports/status.html", context, status=status, using="public")


def code_page(
    request: HttpRequest, form: CodeForm, trouble: FormError | None = None
) -> HttpResponse:
    """The page that asks for the code, with what was wrong with the one that was typed."""
    return render_invalid(request, "reports/track.html", form, trouble)
