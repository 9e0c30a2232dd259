"""Log-in and log-out with the ministry's account (OpenID Connect), where a provider is configured.

The provider only identifies: a lead has linked its subject to an officer; no account or right is made.
The code is asked here unless the provider saw a factor of `OIDC_SECOND_FACTOR_AMR`. Log-out goes both
ways (RP-Initiated and Back-Channel Logout 1.0). The client is imported late: its library is heavy.
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

from accounts import officer_accounts, reauthentication, sessions
from accounts.oidc.refusals import REFUSED_LOGINS, LoginRefusedError
from core import rate_limits
from core.audit import events

if TYPE_CHECKING:
    from accounts.oidc import client

LOGINS = rate_limits.Window("log_in", 60)  # an office has one address
FALSE_LOGOUTS = rate_limits.Window("log_out", 60)
log = structlog.get_logger(__name__)

VALID_SECONDS = 600  # from the button to the last code
_STATES, _NEXT, _WAITING = "oidc_states", "oidc_login_next", "oidc_waiting"
_SESSION_KEYS = (_STATES, _NEXT, _WAITING)
_BACKEND = "accounts.backends.DeskBackend"
_LEFT = "provider_logged_out"


def is_configured() -> bool:
    """Return whether a provider is configured; portal/checks.py refuses only some of the three."""
    return all((settings.OIDC_ISSUER, settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET))


def urls(site: AdminSite) -> list[URLPattern]:
    """Return the URLs of log-in, callback, code and back-channel log-out."""

    def show_refusals(view: Any) -> Any:
        @never_cache
        def wrapped(request: HttpRequest) -> HttpResponse:
            if not is_configured():
                raise Http404
            try:
                answer: HttpResponse = view(request)
            except LoginRefusedError as error:
                return _refuse(site, request, error)
            return answer

        return wrapped

    @sensitive_post_parameters("otp_token")
    @require_http_methods(["GET", "HEAD", "POST"])
    def code(request: HttpRequest) -> HttpResponse:
        user, typed = _load_waiting_user(request), request.POST.get("otp_token")
        token = "".join((typed or "").split()).lower()
        device = reauthentication.verify_code(user, token) if typed else None
        if device:
            return _enter(request, user, device)
        context = {
            **site.each_context(request),
            "title": "Mã xác nhận",
            "wrong": "" if typed is None else reauthentication.WRONG_CODE,
        }
        status = 200 if typed is None else 422
        return TemplateResponse(request, "admin/oidc_code.html", context, status=status)

    return [
        path("nganh/", show_refusals(begin_login), name="oidc_start"),
        path("nganh/ve/", show_refusals(callback), name="oidc_callback"),
        path("nganh/ma/", show_refusals(code), name="oidc_code"),
        path("nganh/ra/", backchannel_logout, name="oidc_backchannel"),
    ]


@require_safe
def begin_login(request: HttpRequest) -> HttpResponse:
    """Redirect to the provider with new state, nonce and challenge. Raises LoginRefusedError."""
    if not rate_limits.consume(LOGINS, request):
        raise LoginRefusedError("often")
    from accounts.oidc import client as oidc_provider  # noqa: PLC0415

    with oidc_provider.translate_provider_errors():
        return oidc_provider.authorization_redirect(request)


@require_safe
def callback(request: HttpRequest) -> HttpResponse:
    """Log in the identified officer, or ask for a code first. Raises LoginRefusedError."""
    attempt = _take_attempt(request)
    if "error" in request.GET or "code" not in request.GET:
        raise LoginRefusedError("cancelled")
    from accounts.oidc import client as oidc_provider  # noqa: PLC0415

    with oidc_provider.translate_provider_errors():
        claims = oidc_provider.exchange_code(request, attempt["nonce"], attempt["code_verifier"])
    user = _get_linked_user(request, claims.subject)
    device = _get_device(user)
    request.session[sessions.OPENED] = claims.opened
    if claims.methods & set(settings.OIDC_SECOND_FACTOR_AMR):
        return _enter(request, user, device, is_checked_here=False)
    request.session[_WAITING] = {"subject": claims.subject, "at": time.time()}
    return HttpResponseRedirect(reverse("admin:oidc_code"))


def _take_attempt(request: HttpRequest) -> dict[str, Any]:
    """Return this browser's attempt of that state and delete it: a state is valid once."""
    states = request.session.get(_STATES, {})
    attempt: dict[str, Any] | None = states.pop(request.GET.get("state", ""), None)
    if attempt is None or time.time() - attempt["added_on"] > VALID_SECONDS:
        raise LoginRefusedError("late")
    request.session[_STATES] = states
    request.session.save()
    return attempt


