"""List and end an officer's sessions, and the page that does so.

A session stores its start and kind of device. Officers are few, so one's sessions are found by
decoding all.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.models import Session
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from core.audit import events
from core.responses import HttpResponseSeeOther

View = Callable[..., HttpResponse]
_NOBODY_PRESSED = "nobody_pressed"  # of a request
_BEGAN, _DEVICE = "began_at", "device"
# In a session opened by OIDC: the provider's ids of person and session, its signed token.
OPENED = "opened"
_SYSTEMS = {
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Windows": "Windows",
    "Mac OS X|Macintosh": "máy Mac",
    "CrOS": "Chromebook",
    "Linux": "Linux",
}
_BROWSERS = {
    "Edg": "Edge",
    "OPR": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "coc_coc": "Cốc Cốc",
    "Firefox|FxiOS": "Firefox",
    "Chrome|CriOS": "Chrome",
    "Safari": "Safari",
}


@dataclass(frozen=True)
class ActiveSession:
    """One session; `key` never leaves the server."""

    key: str
    device: str
    since: datetime
    seen: datetime


def connect_signals() -> None:
    """Store start and device at each log-in. Call once, when the app is ready."""
    user_logged_in.connect(_note_login, dispatch_uid="sessions")


def is_past_max_age(request: HttpRequest) -> bool:
    """Return whether the session is older than SESSION_MAX_HOURS."""
    if SESSION_KEY not in request.session:
        return False
    age = timezone.now().timestamp() - request.session.get(_BEGAN, 0)
    return bool(age >= settings.SESSION_MAX_HOURS * 3600)


def leave_end_of_session(view: View) -> View:
    """Return a view that open pages ask by themselves: it puts off no session's end."""

    @wraps(view)
    def asked_by_page(request: HttpRequest, *arguments: Any, **names: Any) -> HttpResponse:
        setattr(request, _NOBODY_PRESSED, True)
        return view(request, *arguments, **names)

    return asked_by_page


def is_end_left(request: HttpRequest) -> bool:
    """Return whether nobody pressed anything, and so the session ends when it would have ended."""
    if not hasattr(request, _NOBODY_PRESSED):
        return False
    return not (request.session.modified or request.session.is_empty())


def sessions_of(user: User) -> list[ActiveSession]:
    """Return the person's sessions, the newest first."""
    sessions = [_describe_session(row, data) for row, data in _sessions_of_user(user)]
    return sorted(sessions, key=lambda each: each.since, reverse=True)


def end_all_sessions(user: User, *, but: str | None = None) -> int:
    """End the person's sessions, except the one of that key; return how many."""
    return end_sessions(
        row.session_key for row, _ in _sessions_of_user(user) if row.session_key != but
    )


def end_sessions(keys: Iterable[str]) -> int:
    return Session.objects.filter(session_key__in=list(keys)).delete()[0]


def sessions_for_subject(ids: Mapping[str, str]) -> dict[str, str]:
    """Return key -> officer's id ("" before the second factor) of the sessions opened under these ids.

    An id that the provider did not give at the log-in is not compared.
    """
    return {
        row.session_key: data.get(SESSION_KEY, "")
        for row, data in _iter_sessions()
        if _matches_subject(data.get(OPENED, {}), ids)
    }


def _matches_subject(opened: Mapping[str, str], ids: Mapping[str, str]) -> bool:
    names = ids.keys() & opened.keys()
    return bool(names) and all(ids[name] == opened[name] for name in names)


def device_of(request: HttpRequest) -> str:
    """Return browser and system in words, without the User-Agent itself."""
    agent = request.headers.get("User-Agent", "")
    browser, system = _match_name(_BROWSERS, agent), _match_name(_SYSTEMS, agent)
    return f"{browser or 'Trình duyệt khác'} trên {system or 'máy không rõ'}"


def _match_name(names: dict[str, str], agent: str) -> str:
    return next((name for pattern, name in names.items() if re.search(pattern, agent)), "")


def _note_login(request: HttpRequest, **_: Any) -> None:
    request.session[_BEGAN] = timezone.now().timestamp()
    request.session[_DEVICE] = device_of(request)
    request.session.pop(OPENED, None)  # left by a log-in that was not finished


def _iter_sessions() -> Iterator[tuple[Session, dict[str, Any]]]:
    for row in Session.objects.filter(expire_date__gt=timezone.now()):
        yield row, row.get_decoded()


def _sessions_of_user(user: User) -> Iterator[tuple[Session, dict[str, Any]]]:
    return ((row, data) for row, data in _iter_sessions() if data.get(SESSION_KEY) == str(user.pk))


def _describe_session(row: Session, data: dict[str, Any]) -> ActiveSession:
    began = datetime.fromtimestamp(data.get(_BEGAN, 0), UTC)
    seen = row.expire_date - timedelta(seconds=settings.SESSION_COOKIE_AGE)
    return ActiveSession(row.session_key, data.get(_DEVICE, "Trình duyệt khác"), began, seen)


def urls(site: AdminSite) -> list[URLPattern]:
    @require_http_methods(["GET", "HEAD", "POST"])
    def places(request: HttpRequest) -> HttpResponse:
        user = get_officer(request)
        if request.method == "POST":
            ended = end_other_sessions(request)
            messages.success(request, f"Đã thoát ở {ended} nơi khác.")
            return HttpResponseSeeOther(reverse("admin:sessions"))
        context: dict[str, Any] = {
            **site.each_context(request),
            "title": "Nơi đang đăng nhập",
            "places": sessions_of(user),
            "here": request.session.session_key,
        }
        return TemplateResponse(request, "admin/sessions.html", context)

    return [path("sessions/", site.admin_view(places), name="sessions")]


def end_other_sessions(request: HttpRequest, kind: str = "sessions_ended") -> int:
    """End the officer's other sessions, audited as an event of that kind; return how many."""
    user = get_officer(request)
    ended = end_all_sessions(user, but=request.session.session_key)
    events.log_event("user", user.pk, kind, by=user, sessions=ended)
    return ended


def get_officer(request: HttpRequest, *permissions: str) -> User:
    """Return the officer who asks. Raises PermissionDenied for anybody else, or without a permission."""
    user = request.user
    if not isinstance(user, User) or not user.has_perms(permissions):
        raise PermissionDenied
    return user
