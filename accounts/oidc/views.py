"""Logging in with the ministry's account (OpenID Connect), where a provider is configured.

The provider says who somebody is and nothing else: a lead has linked its subject to an officer
before, no account is made, no right is given. The code is asked here as at the usual log-in, unless
the provider says that it saw a second factor which `OIDC_SECOND_FACTOR_AMR` names.
The library is imported by the first who comes this way, so that nobody else pays for it.

Who leaves the desk leaves the provider too, where it has an address for that; and who leaves the
provider is out here when it says so (OpenID Connect RP-Initiated and Back-Channel Logout 1.0).
"""

import time
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import structlog
from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib import auth
from django.contrib.admin import AdminSite
from django.contrib.auth.models import User
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_otp import devices_for_user
from django_otp.models import Device

from accounts import reauthentication, service, sessions
from accounts.oidc.errors import REFUSED, RefusedError
from core import rate_limits
from core.audit import events

if TYPE_CHECKING:
    from accounts.oidc import client

log = structlog.get_logger(__name__)

VALID = 600  # seconds from the button to the last code
_STATES, _NEXT, _WAITING = "oidc_states", "oidc_login_next", "oidc_waiting"
_OURS = (_STATES, _NEXT, _WAITING)
_BACKEND = "accounts.backends.DeskBackend"
_LEFT = "provider_left"  # the act on record
WRONG = "Chưa đúng. Mã trên điện thoại đổi 30 giây một lần, mỗi mã chỉ dùng được một lần."


def is_configured() -> bool:
    """Whether the button is there: all three or nothing (portal/checks.py)."""
    return all((settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET))


def urls(site: AdminSite) -> list[URLPattern]:
    """The way there, the way back, and the page that asks the code."""

    def door(view: Any) -> Any:
        @never_cache
        def guarded(request: HttpRequest) -> HttpResponse:
            if not is_configured():
                raise Http404
            try:
                answer: HttpResponse = view(request)
            except RefusedError as error:
                return _refuse(site, request, error)
            return answer

        return guarded

    @sensitive_post_parameters("otp_token")
    @require_http_methods(["GET", "HEAD", "POST"])
    def code(request: HttpRequest) -> HttpResponse:
        user, typed = _waiting(request), request.POST.get("otp_token")
        device = _matching(user, typed) if typed else None
        if device:
            return _enter(request, user, device)
        context = {
            **site.each_context(request),
            "title": "Mã xác nhận",
            "wrong": "" if typed is None else WRONG,
        }
        status = 200 if typed is None else 422
        return TemplateResponse(request, "admin/oidc_code.html", context, status=status)

    return [
        path("nganh/", door(begin_login), name="oidc_start"),
        path("nganh/ve/", door(callback), name="oidc_callback"),
        path("nganh/ma/", door(code), name="oidc_code"),
        path("nganh/ra/", backchannel_logout, name="oidc_told_out"),
    ]


@require_safe
def begin_login(request: HttpRequest) -> HttpResponse:
    """To the provider, with a state, a nonce and a challenge of this one try. Raises RefusedError."""
    if not rate_limits.consume("log_in", request):
        raise RefusedError("often")
    from accounts.oidc import client as oidc_provider  # noqa: PLC0415

    with oidc_provider.translate_provider_errors():
        return oidc_provider.authorization_redirect(request)


@require_safe
def callback(request: HttpRequest) -> HttpResponse:
    """Back from the provider: who it is, and whether a code is asked. Raises RefusedError."""
    begun = _begun(request)
    if "error" in request.GET or "code" not in request.GET:
        raise RefusedError("cancelled")
    from accounts.oidc import client as oidc_provider  # noqa: PLC0415

    with oidc_provider.translate_provider_errors():
        told = oidc_provider.exchange_code(request, begun["nonce"], begun["code_verifier"])
    user = _linked(request, told.subject)
    device = _device_of(user)
    request.session[sessions.OPENED] = told.opened
    if told.methods & set(settings.OIDC_SECOND_FACTOR_AMR):
        return _enter(request, user, device, is_ours=False)
    request.session[_WAITING] = {"subject": told.subject, "at": time.time()}
    return HttpResponseRedirect(reverse("admin:oidc_code"))


def _begun(request: HttpRequest) -> dict[str, Any]:
    """What this browser began under that state, which is good once: it is gone before anybody is
    asked anything.
    """
    states = request.session.get(_STATES, {})
    begun: dict[str, Any] | None = states.pop(request.GET.get("state", ""), None)
    if begun is None or time.time() - begun["added_on"] > VALID:
        raise RefusedError("late")
    request.session[_STATES] = states
    request.session.save()
    return begun


