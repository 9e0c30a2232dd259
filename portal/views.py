"""What the portal itself answers: is it alive, is it ready, what machines may read, what a browser
keeps of it.
"""

import json
import sys
from datetime import timedelta

from django.conf import settings
from django.db import Error as DatabaseTrouble
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import require_safe

from core import database
from core.province import province
from portal import offline_cache


@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Return the figures of the queue in Prometheus' text format 0.0.4. 404 without a token configured, 401 without the right one."""
    if not settings.METRICS_TOKEN:
        raise Http404
    header = request.headers.get("Authorization", "")
    if not constant_time_compare(header, f"Bearer {settings.METRICS_TOKEN}"):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    # The library costs a web process a megabyte: only one that is asked pays.
    from portal import metrics as exposition  # noqa: PLC0415

    return HttpResponse(exposition.render_prometheus(), content_type=exposition.CONTENT_TYPE)


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Reports can be taken in: PostgreSQL answers, takes rows and has room for them. The broker
    is not asked; without it a report is late, never lost.
    """
    try:
        why = "" if database.is_writable() else "read_only"
    except DatabaseTrouble as error:
        why = type(error.__cause__ or error).__name__
    if why:
        return JsonResponse({"database": False, "why": why}, status=503)
    return JsonResponse({"database": True})


@require_safe
@cache_control(public=True, max_age=3600)
def robots(request: HttpRequest) -> HttpResponse:
    """A desk at a path of its own is not named here, where everybody would learn of it."""
    desk = [reverse("admin:index")] if settings.ADMIN_PATH == "admin" else []
    shut = [*desk, "/bao-cao/", "/theo-doi/", "/dang-ky/bo/", "/dang-ky/xac-nhan/"]
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in shut)]
    lines += ["", f"Sitemap: {settings.PORTAL_URL}{reverse('sitemap')}"]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain")


@require_safe
@cache_control(public=True, max_age=3600)
def security_txt(request: HttpRequest) -> HttpResponse:
    """RFC 9116. Valid for half a year from each reading, so that it cannot rot on a shelf."""
    expires = timezone.now() + timedelta(days=180)
    lines = [
        f"Contact: tel:{province.hotline_key}",
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: vi, en",
        f"Policy: {settings.PORTAL_URL}{reverse('reports:genuine')}#weakness",
        f"Canonical: {settings.PORTAL_URL}/.well-known/security.txt",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@require_safe
@cache_control(public=True, max_age=7 * 24 * 3600)
def favicon(request: HttpRequest) -> HttpResponse:
    """Asked for by itself, once; a link to it would be a request more on each first page."""
    return HttpResponse(offline_cache.read_static_file("img/star.ico"), content_type="image/x-icon")


@require_safe
@cache_control(public=True, max_age=3600)
def manifest(request: HttpRequest) -> JsonResponse:
    """What a phone needs to put the portal among its apps."""
    about = {
        "name": f"Báo cuộc gọi lừa đảo, {province.police}",
        "short_name": "Báo lừa đảo",
        "lang": "vi",
        "start_url": "/",
        "scope": "/",
        "display": "minimal-ui",
        "background_color": "#faf9f5",
        "theme_color": "#0d4433",
        "icons": [{"src": static("img/star.svg"), "sizes": "any", "type": "image/svg+xml"}],
    }
    return JsonResponse(about, content_type="application/manifest+json")


@require_safe
@cache_control(public=True, max_age=300)
def offline(request: HttpRequest) -> HttpResponse:
    """What a browser that came here before shows where the line is gone."""
    return render(request, "offline.html", using="public")


@require_safe
@cache_control(no_cache=True)
def service_worker(request: HttpRequest) -> HttpResponse:
    """The script that keeps a few pages in the browser; a new one when any of them changed."""
    context = {
        "kept": json.dumps(offline_cache.precached_urls()),
        "version": offline_cache.cache_version(),
    }
    return render(request, "sw.js", context, content_type="text/javascript", using="public")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "404.html", status=404, using="public")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Above all a host name that is not ours: the way to the one that is."""
    context = {"portal": f"{settings.PORTAL_URL}{reverse('reports:home')}"}
    return render(request, "400.html", context, status=400, using="public")


def broken(request: HttpRequest) -> HttpResponse:
    """The last resort: no database, no template context, and still the two numbers to ring."""
    if isinstance(sys.exc_info()[1], DatabaseTrouble):
        context = {"sent": request.method == "POST"}
        response = render(request, "503.html", context, status=503, using="public")
        response["Retry-After"] = "30"
        return response
    return render(request, "500.html", status=500, using="public")
