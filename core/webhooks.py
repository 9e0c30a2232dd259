"""Webhooks of partners: signed bytes in one POST over TLS, with limits of time and size.

The name is resolved once, every address is checked to be public, and the connection goes to a
checked one: DNS rebinding leads nowhere. Only the status is read; no redirect is followed.
"""

import hmac
import re
import secrets
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import Model

from core import encryption
from core.errors import CodedError
from core.province import province

TIMEOUT_SECONDS = 5.0  # for resolving, connecting, sending and the answer's head together
MAX_ANSWER_BYTES = 64 * 1024
MAX_URL_LENGTH = 500
_SECRET_BYTES = 32
_ACCEPTED = range(HTTPStatus.OK, HTTPStatus.MULTIPLE_CHOICES)
_INTERIM = range(100, 200)
_LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
_NAME = re.compile(rf"(?:{_LABEL}\.)+(?!\d+$){_LABEL}")
_PRINTABLE = re.compile(r"[\x21-\x7e]+")
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})(?: [^\r\n]*)?\r?\n")
# What leads on to an IPv4 address that we would have to check as well.
_TRANSLATED = [ip_network(each) for each in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16")]

URL_PROBLEMS = {
    "address": f"Địa chỉ này không đọc được. Ví dụ: {province.agency_url_example}/nhan-canh-bao",
    "scheme": "Địa chỉ phải bắt đầu bằng https://",
    "host": f"Ghi tên miền, không ghi số IP. Ví dụ: {province.agency_url_example}/nhan-canh-bao",
}
_OUTCOME_LABELS = {
    "ok": "đã nhận",
    "address": "địa chỉ không đọc được",
    "scheme": "địa chỉ không phải https",
    "host": "địa chỉ không phải tên miền",
    "unknown_host": "không tìm thấy tên miền",
    "not_public": "tên miền dẫn vào mạng nội bộ, không gửi",
    "unreachable": "máy kia không mở cổng",
    "slow": "quá 5 giây không trả lời",
    "tls": "chứng thư https không đúng",
    "not_http": "máy kia trả lời không phải HTTP",
    "no_answer": "máy kia ngắt, không trả lời",
    "too_large": "câu trả lời quá lớn",
    "no_key": "không mở được địa chỉ hoặc khóa",
    "mail_failed": "máy chủ thư không nhận",
    "no_mail_server": "cổng chưa có máy chủ thư",
    "lost": "máy của cổng dừng giữa chừng",
}


class WebhookDeliveryError(CodedError):
    """Nothing was delivered: `code` says why, `status` is that of the answer."""

    def __init__(self, code: str, status: int | None = None) -> None:
        super().__init__(code)
        self.status = status


@dataclass(frozen=True)
class ParsedUrl:
    host: str
    port: int
    path: str
    is_secure: bool
    is_test: bool

    @property
    def authority(self) -> str:
        default = 443 if self.is_secure else 80
        return self.host if self.port == default else f"{self.host}:{self.port}"


def create_secret(partner: Model) -> str:
    """Replace the secret that signs what is posted to a partner, and return the new one."""
    secret = secrets.token_urlsafe(_SECRET_BYTES)
    sealed = encryption.encrypt(secret, "secret", encryption.associated_data(partner))
    type(partner)._default_manager.filter(pk=partner.pk).update(secret_sealed=sealed)  # noqa: SLF001
    return secret


def signature(secret: str, timestamp: str, content: bytes) -> str:
    """Return HMAC-SHA-256 over "time.body", in hex, as the header carries it."""
    mac = hmac.digest(secret.encode(), timestamp.encode() + b"." + content, "sha256")
    return f"sha256={mac.hex()}"


def send(url: str, secret: str, delivery: int, content: bytes) -> int:
    """Post, and return the status of a partner that took it.

    Raises WebhookDeliveryError, with the code "refused" for any other answer, a redirect too.
    """
    timestamp = str(int(time.time()))
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": f"{province.office}-{province.slug}",
        "X-Portal-Delivery": str(delivery),
        "X-Portal-Timestamp": timestamp,
        "X-Portal-Signature": signature(secret, timestamp, content),
    }
    status = post(url, content, headers)
    if status not in _ACCEPTED:
        raise WebhookDeliveryError("refused", status)
    return status


def parse_webhook_url(url: str) -> ParsedUrl:
    """Return the parts of a URL, unresolved. Raises WebhookDeliveryError: address, scheme or host."""
    if len(url) > MAX_URL_LENGTH or not _PRINTABLE.fullmatch(url):
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
    """Return whether an IP address is a public one, however it is written."""
    ip = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    if not ip.is_global or ip.is_multicast or ip.is_reserved:
        return False
    return isinstance(ip, IPv4Address) or not (
        ip.is_site_local or ip.teredo or any(ip in network for network in _TRANSLATED)
    )


