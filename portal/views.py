"""What the portal itself answers: health, files for machines, pages for offline use.

Of a browser's report about our Content-Security-Policy, which holds addresses and text of strangers, the log has the
directive, where the blocked source came from, and the name of our page: ten lines an hour of one visitor, sixty of all.
"""

import hashlib
import json
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import structlog
from django import db
from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone, translation
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from core import database, encryption, rate_limits
from core.form_data import is_same_origin
from core.province import province
from portal.middleware import language_for_path

log = structlog.get_logger(__name__)

# What a browser keeps for when it is offline: nothing about a person, no warning that may end.
OFFLINE_PAGES = ("/dang-bi-goi/", "/en/dang-bi-goi/", "/offline/", "/en/offline/")
OFFLINE_FILES = ("css/portal.css", "js/portal.js", "js/sending.js")
OFFLINE_CACHE_SECONDS = 60


@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Return Prometheus' text format 0.0.4; 404 without METRICS_TOKEN, 401 for another token."""
    if not settings.METRICS_TOKEN:
        raise Http404
    header = request.headers.get("Authorization", "")
    if not constant_time_compare(header, f"Bearer {settings.METRICS_TOKEN}"):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    # The library costs a web process a megabyte: only one that is asked pays.
    from portal import metrics as exposition  # noqa: PLC0415

    return HttpResponse(exposition.render_prometheus(), content_type=exposition.CONTENT_TYPE)


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Return 200 while PostgreSQL takes rows, has room and is our keys' own, else 503 and why.

    The broker is not checked: without it a report is late, never lost.
    """
    try:
        problem = "" if database.is_writable() else "read_only"
        if not problem and not encryption.has_right_keys():
            problem = encryption.WrongKeysError.code
    except db.Error as error:
        problem = type(error.__cause__ or error).__name__
    if problem:
        return JsonResponse({"database": False, "why": problem}, status=503)
    return JsonResponse({"database": True})


# Answers to one person, not pages.
_UNLISTED = (
    "/bao-cao/gui/",
    "/bao-cao/da-nhan/",
    "/theo-doi/",
    "/dang-ky/bo/",
    "/dang-ky/doi/",
    "/dang-ky/xac-nhan/",
)


@require_safe
@cache_control(public=True, max_age=3600)
def robots(request: HttpRequest) -> HttpResponse:
    """Return robots.txt, which names the desk only at its usual path."""
    desk = [reverse("admin:index")] if settings.ADMIN_PATH == "admin" else []
    disallowed = [*desk, *(f"{language}{path}" for path in _UNLISTED for language in ("", "/en"))]
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in disallowed)]
    lines += ["", f"Sitemap: {settings.PORTAL_URL}{reverse('sitemap')}"]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain")


@require_safe
@cache_control(public=True, max_age=3600)
def security_txt(request: HttpRequest) -> HttpResponse:
    """Return the file of RFC 9116, valid for half a year from each request."""
    expires = timezone.now() + timedelta(days=180)
    lines = [
        f"Contact: tel:{province.hotline_key}",
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: vi, en",
        f"Policy: {settings.PORTAL_URL}{reverse('reports:genuine')}#weakness",
        f"Canonical: {settings.PORTAL_URL}/.well-known/security.txt",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@require_safe
@cache_control(public=True, max_age=7 * 24 * 3600)
def favicon(request: HttpRequest) -> HttpResponse:
    """Return the icon at its default address: a link would cost each first page a request."""
    return HttpResponse(read_static_file("img/star.ico"), content_type="image/x-icon")


@require_safe
@cache_control(public=True, max_age=3600)
def manifest(request: HttpRequest) -> JsonResponse:
    """Return what a phone needs to install the portal."""
    about = {
        "name": f"Báo cuộc gọi lừa đảo, {province.police}",
        "short_name": "Báo lừa đảo",
        "lang": "vi",
        "start_url": "/",
        "scope": "/",
        "display": "minimal-ui",
        "background_color": "#faf9f5",
        "theme_color": "#0d4433",
        "icons": [
            {"src": static("img/star.svg"), "sizes": "any", "type": "image/svg+xml"},
            *(_png_icon(size) for size in (192, 512)),
            _png_icon(512, "maskable"),
        ],
    }
    return JsonResponse(about, content_type="application/manifest+json")


def _png_icon(size: int, purpose: str = "any") -> dict[str, str]:
    kind = "" if purpose == "any" else f"-{purpose}"
    source = static(f"img/icon{kind}-{size}.png")
    return {"src": source, "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}


@require_safe
@cache_control(public=True, max_age=300)
def offline(request: HttpRequest) -> HttpResponse:
    """Return the page that the service worker shows when the browser is offline."""
    return render(request, "offline.html", using="public")


@require_safe
@cache_control(no_cache=True)
def service_worker(request: HttpRequest) -> HttpResponse:
    """Return the script that caches a few pages in the browser; it changes when any of them does."""
    context = {"precached_urls": json.dumps(precached_urls()), "version": cache_version()}
    return render(request, "sw.js", context, content_type="text/javascript", using="public")


def precached_urls() -> list[str]:
    return [*OFFLINE_PAGES, *(static(name) for name in OFFLINE_FILES)]


def cache_version() -> str:
    """Return a name that changes with the cached content; computed once a minute."""
    return _hash_offline_content(int(time.time() // OFFLINE_CACHE_SECONDS))


@lru_cache(maxsize=1)
def _hash_offline_content(minute: int) -> str:
    content = [
        *map(_render_page, OFFLINE_PAGES),
        *map(read_static_file, OFFLINE_FILES),
        *map(str.encode, precached_urls()),
    ]
    return hashlib.sha256(b"\0".join(content)).hexdigest()[:16]


def clear_cache() -> None:
    _hash_offline_content.cache_clear()


def _render_page(path: str) -> bytes:
    request = HttpRequest()
    request.method, request.path, request.path_info = "GET", path, path
    with translation.override(language_for_path(path)):
        view, arguments, names = resolve(path)
        return bytes(view(request, *arguments, **names).content)


def read_static_file(name: str) -> bytes:
    """Return the content of one of our static files. Raises FileNotFoundError."""
    path = finders.find(name)
    if not isinstance(path, str):
        raise FileNotFoundError(name)
    return Path(path).read_bytes()


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "404.html", status=404, using="public")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Return the 400 page with the portal's own address: most often the host was another's."""
    context = {"portal": f"{settings.PORTAL_URL}{reverse('reports:home')}"}
    return render(request, "400.html", context, status=400, using="public")


