"""The report page and its receipt."""

import structlog
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import Error as DatabaseTrouble
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from reports import intake, places, privacy, receipts
from reports.forms import ReportForm
from reports.models import Report
from reports.posted import Posted
from reports.signing import sealer
from reports.views.posting import SeeOther, Trouble, from_our_page, posted_fields

log = structlog.get_logger(__name__)

RECEIPT_COOKIE = "receipt"
RECEIPT_SECONDS = 15 * 60
FOREIGN = Trouble(
    403,
    _("Chưa gửi. Bạn bấm Gửi một lần nữa"),
    _(
        "Tin vừa rồi đến từ một trang khác, không phải trang này."
        " Những gì bạn đã viết vẫn còn nguyên. Đúng là bạn viết thì bấm Gửi tin báo."
    ),
)
STALE = Trouble(
    422,
    _("Chưa gửi. Bạn bấm Gửi một lần nữa"),
    _("Trang đã mở quá lâu. Những gì bạn đã viết vẫn còn nguyên. Bấm Gửi tin báo là xong."),
)
NOT_SAVED = Trouble(
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
        return take_in(request)
    response = _page(request, ReportForm.fresh(request.GET.dict()))
    # Back must find this very page, with its submission key and the text that was typed: sent
    # again it is the same report. Another report under the same key is a further one.
    response["Cache-Control"] = "private, max-age=1800"
    return response


def take_in(request: HttpRequest) -> HttpResponse:
    """A posted report: a receipt, or the page again with all that was typed."""
    data, trouble = posted_fields(request)
    posted = Posted(data)
    trouble = trouble or _distrust(request, posted)
    if trouble or posted.is_empty:
        return _page_again(request, posted, trouble)
    try:
        accepted = intake.accept(posted.typed(places.communes()), posted.submission_key)
    except DatabaseTrouble as error:
        log.error("report.not_saved", error=type(error).__name__)  # noqa: TRY400
        return _page_again(request, posted, NOT_SAVED)
    return _receipt_given(request, accepted)


@never_cache
def _page_again(request: HttpRequest, posted: Posted, trouble: Trouble | None) -> HttpResponse:
    return _page(request, ReportForm(posted.data), trouble, status=422)


def _distrust(request: HttpRequest, posted: Posted) -> Trouble | None:
    if not from_our_page(request):
        return FOREIGN
    return STALE if posted.age is None else None


def _page(
    request: HttpRequest, form: ReportForm, trouble: Trouble | None = None, status: int = 200
) -> HttpResponse:
    if form.is_bound:
        form.offer_again()
    context = {"form": form, "trouble": trouble, "communes": _communes()}
    status = trouble.status if trouble else status
    return render(request, "reports/report.html", context, status=status, using="public")


def _communes() -> tuple[places.Place, ...]:
    """The list to choose from; the page is as good without it."""
    try:
        return places.communes()
    except DatabaseTrouble:
        return ()


def _receipt_given(request: HttpRequest, accepted: intake.Accepted) -> HttpResponse:
    """On to the receipt, the code in a short sealed cookie. A browser that brought no cookie
    back when it sends the same report again keeps none: it gets the receipt as the answer.
    """
    if accepted.again and RECEIPT_COOKIE not in request.COOKIES:
        response = _receipt_page(request, accepted.report, accepted.code)
    else:
        response = SeeOther(reverse("reports:report_received"))
    if accepted.code:
        response.set_cookie(
            RECEIPT_COOKIE,
            sealer().encrypt(accepted.code.encode()).decode(),
            max_age=RECEIPT_SECONDS,
            path=reverse("reports:report"),
            secure=settings.HTTPS,
            httponly=True,
            samesite="Lax",
        )
    return response


@require_safe
@never_cache
def report_received(request: HttpRequest) -> HttpResponse:
    """The receipt, as long as the cookie that carries its code."""
    code = _code_in_cookie(request)
    if code is None:
        return render(request, "reports/no_cookie.html", using="public")
    try:
        found = receipts.find(code)
    except DatabaseTrouble:
        found = None
    return _receipt_page(request, found, code)


def _code_in_cookie(request: HttpRequest) -> str | None:
    sealed = request.COOKIES.get(RECEIPT_COOKIE, "")
    try:
        return sealer().decrypt(sealed.encode(), ttl=RECEIPT_SECONDS).decode()
    except (InvalidToken, UnicodeError):
        return None


@never_cache
def _receipt_page(request: HttpRequest, report: Report | None, code: str | None) -> HttpResponse:
    groups = receipts.grouped(code) if code else []
    context = {
        "groups": [(group, receipts.spoken(group)) for group in groups],
        "report": report,
        "phrase": privacy.unseal(report.phrase_sealed) if report else None,
        "may_be_called": bool(report and report.contact_sealed),
    }
    return render(request, "reports/receipt.html", context, using="public")
