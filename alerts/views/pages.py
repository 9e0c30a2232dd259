"""Pages and printed files of a warning on the portal itself."""

from collections.abc import Callable
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from alerts.formats import html, print_files
from alerts.formats.validators import describe_states
from alerts.models import AlertRevision, State
from alerts.responses import HTML, conditional_response
from core.responses import allow_cross_origin


def get_current_or_404(slug: str) -> AlertRevision:
    """Return the current revision under this name, in force or over; a draft is a 404."""
    return get_object_or_404(AlertRevision.objects.current(), alert__slug=slug)


@require_safe
def alert_list(request: HttpRequest) -> HttpResponse:
    rows, now = AlertRevision.objects, timezone.now()
    in_force, ended = list(rows.in_force()), list(rows.ended())
    made_of = describe_states([*in_force, *ended], now)
    return conditional_response(request, made_of, lambda: html.render_list(in_force, ended))


@require_safe
def detail(request: HttpRequest, slug: str) -> HttpResponse:
    return _warning_response(request, slug, html.render_detail)


@require_safe
def paper(request: HttpRequest, slug: str) -> HttpResponse:
    return _warning_response(request, slug, html.render_print)


@require_safe
def plain(request: HttpRequest, slug: str) -> HttpResponse:
    return _warning_response(request, slug, html.render_text, "text/plain; charset=utf-8")


def _warning_response(
    request: HttpRequest,
    slug: str,
    render: Callable[[AlertRevision, datetime], str],
    content_type: str = HTML,
) -> HttpResponse:
    revision, now = get_current_or_404(slug), timezone.now()
    made_of = describe_states([revision], now)
    return conditional_response(request, made_of, lambda: render(revision, now), content_type)


@require_safe
def history(request: HttpRequest, slug: str) -> HttpResponse:
    issued = AlertRevision.objects.effective_ever().filter(alert__slug=slug)
    now, revisions = timezone.now(), list(issued.order_by("-version"))
    if not revisions:
        raise Http404
    made_of = describe_states(revisions, now)
    return conditional_response(request, made_of, lambda: html.render_history(revisions, now))


@require_safe
def picture(request: HttpRequest, slug: str) -> HttpResponse:
    """Return the image that chats show beside a link; a withdrawn warning has none: 410."""
    revision = get_current_or_404(slug)
    if revision.frozen_content.message.is_withdrawn:
        return _gone_response(request, revision)
    return allow_cross_origin(_drawn_response(request, revision, print_files.picture, "image/png"))


@require_safe
def poster(request: HttpRequest, slug: str) -> HttpResponse:
    return _print_response(request, slug, print_files.poster, "application/pdf", "to-dan.pdf")


@require_safe
def pack(request: HttpRequest, slug: str) -> HttpResponse:
    return _print_response(request, slug, print_files.pack, "application/zip", "tai-lieu.zip")


def _print_response(
    request: HttpRequest,
    slug: str,
    draw: Callable[[AlertRevision], bytes],
    content_type: str,
    name: str,
) -> HttpResponse:
    """Return a file of a warning in force; of one that is over a page that says so: 410."""
    revision = get_current_or_404(slug)
    if revision.state(timezone.now()) is not State.IN_FORCE:
        return _gone_response(request, revision)
    response = _drawn_response(request, revision, draw, content_type)
    response["Content-Disposition"] = f'inline; filename="{revision.identifier}-{name}"'
    return response


def _drawn_response(
    request: HttpRequest,
    revision: AlertRevision,
    draw: Callable[[AlertRevision], bytes],
    content_type: str,
) -> HttpResponse:
    made_of = describe_states([revision], timezone.now())
    return conditional_response(request, made_of, lambda: draw(revision), content_type)


def _gone_response(request: HttpRequest, revision: AlertRevision) -> HttpResponse:
    """Return 410 and why: who has the link printed somewhere takes it for a typing error else."""
    context = html.template_context(revision, timezone.now())
    page = render(request, "alerts/file_gone.html", context, status=410, using="public")
    patch_cache_control(page, public=True, max_age=30)
    return page
