"""Headers that every answer carries, and the layers that only the desk needs."""

from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import Any

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django.utils import translation
from django_otp.middleware import OTPMiddleware

from accounts import sessions
from core.client_ip import client_ip

PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
# Where browsers tell what a policy kept them from (portal/csp_reports.py); policies say `report-to csp`.
REPORTING = 'csp="/csp/"'
NOWHERE = "/khong-co/"


class SecurityHeadersMiddleware:
    """Adds what Django's SecurityMiddleware does not know; a view's own header wins."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        response.headers.setdefault("Reporting-Endpoints", REPORTING)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


class NoTransformGZipMiddleware(GZipMiddleware):
    """Not where a view says `no-transform`: the size of such an answer must tell nothing of it."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if "no-transform" in response.headers.get("Cache-Control", ""):
            return response
        return super().process_response(request, response)


class ContentSecurityPolicy(CSPMiddleware):
    """The usual policy is put together once and not at every answer; where a view has words of
    its own (`csp.decorators`), the package does it. There are no nonces.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        super().__init__(get_response)
        self.usual = build_policy()

    def process_request(self, request: HttpRequest) -> None:
        pass

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        if settings.DEBUG or any(name.startswith("_csp") for name in vars(response)):
            return super().process_response(request, response)
        response.headers.setdefault(HEADER, self.usual)
        return response


class PathLanguageMiddleware:
    """English under /en/, Vietnamese elsewhere, whatever the browser prefers: an address is one
    page for everybody, so no answer varies by a header.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with translation.override(language_for_path(request.path_info)):
            return self.get_response(request)


def language_for_path(path: str) -> str:
    """The language of the page at a path."""
    return "en" if path.startswith("/en/") else settings.LANGUAGE_CODE


def is_staff_path(path: str) -> bool:
    """Whether a path, with its last slash or without, leads to the desk or to an invitation."""
    return f"{path}/".startswith(settings.STAFF_PATHS)


class StaffPathsOnly:
    """Keeps a middleware to the staff's paths: a public page has no session, no user and no
    cookie to vary by, and pays for none of them.
    """

    get_response: Any

    def __call__(self, request: HttpRequest) -> Any:
        inside = is_staff_path(request.path_info)
        return super().__call__(request) if inside else self.get_response(request)  # type: ignore[misc]


class _Networks:
    """Where networks are named, the desk is to all others a page that does not exist: from here on
    the request is one for such a page, so that no header and no layer tells them apart.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.ADMIN_NETWORKS and not _is_near(client_ip(request)):
            request.path = request.path_info = NOWHERE
        return self.get_response(request)


def _is_near(address: str | None) -> bool:
    return address is not None and any(
        ip_address(address) in ip_network(network, strict=False)
        for network in settings.ADMIN_NETWORKS
    )


class StaffNetworks(StaffPathsOnly, _Networks):
    pass


class StaffSessions(StaffPathsOnly, SessionMiddleware):
    """PostgreSQL holds no NUL: neither a session's name, an address nor a filter may bring one."""

    def process_request(self, request: HttpRequest) -> None:
        request.path_info = request.path_info.replace("\0", "\ufffd")
        query = request.META.get("QUERY_STRING", "")
        request.META["QUERY_STRING"] = query.replace("%00", "%EF%BF%BD")
        if "\0" in request.COOKIES.get(settings.SESSION_COOKIE_NAME, ""):
            del request.COOKIES[settings.SESSION_COOKIE_NAME]
        super().process_request(request)


class _Hours:
    """Ends a session that has lasted as long as one may, however busy its officer is."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if sessions.is_past_max_age(request):
            request.session.flush()
        return self.get_response(request)


class MaxSessionAge(StaffPathsOnly, _Hours):
    pass


class StaffUsers(StaffPathsOnly, AuthenticationMiddleware):
    pass


class StaffSecondFactor(StaffPathsOnly, OTPMiddleware):
    pass


class StaffPathsMessages(StaffPathsOnly, MessageMiddleware):
    pass
