"""Pages for residents: home, on the call now, the report, its receipt, where it stands."""

from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlsplit

import structlog
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.db import Error as DatabaseTrouble
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from django.shortcuts import render
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from reports import files, intake, places, privacy, receipts, tracking, uploads
from reports.forms import CodeForm, ReportForm
from reports.models import Case, Report
from reports.posted import Fields, Posted, fields, kept
from reports.signing import sealer

log = structlog.get_logger(__name__)

BODY_LIMIT = 1_500_000
RECEIPT_COOKIE = "receipt"
RECEIPT_SECONDS = 15 * 60
QUESTIONS = [
    ("threat", "Họ nói bạn dính vụ án, nợ tiền, sắp bị bắt, bị cắt điện, khóa SIM?"),
    ("isolation", "Họ dặn không kể với ai, ra chỗ vắng, không cho cúp máy?"),
    ("money", "Họ bảo chuyển tiền, rút tiền, gửi vào “tài khoản an toàn”?"),
    ("secrets", "Họ hỏi mã OTP (dãy số gửi về máy), mật khẩu, số thẻ, bảo quét khuôn mặt?"),
    ("software", "Họ bảo cài ứng dụng, bấm đường link, quét mã vuông (QR), kết bạn Zalo?"),
]


@dataclass(frozen=True)
class Trouble:
    """Why a report was not sent: what the page says, and its status."""

    status: int
    title: str
    text: str


class SeeOther(HttpResponseRedirect):
    """Where the answer to a POST stands, kept by nobody."""

    status_code = 303

    def __init__(self, address: str) -> None:
        super().__init__(address, headers={"Cache-Control": "no-store"})


_KEPT = "Những gì bạn đã viết vẫn còn nguyên."
TOO_LARGE = Trouble(
    413,
    "Tin dài quá, chưa gửi được",
    f"Trang nhận đến 1,5 triệu ký tự. {_KEPT} Bỏ bớt phần chép lại, rồi bấm Gửi tin báo.",
)
FAR_TOO_LARGE = Trouble(
    413,
    "Tin dài quá, chưa gửi được",
    "Trang nhận đến 1,5 triệu ký tự, và không giữ lại được phần vừa gửi."
    " Bấm Quay lại để lấy phần đã viết, bỏ bớt rồi gửi. Gấp thì gọi 02373.725.725.",
)
UNREADABLE = Trouble(
    400,
    "Chưa gửi được",
    "Trang không đọc được phần vừa gửi. Bấm Quay lại để lấy phần đã viết, rồi gửi lại."
    " Gấp thì gọi 02373.725.725.",
)
# A body without its length: browsers tell it, and the front server finds it out.
LENGTHLESS = replace(UNREADABLE, status=411)
FOREIGN = Trouble(
    403,
    "Chưa gửi. Bạn bấm Gửi một lần nữa",
    f"Tin vừa rồi đến từ một trang khác, không phải trang này. {_KEPT}"
    " Đúng là bạn viết thì bấm Gửi tin báo.",
)
FOREIGN_LOOK = Trouble(
    403,
    "Chưa xem. Bạn bấm một lần nữa",
    "Mã vừa rồi đến từ một trang khác, không phải trang này.",
)
STALE = Trouble(
    422,
    "Chưa gửi. Bạn bấm Gửi một lần nữa",
    f"Trang đã mở quá lâu. {_KEPT} Bấm Gửi tin báo là xong.",
)
NOT_SAVED = Trouble(
    503,
    "Chưa gửi được",
    f"Trang chưa ghi được tin của bạn. {_KEPT} Chờ một phút rồi bấm Gửi tin báo. Gấp thì gọi 113.",
)
NOT_FOUND_NOW = Trouble(
    503,
    "Chưa xem được tin",
    "Trang đang gặp trục trặc, tin của bạn không mất. Chờ một phút rồi thử lại."
    " Gấp thì gọi 02373.725.725.",
)
UNKNOWN_CODE = "Chưa thấy tin nào có mã này. Xem lại từng nhóm, hoặc gọi 02373.725.725."


@require_safe
@cache_control(public=True, max_age=60)
def home(request: HttpRequest) -> HttpResponse:
    """The doors, the warning in force, the promise. Without a database: all but the warning."""
    try:
        return render(request, "reports/home.html", {"with_warning": True}, using="public")
    except DatabaseTrouble:
        return render(request, "reports/home.html", using="public")


