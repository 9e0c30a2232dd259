"""What is printed or sent on: the sheet for the wall, the picture beside a link, the pack."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from alerts.formats import print_cache
from alerts.models import AlertRevision, CancelReason, State, selectors
from alerts.responses import allow_cross_origin, conditional_response


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
    return _of_what_stands(request, slug, print_cache.poster, "application/pdf", "to-dan.pdf")


@require_safe
def pack(request: HttpRequest, slug: str) -> HttpResponse:
    return _of_what_stands(request, slug, print_cache.pack, "application/zip", "tai-lieu.zip")


def _of_what_stands(
    request: HttpRequest,
    slug: str,
    made: Callable[[AlertRevision], bytes],
    content_type: str,
    name: str,
) -> HttpResponse:
    """Nobody shall print what is over: 404."""
    revision = selectors.get_current_or_404(slug)
    if revision.state(timezone.now()) is not State.IN_FORCE:
        raise Http404
    response = conditional_response(request, made(revision), content_type)
    response["Content-Disposition"] = f'inline; filename="{revision.identifier}-{name}"'
    return response
