"""Shared by the views of residents' forms: the decorator, body parsing, errors of no field."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from core.form_data import Fields, is_same_origin, parse_fields, sanitize_fields
from core.province_names import insert_hotline
from reports.attachments import upload_handler
from reports.submission.forms import ReportForm

BODY_LIMIT = 1_500_000
REFUSAL = "portal.refusal"  # why a large body is not taken: a FormError (portal/wsgi_guards.py)


@dataclass(frozen=True)
class FormError:
    """Why a form was not accepted: heading and text of the page, HTTP status."""

    status: int
    title: str | Promise
    text: str | Promise


class SubmissionRedirect(HttpResponse):
    """A redirect after a POST to our own address, never cached; cheaper than Django's own, which parses the address."""

    status_code = 303

    def __init__(self, address: str) -> None:
        super().__init__(headers={"Location": address, "Cache-Control": "no-store"})

    @property
    def url(self) -> str:
        return self.headers["Location"]


TOO_LARGE = FormError(
    413,
    _("Tin dài quá, chưa gửi được"),
    _(
        "Trang nhận đến 1,5 triệu ký tự. Những gì bạn đã viết vẫn còn nguyên."
        " Bỏ bớt phần chép lại, rồi bấm Gửi tin báo."
    ),
)
FAR_TOO_LARGE = FormError(
    413,
    _("Tin dài quá, chưa gửi được"),
    insert_hotline(
        _(
            "Trang nhận đến 1,5 triệu ký tự, và không giữ lại được phần vừa gửi."
            " Bấm Quay lại để lấy phần đã viết, bỏ bớt rồi gửi. Gấp thì gọi {hotline}."
        )
    ),
)
UNREADABLE = FormError(
    400,
    _("Chưa gửi được"),
    insert_hotline(
        _(
            "Trang không đọc được phần vừa gửi. Bấm Quay lại để lấy phần đã viết, rồi gửi lại."
            " Gấp thì gọi {hotline}."
        )
    ),
)
BUSY = FormError(
    503,
    _("Chưa gửi được"),
    insert_hotline(
        _(
            "Nhiều tin rất dài đang đến cùng lúc. Những gì bạn đã viết vẫn còn nguyên."
            " Chờ một phút rồi bấm lại. Gấp thì gọi 113 hoặc {hotline}."
        )
    ),
)
ONLY_SHORT = replace(
    BUSY,
    status=429,
    text=insert_hotline(
        _(
            "Lúc này trang chỉ nhận tin ngắn. Những gì bạn đã viết vẫn còn nguyên."
            " Bỏ bớt cho còn chừng 10.000 ký tự rồi bấm lại. Gấp thì gọi 113 hoặc {hotline}."
        )
    ),
)
TOO_LONG = FormError(
    413, _("Dài quá, chưa đọc được"), _("Bấm Quay lại, bỏ bớt phần chép lại, rồi gửi lại.")
)
# A body without its length, which browsers and the front server always send.
LENGTHLESS = replace(UNREADABLE, status=411)


def render_form(
    request: HttpRequest,
    template: str,
    form: Form,
    error: FormError | None = None,
    **context: object,
) -> HttpResponse:
    """Return the page of a form, with the status that says why it was not accepted."""
    status = error.status if error else 422 if form.errors else 200
    context = {"form": form, "form_error": error, **context}
    return render(request, template, context, status=status, using="public")


def form_view(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Return the view of a form for residents: GET, HEAD and POST, never cached.

    It needs no CSRF token: visitors have no cookie, and a code, a one-time word or a signed token
    of the form is checked instead.
    """
    return csrf_exempt(require_http_methods(["GET", "HEAD", "POST"])(never_cache(view)))


def lookup_view(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Return the view of a form whose answer is public text: like `form_view`, but the browser may keep
    the answer, so that the back button finds it.
    """
    kept = cache_control(private=True, no_cache=True)(view)
    return csrf_exempt(require_http_methods(["GET", "HEAD", "POST"])(kept))


def parse_body(request: HttpRequest, foreign: FormError) -> tuple[Fields, FormError | None]:
    """Return the fields as far as readable, and the error or None; `foreign`: of another origin."""
    data, error = _parse_body(request)
    return data, error or (None if is_same_origin(request) else foreign)


def parse_short_body(request: HttpRequest, foreign: FormError) -> tuple[Fields, FormError | None]:
    """Return as `parse_body`, of a form of a few words: whatever it could not read was too long."""
    data, error = parse_body(request, foreign)
    return data, error if error in {None, foreign} else TOO_LONG


def render_link_later(request: HttpRequest, names: Sequence[str]) -> HttpResponse:
    """Return the page of a signed link while the database is away. What was sent in the named fields stands
    in it, to be sent again.
    """
    data = sanitize_fields(request.POST)
    context = {"fields": {name: data[name] for name in names if name in data}}
    page = render(request, "reports/link_later.html", context, status=503, using="public")
    page.headers["Retry-After"] = "30"
    return page


def _parse_body(request: HttpRequest) -> tuple[Fields, FormError | None]:
    if "HTTP_TRANSFER_ENCODING" in request.META:  # Django would read it as an empty form
        return Fields(), LENGTHLESS
    size = int(request.META.get("CONTENT_LENGTH") or 0)
    if size > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        upload_handler.drain_body(request)
        return Fields(), FAR_TOO_LARGE
    try:
        data = parse_fields(request)
    except UnreadablePostError:
        return Fields(), UNREADABLE
    except (SuspiciousOperation, MultiPartParserError):
        salvaged = sanitize_fields(_salvage_fields(request))
        return salvaged, TOO_LARGE if salvaged else UNREADABLE
    return data, request.META.get(REFUSAL) or (TOO_LARGE if size > BODY_LIMIT else None)


def _salvage_fields(request: HttpRequest) -> Fields:
    """Return the report form's own fields of a body with more fields than Django reads."""
    data = Fields()
    if request.content_type == "application/x-www-form-urlencoded":
        body = request.body.decode(errors="replace")
        for name, value in parse_qsl(body, keep_blank_values=True):
            if name in ReportForm.base_fields:
                data.appendlist(name, value)
    return data
