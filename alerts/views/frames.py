"""What stands in other sites' pages: frames that need no script, live ones, and the line of script
that brings a live one in.
"""

from collections.abc import Callable

import structlog
from django.conf import settings
from django.db import Error as DatabaseTrouble
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from alerts.embed import frames
from alerts.models import AlertRevision, selectors
from alerts.responses import allow_framing, conditional_response
from core.province_names import build_page_context
from reports.models import Commune, Office

log = structlog.get_logger(__name__)
_SCRIPT_KEPT_FOR = 3600  # seconds


@require_safe
def newest(request: HttpRequest, *, live: bool = False) -> HttpResponse:
    """The newest warnings; an empty province is told so, the numbers to ring stay."""
    return _in_frame(request, live, lambda: _newest(selectors.in_force(frames.HOLDS), live))


@require_safe
def of_alert(request: HttpRequest, slug: str, *, live: bool = False) -> HttpResponse:
    return _in_frame(
        request,
        live,
        lambda: frames.render_single(selectors.get_current_or_404(slug), timezone.now(), live=live),
    )


@require_safe
def of_commune(request: HttpRequest, codename: str, *, live: bool = False) -> HttpResponse:
    """Warnings for one commune, and those for the whole province."""

    def write() -> str:
        if not Commune.objects.filter(pk=codename).exists():
            raise Http404
        return _newest(frames.filter_by_commune(selectors.in_force(), codename), live)

    return _in_frame(request, live, write)


@require_safe
def of_office(request: HttpRequest, codename: str, *, live: bool = False) -> HttpResponse:
    """Warnings of callers who pose as one office."""

    def write() -> str:
        if not Office.objects.filter(pk=codename).exists():
            raise Http404
        return _newest(frames.filter_by_office(selectors.in_force(), codename), live)

    return _in_frame(request, live, write)


@require_safe
def script(request: HttpRequest) -> HttpResponse:
    """One line in an agency's page brings this, and this brings the frame."""
    context = build_page_context() | {"portal": settings.PORTAL_URL}
    text = render_to_string("alerts/nhung.js", context, using="public")
    response = conditional_response(request, text, "text/javascript; charset=utf-8")
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    patch_cache_control(response, max_age=_SCRIPT_KEPT_FOR)
    return response


def _newest(revisions: list[AlertRevision], live: bool) -> str:
    return frames.render_latest(revisions, timezone.now(), live=live)


def _in_frame(request: HttpRequest, live: bool, write: Callable[[], str]) -> HttpResponse:
    """Without a database the frame stands and says whom to ring."""
    try:
        return allow_framing(conditional_response(request, write()), live=live)
    except DatabaseTrouble as error:
        log.error("frame.not_read", error=type(error).__name__)  # noqa: TRY400
        return allow_framing(HttpResponse(frames.render_unavailable(), status=503), live=live)
