"""What everyone reads on the portal itself."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from alerts import selectors as said
from alerts.formats import html as pages
from alerts.responses import told


@require_safe
def alert_list(request: HttpRequest) -> HttpResponse:
    return told(request, pages.listing(said.in_force(), said.ended()))


@require_safe
def detail(request: HttpRequest, slug: str) -> HttpResponse:
    return told(request, pages.page(said.latest(slug), timezone.now()))


@require_safe
def paper(request: HttpRequest, slug: str) -> HttpResponse:
    return told(request, pages.paper(said.latest(slug), timezone.now()))


@require_safe
def history(request: HttpRequest, slug: str) -> HttpResponse:
    return told(request, pages.past(said.versions(slug), timezone.now()))


@require_safe
def plain(request: HttpRequest, slug: str) -> HttpResponse:
    text = pages.plain(said.latest(slug), timezone.now())
    return told(request, text, "text/plain; charset=utf-8")
