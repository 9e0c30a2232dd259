"""Frames for other sites' pages, plain and live, and the script that brings a live one in."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from django import db
from django.conf import settings
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from alerts.formats import frames
from alerts.formats.validators import describe_states
from alerts.models import AlertRevision
from alerts.responses import allow_framing, conditional_response
from alerts.views import pages
from core.province_names import build_page_context
from reports.models import Commune, Office

log = structlog.get_logger(__name__)
_SCRIPT_CACHE_SECONDS = 3600


@require_safe
def newest(request: HttpRequest, *, live: bool = False) -> HttpResponse:
    return _frame_response(request, lambda: list(AlertRevision.objects.in_frames()), live=live)


@require_safe
def alert_frame(request: HttpRequest, slug: str, *, live: bool = False) -> HttpResponse:
    def render(revisions: list[AlertRevision], now: datetime, *, live: bool) -> str:
        return frames.render_single(revisions[0], now, live=live)

    return _frame_response(request, lambda: [pages.get_current_or_404(slug)], render, live=live)


@require_safe
def commune_frame(request: HttpRequest, codename: str, *, live: bool = False) -> HttpResponse:
    """Return the warnings for one commune and those for the whole province."""
    return _filtered_response(request, Commune, codename, frames.filter_by_commune, live=live)


@require_safe
def office_frame(request: HttpRequest, codename: str, *, live: bool = False) -> HttpResponse:
    """Return the warnings of callers who impersonate one office."""
    return _filtered_response(request, Office, codename, frames.filter_by_office, live=live)


@require_safe
def script(request: HttpRequest) -> HttpResponse:
    """Return the script that one line in an agency's page loads."""
    context = build_page_context() | {"portal": settings.PORTAL_URL}
    render = partial(render_to_string, "alerts/nhung.js", context, using="public")
    content_type = "text/javascript; charset=utf-8"
    response = conditional_response(request, settings.PORTAL_URL, render, content_type)
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    patch_cache_control(response, max_age=_SCRIPT_CACHE_SECONDS)
    return response


def _filtered_response(
    request: HttpRequest,
    model: type[Model],
    codename: str,
    choose: Callable[[Any, str], list[AlertRevision]],
    *,
    live: bool,
) -> HttpResponse:
    def load() -> list[AlertRevision]:
        get_object_or_404(model, pk=codename)
        return choose(AlertRevision.objects.in_frames(), codename)

    return _frame_response(request, load, live=live)


def _frame_response(
    request: HttpRequest,
    load: Callable[[], list[AlertRevision]],
    render: Callable[..., str] = frames.render_latest,
    *,
    live: bool,
) -> HttpResponse:
    """Return the frame; of what there is not 404, without a database 503, both with the numbers to call."""
    try:
        revisions, now = load(), timezone.now()
        made_of = describe_states(revisions, now)
        render_now = partial(render, revisions, now, live=live)
        response = conditional_response(request, made_of, render_now)
        return allow_framing(response, live=live)
    except Http404:  # the page of the handler may not be framed: an empty box
        return allow_framing(HttpResponse(frames.render_unavailable(), status=404), live=live)
    except db.Error as error:
        log.error("frame.read_failed", error=type(error).__name__)  # noqa: TRY400
        return allow_framing(HttpResponse(frames.render_unavailable(), status=503), live=live)
