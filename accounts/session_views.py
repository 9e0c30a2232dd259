"""Where an officer is logged in: a page of one's own, and the end of the others."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.http import require_http_methods

from accounts import sessions
from core.audit import events


def urls(site: AdminSite) -> list[URLPattern]:
    """The page, for who is at the desk."""

    @require_http_methods(["GET", "HEAD", "POST"])
    def places(request: HttpRequest) -> HttpResponse:
        user = _officer(request)
        if request.method == "POST":
            ended = end_other_sessions(request)
            messages.success(request, f"Đã thoát ở {ended} nơi khác.")
            return HttpResponseRedirect(reverse("admin:sessions"), status=303)
        context: dict[str, Any] = {
            **site.each_context(request),
            "title": "Nơi đang đăng nhập",
            "places": sessions.sessions_of(user),
            "here": request.session.session_key,
        }
        return TemplateResponse(request, "admin/sessions.html", context)

    return [path("sessions/", site.admin_view(places), name="sessions")]


def end_other_sessions(request: HttpRequest, kind: str = "sessions_ended") -> int:
    """Log the officer out everywhere but here, on record as an act of that kind; how many ended."""
    user = _officer(request)
    ended = sessions.end_all_sessions(user, but=request.session.session_key)
    events.log_event("user", user.pk, kind, by=user, sessions=ended)
    return ended


def _officer(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
