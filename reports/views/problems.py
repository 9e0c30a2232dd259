"""Errors of the API as problem details (RFC 9457), in the language that the program asks for."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from http import HTTPStatus
from typing import Any

import structlog
from django import db
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import get_language_from_request
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt

from core import api_keys
from core.models import ApiClient, ApiKey
from reports.attachments.storage import Refusal

log = structlog.get_logger(__name__)
MEDIA_TYPE = "application/problem+json"
DOCUMENT = "/api/v1/openapi.json"  # lists them all, below x-problems


@dataclass(frozen=True)
class Problem:
    """One kind of error: its code, HTTP status, a sentence, and seconds until another try makes sense."""

    code: str
    status: int
    detail: str | Promise
    wait: int = 0


PROBLEMS = {
    each.code: each
    for each in (
        Problem("key", 401, _("Thiếu khóa, hoặc khóa không còn dùng được.")),
        Problem("network", 403, _("Khóa này không dùng được từ mạng đang gọi.")),
        Problem("scope", 403, _("Khóa này không được làm việc này.")),
        Problem("not_found", 404, _("Khóa này chưa gửi tin nào có số như vậy.")),
        Problem("method", 405, _("Địa chỉ này không nhận cách gọi ấy.")),
        Problem("erased", 409, _("Tin này đã xóa dữ liệu nên không nhận thêm.")),
        Problem("full", 409, _("Tin này đã ghi thêm nhiều lần, không nhận thêm ở đây.")),
        Problem("length", 411, _("Phải có Content-Length: nội dung được đọc trọn hoặc không đọc.")),
        Problem("too_large", 413, _("Dài quá: mỗi tin nhận đến 1,5 triệu byte.")),
        Problem("media_type", 415, _("Nội dung phải là application/json.")),
        Problem("malformed", 400, _("Nội dung không phải một đối tượng JSON viết bằng UTF-8.")),
        Problem("member", 422, _("Một mục không có trong mô tả, hoặc khác kiểu: xem “pointer”.")),
        Problem("empty", 422, _("Chưa có gì về cuộc gọi: ghi một câu, một số, hoặc một ô.")),
        Problem(
            "idempotency_key",
            400,
            _("Phải có Idempotency-Key, 16 đến 64 chữ, số, dấu - hoặc _: gửi lại mà không thành hai tin."),
        ),
        Problem("too_many", 429, _("Khóa này gọi quá nhanh. Chờ một phút rồi gửi lại."), 60),
        Problem("only_short", 429, _("Lúc này chỉ nhận tin ngắn, đến 64 kB. Gửi lại sau."), 600),
        Problem("busy", 503, _("Nhiều tin rất dài đang đến cùng lúc. Gửi lại sau."), 10),
        Problem("not_saved", 503, _("Chưa ghi được. Gửi lại với cùng Idempotency-Key."), 30),
        Problem("files_unreadable", 400, _("Phải là multipart/form-data, mỗi tệp một phần “files”.")),
        Problem(f"file_{Refusal.EMPTY}", 422, _("Bên trong tệp không có gì.")),
        Problem(f"file_{Refusal.TOO_LARGE}", 413, _("Tệp nặng quá 10 MB.")),
        Problem(f"file_{Refusal.UNKNOWN_TYPE}", 415, _("Tệp không phải ảnh, ghi âm hay PDF.")),
        Problem(f"file_{Refusal.TOO_MANY}", 409, _("Mỗi tin nhận đến 5 ảnh, bản ghi âm, PDF.")),
        Problem(f"file_{Refusal.ERASED}", 409, _("Tin này đã xóa dữ liệu nên không nhận thêm.")),
        Problem(f"file_{Refusal.BUSY}", 503, _("Nhiều nơi đang gửi tệp cùng lúc. Gửi lại sau."), 60),
        Problem(f"file_{Refusal.NO_ROOM}", 503, _("Máy chủ hết chỗ cho tệp. Gửi lại sau."), 600),
        Problem(f"file_{Refusal.NOT_WRITTEN}", 503, _("Chưa ghi được tệp. Gửi lại sau."), 60),
    )
}  # fmt: skip


class ProblemError(Exception):
    """The request is answered with a problem; `members` are added to it."""

    def __init__(self, code: str, **members: str) -> None:
        super().__init__(code)
        self.problem, self.members = PROBLEMS[code], members


def build_type(problem: Problem) -> str:
    """Return the URI of a kind of problem, which leads to its entry in the API's document."""
    return f"{DOCUMENT}#/x-problems/{problem.code}"


def problem_response(error: ProblemError) -> HttpResponse:
    problem = error.problem
    body = {
        "type": build_type(problem),
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": str(problem.detail),
        "code": problem.code,
        **error.members,
    }
    response = JsonResponse(body, status=problem.status, content_type=MEDIA_TYPE)
    response.headers["Content-Language"] = translation.get_language()
    if problem.wait:
        response.headers["Retry-After"] = str(problem.wait)
    if problem.status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


View = Callable[..., HttpResponse]


def api_view(method: str, scope: ApiClient.Scope) -> Callable[[View], View]:
    """Return the decorator of a view for a client whose key has that scope; it is called with the key."""

    def decorate(view: View) -> View:
        @csrf_exempt  # no cookie says who asks
        @wraps(view)
        def answer(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            with translation.override(get_language_from_request(request)):
                try:
                    if request.method not in {method, "HEAD" if method == "GET" else method}:
                        raise ProblemError("method")  # noqa: TRY301  # one way out for all
                    response = view(request, authenticate(request, scope), **kwargs)
                except ProblemError as error:
                    response = problem_response(error)
                except db.Error as error:
                    log.error("api.request_failed", error=type(error).__name__)  # noqa: TRY400
                    response = problem_response(ProblemError("not_saved"))
            if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
                response.headers["Allow"] = method
            response.headers["Cache-Control"] = "no-store"
            return response

        return answer

    return decorate


def authenticate(request: HttpRequest, scope: ApiClient.Scope) -> ApiKey:
    """Return the key of the request, and take it from the client's minute. Raises ProblemError."""
    key = api_keys.find_valid(request)
    if key is None:
        raise ProblemError("key")
    if not api_keys.is_network_allowed(key.client, request):
        raise ProblemError("network")
    if scope not in key.client.scopes:
        raise ProblemError("scope")
    if not api_keys.consume_rate(key.client):
        raise ProblemError("too_many")
    return key
