"""Whose form was sent: the one question that stands for a CSRF cookie on pages without cookies."""

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest


def from_our_page(request: HttpRequest) -> bool:
    """Where a browser says that the form was: on our pages, or it does not say."""
    site = request.headers.get("Sec-Fetch-Site")
    if site not in {None, "same-origin", "none"}:
        return False
    origin = request.headers.get("Origin")
    if origin is None or (origin == "null" and site == "same-origin"):
        return True
    portal = urlsplit(settings.PORTAL_URL)
    ours = {f"{portal.scheme}://{portal.netloc}", f"{request.scheme}://{request.get_host()}"}
    return origin in ours
