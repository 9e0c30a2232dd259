"""Responses with published text: cacheable, conditional, without a cookie, framed or not."""

import hashlib
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_cache_control

from alerts.formats import frames
from alerts.formats.validators import release_fingerprint
from core.responses import style_source

FRAME_POLICY = (
    "default-src 'none'; style-src {style}; {live}base-uri 'none'; form-action 'none';"
    " frame-ancestors {ancestors}; report-uri /csp/; report-to csp"
)
_LIVE = "script-src 'self'; connect-src 'self'; "
HTML = "text/html; charset=utf-8"


def conditional_response(
    request: HttpRequest,
    made_of: object,
    render: Callable[[], str | bytes],
    content_type: str = HTML,
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
