"""What everyone reads on the portal itself."""

from csp.decorators import csp_update
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from alerts import pages, said
from alerts.answers import told


@require_safe
def alert_list(request: HttpRequest) -> HttpResponse:
    return told(request, pages.listing(said.in_force(), said.ended()))


@require_safe
def detail(request: HttpRequest, slug: str) -> HttpResponse:
    return told(request, pages.page(said.latest(slug), timezone.now()))


@require_safe
def plain(request: HttpRequest, slug: str) -> HttpResponse:
    text = pages.plain(said.latest(slug), timezone.now())
    return told(request, text, "text/plain; charset=utf-8")


@require_safe
@csp_update({"frame-src": ["'self'"]})
def for_agencies(request: HttpRequest) -> HttpResponse:
    """How another site shows our warnings, with a live frame to look at."""
    frames = [{"width": 320, "height": 420}, {"width": 300, "height": 250}]
    address = settings.PORTAL_URL + reverse("alerts:frame")
    context = {"frames": frames, "address": address, "portal": f"{settings.PORTAL_URL}/"}
    return render(request, "alerts/for_agencies.html", context, using="public")
