"""Pages and printed files of a warning on the portal itself."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from alerts.formats import html, print_cache
from alerts.models import AlertRevision, CancelReason, State, selectors
from alerts.responses import allow_cross_origin, conditional_response


@require_safe
def alert_list(request: HttpRequest) -> HttpResponse:
    return conditional_response(request, html.render_list(selectors.in_force(), selectors.ended()))


@require_safe
def detail(request: HttpRequest, slug: str) -> HttpResponse:
    return conditional_response(
        request, html.render_detail(selectors.get_current_or_404(slug), timezone.now())
    )


@require_safe
def paper(request: HttpRequest, slug: str) -> HttpResponse:
    return conditional_response(
        request, html.render_print(selectors.get_current_or_404(slug), timezone.now())
    )


@require_safe
def history(request: HttpRequest, slug: str) -> HttpResponse:
    return conditional_response(
        request, html.render_history(selectors.get_versions_or_404(slug), timezone.now())
    )


@require_safe
def plain(request: HttpRequest, slug: str) -> HttpResponse:
    text = html.render_text(selectors.get_current_or_404(slug), timezone.now())
    return conditional_response(request, text, "text/plain; charset=utf-8")


@require_safe
def picture(request: HttpRequest, slug: str) -> HttpResponse:
    """What chats show beside a link; a withdrawn warning has none."""
    revision = selectors.get_current_or_404(slug)
    if revision.frozen_content.message.ending == CancelReason.ERROR:
        raise Http404
    return allow_cross_origin(
        conditional_response(request, print_cache.picture(revision), "image/png")
    )


@require_safe
def poster(request: HttpRequest, slug: str) -> HttpResponse:
    return _print_response(request, slug, print_cache.poster, "application/pdf", "to-dan.pdf")


@require_safe
def pack(request: HttpRequest, slug: str) -> HttpResponse:
    return _print_response(request, slug, print_cache.pack, "application/zip", "tai-lieu.zip")


def _print_response(
    request: HttpRequest,
    slug: str,
    render: Callable[[AlertRevision], bytes],
    content_type: str,
    name: str,
) -> HttpResponse:
    """Return the file of a warning in force; nobody shall print what is over: 404."""
    revision = selectors.get_current_or_404(slug)
    if revision.state(timezone.now()) is not State.IN_FORCE:
        raise Http404
    response = conditional_response(request, render(revision), content_type)
    response["Content-Disposition"] = f'inline; filename="{revision.identifier}-{name}"'
    return response
