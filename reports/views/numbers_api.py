"""API for programs: findings by hash prefix, all of them in a signed bundle, and its manual.

Nothing that is asked for is in an address, and nothing is recorded.
"""

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from core import keys, rate_limits
from core.api.problems import Problem, ProblemError
from core.api.views import public_api_view
from core.keys import Signer
from reports.extraction.bank_accounts_and_links import bank_names
from reports.numbers import hash_api

# A withdrawn finding must vanish at once; a bundle carries its own expiry.
RANGES = rate_limits.Window("range", 300)  # of hashes, by programs
BUNDLES = rate_limits.Window("bundle", 30)
CACHED = {"Cache-Control": "public, max-age=300, no-transform"}
BAD_PREFIX = Problem(
    "bad_prefix",
    400,
    _(
        "Đoạn đầu của mã băm phải là 4 đến 8 chữ số hệ 16, chữ thường: 0-9, a-f."
        " Ngắn hơn thì quá nhiều, dài hơn thì lộ điều bạn hỏi."
    ),
)
TOO_MANY = Problem(
    "too_many_questions", 429, _("Từ mạng này đã hỏi nhiều lần. Chờ 10 phút rồi hỏi tiếp."), 600
)
NOT_NOW = Problem(
    "not_now",
    503,
    _("Trang đang gặp trục trặc. Chưa biết không có nghĩa là an toàn. Thử lại sau 30 giây."),
    30,
)
NO_SIGNING_KEY = Problem(
    "no_signing_key",
    503,
    _("Trang này chưa có khóa ký nên chưa phát gói. Gói không có chữ ký thì không phát."),
)
PROBLEMS = (BAD_PREFIX, TOO_MANY, NOT_NOW, NO_SIGNING_KEY)


@public_api_view(NOT_NOW)
def number_range(request: HttpRequest, prefix: str = "") -> HttpResponse:
    """Return {"entries": [{"hash", "confirmed_on", "valid_until"}, …]}, always of one size."""
    prefix = prefix.lower()
    if not hash_api.PREFIX.fullmatch(prefix):
        raise ProblemError(BAD_PREFIX)
    if not rate_limits.consume(RANGES, request):
        raise ProblemError(TOO_MANY)
    return JsonResponse({"entries": [each.as_json() for each in hash_api.in_range(prefix)]})


@public_api_view(NOT_NOW)
def bundle(request: HttpRequest) -> HttpResponse:
    """Return the signed file; without a key an error, never unsigned findings."""
    signer = load_signer()
    if signer is None:
        raise ProblemError(NO_SIGNING_KEY)
    if not rate_limits.consume(BUNDLES, request):
        raise ProblemError(TOO_MANY)
    content = hash_api.sign_bundle(signer)
    return HttpResponse(content, content_type="application/json", headers=CACHED)


@public_api_view(NOT_NOW)
def public_key(request: HttpRequest) -> HttpResponse:
    signer = load_signer()
    if signer is None:
        raise ProblemError(NO_SIGNING_KEY)
    return HttpResponse(signer.public_pem, content_type="application/x-pem-file", headers=CACHED)


@require_safe
@cache_control(public=True, max_age=300)
def for_programs(request: HttpRequest) -> HttpResponse:
    """Show how a program asks, with a client that the tests run."""
    context = {
        "portal": settings.PORTAL_URL,
        "room": hash_api.ENTRIES_PER_ANSWER,
        "banks": sorted({*bank_names().values()}),
        "hours": hash_api.BUNDLE_USE_HOURS,
        "signer": load_signer(),
    }
    return render(request, "reports/for_programs.html", context, using="public")


def load_signer() -> Signer | None:
    """Return the signing key; None without a readable one, which portal/checks.py reports."""
    try:
        return keys.signer()
    except ImproperlyConfigured:
        return None
