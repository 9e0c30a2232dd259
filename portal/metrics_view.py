"""/metrics: the queue's figures for a machine that watches, to whoever holds METRICS_TOKEN."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus' text format 0.0.4. 404 without a token configured, 401 without the right one."""
    if not settings.METRICS_TOKEN:
        raise Http404
    given = request.headers.get("Authorization", "")
    if not constant_time_compare(given, f"Bearer {settings.METRICS_TOKEN}"):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    # The library costs a web process a megabyte: only one that is asked pays.
    from portal import metrics as exposition  # noqa: PLC0415

    return HttpResponse(exposition.render_prometheus(), content_type=exposition.CONTENT_TYPE)