def broken(request: HttpRequest) -> HttpResponse:
    """Return the page of last resort, with the numbers to call: 503 without a database, else 500."""
    if isinstance(sys.exc_info()[1], db.Error):
        context = {"sent": request.method == "POST"}
        response = render(request, "503.html", context, status=503, using="public")
        response["Retry-After"] = "30"
        return response
    return render(request, "500.html", status=500, using="public")


# --- what browsers report of our policy

OWN_CSP_REPORTS = rate_limits.Window("csp own", 10, minutes=60)  # lines of the log, of one visitor
ALL_CSP_REPORTS = rate_limits.Window("csp", 60, minutes=60)  # of all together

MAX_CSP_POST_BYTES = 16 * 1024  # browsers send a kilobyte for each report
MAX_CSP_REPORTS = 10  # of one post
CSP_TYPES = {"application/csp-report", "application/reports+json", "application/json"}
BLOCKED = ("inline", "eval", "data", "blob", "portal", "elsewhere", "other")
DIRECTIVES = (
    "base-uri", "connect-src", "default-src", "font-src", "form-action", "frame-ancestors",
    "frame-src", "img-src", "manifest-src", "media-src", "object-src", "script-src",
    "script-src-attr", "script-src-elem", "style-src", "style-src-attr", "style-src-elem",
    "worker-src",
)  # fmt: skip


@csrf_exempt  # a browser sends it by itself; another site's page may not
@never_cache
@require_POST
def log_csp_report(request: HttpRequest) -> HttpResponse:
    """Log one or several reports; return 204, also where nothing could be parsed."""
    if not is_same_origin(request):
        return HttpResponse(status=403)
    if _content_length(request) > MAX_CSP_POST_BYTES:
        return HttpResponse(status=413)
    if request.content_type in CSP_TYPES:
        for report in list(_parse_violations(request.body))[:MAX_CSP_REPORTS]:
            is_few = rate_limits.consume(OWN_CSP_REPORTS, request)
            if is_few and rate_limits.consume_key(ALL_CSP_REPORTS, "all"):
                _log_violation(report)
    return HttpResponse(status=204)


def _content_length(request: HttpRequest) -> int:
    """Return the promised size; without one, a size that is too large."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if "HTTP_TRANSFER_ENCODING" in request.META or not length.isdecimal():
        return MAX_CSP_POST_BYTES + 1
    return int(length)


def _parse_violations(body: bytes) -> Iterator[dict[str, Any]]:
    """Yield the inner part of each report, of the old format (one) and the new (several)."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return
    for each in content if isinstance(content, list) else [content]:
        inner = (each.get("csp-report") or each.get("body")) if isinstance(each, dict) else None
        if isinstance(inner, dict):
            yield inner


def _log_violation(report: dict[str, Any]) -> None:
    directive = _get_text(report, "effectiveDirective", "effective-directive", "violated-directive")
    name = directive.partition(" ")[0]
    log.warning(
        "csp.violated",
        directive=name if name in DIRECTIVES else "other",
        blocked=_classify_source(report),
        page=_find_page_name(_get_text(report, "documentURL", "document-uri")),
    )


def _classify_source(report: dict[str, Any]) -> str:
    """Return where the blocked resource came from: one of BLOCKED."""
    address = _get_text(report, "blockedURL", "blocked-uri")
    if address in BLOCKED:
        return address
    try:
        url = urlsplit(address)
    except ValueError:
        return "other"
    if url.scheme in {"http", "https"}:
        return "portal" if url.netloc == urlsplit(settings.PORTAL_URL).netloc else "elsewhere"
    return url.scheme if url.scheme in BLOCKED else "other"


def _find_page_name(address: str) -> str:
    """Return the name of our page, never its address: that of an invitation opens an account."""
    try:
        return resolve(urlsplit(address).path).view_name or "other"
    except (Resolver404, ValueError):
        return "other"


def _get_text(report: dict[str, Any], *names: str) -> str:
    value = next((report[name] for name in names if name in report), "")
    return value[:2000] if isinstance(value, str) else ""
