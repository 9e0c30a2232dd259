"""What every page that takes something in has in common: whose form it was, how much of a body could
be read, what a visitor is told when it was not taken.
"""

from dataclasses import dataclass, replace
from urllib.parse import parse_qsl

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from core.form_data import Fields, parse_fields, sanitize_fields
from core.province import province
from reports.attachments import upload_handler
from reports.submission.forms import ReportForm

BODY_LIMIT = 1_500_000


@dataclass(frozen=True)
class FormError:
    """Why a report was not sent: what the page says, and its status."""

    status: int
    title: str | Promise
    text: str | Promise


class HttpResponseSeeOther(HttpResponse):
    """Where the answer to a POST stands, kept by nobody. An address of ours needs nothing of the
    care that Django's own redirects take of theirs.
    """

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
    format_lazy(
        _(
            "Trang nhận đến 1,5 triệu ký tự, và không giữ lại được phần vừa gửi."
            " Bấm Quay lại để lấy phần đã viết, bỏ bớt rồi gửi. Gấp thì gọi {hotline}."
        ),
        hotline=province.hotline,
    ),
)
UNREADABLE = FormError(
    400,
    _("Chưa gửi được"),
    format_lazy(
        _(
            "Trang không đọc được phần vừa gửi. Bấm Quay lại để lấy phần đã viết, rồi gửi lại."
            " Gấp thì gọi {hotline}."
        ),
        hotline=province.hotline,
    ),
)
# A body without its length: browsers tell it, and the front server finds it out.
LENGTHLESS = replace(UNREADABLE, status=411)


def parse_body(request: HttpRequest) -> tuple[Fields, FormError | None]:
    """The fields of a body, as far as it could be read, and what is wrong with its size."""
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
        salvaged = sanitize_fields(_salvaged(request))
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
