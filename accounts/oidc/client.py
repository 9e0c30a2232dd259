"""The OpenID Connect client of the ministry's provider, over mozilla-django-oidc.

The library does state, nonce, PKCE, code exchange and signature; this module discovery, checks of
claims and limits. No account is created.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import BoundedSemaphore
from typing import Any
from urllib.parse import urlencode, urlsplit

import jwt
import requests
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from jwt import PyJWTError
from mozilla_django_oidc.auth import OIDCAuthenticationBackend
from mozilla_django_oidc.views import OIDCAuthenticationRequestView

from accounts.officer_accounts import is_subject
from accounts.oidc.refusals import LoginRefusedError

TIMEOUT_SECONDS = 5  # for a connection, and for each answer
DISCOVERY_CACHE_SECONDS = 3600
KEY_CACHE_SECONDS = 300  # for log-out tokens
MAX_LOGOUT_AGE_SECONDS = 600
Claims = dict[str, Any]  # of a token
ALGORITHM = "RS256"  # every provider must offer it
_ADDRESSES = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_END = "end_session_endpoint"  # not every provider has one
_LOG_OUT = "http://schemas.openid.net/event/backchannel-logout"
_TYPES = ("jwt", "logout+jwt")
_UNTRUE = (PyJWTError, SuspiciousOperation, ValueError, LookupError, TypeError, AttributeError)

# A provider that hangs holds two threads of a process for log-ins and two for log-outs, never all.
_login_slots, logout_slots = BoundedSemaphore(2), BoundedSemaphore(2)


@dataclass(frozen=True)
class IdentityClaims:
    """Subject, methods (amr and acr), and the ids of a later log-out (sub, sid) with the signed token."""

    subject: str
    methods: frozenset[str]
    opened: dict[str, str]


@dataclass(frozen=True)
class LogoutClaims:
    """Who logged out at the provider (sub, sid or both), and the token's id."""

    named: dict[str, str]
    jti: str


@dataclass
class _ProviderCache:
    """An issuer's addresses and the log-out keys by (issuer, kid), each with its expiry (monotonic)."""

    issuer: str = ""
    until: float = 0.0
    addresses: dict[str, str] = field(default_factory=dict)
    keys: dict[tuple[str, str], tuple[jwt.PyJWK, float]] = field(default_factory=dict)


_cache = _ProviderCache()


def clear_discovery_cache() -> None:
    _cache.until = 0.0
    _cache.keys.clear()


@contextmanager
def translate_provider_errors(slots: BoundedSemaphore = _login_slots) -> Iterator[None]:
    """Raise LoginRefusedError for any error of a request to the provider, or without a free slot."""
    if not slots.acquire(blocking=False):
        raise LoginRefusedError("down")
    try:
        yield
    except requests.RequestException as error:
        raise LoginRefusedError("untrue" if _is_refusal(error) else "down") from error
    except _UNTRUE as error:
        raise LoginRefusedError("untrue") from error
    finally:
        slots.release()


def authorization_redirect(request: HttpRequest) -> HttpResponse:
    """Redirect to the provider. Raises what `translate_provider_errors` catches, as all below."""
    answer: HttpResponse = AuthorizationRequestView.as_view()(request)
    return answer


def exchange_code(request: HttpRequest, nonce: str, verifier: str) -> IdentityClaims:
    """Exchange the code in the request's address for claims."""
    provider = TokenExchangeBackend()
    provider.authenticate(request, nonce=nonce, code_verifier=verifier)
    subject, methods = _parse_claims(provider.claims, nonce)
    return IdentityClaims(
        subject, methods, _session_ids(provider.claims) | {"token": provider.signed}
    )


def end_session_url(token: str, back: str) -> str:
    """Return the provider's log-out URL for that token, which redirects to `back`; "" if it has none."""
    query = {
        "id_token_hint": token,
        "client_id": settings.OIDC_CLIENT_ID,
        "post_logout_redirect_uri": back,
    }
    end = _addresses().get(_END, "")
    return f"{end}{'&' if '?' in end else '?'}{urlencode(query)}" if end else ""


def verify_logout_token(token: str) -> LogoutClaims:
    """Return who logged out, by the provider's signed token.

    The claims are checked before the signature, so that a bad token costs no request to the provider.
    """
    header = jwt.get_unverified_header(token)
    is_typed = header["alg"] == ALGORITHM and header.get("typ", "JWT").lower() in _TYPES
    if not (is_typed and _is_log_out(jwt.decode(token, options={"verify_signature": False}))):
        raise SuspiciousOperation("no log-out")
    claims = BackChannelTokenVerifier().verify_token(token)  # has no nonce
    return LogoutClaims(_session_ids(claims), claims["jti"])


def _is_log_out(claims: Claims) -> bool:
    ids = _session_ids(claims)
    return (
        _is_for_portal(claims)
        and abs(time.time() - claims["iat"]) < MAX_LOGOUT_AGE_SECONDS
        and "nonce" not in claims
        and isinstance(claims["events"][_LOG_OUT], dict)
        and is_subject(claims["jti"])
        and bool(ids)
        and all(map(is_subject, ids.values()))
    )


