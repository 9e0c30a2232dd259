"""Log what browsers report about our Content-Security-Policy: ten lines an hour of one visitor, sixty of all.

Of a report, which holds addresses and text of strangers, the log has the directive, where the blocked
source came from, and the name of our page.
"""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from core import rate_limits
from core.form_data import is_same_origin

OWN_REPORTS = rate_limits.Window("csp own", 10, minutes=60)  # lines of the log, of one visitor
ALL_REPORTS = rate_limits.Window("csp", 60, minutes=60)  # of all together
log = structlog.get_logger(__name__)

MAX_POST_BYTES = 16 * 1024  # browsers send a kilobyte for each report
MAX_REPORTS = 10  # of one post
TYPES = {"application/csp-report", "application/reports+json", "application/json"}
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
    if _size(request) > MAX_POST_BYTES:
        return HttpResponse(status=413)
    if request.content_type in TYPES:
        for report in list(_parse_reports(request.body))[:MAX_REPORTS]:
            is_few = rate_limits.consume(OWN_REPORTS, request)
            if is_few and rate_limits.consume_key(ALL_REPORTS, "all"):
                _log(report)
    return HttpResponse(status=204)


def _size(request: HttpRequest) -> int:
    """Return the promised size; without one, a size that is too large."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if "HTTP_TRANSFER_ENCODING" in request.META or not length.isdecimal():
        return MAX_POST_BYTES + 1
    return int(length)


def _parse_reports(body: bytes) -> Iterator[dict[str, Any]]:
    """Yield the inner part of each report, of the old format (one) and the new (several)."""
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        return
    for each in content if isinstance(content, list) else [content]:
        inner = (each.get("csp-report") or each.get("body")) if isinstance(each, dict) else None
        if isinstance(inner, dict):
            yield inner


def _log(report: dict[str, Any]) -> None:
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
