"""Whose visit it is: the one place that reads X-Forwarded-For."""

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str | None:
    """The visitor's address, as the outermost of our own proxies saw it; None when unknown.

    Each proxy adds at the right the address that spoke to it, so `TRUSTED_PROXIES` of them are
    counted from the right. What stands further left anybody can type.
    """
    told = request.headers.get("X-Forwarded-For", "").split(",")
    way = [*filter(None, map(str.strip, told)), request.META.get("REMOTE_ADDR", "")]
    seen = way[-1 - max(0, settings.TRUSTED_PROXIES) :]
    try:
        return str(ip_address(seen[0]))
    except ValueError:
        return None
