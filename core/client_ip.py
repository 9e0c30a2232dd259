"""Whose visit it is: the one place that reads X-Forwarded-For."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest


def client_ip(request: HttpRequest) -> str | None:
    """The same as `seen`, in letters."""
    address = forwarded_ip(request)
    return None if address is None else str(address)


def forwarded_ip(request: HttpRequest) -> IPv4Address | IPv6Address | None:
    """The visitor's address, as the outermost of our own proxies saw it; None when unknown.

    Each proxy adds at the right the address that spoke to it, so `TRUSTED_PROXIES` of them are
    counted from the right. What stands further left anybody can type.
    """
    told = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    way = [*filter(None, map(str.strip, told)), request.META.get("REMOTE_ADDR", "")]
    ours = way[-1 - max(0, settings.TRUSTED_PROXIES) :]
    try:
        return ip_address(ours[0])
    except ValueError:
        return None


def client_network(request: HttpRequest) -> str | None:
    """By whose address tries at a password are counted. A household has as many IPv6 addresses as
    it likes, so of those it is the first of the /64; an IPv4 one is itself, however it is written.
    """
    address = forwarded_ip(request)
    if not isinstance(address, IPv6Address):
        return None if address is None else str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    network = ip_network((int(address), 64), strict=False)
    return str(network.network_address)
