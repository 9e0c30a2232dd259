"""What everyone reads on the portal itself."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from alerts.formats import html
from alerts.models import selectors
from alerts.responses import conditional_response


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
