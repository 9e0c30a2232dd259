"""The report page: show the form, submit what is posted."""

import structlog
from django import db
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from core.form_data import Fields
from reports.numbers.forms import MAX_LENGTH, PREFILL
from reports.reference import gazetteer
from reports.submission import flood_detection, intake
from reports.submission.form_parser import ReportFormParser
from reports.submission.forms import ReportForm
from reports.submission.sources import IntakeSource
from reports.views.form_errors import FormError, SubmissionRedirect, parse_body
from reports.views.receipt import redirect_to_receipt

log = structlog.get_logger(__name__)

FOREIGN = FormError(
    403,
    _("Chưa gửi. Bạn bấm Gửi một lần nữa"),
    _(
        "Tin vừa rồi đến từ một trang khác, không phải trang này."
        " Những gì bạn đã viết vẫn còn nguyên. Đúng là bạn viết thì bấm Gửi tin báo."
    ),
)
STALE = FormError(
    422,
    _("Chưa gửi. Bạn bấm Gửi một lần nữa"),
    _("Trang đã mở quá lâu. Những gì bạn đã viết vẫn còn nguyên. Bấm Gửi tin báo là xong."),
)
NOT_SAVED = FormError(
    503,
    _("Chưa gửi được"),
    _(
        "Trang chưa ghi được tin của bạn. Những gì bạn đã viết vẫn còn nguyên."
        " Chờ một phút rồi bấm Gửi tin báo. Gấp thì gọi 113."
    ),
)

SWITCH = (
    "switch_language"  # the button of the other language: nothing is sent, nothing typed is lost
)


@csrf_exempt  # a form token of our own instead: no cookie for a visitor
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """Show the report form; the page also takes its post."""
    if request.method == "POST":
        return submit_view(request)
    response = _page(request, ReportForm.initial_form(request.GET.dict()))
    # The back button finds this page with its submission key and what was typed: the same words under
    # the same key are the same report. Whoever comes anew, perhaps somebody else, gets a key anew.
    response["Cache-Control"] = "private, max-age=0"
    return response


@csrf_exempt  # as above
@require_http_methods(["GET", "HEAD", "POST"])
def submit(request: HttpRequest) -> HttpResponse:
    """Submit the posted form.

    Not at the address of the page: on a post to it a browser drops its copy of the page, and with
    it the submission key.
    """
    if request.method == "POST":
        return submit_view(request)
    return SubmissionRedirect(reverse("reports:report"))


def submit_view(request: HttpRequest) -> HttpResponse:
    """Submit a posted report; return the redirect to its receipt, else the page, filled in."""
    data, error = parse_body(request, FOREIGN)
    if error is None and PREFILL in data:
        return _page_with_call(request, data)
    parser = ReportFormParser(data)
    if error is None and SWITCH in data:
        return _page(request, ReportForm.restore(parser.data))
    if error is None and parser.age is None:
        error = STALE
    if error or parser.is_empty:
        return _page_again(request, parser, error)
    try:
        submission = parser.to_submission(gazetteer.communes())
        origins = flood_detection.origin_digests(request)
        source = IntakeSource(origin_digests=origins)
        accepted = intake.submit_report(submission, parser.submission_key, source)
    except db.Error as error:
        log.error("report.save_failed", error=type(error).__name__)  # noqa: TRY400
        return _page_again(request, parser, NOT_SAVED)
    return redirect_to_receipt(request, accepted)


# Of answers to a post, also of those that refuse it: without no-store, so that the back button finds them.
_back_finds = cache_control(private=True, no_cache=True)


@_back_finds
def _page_with_call(request: HttpRequest, data: Fields) -> HttpResponse:
    """Return a fresh page with what another page of the portal has posted of a call."""
    form = ReportForm.initial_form({})
    form.initial["caller_number"] = data.get(PREFILL, "")[:MAX_LENGTH]
    form.initial["story"] = data.get("story", "")
    form.initial["claimed_office"] = data.get("claimed_office", "")
    form.initial["demands"] = data.getlist("demands")
    form.initial["money_lost"] = data.get("money_lost", "")
    form.initial["money_lost_vnd"] = data.get("money_lost_vnd", "")
    return _page(request, form)


@_back_finds
def _page_again(
    request: HttpRequest, parser: ReportFormParser, error: FormError | None
) -> HttpResponse:
    return _page(request, ReportForm(parser.data), error, status=422)


def _page(
    request: HttpRequest, form: ReportForm, error: FormError | None = None, status: int = 200
) -> HttpResponse:
    if form.is_bound:
        form.renew_token()
    context = {"form": form, "form_error": error, "communes": gazetteer.list_communes()}
    status = error.status if error else status
    return render(request, "reports/report.html", context, status=status, using="public")
