"""What everyone reads. Whatever is shown as live comes through `Alert.objects.published()`."""

from collections.abc import Callable

import structlog
from csp.decorators import csp_update
from django.conf import settings
from django.db import Error as DatabaseTrouble
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from alerts import pages
from alerts.answers import framed, told
from alerts.models import Alert, AlertQuerySet, AlertRevision

log = structlog.get_logger(__name__)


def _revisions(alerts: AlertQuerySet) -> list[AlertRevision]:
    return [alert.current for alert in alerts if alert.current]


def _said(slug: str) -> AlertRevision:
    """The latest word under this name, in force or ended; a draft is nobody's business."""
    for door in (Alert.objects.published(), Alert.objects.ended()):
        if found := _revisions(door.filter(slug=slug)):
            return found[0]
    raise Http404


@require_safe
def alert_list(request: HttpRequest) -> HttpResponse:
    in_force = _revisions(Alert.objects.published())
    return told(request, pages.listing(in_force, _revisions(Alert.objects.ended())))


@require_safe
def detail(request: HttpRequest, slug: str) -> HttpResponse:
    return told(request, pages.page(_said(slug), timezone.now()))


@require_safe
def plain(request: HttpRequest, slug: str) -> HttpResponse:
    text = pages.plain(_said(slug), timezone.now())
    return told(request, text, "text/plain; charset=utf-8")


def _in_frame(request: HttpRequest, write: Callable[[], str]) -> HttpResponse:
    """What stands in another site's page; without a database the numbers to ring."""
    try:
        return framed(told(request, write()))
    except DatabaseTrouble as error:
        log.error("frame.not_read", error=type(error).__name__)  # noqa: TRY400
        return framed(HttpResponse(pages.frame_away(), status=503))


@require_safe
def frame(request: HttpRequest) -> HttpResponse:
    """The newest warnings; an empty province is told so, the numbers to ring stay."""
    newest = Alert.objects.published()[: pages.IN_FRAME]
    return _in_frame(request, lambda: pages.newest_frame(_revisions(newest), timezone.now()))


@require_safe
def alert_frame(request: HttpRequest, slug: str) -> HttpResponse:
    return _in_frame(request, lambda: pages.frame(_said(slug), timezone.now()))


@require_safe
@csp_update({"frame-src": ["'self'"]})
def for_agencies(request: HttpRequest) -> HttpResponse:
    """How another site shows our warnings, with a live frame to look at."""
    frames = [{"width": 320, "height": 420}, {"width": 300, "height": 250}]
    address = settings.PORTAL_URL + reverse("alerts:frame")
    context = {"frames": frames, "address": address, "portal": f"{settings.PORTAL_URL}/"}
    return render(request, "alerts/for_agencies.html", context, using="public")
