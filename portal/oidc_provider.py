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
from urllib.parse import urlsplit

import requests
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from jwt import PyJWTError
from mozilla_django_oidc.auth import OIDCAuthenticationBackend
from mozilla_django_oidc.views import OIDCAuthenticationRequestView

from portal.oidc import RefusedError
from reports.accounts import is_subject

PATIENCE = 5  # seconds for a connection, and for each answer
FRESH = 3600  # seconds for which the provider's addresses are believed
# The one algorithm that every provider must offer.
ALGORITHM = "RS256"
_ADDRESSES = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_UNTRUE = (PyJWTError, SuspiciousOperation, ValueError, LookupError, TypeError, AttributeError)

# A provider that hangs holds two threads of a process, never all.
_asking = BoundedSemaphore(2)


@dataclass(frozen=True)
class Told:
    """Who came, by the provider's own name for them, and how they proved it (amr and acr)."""

    subject: str
    methods: frozenset[str]


@dataclass
class _Known:
    """The addresses that the provider of that issuer names, and until when they are good."""

    issuer: str = ""
    until: float = 0.0
    addresses: dict[str, str] = field(default_factory=dict)


_known = _Known()


def forget() -> None:
    """Ask the provider anew where it is."""
    _known.until = 0.0


@contextmanager
def asking() -> Iterator[None]:
    """Around whatever asks the provider: its troubles become a RefusedError."""
    if not _asking.acquire(blocking=False):
        raise RefusedError("down")
    try:
        yield
    except requests.RequestException as error:
        raise RefusedError("untrue" if _is_no(error) else "down") from error
    except _UNTRUE as error:
        raise RefusedError("untrue") from error
    finally:
        _asking.release()


def away(request: HttpRequest) -> HttpResponse:
    """To the provider's page. Raises what `asking` understands."""
    answer: HttpResponse = Departure.as_view()(request)
    return answer


def told(request: HttpRequest, nonce: str, verifier: str) -> Told:
    """What the provider says of the code in this address. Raises what `asking` understands."""
    provider = Provider()
    provider.authenticate(request, nonce=nonce, code_verifier=verifier)
    return _read(provider.claims, nonce)


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
            "OIDC_TIMEOUT": PATIENCE,
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


class Departure(_Configured, OIDCAuthenticationRequestView):
    """The library's way to the provider."""

    http_method_names = ["get", "head"]


class Provider(_Configured, OIDCAuthenticationBackend):
    """Exchanges a code for a signed token and keeps what it claims; it knows no user."""

    claims: Any = None

    def get_or_create_user(self, access_token: str, id_token: str, payload: Any) -> None:
        self.claims = payload


def _addresses() -> dict[str, str]:
    issuer = settings.OIDC_ISSUER
    if _known.issuer != issuer or time.monotonic() > _known.until:
        _known.addresses = _discovered(issuer)
        _known.issuer, _known.until = issuer, time.monotonic() + FRESH
    return _known.addresses


def _discovered(issuer: str) -> dict[str, str]:
    """Where the provider is, by its own word. Nothing of it is asked less safely than the issuer."""
    answer = requests.get(
        f"{issuer.rstrip('/')}/.well-known/openid-configuration", timeout=PATIENCE
    )
    answer.raise_for_status()
    said = answer.json()
    if said["issuer"] != issuer:
        raise SuspiciousOperation("another issuer")
    found = {name: str(said[name]) for name in _ADDRESSES}
    if any(
        urlsplit(each).scheme not in {"https", urlsplit(issuer).scheme} for each in found.values()
    ):
        raise SuspiciousOperation("an open address")
    return found


def _read(claims: Any, nonce: str) -> Told:
    """The library has checked the signature, the nonce and, where they are told, the hours."""
    audience = claims["aud"] if isinstance(claims["aud"], list) else [claims["aud"]]
    subject = claims[settings.OIDC_CLAIM]
    is_ours = (
        bool(nonce)
        and claims["iss"] == settings.OIDC_ISSUER
        and settings.OIDC_CLIENT_ID in audience
        and claims.get("azp", settings.OIDC_CLIENT_ID) == settings.OIDC_CLIENT_ID
        and "exp" in claims
        and isinstance(subject, str)
        and is_subject(subject)
    )
    if not is_ours:
        raise SuspiciousOperation("a token for somebody else")
    methods = claims.get("amr", [])
    named = [*(methods if isinstance(methods, list) else []), claims.get("acr")]
    return Told(subject, frozenset(each for each in named if isinstance(each, str)))


def _is_no(error: requests.RequestException) -> bool:
    """Whether the provider is there and did not take the code."""
    return error.response is not None and error.response.status_code < 500
