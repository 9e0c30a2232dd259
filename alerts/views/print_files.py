"""What is printed or sent on: the sheet for the wall, the picture beside a link, the pack."""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from alerts import selectors as said
from alerts.formats import print_cache as printing
from alerts.models import AlertRevision, Ending, State
from alerts.responses import shared, told


@require_safe
def picture(request: HttpRequest, slug: str) -> HttpResponse:
    """What chats show beside a link; a withdrawn warning has none."""
    revision = said.latest(slug)
    if revision.words.message.ending == Ending.ERROR:
        raise Http404
    return shared(told(request, printing.picture(revision), "image/png"))


@require_safe
def poster(request: HttpRequest, slug: str) -> HttpResponse:
    return _of_what_stands(request, slug, printing.poster, "application/pdf", "to-dan.pdf")


@require_safe
def pack(request: HttpRequest, slug: str) -> HttpResponse:
    return _of_what_stands(request, slug, printing.pack, "application/zip", "tai-lieu.zip")


def _of_what_stands(
    request: HttpRequest,
    slug: str,
    made: Callable[[AlertRevision], bytes],
    content_type: str,
    name: str,
) -> HttpResponse:
    """Nobody shall print what is over: 404."""
    revision = said.latest(slug)
    if revision.state(timezone.now()) is not State.IN_FORCE:
        raise Http404
    response = told(request, made(revision), content_type)
    response["Content-Disposition"] = f'inline; filename="{revision.identifier}-{name}"'
    return response
