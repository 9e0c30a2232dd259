"""For programs: confirmed numbers by the beginning of a hash, all of them in a signed pack, and the
page that tells how to use both. No number is in an address, and nothing is written down.

Answers are never compressed: beside words that somebody chooses, a compressed size would tell what
else is in them. `no-transform` keeps everybody on the way from it (portal/middleware.py).
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import Error as DatabaseTrouble
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from core import keys as signing
from core import rate_limits as limits
from core.keys import Signer
from reports.numbers import hash_api as number_hashes
from reports.numbers import signed_bundle as number_pack

# A finding that is taken back is gone at once; a pack says by itself until when it is good.
NOT_KEPT = "no-store, no-transform"
KEPT = "public, max-age=300, no-transform"
BAD_PREFIX = (
    "Đoạn đầu của mã băm phải là 4 đến 8 chữ số hệ 16, chữ thường: 0-9, a-f."
    " Ngắn hơn thì quá nhiều, dài hơn thì lộ số."
)
TOO_MANY = "Từ mạng này đã hỏi nhiều lần. Chờ 10 phút rồi hỏi tiếp."
NOT_NOW = "Trang đang gặp trục trặc. Chưa biết không có nghĩa là an toàn. Thử lại sau 30 giây."
ONLY_READ = "Ở đây chỉ đọc được: hỏi bằng GET."
NO_KEY = "Trang này chưa có khóa ký, nên chưa phát gói số. Gói không có chữ ký thì không phát."


def for_reading(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view for GET and HEAD, which answers any other method as programs expect: in JSON. It reads
    no cookie and changes nothing, so there is nothing that a forged request could do.
    """

    @csrf_exempt
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method in {"GET", "HEAD"}:
            return view(request, *args, **kwargs)
        response = refused(405, "only_read", ONLY_READ)
        response.headers["Allow"] = "GET, HEAD"
        return response

    return answer


@for_reading
def number_range(request: HttpRequest, prefix: str = "") -> HttpResponse:
    """{"entries": [{"hash", "confirmed_on", "valid_until"}, …]}, always of one size."""
    asked = prefix.lower()
    if not number_hashes.is_prefix(asked):
        return refused(400, "bad_prefix", BAD_PREFIX)
    if not limits.allow("range", request):
        return refused(429, "too_many", TOO_MANY, wait=600)
    try:
        entries = number_hashes.in_range(asked)
    except DatabaseTrouble:
        return refused(503, "not_now", NOT_NOW, wait=30)
    return answered({"entries": [entry.as_json() for entry in entries]})


@for_reading
def pack(request: HttpRequest) -> HttpResponse:
    """The signed file; without a key a sentence, never the numbers."""
    signer = _signer()
    if signer is None:
        return refused(503, "no_signing_key", NO_KEY)
    if not limits.allow("pack", request):
        return refused(429, "too_many", TOO_MANY, wait=600)
    try:
        content = number_pack.pack(signer)
    except DatabaseTrouble:
        return refused(503, "not_now", NOT_NOW, wait=30)
    return opened(HttpResponse(content, content_type="application/json"), KEPT)


@for_reading
def public_key(request: HttpRequest) -> HttpResponse:
    """What the pack is verified with."""
    signer = _signer()
    if signer is None:
        return refused(503, "no_signing_key", NO_KEY)
    return opened(HttpResponse(signer.public_pem, content_type="application/x-pem-file"), KEPT)


@require_safe
@cache_control(public=True, max_age=300)
def for_programs(request: HttpRequest) -> HttpResponse:
    """How a program asks, with a client that the tests run."""
    signer = _signer()
    context = {
        "portal": settings.PORTAL_URL,
        "room": number_hashes.ROOM,
        "hours": number_pack.USE_HOURS,
        "signer": signer,
    }
    return render(request, "reports/for_programs.html", context, using="public")


def _signer() -> Signer | None:
    """No key, or none that can be read: a start in production says so (portal/checks.py)."""
    try:
        return signing.signer()
    except ImproperlyConfigured:
        return None


def answered(data: dict[str, Any], status: int = 200) -> HttpResponse:
    return opened(JsonResponse(data, status=status), NOT_KEPT)


def refused(status: int, error: str, message: str, wait: int = 0) -> HttpResponse:
    """{"error": a word for programs, "message": a sentence for people}."""
    response = answered({"error": error, "message": message}, status)
    if wait:
        response.headers["Retry-After"] = str(wait)
    return response


def opened(response: HttpResponse, kept: str) -> HttpResponse:
    """Any site's page may read it: it is the same for everybody, and no cookie belongs to it."""
    response.headers["Cache-Control"] = kept
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
