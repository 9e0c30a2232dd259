"""The report page."""

import structlog
from django.db import Error as DatabaseTrouble
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from core.same_origin import is_same_origin
from reports.numbers.forms import MAX_LENGTH, PREFILL
from reports.reference import gazetteer
from reports.submission import flood_detection, intake
from reports.submission.form_parser import ReportFormParser
from reports.submission.forms import ReportForm
from reports.views.form_errors import FormError, HttpResponseSeeOther, parse_body
from reports.views.receipt import receipt_given

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


@csrf_exempt  # a form token of our own instead: no cookie for a visitor
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """The one-page report."""
    if request.method == "POST":
        return submit_view(request)
    response = _page(request, ReportForm.initial_form(request.GET.dict()))
    # Back must find this very page, with its submission key and the text that was typed: sent
    # again it is the same report. Another report under the same key is a further one.
    response["Cache-Control"] = "private, max-age=1800"
    return response


@csrf_exempt  # as above
@require_http_methods(["GET", "HEAD", "POST"])
def submit(request: HttpRequest) -> HttpResponse:
    """Where the page sends its form. Not to the page's own address: a browser forgets the page
    that it kept of an address to which it posts, and with it the submission key.
    """
    return (
        submit_view(request)
        if request.method == "POST"
        else HttpResponseSeeOther(reverse("reports:report"))
    )


def submit_view(request: HttpRequest) -> HttpResponse:
    """A posted report: a receipt, or the page again with all that was typed. The door
    (portal/report_fast_path.py) has asked before where it cannot give the answer itself.
    """
    return getattr(request, "taken_in", None) or answer_to(request)


def answer_to(request: HttpRequest) -> HttpResponse:
    """The same, asked once for a request."""
    data, trouble = parse_body(request)
    if trouble is None and PREFILL in data and is_same_origin(request):
        return _page_with_number(request, data.get(PREFILL, ""))
    posted = ReportFormParser(data)
    trouble = trouble or _distrust(request, posted)
    if trouble or posted.is_empty:
        return _page_again(request, posted, trouble)
    try:
        typed, came_from = (
            posted.to_submission(gazetteer.communes()),
            flood_detection.origin_digests(request),
        )
        accepted = intake.submit_report(typed, posted.submission_key, came_from=came_from)
    except DatabaseTrouble as error:
        log.error("report.not_saved", error=type(error).__name__)  # noqa: TRY400
        return _page_again(request, posted, NOT_SAVED)
    return receipt_given(request, accepted)


@never_cache
def _page_with_number(request: HttpRequest, number: str) -> HttpResponse:
    """A fresh page; another page of ours has carried the caller's number to it."""
    form = ReportForm.initial_form({})
    form.initial["caller_number"] = number[:MAX_LENGTH]
    return _page(request, form)


@never_cache
def _page_again(
    request: HttpRequest, posted: ReportFormParser, trouble: FormError | None
) -> HttpResponse:
    return _page(request, ReportForm(posted.data), trouble, status=422)


def _distrust(request: HttpRequest, posted: ReportFormParser) -> FormError | None:
    if not is_same_origin(request):
        return FOREIGN
    return STALE if posted.age is None else None


def _page(
    request: HttpRequest, form: ReportForm, trouble: FormError | None = None, status: int = 200
) -> HttpResponse:
    if form.is_bound:
        form.renew_token()
    context = {"form": form, "trouble": trouble, "communes": _communes()}
    status = trouble.status if trouble else status
    return render(request, "reports/report.html", context, status=status, using="public")


def _communes() -> tuple[gazetteer.CommunePlace, ...]:
    """The list to choose from, neighbours together: so it weighs less. The page is as good
    without it.
    """
    try:
        return tuple(sorted(gazetteer.communes(), key=lambda place: place.former_district))
    except DatabaseTrouble:
        return ()