def _waiting(request: HttpRequest) -> User:
    """Whom the provider named in this browser a moment ago, looked up anew."""
    waiting = request.session.get(_WAITING)
    if waiting is None or time.time() - waiting["at"] > VALID:
        raise RefusedError("late")
    return _linked(request, waiting["subject"])


def _linked(request: HttpRequest, subject: str) -> User:
    """The officer of that subject, who may log in now. Whose name wrong guesses have locked here
    is not let in by another door.
    """
    user = service.linked_to(subject)
    if user is None:
        raise RefusedError("unknown", subject)
    is_open = AxesProxyHandler.is_allowed(request, {"username": user.get_username()})
    if not (user.is_active and user.is_staff and is_open):
        raise RefusedError("closed")
    return user


def _device_of(user: User) -> Device:
    """What stands for the second factor: nobody is at the desk without one."""
    device: Device | None = next(iter(devices_for_user(user)), None)
    if device is None:
        raise RefusedError("device")
    return device


def _matching(user: User, typed: str) -> Device | None:
    return reauthentication.verify_code(user, "".join(typed.split()).lower())


def _enter(
    request: HttpRequest, user: User, device: Device, *, is_ours: bool = True
) -> HttpResponse:
    """Begin a session as the usual log-in does. Whose code we have not seen ourselves is asked
    before personal data.
    """
    address = request.session.get(_NEXT) or reverse("admin:index")
    opened = request.session.get(sessions.OPENED, {})
    for name in _OURS:
        request.session.pop(name, None)
    user.otp_device = device  # type: ignore[attr-defined]
    auth.login(request, user, backend=_BACKEND)
    request.session[sessions.OPENED] = opened
    if not is_ours:
        reauthentication.require_reauthentication(request)
    return HttpResponseRedirect(address)


def end_session_context(request: HttpRequest) -> dict[str, Any]:
    """What the page after the log-out says of the provider's own session: the address that ends it
    (`away`), or that it stays; nothing where the provider did not let the officer in.
    """
    opened = request.session.get(sessions.OPENED)
    if not (opened and is_configured()):
        return {}
    from accounts.oidc import client as oidc_provider  # noqa: PLC0415

    back, away = request.build_absolute_uri(reverse("admin:login")), ""
    try:
        with oidc_provider.translate_provider_errors():
            away = oidc_provider.end_session_url(opened["token"], back)
    except RefusedError as error:
        _log(error)
    return {"away": away, "stays_in": not away}


@csrf_exempt
@never_cache
@require_POST
def backchannel_logout(request: HttpRequest) -> HttpResponse:
    """The provider says that somebody has left it: what it opened here ends. The status is the answer."""
    if not is_configured():
        raise Http404
    try:
        _end_of(request)
    except RefusedError as error:
        _log(error)
        status = 400 if error.why == "untrue" else REFUSED[error.why][1]
        return HttpResponse(status=status)
    return HttpResponse()


def _end_of(request: HttpRequest) -> None:
    """End those sessions, on record. A token is good once. Raises RefusedError."""
    left = _left(request)
    once = sha256(left.jti.encode()).hexdigest()
    if events.events_for("log_out", once).exists():
        raise RefusedError("untrue")
    found = sessions.sessions_for_subject(left.named)
    with transaction.atomic():
        sessions.end_sessions(found)
        events.log_event("log_out", once, _LEFT)
        for pk in set(filter(None, found.values())):
            events.log_event("user", pk, _LEFT)


def _left(request: HttpRequest) -> "client.LogoutClaims":
    """Who has left. What is not the provider's word is counted by address: the provider has one for
    everybody. Raises RefusedError.
    """
    if rate_limits.retry_after("log_out", request):
        raise RefusedError("often")
    from accounts.oidc import client as oidc_provider  # noqa: PLC0415

    try:
        with oidc_provider.translate_provider_errors(oidc_provider.hearing):
            return oidc_provider.verify_logout_token(request.POST.get("logout_token", ""))
    except RefusedError as error:
        if error.why == "untrue":
            rate_limits.consume("log_out", request)
        raise


def _log(error: RefusedError) -> None:
    log.warning("oidc.refused", why=error.why, error=type(error.__cause__).__name__)


def _refuse(site: AdminSite, request: HttpRequest, error: RefusedError) -> HttpResponse:
    _log(error)
    sentence, status = REFUSED[error.why]
    context = {
        **site.each_context(request),
        "title": "Chưa đăng nhập được",
        "sentence": sentence,
        "subject": error.subject,
    }
    return TemplateResponse(request, "admin/oidc_refused.html", context, status=status)
