"""The provider of the ministry's accounts: what it is asked, and what of its answer is believed.

Over mozilla-django-oidc, which brings state, nonce, PKCE, the exchange of the code and the signature.
Ours are the addresses (discovery), the claims, the bounds, and that nobody is made an account.
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

from accounts.oidc.errors import RefusedError
from accounts.service import is_subject

TIMEOUT_SECONDS = 5  # seconds for a connection, and for each answer
MAX_AGE_SECONDS = 3600  # seconds for which the provider's addresses are believed
KEYS_FRESH = 300  # and its keys, for what it tells of log-outs
LATE = 600  # seconds after which a log-out is told no more
# The one algorithm that every provider must offer.
ALGORITHM = "RS256"
_ADDRESSES = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_END = "end_session_endpoint"  # not every provider has one
_LOG_OUT = "http://schemas.openid.net/event/backchannel-logout"
_TYPES = ("jwt", "logout+jwt")
_UNTRUE = (PyJWTError, SuspiciousOperation, ValueError, LookupError, TypeError, AttributeError)

# A provider that hangs holds two threads of a process for log-ins and two for log-outs, never all.
_asking, hearing = BoundedSemaphore(2), BoundedSemaphore(2)


@dataclass(frozen=True)
class IdentityClaims:
    """Who came, by the provider's own name for them, how they proved it (amr and acr), and what its
    log-out will name them by (sub, sid) beside the signed token.
    """

    subject: str
    methods: frozenset[str]
    opened: dict[str, str]


@dataclass(frozen=True)
class LogoutClaims:
    """Whose log-out at the provider a signed token tells: by sub, sid or both; `jti` is its own name."""

    named: dict[str, str]
    jti: str


@dataclass
class _Known:
    """The addresses that the provider of that issuer names, and until when they are good; keys that
    it signed a log-out with, by issuer and name, the same.
    """

    issuer: str = ""
    until: float = 0.0
    addresses: dict[str, str] = field(default_factory=dict)
    keys: dict[tuple[str, str], tuple[jwt.PyJWK, float]] = field(default_factory=dict)


_known = _Known()


def clear_discovery_cache() -> None:
    """Ask the provider anew where it is, and for its keys."""
    _known.until = 0.0
    _known.keys.clear()


@contextmanager
def translate_provider_errors(places: BoundedSemaphore = _asking) -> Iterator[None]:
    """Around whatever asks the provider: its troubles become a RefusedError."""
    if not places.acquire(blocking=False):
        raise RefusedError("down")
    try:
        yield
    except requests.RequestException as error:
        raise RefusedError("untrue" if _is_no(error) else "down") from error
    except _UNTRUE as error:
        raise RefusedError("untrue") from error
    finally:
        places.release()


def authorization_redirect(request: HttpRequest) -> HttpResponse:
    """To the provider's page. Raises what `asking` understands."""
    answer: HttpResponse = AuthorizationRequestView.as_view()(request)
    return answer


def exchange_code(request: HttpRequest, nonce: str, verifier: str) -> IdentityClaims:
    """What the provider says of the code in this address. Raises what `asking` understands."""
    provider = TokenExchangeBackend()
    provider.authenticate(request, nonce=nonce, code_verifier=verifier)
    subject, methods = _parse_claims(provider.claims, nonce)
    return IdentityClaims(subject, methods, _named(provider.claims) | {"token": provider.signed})


def end_session_url(token: str, back: str) -> str:
    """The address where the provider ends what that token of its began, and sends people *back*; ""
    where it offers none. Raises what `asking` understands.
    """
    query = {
        "id_token_hint": token,
        "client_id": settings.OIDC_CLIENT_ID,
        "post_logout_redirect_uri": back,
    }
    end = _addresses().get(_END, "")
    return f"{end}{'&' if '?' in end else '?'}{urlencode(query)}" if end else ""


def verify_logout_token(token: str) -> LogoutClaims:
    """Who has left the provider, by its token of a log-out. Nobody is asked about what could not be
    one whoever signed it. Raises what `asking` understands.
    """
    header = jwt.get_unverified_header(token)
    is_ours = header["alg"] == ALGORITHM and header.get("typ", "JWT").lower() in _TYPES
    if not (is_ours and _is_log_out(jwt.decode(token, options={"verify_signature": False}))):
        raise SuspiciousOperation("no log-out")
    claims = BackChannelTokenVerifier().verify_token(token)  # without a nonce: none was asked for
    return LogoutClaims(_named(claims), claims["jti"])


def _is_log_out(claims: Any) -> bool:
    named = _named(claims)
    return (
        _is_for_us(claims)
        and abs(time.time() - claims["iat"]) < LATE
        and "nonce" not in claims
        and isinstance(claims["events"][_LOG_OUT], dict)
        and is_subject(claims["jti"])
        and bool(named)
        and all(map(is_subject, named.values()))
    )


