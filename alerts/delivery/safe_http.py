"""One POST to an address that somebody else chose: over TLS, to the open internet alone, and never
longer or larger than we allow.

The name is resolved once, every address that comes of it is judged, and the connection goes to the
very address that was judged: a name that answers otherwise a moment later leads nowhere. What is
sent back is read for its status and for nothing else; no redirect is followed.
"""

import re
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from django.conf import settings

TIMEOUT_SECONDS = 5.0  # seconds for connecting, sending and the answer's head together
LARGEST_ANSWER = 64 * 1024
MAX_ADDRESS_LENGTH = 500
_LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
_NAME = re.compile(rf"(?:{_LABEL}\.)+(?!\d+$){_LABEL}")
_PLAIN = re.compile(r"[\x21-\x7e]+")
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})(?: [^\r\n]*)?\r?\n")
_INTERIM = range(100, 200)
# What leads on to an IPv4 address that we would have to judge as well.
_TRANSLATED = [ip_network(each) for each in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16")]


class WebhookDeliveryError(Exception):
    """It was not delivered: `code` says why, in a word of ours; `status` is what was answered."""

    def __init__(self, code: str, status: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.status = status


@dataclass(frozen=True)
class ParsedUrl:
    """An address taken apart."""

    host: str
    port: int
    path: str
    is_secure: bool
    is_test: bool

    @property
    def authority(self) -> str:
        usual = 443 if self.is_secure else 80
        return self.host if self.port == usual else f"{self.host}:{self.port}"


def parse_webhook_url(url: str) -> ParsedUrl:
    """Raises OutsideError: address, scheme, host. Nothing is asked of the network."""
    if len(url) > MAX_ADDRESS_LENGTH or not _PLAIN.fullmatch(url):
        raise WebhookDeliveryError("address")
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        raise WebhookDeliveryError("address") from None
    if parts.username is not None or parts.fragment or "\\" in url or port == 0:
        raise WebhookDeliveryError("address")
    is_test = host in settings.PARTNER_TEST_HOSTS
    if parts.scheme != "https" and not (is_test and parts.scheme == "http"):
        raise WebhookDeliveryError("scheme")
    if not is_test and not _NAME.fullmatch(host):
        raise WebhookDeliveryError("host")
    is_secure = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return ParsedUrl(host, port or (443 if is_secure else 80), path, is_secure, is_test)


def is_public(address: str) -> bool:
    """Whether an IP address is one of the open internet, whatever it is written as."""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    if not ip.is_global or ip.is_multicast or ip.is_reserved:
        return False
    return isinstance(ip, IPv4Address) or not (
        ip.is_site_local or ip.teredo or any(ip in network for network in _TRANSLATED)
    )


def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Send, and give the status of the answer. Raises OutsideError."""
    to = parse_webhook_url(url)
    end = time.monotonic() + TIMEOUT_SECONDS
    try:
        with _connected(to, end) as connection:
            connection.settimeout(_left(end))
            connection.sendall(_request(to, body, headers))
            return _status(connection, end)
    except TimeoutError:
        raise WebhookDeliveryError("slow") from None
    except ssl.SSLError:
        raise WebhookDeliveryError("tls") from None
    except OSError:
        raise WebhookDeliveryError("unreachable") from None


def _connected(to: ParsedUrl, end: float) -> socket.socket:
    with ExitStack() as closing:
        connection = closing.enter_context(_plain(to, end))
        if to.is_secure:
            connection.settimeout(_left(end))
            context = ssl.create_default_context()
            connection = context.wrap_socket(connection, server_hostname=to.host)
        closing.pop_all()
        return connection


def _plain(to: ParsedUrl, end: float) -> socket.socket:
    """A connection to the first judged address that takes one."""
    trouble: OSError = OSError()
    for address in resolve_public_ips(to):
        try:
            return socket.create_connection((address, to.port), timeout=_left(end))
        except TimeoutError:
            raise
        except OSError as error:
            trouble = error
    raise trouble


def resolve_public_ips(to: ParsedUrl) -> list[str]:
    """The IP addresses of a name; one that is not public condemns all. Raises OutsideError."""
    try:
        found = socket.getaddrinfo(to.host, to.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise WebhookDeliveryError("unknown_host") from None
    addresses = [str(each[4][0]) for each in found]
    if not to.is_test and not all(map(is_public, addresses)):
        raise WebhookDeliveryError("not_public")
    return addresses


def _request(to: ParsedUrl, body: bytes, headers: Mapping[str, str]) -> bytes:
    fields = {"Host": to.authority, "Content-Length": str(len(body)), "Connection": "close"}
    lines = [f"{name}: {value}" for name, value in (fields | dict(headers)).items()]
    return "\r\n".join([f"POST {to.path} HTTP/1.1", *lines, "", ""]).encode("ascii") + body


def _status(connection: socket.socket, end: float) -> int:
    """The status of the first answer that is one, past those that say "go on"."""
    for head in _heads(connection, end):
        told = _STATUS.match(head)
        if told is None:
            raise WebhookDeliveryError("not_http")
        if int(told[1]) not in _INTERIM:
            return int(told[1])
    raise WebhookDeliveryError("no_answer")


def _heads(connection: socket.socket, end: float) -> Iterator[bytes]:
    read, total = b"", 0
    while True:
        connection.settimeout(_left(end))
        part = connection.recv(4096)
        total += len(part)
        if not part:
            return
        if total > LARGEST_ANSWER:
            raise WebhookDeliveryError("too_large")
        read += part
        while b"\r\n\r\n" in read:
            head, _, read = read.partition(b"\r\n\r\n")
            yield head + b"\r\n"


def _left(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
