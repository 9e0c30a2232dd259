"""The visitor's address and its networks: the only place that reads X-Forwarded-For."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

Address = IPv4Address | IPv6Address
IPV4_NETWORK, IPV6_NETWORK = 24, 64  # bits that neighbours share; a /64 is one household
IPV6_SITE = 48  # of which one subscriber may have 65,536 networks on request
_INTERNAL = ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128", "fc00::/7")
# As numbers: Python's own search through its networks takes a tenth of what a report costs.
_INTERNAL_RANGES = tuple(
    (network.version, network.max_prefixlen - network.prefixlen, int(network[0]))
    for network in map(ip_network, _INTERNAL)
)


def client_ip(request: HttpRequest) -> Address | None:
    """Return the address that the outermost of our own proxies saw; None when unknown.

    Each proxy appends the address that connected to it, so `TRUSTED_PROXIES` of them are counted
    from the right; what stands further left can be forged. IPv4 mapped into IPv6 becomes IPv4.
    """
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    hops = [*filter(None, map(str.strip, forwarded)), request.META.get("REMOTE_ADDR", "")]
    try:
        address = ip_address(hops[-1 - max(0, settings.TRUSTED_PROXIES) :][0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def client_network(request: HttpRequest) -> str | None:
    """Return the address by which axes counts log-in attempts: of IPv6 the first of the household's /64."""
    address = client_ip(request)
    if isinstance(address, IPv6Address):
        address = IPv6Address(int(address) >> 64 << 64)
    return None if address is None else str(address)


def network_prefix(
    address: Address, ipv4_bits: int = IPV4_NETWORK, ipv6_bits: int = IPV6_NETWORK
) -> str:
    """Return a name for the address's network of so many bits."""
    bits = ipv6_bits if address.version == 6 else ipv4_bits
    return f"{address.version}/{bits} {int(address) >> (address.max_prefixlen - bits)}"


def is_internal(address: Address) -> bool:
    """Return whether the address is of our own network, and so tells no visitors apart."""
    version, number = address.version, int(address)
    return any(
        each == version and number >> bits == start >> bits
        for each, bits, start in _INTERNAL_RANGES
    )
