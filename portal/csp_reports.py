"""What browsers tell of our Content-Security-Policy, counted by words of our own.

A report holds addresses, a sample of the page and whatever a stranger likes to send: nothing of it is
kept. Of each there remain the directive that was broken, where what was stopped came from, and in the
log, once and at every hundredth, the name of our page.
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
from core.same_origin import is_same_origin

log = structlog.get_logger(__name__)

MAX_LENGTH = 16 * 1024  # bytes of one post; browsers send a kilobyte for each report
MAX_COUNT = 10  # reports of one post
TYPES = {"application/csp-report", "application/reports+json", "application/json"}
DIRECTIVES = (
    "base-uri", "connect-src", "default-src", "font-src", "form-action", "frame-ancestors",
    "frame-src", "img-src", "manifest-src", "media-src", "object-src", "script-src",
    "script-src-attr", "script-src-elem", "style-src", "style-src-attr", "style-src-elem",
    "worker-src", "other",
)  # fmt: skip
BLOCKED = ("inline", "eval", "data", "blob", "ours", "elsewhere", "other")
_KEY = "portal:csp:{} {}"


@csrf_exempt  # a browser sends it by itself; another site's page may not
@never_cache
@require_POST
def count_csp_report(request: HttpRequest) -> HttpResponse:
    """One or several reports: counted and forgotten. 204 also where nothing could be read."""
    if not is_same_origin(request):
        return HttpResponse(status=403)
    if _size(request) > MAX_LENGTH:
        return HttpResponse(status=413)
    if request.content_type in TYPES and rate_limits.consume("csp", request):
        for told in list(_reports(request.body))[:MAX_COUNT]:
            _count(told)
    return HttpResponse(status=204)


def csp_report_count() -> dict[tuple[str, str], int]:
    """How many there were so far of each kind; empty while Valkey does not answer."""
    kinds = [(directive, blocked) for directive in DIRECTIVES for blocked in BLOCKED]
    found = rate_limits.counters([_KEY.format(*kind) for kind in kinds])
    return {kind: many for kind, many in zip(kinds, found, strict=False) if many}


def _size(request: HttpRequest) -> int:
    """As promised; what promises nothing is as good as too much."""
    told = request.META.get("CONTENT_LENGTH")
    if "HTTP_TRANSFER_ENCODING" in request.META or not (told or "0").isdecimal():
        return MAX_LENGTH + 1
    return int(told or 0)


def _reports(body: bytes) -> Iterator[dict[str, Any]]:
    """The inner part of each, in the old form (one) and the new (several)."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return
    for each in told if isinstance(told, list) else [told]:
        inner = (each.get("csp-report") or each.get("body")) if isinstance(each, dict) else None
        if isinstance(inner, dict):
            yield inner


def _count(told: dict[str, Any]) -> None:
    directive = _text(told, "effectiveDirective", "effective-directive", "violated-directive")
    name = directive.partition(" ")[0]
    kind = (name if name in DIRECTIVES else "other", _blocked(told))
    many = rate_limits.increment(_KEY.format(*kind))
    if many == 1 or (many and many % 100 == 0):
        page = _page(_text(told, "documentURL", "document-uri"))
        log.warning("csp.violated", directive=kind[0], blocked=kind[1], page=page, reports=many)


def _blocked(told: dict[str, Any]) -> str:
    """Where what was stopped came from."""
    address = _text(told, "blockedURL", "blocked-uri")
    if address in BLOCKED:
        return address
    try:
        found = urlsplit(address)
    except ValueError:
        return "other"
    if found.scheme in {"http", "https"}:
        return "ours" if found.netloc == urlsplit(settings.PORTAL_URL).netloc else "elsewhere"
    return found.scheme if found.scheme in BLOCKED else "other"


def _page(address: str) -> str:
    """The name of our page, never its address: that of an invitation opens an account."""
    try:
        return resolve(urlsplit(address).path).view_name or "other"
    except (Resolver404, ValueError):
        return "other"


def _text(told: dict[str, Any], *names: str) -> str:
    found = next((told[name] for name in names if name in told), "")
    return found[:2000] if isinstance(found, str) else ""
