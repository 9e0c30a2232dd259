"""Where somebody is logged in at the desk, and how that ends.

A session says itself since when it lasts and on what kind of device. There are as many as there are
officers at work, so those of one person are found by reading them all; no second table can disagree.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in
from django.contrib.sessions.models import Session
from django.http import HttpRequest
from django.utils import timezone

_BEGAN, _DEVICE = "began_at", "device"
# Of a session that a provider of log-ins opened: its names for person and session, its signed token.
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
    """One log-in that still stands. `key` never leaves the server."""

    key: str
    device: str
    since: datetime
    seen: datetime


def connect_signals() -> None:
    """Logging in notes when and on what. Called once, when the desk starts."""
    user_logged_in.connect(_logged_in, dispatch_uid="sessions")


def is_past_max_age(request: HttpRequest) -> bool:
    """Whether somebody is logged in here for longer than anybody may be."""
    if SESSION_KEY not in request.session:
        return False
    age = timezone.now().timestamp() - request.session.get(_BEGAN, 0)
    return bool(age >= settings.SESSION_MAX_HOURS * 3600)


def sessions_of(user: User) -> list[ActiveSession]:
    """Where the person is logged in, the newest first."""
    found = [_here(row, kept) for row, kept in _all_of(user)]
    return sorted(found, key=lambda each: each.since, reverse=True)


def end_all_sessions(user: User, *, but: str | None = None) -> int:
    """Log the person out everywhere, except from the session of that key; how many there were."""
    return end_sessions(row.session_key for row, _ in _all_of(user) if row.session_key != but)


def end_sessions(keys: Iterable[str]) -> int:
    """End the sessions of those keys; how many there were."""
    return Session.objects.filter(session_key__in=list(keys)).delete()[0]


def sessions_for_subject(named: Mapping[str, str]) -> dict[str, str]:
    """The sessions that a provider opened for whom it names so: of each key its officer's, "" where the
    code has not come yet. A name that the provider did not tell at the log-in rules nothing out.
    """
    return {
        row.session_key: kept.get(SESSION_KEY, "")
        for row, kept in _standing()
        if _is_named(kept.get(OPENED, {}), named)
    }


def _is_named(opened: Mapping[str, str], named: Mapping[str, str]) -> bool:
    known = named.keys() & opened.keys()
    return bool(known) and all(named[name] == opened[name] for name in known)


def device_of(request: HttpRequest) -> str:
    """Browser and system in words; what a browser says of itself is never shown as it stands."""
    told = request.headers.get("User-Agent", "")
    browser, system = _first(_BROWSERS, told), _first(_SYSTEMS, told)
    return f"{browser or 'Trình duyệt khác'} trên {system or 'máy không rõ'}"


def _first(names: dict[str, str], told: str) -> str:
    return next((name for sign, name in names.items() if re.search(sign, told)), "")


def _logged_in(request: HttpRequest, **_: Any) -> None:
    request.session[_BEGAN] = timezone.now().timestamp()
    request.session[_DEVICE] = device_of(request)
    request.session.pop(OPENED, None)  # left by a try that did not come to its end


def _standing() -> Iterator[tuple[Session, dict[str, Any]]]:
    for row in Session.objects.filter(expire_date__gt=timezone.now()):
        yield row, row.get_decoded()


def _all_of(user: User) -> Iterator[tuple[Session, dict[str, Any]]]:
    return ((row, kept) for row, kept in _standing() if kept.get(SESSION_KEY) == str(user.pk))


def _here(row: Session, kept: dict[str, Any]) -> ActiveSession:
    began = datetime.fromtimestamp(kept.get(_BEGAN, 0), UTC)
    seen = row.expire_date - timedelta(seconds=settings.SESSION_COOKIE_AGE)
    return ActiveSession(row.session_key, kept.get(_DEVICE, "Trình duyệt khác"), began, seen)
