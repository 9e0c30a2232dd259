"""Responses with published text: cacheable, conditional, without a cookie, framed or not."""

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_cache_control, set_response_etag
from django.utils.http import http_date

from alerts.embed import frames
from alerts.static_pages import content_version
from core.inline_css import style_source

FRAME_POLICY = (
    "default-src 'none'; style-src {style}; {live}base-uri 'none'; form-action 'none';"
    " frame-ancestors {ancestors}; report-uri /csp/; report-to csp"
)
_LIVE = "script-src 'self'; connect-src 'self'; "


def conditional_response(
    request: HttpRequest, text: str | bytes, content_type: str = "text/html; charset=utf-8"
) -> HttpResponse:
    """Return a published text, or 304 when the client has this very text already."""
    response = HttpResponse(text, content_type=content_type)
    set_response_etag(response)
    if version := content_version.current_version():
        response["Last-Modified"] = http_date(version.since)
    patch_cache_control(
        response, public=True, max_age=30, stale_while_revalidate=20, stale_if_error=86400
    )
    answer = get_conditional_response(request, etag=response["ETag"], response=response)
    return answer if isinstance(answer, HttpResponse) else response


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
