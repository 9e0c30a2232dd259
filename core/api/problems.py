"""Errors of an API as problem details (RFC 9457), in the language of the request."""

from dataclasses import dataclass
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

MEDIA_TYPE = "application/problem+json"
DOCUMENT = "/api/v1/openapi.json"  # lists them all, below x-problems


@dataclass(frozen=True)
class Problem:
    """One kind of error: its code, HTTP status, a sentence, and seconds until another try makes sense."""

    code: str
    status: int
    detail: str | Promise
    wait: int = 0

    @property
    def type(self) -> str:
        """Return its URI, which leads to its entry in the API's document."""
        return f"{DOCUMENT}#/x-problems/{self.code}"


NO_KEY = Problem(
    "key",
    401,
    _(
        "Thiếu khóa, hoặc khóa không còn dùng được. Gửi kèm mỗi lần gọi: Authorization: Bearer và khóa."
    ),
)
OTHER_NETWORK = Problem("network", 403, _("Khóa này không dùng được từ mạng đang gọi."))
OTHER_SCOPE = Problem("scope", 403, _("Khóa này không được làm việc này."))
METHOD = Problem("method", 405, _("Địa chỉ này không nhận cách gọi ấy."))
NO_ADDRESS = Problem("address", 404, _("Không có địa chỉ như vậy."))
TOO_MANY = Problem("too_many", 429, _("Khóa này gọi quá nhanh. Chờ một phút rồi gửi lại."), 60)
NOT_SAVED = Problem("not_saved", 503, _("Chưa ghi được. Gửi lại với cùng Idempotency-Key."), 30)
# What every view may answer, and every one of `api_view`.
PUBLIC = (METHOD, NO_ADDRESS)
COMMON = (*PUBLIC, NO_KEY, OTHER_NETWORK, OTHER_SCOPE, TOO_MANY, NOT_SAVED)


class ProblemError(Exception):
    """The request is answered with a problem; `members` are added to it."""

    def __init__(self, problem: Problem, **members: str) -> None:
        super().__init__(problem.code)
        self.problem, self.members = problem, members


def problem_response(request: HttpRequest, error: ProblemError) -> HttpResponse:
    problem = error.problem
    body = {
        "type": problem.type,
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