def _load_waiting_user(request: HttpRequest) -> User:
    """Return the officer identified in this session, who owes a code. Raises LoginRefusedError."""
    waiting = request.session.get(_WAITING)
    if waiting is None or time.time() - waiting["at"] > VALID_SECONDS:
        raise LoginRefusedError("late")
    return _get_linked_user(request, waiting["subject"])


def _get_linked_user(request: HttpRequest, subject: str) -> User:
    """Return the officer of that subject. Raises LoginRefusedError, also when closed or locked out."""
    user = officer_accounts.linked_to(subject)
    if user is None:
        raise LoginRefusedError("unknown", subject)
    is_open = AxesProxyHandler.is_allowed(request, {"username": user.get_username()})
    if not (user.is_active and user.is_staff and is_open):
        raise LoginRefusedError("closed")
    return user


def _get_device(user: User) -> Device:
    """Return a second factor of the officer. Raises LoginRefusedError where there is none."""
    device: Device | None = next(iter(devices_for_user(user)), None)
    if device is None:
        raise LoginRefusedError("device")
    return device


def _enter(
    request: HttpRequest, user: User, device: Device, *, is_checked_here: bool = True
) -> HttpResponse:
    """Log in and redirect; a second factor not checked here (`is_checked_here`) is asked before personal data."""
    address = request.session.get(_NEXT) or reverse("admin:index")
    opened = request.session.get(sessions.OPENED, {})
    for name in _SESSION_KEYS:
        request.session.pop(name, None)
    user.otp_device = device  # type: ignore[attr-defined]
    auth.login(request, user, backend=_BACKEND)
    request.session[sessions.OPENED] = opened
    if not is_checked_here:
        reauthentication.require_reauthentication(request)
    return HttpResponseRedirect(address)


def end_session_context(request: HttpRequest) -> dict[str, Any]:
    """Return for the log-out page the provider's log-out URL (`away`), or `stays_in` without one.

    {} where the officer did not log in by the provider.
    """
    opened = request.session.get(sessions.OPENED)
    if not (opened and is_configured()):
        return {}
    from accounts.oidc import client as oidc_provider  # noqa: PLC0415

    back, away = request.build_absolute_uri(reverse("admin:login")), ""
    try:
        with oidc_provider.translate_provider_errors():
            away = oidc_provider.end_session_url(opened["token"], back)
    except LoginRefusedError as error:
        _log(error)
    return {"away": away, "stays_in": not away}


@csrf_exempt
@never_cache
@require_POST
def backchannel_logout(request: HttpRequest) -> HttpResponse:
    """End the sessions of an officer who logged out at the provider."""
    if not is_configured():
        raise Http404
    try:
        _end_sessions(request)
    except LoginRefusedError as error:
        _log(error)
        status = 400 if error.code == "untrue" else REFUSED_LOGINS[error.code][1]
        return HttpResponse(status=status)
    return HttpResponse()


def _end_sessions(request: HttpRequest) -> None:
    """End those sessions, audited; a token is valid once. Raises LoginRefusedError."""
    claims = _verify_logout(request)
    token_id = sha256(claims.jti.encode()).hexdigest()
    if events.events_for("log_out", token_id).exists():
        raise LoginRefusedError("untrue")
    users_by_key = sessions.sessions_for_subject(claims.named)
    with transaction.atomic():
        sessions.end_sessions(users_by_key)
        events.log_event("log_out", token_id, _LEFT)
        for pk in set(filter(None, users_by_key.values())):
            events.log_event("user", pk, _LEFT)


def _verify_logout(request: HttpRequest) -> "client.LogoutClaims":
    """Return who logged out. Raises LoginRefusedError.

    Only false tokens are rate-limited: the provider's own all come from one address.
    """
    if rate_limits.retry_after(FALSE_LOGOUTS, request):
        raise LoginRefusedError("often")
    from accounts.oidc import client as oidc_provider  # noqa: PLC0415

    try:
        with oidc_provider.translate_provider_errors(oidc_provider.logout_slots):
            return oidc_provider.verify_logout_token(request.POST.get("logout_token", ""))
    except LoginRefusedError as error:
        if error.code == "untrue":
            rate_limits.consume(FALSE_LOGOUTS, request)
        raise


def _log(error: LoginRefusedError) -> None:
    log.warning("oidc.refused", code=error.code, error=type(error.__cause__).__name__)


def _refuse(site: AdminSite, request: HttpRequest, error: LoginRefusedError) -> HttpResponse:
    _log(error)
    sentence, status = REFUSED_LOGINS[error.code]
    context = {
        **site.each_context(request),
        "title": "Chưa đăng nhập được",
        "sentence": sentence,
        "subject": error.subject,
    }
    return TemplateResponse(request, "admin/oidc_refused.html", context, status=status)