@require_safe
@cache_control(public=True, max_age=300)
def now(request: HttpRequest) -> HttpResponse:
    """For somebody who is on the call: needs nothing but this process."""
    return render(request, "reports/now.html", {"questions": QUESTIONS}, using="public")


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
    data, trouble = _posted(request)
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


def _posted(request: HttpRequest) -> tuple[Fields, Trouble | None]:
    """The fields of a body, as far as it could be read, and what is wrong with its size."""
    if "HTTP_TRANSFER_ENCODING" in request.META:  # Django would read it as an empty form
        return Fields(), LENGTHLESS
    size = int(request.META.get("CONTENT_LENGTH") or 0)
    if size > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        uploads.read_past(request)
        return Fields(), FAR_TOO_LARGE
    try:
        data = fields(request)
    except UnreadablePostError:
        return Fields(), UNREADABLE
    except (SuspiciousOperation, MultiPartParserError):
        salvaged = kept(_salvaged(request))
        return salvaged, TOO_LARGE if salvaged else UNREADABLE
    return data, TOO_LARGE if size > BODY_LIMIT else None


def _salvaged(request: HttpRequest) -> Fields:
    """The form's own fields out of a body with more fields than Django reads."""
    data = Fields()
    if request.content_type == "application/x-www-form-urlencoded":
        body = request.body.decode(errors="replace")
        for name, value in parse_qsl(body, keep_blank_values=True):
            if name in ReportForm.base_fields:
                data.appendlist(name, value)
    return data


def _distrust(request: HttpRequest, posted: Posted) -> Trouble | None:
    if not from_our_page(request):
        return FOREIGN
    return STALE if posted.age is None else None


def from_our_page(request: HttpRequest) -> bool:
    """Where a browser says that the form was: on our pages, or it does not say."""
    site = request.headers.get("Sec-Fetch-Site")
    if site not in {None, "same-origin", "none"}:
        return False
    origin = request.headers.get("Origin")
    if origin is None or (origin == "null" and site == "same-origin"):
        return True
    portal = urlsplit(settings.PORTAL_URL)
    ours = {f"{portal.scheme}://{portal.netloc}", f"{request.scheme}://{request.get_host()}"}
    return origin in ours


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
        response = SeeOther(f"{request.path}da-nhan/")  # below the form, as are their addresses
    if accepted.code:
        response.set_cookie(
            RECEIPT_COOKIE,
            sealer().encrypt(accepted.code.encode()).decode(),
            max_age=RECEIPT_SECONDS,
            path="/bao-cao/",
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


@csrf_exempt  # it changes nothing, and a visitor has no cookie
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def track(request: HttpRequest) -> HttpResponse:
    """Where a report stands, for whoever holds its code. The code travels in the body alone."""
    if request.method != "POST":
        return code_page(request, CodeForm())
    data, trouble = _posted(request)
    form = CodeForm(data)
    if trouble is None and not from_our_page(request):
        trouble = FOREIGN_LOOK
    if trouble or not form.is_valid():
        return code_page(request, form, trouble)
    try:
        found = found_by(form)
        return standing_page(request, found, form) if found else code_page(request, form)
    except DatabaseTrouble:
        return code_page(request, form, NOT_FOUND_NOW)


def found_by(form: CodeForm) -> Report | None:
    """The report whose code was typed; that there is none becomes an error of the form."""
    found = receipts.find(form.cleaned_data["code"])
    if found is None:
        form.add_error("code", UNKNOWN_CODE)
    return found


def standing_page(
    request: HttpRequest, report: Report, form: CodeForm, status: int = 200, **more: object
) -> HttpResponse:
    """Where a report stands. Its code stays in the page, hidden, for what is sent from there."""
    context = {
        "report": report,
        "code": form.cleaned_data["code"],
        "steps": tracking.way(report, Case.objects.get(report=report)),
        "files": tracking.files_sent(report),
        "most_files": files.MOST,
        **more,
    }
    return render(request, "reports/standing.html", context, status=status, using="public")


def code_page(request: HttpRequest, form: CodeForm, trouble: Trouble | None = None) -> HttpResponse:
    status = trouble.status if trouble else 422 if form.errors else 200
    context = {"form": form, "trouble": trouble}
    return render(request, "reports/track.html", context, status=status, using="public")
