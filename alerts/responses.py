"""Responses with published text: cacheable, conditional, without a cookie, framed or not."""

import hashlib
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_cache_control

from alerts.embed import frames
from alerts.models import AlertRevision
from core.inline_css import style_source
from core.province import province

FRAME_POLICY = (
    "default-src 'none'; style-src {style}; {live}base-uri 'none'; form-action 'none';"
    " frame-ancestors {ancestors}; report-uri /csp/; report-to csp"
)
_SOURCE_SUFFIXES = {".py", ".html", ".txt", ".css", ".js", ".mo", ".json"}
_LIVE = "script-src 'self'; connect-src 'self'; "


def describe_states(revisions: Iterable[AlertRevision], now: datetime) -> str:
    """Return all that a page of these revisions depends on: what a revision says is frozen."""
    return " ".join(f"{revision.identifier} {revision.state(now)}" for revision in revisions)


@cache
def release_fingerprint() -> str:
    """Return a digest of the code, the templates and the names that pages are made of."""
    digest = hashlib.sha256(repr(province).encode())
    for folder in ("alerts", "reports", "templates", "static", "locale"):
        for file in sorted((settings.BASE_DIR / folder).rglob("*")):
            if file.suffix in _SOURCE_SUFFIXES:
                digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def conditional_response(
    request: HttpRequest,
    made_of: object,
    render: Callable[[], str | bytes],
    content_type: str = "text/html; charset=utf-8",
) -> HttpResponse:
    """Return a published text, or 304, without rendering, when the client has this very text already.

    `made_of` names all that the text depends on beside its address, the release and the day.
    """
    basis = (request.get_full_path(), made_of, release_fingerprint(), timezone.localdate())
    etag = f'"{hashlib.sha256(repr(basis).encode()).hexdigest()[:32]}"'
    response = get_conditional_response(request, etag=etag)
    if response is None:
        response = HttpResponse(render(), content_type=content_type)
    response["ETag"] = etag
    patch_cache_control(
        response, public=True, max_age=30, stale_while_revalidate=20, stale_if_error=86400
    )
    return response


def allow_framing(
    response: HttpResponse, ancestors: str = "", *, live: bool = False
) -> HttpResponse:
    """Let other sites, or those of `ancestors`, frame this response, and return it.

    A 304 needs the same headers: a browser may apply them to its copy.
    """
    response["Content-Security-Policy"] = FRAME_POLICY.format(
        style=style_source("alerts/frame.css"),
        ancestors=ancestors or frames.frame_ancestors(),
        live=_LIVE if live else "",
    )
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    response.xframe_options_exempt = True
    return response
