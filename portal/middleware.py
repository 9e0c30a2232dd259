"""Headers that every answer carries, and the layers that only the desk needs."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse
from django_otp.middleware import OTPMiddleware

PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
# Where people log in: the desk, and the invitation that leads to it.
STAFF_PATHS = ("/admin/", "/can-bo/")


class SecurityHeaders:
    """Adds what Django's SecurityMiddleware does not know; a view's own header wins."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


class ForStaff:
    """Keeps a middleware to the staff's paths: a public page has no session, no user and no
    cookie to vary by, and pays for none of them.
    """

    get_response: Any

    def __call__(self, request: HttpRequest) -> Any:
        inside = request.path_info.startswith(STAFF_PATHS)
        return super().__call__(request) if inside else self.get_response(request)  # type: ignore[misc]


class StaffSessions(ForStaff, SessionMiddleware):
    """PostgreSQL holds no NUL: neither a session's name nor a filter may bring one along."""

    def process_request(self, request: HttpRequest) -> None:
        query = request.META.get("QUERY_STRING", "")
        request.META["QUERY_STRING"] = query.replace("%00", "%EF%BF%BD")
        if "\0" in request.COOKIES.get(settings.SESSION_COOKIE_NAME, ""):
            del request.COOKIES[settings.SESSION_COOKIE_NAME]
        super().process_request(request)


class StaffUsers(ForStaff, AuthenticationMiddleware):
    pass


class StaffSecondFactor(ForStaff, OTPMiddleware):
    pass


class StaffMessages(ForStaff, MessageMiddleware):
    pass
