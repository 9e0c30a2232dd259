"""API for programs: findings by hash prefix, all of them in a signed bundle, and its manual.

Nothing that is asked for is in an address, and nothing is recorded. Responses are never compressed
(`no-transform`): their size would leak content beside chosen text.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django import db
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from core import keys, rate_limits
from core.keys import Signer
from core.responses import allow_cross_origin
from reports.extraction.bank_accounts_and_links import bank_names
from reports.numbers import hash_api

# A withdrawn finding must vanish at once; a bundle carries its own expiry.
RANGES = rate_limits.Window("range", 300)  # of hashes, by programs
BUNDLES = rate_limits.Window("bundle", 30)
NO_STORE = "no-store, no-transform"
CACHED = "public, max-age=300, no-transform"
BAD_PREFIX = (
    "Đoạn đầu của mã băm phải là 4 đến 8 chữ số hệ 16, chữ thường: 0-9, a-f."
    " Ngắn hơn thì quá nhiều, dài hơn thì lộ điều bạn hỏi."
)
TOO_MANY = "Từ mạng này đã hỏi nhiều lần. Chờ 10 phút rồi hỏi tiếp."
NOT_NOW = "Trang đang gặp trục trặc. Chưa biết không có nghĩa là an toàn. Thử lại sau 30 giây."
ONLY_READ = "Ở đây chỉ đọc được: hỏi bằng GET."
NO_KEY = "Trang này chưa có khóa ký, nên chưa phát gói. Gói không có chữ ký thì không phát."


def read_only_api(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Return the view for GET and HEAD, without CSRF check or cookies; its errors are JSON."""

    @csrf_exempt
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method not in {"GET", "HEAD"}:
            response = json_error(405, "only_read", ONLY_READ)
            response.headers["Allow"] = "GET, HEAD"
            return response
        try:
            return view(request, *args, **kwargs)
        except db.Error:
            return json_error(503, "not_now", NOT_NOW, wait=30)

    return answer


@read_only_api
def number_range(request: HttpRequest, prefix: str = "") -> HttpResponse:
    """Return {"entries": [{"hash", "confirmed_on", "valid_until"}, …]}, always of one size."""
    prefix = prefix.lower()
    if not hash_api.PREFIX.fullmatch(prefix):
        return json_error(400, "bad_prefix", BAD_PREFIX)
    if not rate_limits.consume(RANGES, request):
        return json_error(429, "too_many", TOO_MANY, wait=600)
    return json_response({"entries": [each.as_json() for each in hash_api.in_range(prefix)]})


@read_only_api
def bundle(request: HttpRequest) -> HttpResponse:
    """Return the signed file; without a key an error, never unsigned findings."""
    signer = _load_signer()
    if signer is None:
        return json_error(503, "no_signing_key", NO_KEY)
    if not rate_limits.consume(BUNDLES, request):
        return json_error(429, "too_many", TOO_MANY, wait=600)
    content = hash_api.sign_bundle(signer)
    return public_response(HttpResponse(content, content_type="application/json"), CACHED)


@read_only_api
def public_key(request: HttpRequest) -> HttpResponse:
    signer = _load_signer()
    if signer is None:
        return json_error(503, "no_signing_key", NO_KEY)
    return public_response(
        HttpResponse(signer.public_pem, content_type="application/x-pem-file"), CACHED
    )


@require_safe
@cache_control(public=True, max_age=300)
def for_programs(request: HttpRequest) -> HttpResponse:
    """Show how a program asks, with a client that the tests run."""
    context = {
        "portal": settings.PORTAL_URL,
        "room": hash_api.ENTRIES_PER_ANSWER,
        "banks": sorted({*bank_names().values()}),
        "hours": hash_api.BUNDLE_USE_HOURS,
        "signer": _load_signer(),
    }
    return render(request, "reports/for_programs.html", context, using="public")


def _load_signer() -> Signer | None:
    """Return the signing key; None without a readable one, which portal/checks.py reports."""
    try:
        return keys.signer()
    except ImproperlyConfigured:
        return None


def json_response(data: dict[str, Any], status: int = 200) -> HttpResponse:
    return public_response(JsonResponse(data, status=status), NO_STORE)


def json_error(status: int, error: str, message: str, wait: int = 0) -> HttpResponse:
    """Return {"error": a word for programs, "message": a sentence for people}."""
    response = json_response({"error": error, "message": message}, status)
    if wait:
        response.headers["Retry-After"] = str(wait)
    return response


def public_response(response: HttpResponse, cache_control: str) -> HttpResponse:
    """Let pages of any site read the response, which is the same for everybody."""
    response.headers["Cache-Control"] = cache_control
    return allow_cross_origin(response)