class _Configured:
    """The library's settings, from ours: its own names are never looked up in Django's."""

    @staticmethod
    def get_settings(name: str, *otherwise: Any) -> Any:
        ours = {
            "OIDC_RP_CLIENT_ID": settings.OIDC_CLIENT_ID,
            "OIDC_RP_CLIENT_SECRET": settings.OIDC_CLIENT_SECRET,
            "OIDC_RP_SCOPES": settings.OIDC_SCOPES,
            "OIDC_RP_SIGN_ALGO": ALGORITHM,
            "OIDC_OP_USER_ENDPOINT": "",  # nobody asks it: the signed token says who it is
            "OIDC_AUTHENTICATION_CALLBACK_URL": "admin:oidc_callback",
            "OIDC_USE_PKCE": True,
            "OIDC_TIMEOUT": TIMEOUT_SECONDS,
        }
        if name in ours:
            return ours[name]
        addresses = {
            "OIDC_OP_AUTHORIZATION_ENDPOINT": "authorization_endpoint",
            "OIDC_OP_TOKEN_ENDPOINT": "token_endpoint",  # nosec B105
            "OIDC_OP_JWKS_ENDPOINT": "jwks_uri",
        }
        if name in addresses:
            return _addresses()[addresses[name]]
        return otherwise[0] if otherwise else None


class AuthorizationRequestView(_Configured, OIDCAuthenticationRequestView):
    """The library's way to the provider."""

    http_method_names = ["get", "head"]


class TokenExchangeBackend(_Configured, OIDCAuthenticationBackend):
    """Exchanges a code for a signed token and keeps what it claims; it knows no user."""

    claims: Any = None
    signed = ""

    def get_or_create_user(self, access_token: str, id_token: str, payload: Any) -> None:
        self.claims, self.signed = payload, id_token


class BackChannelTokenVerifier(TokenExchangeBackend):
    """Takes the keys of a moment ago for what anybody may post."""

    def retrieve_matching_jwk(self, token: str) -> jwt.PyJWK:
        named = settings.OIDC_ISSUER, jwt.get_unverified_header(token)["kid"]
        key, until = _known.keys.get(named, (None, 0.0))
        if key is None or time.monotonic() > until:
            key = super().retrieve_matching_jwk(token)
            _known.keys[named] = key, time.monotonic() + KEYS_FRESH
        return key


def _addresses() -> dict[str, str]:
    issuer = settings.OIDC_ISSUER
    if _known.issuer != issuer or time.monotonic() > _known.until:
        _known.addresses = _discovered(issuer)
        _known.issuer, _known.until = issuer, time.monotonic() + MAX_AGE_SECONDS
    return _known.addresses


def _discovered(issuer: str) -> dict[str, str]:
    """Where the provider is, by its own word. Nothing of it is asked less safely than the issuer."""
    answer = requests.get(
        f"{issuer.rstrip('/')}/.well-known/openid-configuration", timeout=TIMEOUT_SECONDS
    )
    answer.raise_for_status()
    said = answer.json()
    if said["issuer"] != issuer:
        raise SuspiciousOperation("another issuer")
    names = (*_ADDRESSES, _END) if said.get(_END) else _ADDRESSES
    found = {name: str(said[name]) for name in names}
    if any(
        urlsplit(each).scheme not in {"https", urlsplit(issuer).scheme} for each in found.values()
    ):
        raise SuspiciousOperation("an open address")
    return found


def _parse_claims(claims: Any, nonce: str) -> tuple[str, frozenset[str]]:
    """Subject and methods. The library has checked the signature, the nonce and, where they are told,
    the hours.
    """
    subject = claims[settings.OIDC_CLAIM]
    is_ours = bool(nonce) and _is_for_us(claims)
    if not (is_ours and isinstance(subject, str) and is_subject(subject)):
        raise SuspiciousOperation("a token for somebody else")
    methods = claims.get("amr", [])
    named = [*(methods if isinstance(methods, list) else []), claims.get("acr")]
    return subject, frozenset(each for each in named if isinstance(each, str))


def _is_for_us(claims: Any) -> bool:
    """Whether a token comes from our provider, is meant for the portal and has an end."""
    audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    return (
        claims["iss"] == settings.OIDC_ISSUER
        and settings.OIDC_CLIENT_ID in audience
        and claims.get("azp", settings.OIDC_CLIENT_ID) == settings.OIDC_CLIENT_ID
        and "exp" in claims
    )


def _named(claims: Any) -> dict[str, str]:
    """How the provider names a person and a session of theirs there, as far as it does."""
    return {name: claims[name] for name in ("sub", "sid") if name in claims}


def _is_no(error: requests.RequestException) -> bool:
    """Whether the provider is there and did not take the code."""
    return error.response is not None and error.response.status_code < 500
