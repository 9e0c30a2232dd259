"""The check of a form's origin, in place of a CSRF cookie on pages without cookies."""

from functools import lru_cache
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest


def is_same_origin(request: HttpRequest) -> bool:
    """Return whether the browser says that the form was on our pages, or says nothing."""
    site = request.META.get("HTTP_SEC_FETCH_SITE")
    if site not in {None, "same-origin", "none"}:
        return False
    origin = request.META.get("HTTP_ORIGIN")
    if origin is None or (origin == "null" and site == "same-origin"):
        return True
    if origin == _origin_of(settings.PORTAL_URL):
        return True
    host = request.META.get("HTTP_HOST") or request.get_host()  # CommonMiddleware has checked it
    return bool(origin == f"{request.scheme}://{host}")


@lru_cache(maxsize=4)
def _origin_of(address: str) -> str:
    portal = urlsplit(address)
    return f"{portal.scheme}://{portal.netloc}"
