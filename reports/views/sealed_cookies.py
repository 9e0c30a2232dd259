"""Short-lived encrypted cookies: what a POST was about, for the page by GET that follows it.

A redirect after each POST keeps the back button and a reload from sending anything again. What the
next page needs travels in a cookie of that page alone: in no address, referrer or log. A browser
that keeps no cookies gets its answer at once.
"""

import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language, override

from core import encryption

COOKIE_SECONDS = 15 * 60
_PROBE = "cookies"  # holds nothing: it tells that the browser keeps cookies
_FROM_HOME = "home"  # in the address of the form there


@dataclass(frozen=True)
class SealedCookie:
    """A cookie by its name and the purpose of its encryption, void after some seconds."""

    name: str
    purpose: str
    max_age_seconds: int = COOKIE_SECONDS

    def write(self, response: HttpResponse, value: str, path: str, owner: str = "") -> None:
        """Set the cookie; only the same owner loads it again."""
        sealed = encryption.encrypt(f"{time.time():.0f} {value}", self.purpose, owner) or b""
        response.set_cookie(
            self.name,
            urlsafe_b64encode(sealed).decode(),
            max_age=self.max_age_seconds,
            path=path,
            secure=settings.HTTPS,
            httponly=True,
            samesite="Lax",
        )

    def load(self, request: HttpRequest, owner: str = "") -> tuple[str, float]:
        """Return the value and its age in seconds; "" where it is missing, forged or too old."""
        try:
            sealed = urlsafe_b64decode(request.COOKIES.get(self.name, ""))
        except ValueError:
            return "", 0
        text = encryption.decrypt(sealed, self.purpose, owner) or ""
        set_at, _, value = text.partition(" ")
        age = time.time() - int(set_at) if set_at.isdecimal() else self.max_age_seconds
        return (value, age) if age < self.max_age_seconds else ("", age)


def offer_cookie(response: HttpResponse) -> HttpResponse:
    """Have the browser show, at the next POST to the tracking pages, whether it keeps cookies."""
    path = page_address("reports:track", get_language())
    response.set_cookie(
        _PROBE, "1", path=path, secure=settings.HTTPS, httponly=True, samesite="Lax"
    )
    return response


def has_cookies(request: HttpRequest) -> bool:
    """Return whether the browser is known to keep cookies, or presumed to: the home page is kept for all
    and cannot try. Without any, the page it leads to asks for the code once more.
    """
    return _PROBE in request.COOKIES or _FROM_HOME in request.GET


@lru_cache(maxsize=32)
def page_address(name: str, language: str | None) -> str:
    """Return the address of a page without arguments, in a language."""
    with override(language):
        return reverse(name)


def receipt_cookie() -> SealedCookie:
    return SealedCookie(settings.RECEIPT_COOKIE_NAME, "receipt cookie")


def receipt_cookie_path(language: str | None) -> str:
    return "/" if settings.HTTPS else page_address("reports:report", language)