class _SettingsMixin:
    """Map the library's settings to the portal's; none is looked up in Django's settings."""

    @staticmethod
    def get_settings(name: str, *otherwise: Any) -> Any:
        values = {
            "OIDC_RP_CLIENT_ID": settings.OIDC_CLIENT_ID,
            "OIDC_RP_CLIENT_SECRET": settings.OIDC_CLIENT_SECRET,
            "OIDC_RP_SCOPES": settings.OIDC_SCOPES,
            "OIDC_RP_SIGN_ALGO": ALGORITHM,
            "OIDC_OP_USER_ENDPOINT": "",  # unused: the signed token identifies
            "OIDC_AUTHENTICATION_CALLBACK_URL": "admin:oidc_callback",
            "OIDC_USE_PKCE": True,
            "OIDC_TIMEOUT": TIMEOUT_SECONDS,
        }
        if name in values:
            return values[name]
        addresses = {
            "OIDC_OP_AUTHORIZATION_ENDPOINT": "authorization_endpoint",
            "OIDC_OP_TOKEN_ENDPOINT": "token_endpoint",  # nosec B105
            "OIDC_OP_JWKS_ENDPOINT": "jwks_uri",
        }
        if name in addresses:
            return _addresses()[addresses[name]]
        return otherwise[0] if otherwise else None


class AuthorizationRequestView(_SettingsMixin, OIDCAuthenticationRequestView):
    """Redirect to the provider, by GET only."""

    http_method_names = ["get", "head"]


class TokenExchangeBackend(_SettingsMixin, OIDCAuthenticationBackend):
    """Exchange a code for a signed token and store its claims, without a user."""

    claims: Any = None
    signed = ""

    def get_or_create_user(self, access_token: str, id_token: str, payload: Any) -> None:
        self.claims, self.signed = payload, id_token


class BackChannelTokenVerifier(TokenExchangeBackend):
    """Verify log-out tokens with cached keys, since anybody may post them."""

    def retrieve_matching_jwk(self, token: str) -> jwt.PyJWK:
        name = settings.OIDC_ISSUER, jwt.get_unverified_header(token)["kid"]
        key, until = _cache.keys.get(name, (None, 0.0))
        if key is None or time.monotonic() > until:
            key = super().retrieve_matching_jwk(token)
            _cache.keys[name] = key, time.monotonic() + KEY_CACHE_SECONDS
        return key


def _addresses() -> dict[str, str]:
    issuer = settings.OIDC_ISSUER
    if _cache.issuer != issuer or time.monotonic() > _cache.until:
        _cache.addresses = _discover(issuer)
        _cache.issuer, _cache.until = issuer, time.monotonic() + DISCOVERY_CACHE_SECONDS
    return _cache.addresses


def _discover(issuer: str) -> dict[str, str]:
    """Return the provider's published addresses, as safe as the issuer's. Raises SuspiciousOperation."""
    answer = requests.get(
        f"{issuer.rstrip('/')}/.well-known/openid-configuration", timeout=TIMEOUT_SECONDS
    )
    answer.raise_for_status()
    document = answer.json()
    if document["issuer"] != issuer:
        raise SuspiciousOperation("another issuer")
    names = (*_ADDRESSES, _END) if document.get(_END) else _ADDRESSES
    addresses = {name: str(document[name]) for name in names}
    schemes = {urlsplit(address).scheme for address in addresses.values()}
    if not schemes <= {"https", urlsplit(issuer).scheme}:
        raise SuspiciousOperation("an open address")
    return addresses


def _parse_claims(claims: Claims, nonce: str) -> tuple[str, frozenset[str]]:
    """Return subject and methods; the library has verified signature, nonce and expiry."""
    subject = claims[settings.OIDC_CLAIM]
    is_meant_for_portal = bool(nonce) and _is_for_portal(claims)
    if not (is_meant_for_portal and isinstance(subject, str) and is_subject(subject)):
        raise SuspiciousOperation("a token for somebody else")
    methods = claims.get("amr", [])
    listed = [*(methods if isinstance(methods, list) else []), claims.get("acr")]
    return subject, frozenset(each for each in listed if isinstance(each, str))


def _is_for_portal(claims: Claims) -> bool:
    """Return whether a token is from our provider, for the portal, and expires."""
    audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    return (
        claims["iss"] == settings.OIDC_ISSUER
        and settings.OIDC_CLIENT_ID in audience
        and claims.get("azp", settings.OIDC_CLIENT_ID) == settings.OIDC_CLIENT_ID
        and "exp" in claims
    )


def _session_ids(claims: Claims) -> dict[str, str]:
    """Return the provider's ids of person and session, those present."""
    return {name: claims[name] for name in ("sub", "sid") if name in claims}


def _is_refusal(error: requests.RequestException) -> bool:
    """Return whether the provider answered with a status below 500."""
    return error.response is not None and error.response.status_code < 500
