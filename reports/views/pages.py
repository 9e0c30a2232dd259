"""Static and reference pages: home, on the call now, what is genuine, offices, personal data, site search."""

from urllib.parse import urlsplit

from django import db
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_safe

from core import zalo
from core.responses import style_source
from core.text import normalize
from reports.facts.choices import OFFICES
from reports.models import Office
from reports.public import office_texts, site_search, statistics, training_scenarios
from reports.public.office_texts import OfficeNumberText
from reports.reference import confirmed_statements
from reports.views.form_errors import FormError, lookup_view, parse_body

QUESTIONS = [
    ("threat", _("Họ nói bạn dính vụ án, nợ tiền, sắp bị bắt, bị cắt điện, khóa SIM?")),
    ("isolation", _("Họ dặn không kể với ai, ra chỗ vắng, không cho cúp máy?")),
    ("money", _("Họ bảo chuyển tiền, rút tiền, gửi vào “tài khoản an toàn”?")),
    ("secrets", _("Họ hỏi mã OTP (dãy số gửi về máy), mật khẩu, số thẻ, bảo quét khuôn mặt?")),
    ("software", _("Họ bảo cài ứng dụng, bấm đường link, quét mã vuông (QR), kết bạn Zalo?")),
]
# Of pages with confirmed sentences, cached for a minute too: the desk promises two minutes.
CACHE_SECONDS = 60
# As a warning's own page (alerts/responses.py): a minute after a cancellation it must be gone.
WITH_A_WARNING = cache_control(
    public=True, max_age=30, stale_while_revalidate=20, stale_if_error=86400
)
FOREIGN_SEARCH = FormError(403, "", "")  # the page shows its empty form
# The page holds its own style. The empty icon keeps browsers from asking for /favicon.ico.
NOW_POLICY = (
    "default-src 'none'; style-src {style}; img-src data:; base-uri 'none'; form-action 'self';"
    " frame-ancestors 'none'; report-uri /csp/; report-to csp"
)


@require_safe
@WITH_A_WARNING
def home(request: HttpRequest) -> HttpResponse:
    """Show the ways in and the current warning; without a database, no warning."""
    try:
        return render(request, "reports/home.html", {"with_warning": True}, using="public")
    except db.Error:
        return render(request, "reports/home.html", using="public")


@require_safe
@cache_control(public=True, max_age=CACHE_SECONDS)
def now(request: HttpRequest) -> HttpResponse:
    """Show what to do while on the call: one request, no database."""
    context = {
        "questions": QUESTIONS,
        "statements": confirmed_statements.statements(),
        "banks": confirmed_statements.bank_hotlines(),
    }
    response = render(request, "reports/now.html", context, using="public")
    policy = NOW_POLICY.format(style=style_source("reports/now.css"))
    response.headers["Content-Security-Policy"] = policy
    return response


@require_safe
@cache_control(public=True, max_age=300)
def scam_call(request: HttpRequest) -> HttpResponse:
    """Show an invented call, each line with what the caller is doing."""
    context = {"lines": training_scenarios.SCAM_CALL}
    return render(request, "reports/scam_call.html", context, using="public")


@require_safe
@cache_control(public=True, max_age=300)
def genuine(request: HttpRequest) -> HttpResponse:
    """Show how to know that this portal is genuine."""
    context = {"host": urlsplit(settings.PORTAL_URL).netloc}
    return render(request, "reports/genuine.html", context, using="public")


@require_safe
@cache_control(public=True, max_age=300)
def accessibility(request: HttpRequest) -> HttpResponse:
    """Show how people with a disability use the portal, what does not work for them yet, and whom to tell."""
    return render(request, "reports/accessibility.html", using="public")


@require_safe
@cache_control(public=True, max_age=CACHE_SECONDS)
def personal_data(request: HttpRequest) -> HttpResponse:
    """Show which personal data are stored, why and how long, and what people may ask for."""
    context = {
        "periods": _list_periods("keep_contact", "keep_story"),
        "mail": _list_periods("keep_mail"),
        "has_zalo": zalo.load_account() is not None,
    }
    return render(request, "reports/personal_data.html", context, using="public")


def _list_periods(*codenames: str) -> list[str]:
    """Return the confirmed sentences about retention periods."""
    statements = confirmed_statements.statements()
    confirmed = [statements[codename] for codename in codenames if codename in statements]
    return [each.text.replace("{days}", str(each.amount)) for each in confirmed]


@require_safe
@cache_control(public=True, max_age=300)
def office_list(request: HttpRequest) -> HttpResponse:
    """Show the offices that callers claim to speak for, by kind."""
    try:
        groups = [
            (
                group.name,
                [(office.pk, office_texts.localized_text(office)) for office in group.offices],
            )
            for group in office_texts.group_by_kind(Office.objects.all())
        ]
    except db.Error:
        return _unavailable(request)
    return render(request, "reports/offices.html", {"groups": groups}, using="public")


@require_safe
@WITH_A_WARNING
def office(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what the real office never does by telephone, its numbers, and what callers say now."""
    try:
        row = get_object_or_404(Office.objects.prefetch_related("numbers"), pk=slug)
        counts, kind = office_texts.office_statistics(row), office_texts.kind_of(row.pk)
        numbers = [office_texts.localized_number(number) for number in row.numbers.all()]
        context = {
            "office": row,
            "words": office_texts.localized_text(row),
            "counts": counts,
            "claimed": dict(OFFICES)[counts.claimed] if counts else "",
            "weeks": statistics.WEEKS,
            "kind": kind,
            "has_name": kind in {"office", "several", "bank"},
            "numbers": [number for number in numbers if not number.is_of_unit],
            "units": sorted((each for each in numbers if each.is_of_unit), key=_sort_by_name),
            "banks": confirmed_statements.bank_hotlines() if kind == "bank" else (),
        }
        return render(request, "reports/office.html", context, using="public")
    except db.Error:
        return _unavailable(request)


def _sort_by_name(unit: OfficeNumberText) -> str:
    return normalize(unit.label)


@never_cache
def _unavailable(request: HttpRequest) -> HttpResponse:
    return render(request, "503.html", status=503, using="public")


@lookup_view
def search(request: HttpRequest) -> HttpResponse:
    """Show the pages, offices and warnings that match a query; without a database, pages alone.

    A query may be a number or a name: it is in the body, and in no log, address or cache.
    """
    if request.method != "POST":
        return _search_page(request, {})
    data, error = parse_body(request, FOREIGN_SEARCH)
    if error is FOREIGN_SEARCH:
        return _search_page(request, {}, error.status)
    typed = data.get("q", "").strip()
    query = typed[: site_search.MAX_LENGTH]
    context = {
        "raw_query": typed,
        "query": query,
        "is_cut": len(typed) > len(query),
        "pages": site_search.search_pages(query),
        "is_number": site_search.is_number(query),
        "fallback_pages": site_search.fallback_pages(),
        "has_searched": True,
    }
    status = error.status if error else 200
    try:
        context |= {"offices": site_search.search_offices(query), "with_warnings": True}
        return _search_page(request, context, status)
    except db.Error:
        context |= {"offices": [], "with_warnings": False, "is_database_away": True}
        return _search_page(request, context, max(status, 503))


def _search_page(
    request: HttpRequest, context: dict[str, object], status: int = 200
) -> HttpResponse:
    return render(request, "reports/search.html", context, status=status, using="public")