def post(url: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Send, and return the status of the answer. Raises WebhookDeliveryError."""
    target = parse_webhook_url(url)
    deadline = time.monotonic() + TIMEOUT_SECONDS
    try:
        with _connect(target, deadline) as connection:
            connection.settimeout(_remaining_seconds(deadline))
            connection.sendall(_format_request(target, body, headers))
            return _read_status(connection, deadline)
    except TimeoutError:
        raise WebhookDeliveryError("slow") from None
    except ssl.SSLError:
        raise WebhookDeliveryError("tls") from None
    except OSError:
        raise WebhookDeliveryError("unreachable") from None


def _connect(target: ParsedUrl, deadline: float) -> socket.socket:
    with ExitStack() as stack:
        connection = stack.enter_context(_connect_plain(target, deadline))
        if target.is_secure:
            connection.settimeout(_remaining_seconds(deadline))
            context = ssl.create_default_context()
            connection = context.wrap_socket(connection, server_hostname=target.host)
        stack.pop_all()
        return connection


def _connect_plain(target: ParsedUrl, deadline: float) -> socket.socket:
    """Connect to the first checked address that accepts."""
    failure = OSError()
    for address in resolve_public_ips(target, _remaining_seconds(deadline)):
        timeout = _remaining_seconds(deadline)
        try:
            return socket.create_connection((address, target.port), timeout=timeout)
        except TimeoutError:
            raise
        except OSError as error:
            failure = error
    raise failure


def resolve_public_ips(target: ParsedUrl, seconds: float) -> list[str]:
    """Return a name's addresses. Raises WebhookDeliveryError, also when one of them is not public, or OSError."""
    try:
        rows = _look_up(target, seconds)
    except (socket.gaierror, UnicodeError):
        raise WebhookDeliveryError("unknown_host") from None
    addresses = [str(row[4][0]) for row in rows]
    if not target.is_test and not all(map(is_public, addresses)):
        raise WebhookDeliveryError("not_public")
    return addresses


def _look_up(target: ParsedUrl, seconds: float) -> list[Any]:
    """Return what the resolver knows of a host. It has no deadline: when the time is up, its thread is left to
    it. Raises as it does, and TimeoutError.
    """
    found = Future[list[Any]]()

    def look_up() -> None:
        try:
            found.set_result(socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:  # raised where it is waited for
            found.set_exception(error)

    Thread(target=look_up, daemon=True).start()
    return found.result(seconds)


def _format_request(target: ParsedUrl, body: bytes, headers: Mapping[str, str]) -> bytes:
    fields = {"Host": target.authority, "Content-Length": str(len(body)), "Connection": "close"}
    lines = [f"{name}: {value}" for name, value in (fields | dict(headers)).items()]
    return "\r\n".join([f"POST {target.path} HTTP/1.1", *lines, "", ""]).encode("ascii") + body


def _read_status(connection: socket.socket, deadline: float) -> int:
    """Return the status of the first answer that is not interim."""
    for head in _iter_heads(connection, deadline):
        match = _STATUS.match(head)
        if match is None:
            raise WebhookDeliveryError("not_http")
        if int(match[1]) not in _INTERIM:
            return int(match[1])
    raise WebhookDeliveryError("no_answer")


def _iter_heads(connection: socket.socket, deadline: float) -> Iterator[bytes]:
    buffer, total = b"", 0
    while True:
        connection.settimeout(_remaining_seconds(deadline))
        part = connection.recv(4096)
        total += len(part)
        if not part:
            return
        if total > MAX_ANSWER_BYTES:
            raise WebhookDeliveryError("too_large")
        buffer += part
        while b"\r\n\r\n" in buffer:
            head, _, buffer = buffer.partition(b"\r\n\r\n")
            yield head + b"\r\n"


def _remaining_seconds(deadline: float) -> float:
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise TimeoutError
    return seconds


def attempt_label(code: str, status: int | None = None) -> str:
    """Return the label of an outcome, for an officer who calls the agency; else the code itself."""
    if code == "refused":
        return f"máy kia trả lời mã {status}"
    if code == "ok" and status is None:  # of a mail no more is known until the agency confirms
        return "máy chủ thư đã nhận chuyển, chưa biết cơ quan đã đọc"
    return _OUTCOME_LABELS.get(code, code)
