"""What the portal itself answers: is it alive, is it ready, and what machines may read."""

import sys
from datetime import timedelta

from django.conf import settings
from django.db import Error as DatabaseTrouble
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from reports import database


@require_safe
def livez(request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """Reports can be taken in: PostgreSQL answers, takes rows and has room for them. The broker
    is not asked; without it a report is late, never lost.
    """
    try:
        why = "" if database.takes_rows() else "read_only"
    except DatabaseTrouble as error:
        why = type(error.__cause__ or error).__name__
    if why:
        return JsonResponse({"database": False, "why": why}, status=503)
    return JsonResponse({"database": True})


@require_safe
@cache_control(public=True, max_age=3600)
def robots(request: HttpRequest) -> HttpResponse:
    lines = ["User-agent: *", "Disallow: /admin/", "Disallow: /bao-cao/", "Disallow: /theo-doi/"]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain")


@require_safe
@cache_control(public=True, max_age=3600)
def security_txt(request: HttpRequest) -> HttpResponse:
    """RFC 9116. Valid for half a year from each reading, so that it cannot rot on a shelf."""
    expires = timezone.now() + timedelta(days=180)
    lines = [
        "Contact: tel:+842373725725",
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: vi, en",
        f"Canonical: {settings.PORTAL_URL}/.well-known/security.txt",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "404.html", status=404, using="public")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Above all a host name that is not ours: the way to the one that is."""
    context = {"portal": f"{settings.PORTAL_URL}/"}
    return render(request, "400.html", context, status=400, using="public")


def broken(request: HttpRequest) -> HttpResponse:
    """The last resort: no database, no template context, and still the two numbers to ring."""
    if isinstance(sys.exc_info()[1], DatabaseTrouble):
        context = {"sent": request.method == "POST"}
        response = render(request, "503.html", context, status=503, using="public")
        response["Retry-After"] = "30"
        return response
    return render(request, "500.html", status=500, using="public")
