"""What programs read: feeds, CAP, oEmbed, pictures. Readable from every origin, for all of it is public."""

from collections.abc import Callable
from datetime import datetime

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from alerts import cap, feeds, oembed, said
from alerts.answers import shared, told
from alerts.models import AlertRevision, Ending

_NOT_OFFERED = 501  # as the standard wants it for a format that a provider does not have
_MOST_DIGITS = 6
Writer = Callable[[list[AlertRevision], datetime, str], bytes]


@require_safe
def rss(request: HttpRequest) -> HttpResponse:
    return _feed(request, feeds.rss, "application/rss+xml; charset=utf-8")


@require_safe
def atom(request: HttpRequest) -> HttpResponse:
    return _feed(request, feeds.atom, "application/atom+xml; charset=utf-8")


@require_safe
def json_feed(request: HttpRequest) -> HttpResponse:
    return _feed(request, feeds.json_feed, "application/feed+json")


@require_safe
def cap_index(request: HttpRequest) -> HttpResponse:
    """The messages that stand, cancels among them, so that a program learns of the end."""
    index = cap.index(said.newest(feeds.MOST), settings.PORTAL_URL)
    return shared(told(request, index, "application/atom+xml; charset=utf-8"))


@require_safe
def cap_message(request: HttpRequest, identifier: str) -> HttpResponse:
    """One message as it was sent, for good: later messages refer to it."""
    revision = get_object_or_404(AlertRevision.objects.said(), identifier=identifier)
    return shared(told(request, cap.message(revision), f"{cap.MEDIA_TYPE}; charset=utf-8"))


@require_safe
def embed(request: HttpRequest) -> HttpResponse:
    """OEmbed for an address of ours; JSON alone, as the standard lets a provider choose."""
    if request.GET.get("format", "json") != "json":
        return shared(HttpResponse("JSON alone is offered here.\n", "text/plain", _NOT_OFFERED))
    width, height = (_size(request.GET.get(name)) for name in ("maxwidth", "maxheight"))
    if not (width and height):
        return shared(HttpResponseBadRequest("maxwidth and maxheight are whole numbers.\n"))
    wanted = oembed.wanted(request.GET.get("url", ""), settings.PORTAL_URL)
    if wanted is None:
        raise Http404
    if wanted.slug:
        said.latest(wanted.slug)
    text = oembed.answer(wanted.frame, settings.PORTAL_URL, width, height)
    return shared(told(request, text, "application/json"))


@require_safe
def picture(request: HttpRequest, slug: str) -> HttpResponse:
    """What chats show beside a link; a withdrawn warning has none."""
    from alerts import picture  # noqa: PLC0415 - Pillow would weigh on each process of web

    revision = said.latest(slug)
    if revision.words.message.ending == Ending.ERROR:
        raise Http404
    drawn = picture.png(revision, revision.state(timezone.now()))
    return shared(told(request, drawn, "image/png"))


def _size(text: str | None) -> int:
    """How much room is offered; more than anybody has where nothing is said, 0 for nonsense."""
    if not text:
        return 100_000
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MOST_DIGITS else 0


def _feed(request: HttpRequest, write: Writer, content_type: str) -> HttpResponse:
    text = write(said.newest(feeds.MOST), timezone.now(), settings.PORTAL_URL)
    return shared(told(request, text, content_type))
